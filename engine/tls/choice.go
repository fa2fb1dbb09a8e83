package tls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// server is the TLS of a listener: its certificates and which of them a client
// gets. Immutable after build.
type server struct {
	base     *tls.Config
	strict   bool
	entries  []*entry
	defaults []*entry
	exact    map[string][]*entry
	wild     map[string][]*entry // by what follows the asterisk
	print    string
	clients  *clientRules // nil where clients are not asked
	g        *globalConf
	forge    *forge // generate-certificates; nil without it
	signs    []tls.SignatureScheme
	tickets  [][32]byte
}

// entry is one certificate with the names that choose it.
type entry struct {
	cert *tls.Certificate
	file string
	cfg  *tls.Config // the listener's, or the line's own
	bare *tls.Config // cfg without ALPN
	not  []string    // negative filters

	clients *clientRules          // whom cfg lets in
	signs   []tls.SignatureScheme // what the key may sign with; nil: anything
}

var errNoName = errors.New("no certificate for this server name")

// read loads all certificates of a bind line.
func (t *server) read(ld *loader, px *engine.Proxy, bd *engine.Bind, c *bindConf) error {
	who := "'bind " + bindName(bd) + "' in section '" + px.Kind + "' : "
	for _, w := range c.defaults {
		if err := t.crt(ld, w, who, true); err != nil {
			return err
		}
	}
	for _, w := range c.crts {
		if err := t.crt(ld, w, who, false); err != nil {
			return err
		}
	}
	for _, w := range c.lists {
		if err := t.list(ld, px, bd, c, w, who); err != nil {
			return err
		}
	}
	return nil
}

func (t *server) crt(ld *loader, w engine.Word, who string, def bool) error {
	certs, names, err := ld.crt(w)
	if err != nil {
		return prefixed(err, who)
	}
	for i, c := range certs {
		t.add(&entry{cert: c, file: names[i], signs: t.signs}, nil, def)
	}
	return nil
}

func prefixed(err error, who string) error {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		d.Message = who + d.Message
		return d
	}
	return err
}

// add enters a certificate under its filters, or its own names.
func (t *server) add(e *entry, filters []string, def bool) {
	t.entries = append(t.entries, e)
	names := filters
	if len(names) == 0 {
		names = ownNames(e.cert)
	}
	for _, f := range filters {
		if strings.HasPrefix(f, "!") {
			e.not = append(e.not, strings.ToLower(f[1:]))
		}
	}
	for _, n := range names {
		n = strings.ToLower(n)
		switch {
		case strings.HasPrefix(n, "!"):
		case n == "*":
			def = true
		case strings.HasPrefix(n, "*."):
			t.wild[n[1:]] = append(t.wild[n[1:]], e)
		default:
			t.exact[n] = append(t.exact[n], e)
		}
	}
	if def {
		t.defaults = append(t.defaults, e)
	}
}

// ownNames are the names in a certificate: common name and alternatives.
func ownNames(c *tls.Certificate) (names []string) {
	leaf := c.Leaf
	if leaf == nil {
		leaf, _ = x509.ParseCertificate(c.Certificate[0])
	}
	if leaf == nil {
		return nil
	}
	if cn := leaf.Subject.CommonName; cn != "" {
		names = append(names, cn)
	}
	for _, n := range leaf.DNSNames {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// finish gives each certificate its settings and the listener its default.
func (t *server) finish() {
	keys := t.tickets
	t.base.SetSessionTicketKeys(keys)
	if len(t.defaults) == 0 && len(t.entries) > 0 {
		t.defaults = t.entries[:1]
	}
	for _, e := range t.entries {
		if e.cfg == nil {
			e.cfg, e.clients = t.base, t.clients
		}
		if e.signs != nil {
			own := *e.cert
			own.SupportedSignatureAlgorithms = e.signs
			e.cert = &own
		}
		e.cfg = e.cfg.Clone()
		e.cfg.Certificates = []tls.Certificate{*e.cert}
		e.cfg.SetSessionTicketKeys(keys)
		e.bare = e.cfg.Clone()
		e.bare.NextProtos = nil
		e.bare.SetSessionTicketKeys(keys)
		t.print += e.file + "|"
	}
	outer := t.base.Clone()
	outer.SetSessionTicketKeys(keys)
	// Without any certificate of its own the library would refuse the hello.
	outer.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errNoName }
	t.base = outer
}

// choose returns the certificate and settings for a client: exact name, wildcard,
// default.
func (t *server) choose(hello *tls.ClientHelloInfo) (*entry, *tls.Config, error) {
	e := t.find(hello)
	if e == nil {
		return nil, nil, errNoName
	}
	// A client that shares no protocol goes on without ALPN, as with OpenSSL.
	if len(hello.SupportedProtos) > 0 && len(e.cfg.NextProtos) > 0 && !shares(hello.SupportedProtos, e.cfg.NextProtos) {
		return e, e.bare, nil
	}
	return e, e.cfg, nil
}

func shares(a, b []string) bool {
	for _, p := range a {
		if slices.Contains(b, p) {
			return true
		}
	}
	return false
}

func (t *server) find(hello *tls.ClientHelloInfo) *entry {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if name != "" {
		if e := fitting(t.exact[name], hello, name); e != nil {
			return e
		}
		if dot := strings.IndexByte(name, '.'); dot >= 0 {
			if e := fitting(t.wild[name[dot:]], hello, name); e != nil {
				return e
			}
		}
	}
	if t.forge != nil && name != "" && len(t.entries) > 0 {
		if e := t.forge.entry(name, t.entries[0]); e != nil {
			return e
		}
	}
	if t.strict {
		return nil
	}
	return fitting(t.defaults, hello, "")
}

// fitting returns the first certificate that the client can use, else the first.
func fitting(list []*entry, hello *tls.ClientHelloInfo, name string) *entry {
	var first *entry
	for _, e := range list {
		if slices.Contains(e.not, name) {
			continue
		}
		if first == nil {
			first = e
		}
		if len(list) == 1 || hello.SupportsCertificate(e.cert) == nil {
			return e
		}
	}
	return first
}
