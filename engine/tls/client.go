package tls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/parser/diag"
)

// serverConf is what a server line says of TLS.
type serverConf struct {
	sslConf
	crt        engine.Word
	sni        engine.Word
	verifyHost string
	noReuse    bool
	noAutoSNI  bool
}

var servers = engine.NewSlot[*engine.Server, serverConf]("TLS of a server line")

func init() {
	add := func(name string, args int, missing, usage string, set func(s *engine.Server, c *serverConf, n engine.Word, a []engine.Word) error) {
		engine.AddServerKeywords(engine.ServerKeyword{Name: name, Args: args, Missing: missing, Usage: usage,
			Parse: func(_ *engine.Build, s *engine.Server, n engine.Word, a []engine.Word) error {
				return set(s, servers.Edit(s), n, a)
			}})
	}
	on := func(name, usage string, set func(s *engine.Server, c *serverConf)) {
		add(name, 0, "", usage, func(s *engine.Server, c *serverConf, _ engine.Word, _ []engine.Word) error {
			set(s, c)
			return nil
		})
	}
	for _, o := range options {
		add(o.name, o.args, o.missing, o.usage, func(_ *engine.Server, c *serverConf, n engine.Word, a []engine.Word) error {
			return o.set(&c.sslConf, n, a)
		})
	}
	for _, o := range ignored {
		engine.AddServerKeywords(engine.ServerKeyword{Name: o.name, Args: o.args, Flags: engine.NoEffect, Usage: o.usage, Parse: nothing})
	}
	engine.AddServerKeywords(engine.ServerKeyword{Name: "sigalgs", Args: 1, Missing: "'sigalgs" + noAlgorithms, Flags: engine.NoEffect, Usage: "sigalgs <list>: the library chooses what it asks of a server's signature",
		Parse: func(_ *engine.Build, s *engine.Server, n engine.Word, a []engine.Word) error {
			return sigalgsWord(&servers.Edit(s).sslConf, n, a)
		}})
	add("client-sigalgs", 1, "'client-sigalgs"+noAlgorithms, "client-sigalgs <list>: what the key of crt signs with, as OpenSSL names it (ECDSA+SHA256:RSA-PSS+SHA256)", func(_ *engine.Server, c *serverConf, n engine.Word, a []engine.Word) error {
		return clientAlgsWord(&c.sslConf, n, a)
	})
	on("renegotiate", "renegotiate: a server may shake hands again on a connection (the default; up to TLS 1.2)", func(_ *engine.Server, c *serverConf) { c.renegotiate, c.noRenegotiate = true, false })
	on("no-renegotiate", "no-renegotiate: a connection ends when its server wants to shake hands again", func(_ *engine.Server, c *serverConf) { c.renegotiate, c.noRenegotiate = false, true })
	on("ssl", "ssl: TLS to the server", func(s *engine.Server, _ *serverConf) { s.SSL = true })
	on("no-ssl", "no-ssl: undoes ssl", func(s *engine.Server, _ *serverConf) { s.SSL = false })
	on("ssl-reuse", "ssl-reuse: resume sessions (the default)", func(_ *engine.Server, c *serverConf) { c.noReuse = false })
	on("no-ssl-reuse", "no-ssl-reuse: never resume sessions", func(_ *engine.Server, c *serverConf) { c.noReuse = true })
	on("sni-auto", "sni-auto: the Host of the request is the server name, where sni says nothing (the default)", func(_ *engine.Server, c *serverConf) { c.noAutoSNI = false })
	on("no-sni-auto", "no-sni-auto: no server name but that of sni", func(_ *engine.Server, c *serverConf) { c.noAutoSNI = true })
	on("no-verifyhost", "no-verifyhost: undoes verifyhost", func(_ *engine.Server, c *serverConf) { c.verifyHost = "" })
	on("check-sni-auto", "check-sni-auto: checks ask for the name in their Host header", func(*engine.Server, *serverConf) {})
	on("no-check-sni-auto", "no-check-sni-auto: undoes check-sni-auto", func(*engine.Server, *serverConf) {})
	add("crt", 1, "'crt' : missing certificate file path", "crt <file>: the certificate shown to the server", func(_ *engine.Server, c *serverConf, _ engine.Word, a []engine.Word) error {
		c.crt = a[0]
		return nil
	})
	add("sni", 1, "'sni' : missing sni expression", "sni <expression>: the server name asked for", func(_ *engine.Server, c *serverConf, _ engine.Word, a []engine.Word) error {
		c.sni = a[0]
		return nil
	})
	add("verifyhost", 1, "'verifyhost' : missing hostname to verify against", "verifyhost <name>: whose certificate the server must show, where no sni is sent", func(_ *engine.Server, c *serverConf, _ engine.Word, a []engine.Word) error {
		c.verifyHost = a[0].Text
		return nil
	})
	add("verify", 1, "'verify' : missing verify method", "verify { none | required }: whether the server's certificate is verified (required)", func(_ *engine.Server, c *serverConf, _ engine.Word, a []engine.Word) error {
		if a[0].Text != "none" && a[0].Text != "required" {
			return diag.Errorf(a[0].Pos, "'verify' : unknown verify method '%s', only 'none' and 'required' are supported", a[0].Text)
		}
		c.verify = a[0].Text
		return nil
	})
	engine.NewTLSClient = func(b *engine.Build, srv *engine.Server) (engine.TLSClient, error) { return newClient(b, srv) }
	engine.OnMakeServer(func(b *engine.Build, srv *engine.Server) {
		if srv.TLS != nil {
			return
		}
		var t *client
		var err error
		if srv.SSL {
			t, err = newClient(b, srv)
		} else {
			err = checkUnusedClient(b, srv)
		}
		if err != nil {
			b.Report(srv.Pos, prefixed(err, "'server "+srv.Px.Name+"/"+srv.Name+"' : "))
			return
		}
		if t != nil {
			srv.TLS = t
		}
	})
}

// checkUnusedClient looks at what a server without ssl says of TLS.
func checkUnusedClient(b *engine.Build, srv *engine.Server) (err error) {
	c := servers.Get(srv)
	if c == nil {
		return nil
	}
	for _, w := range []engine.Word{c.caFile, c.crlFile} {
		if w.Text != "" && err == nil {
			_, err = loaderOf(b).pool(w)
		}
	}
	if c.sni.Text != "" && err == nil {
		_, err = c.parseSNI(b)
	}
	return err
}

// parseSNI compiles the expression of sni.
func (c *serverConf) parseSNI(b *engine.Build) (*engine.Expr, error) {
	x, err := b.Expr(c.sni, engine.SrvSource)
	if err != nil {
		return nil, diag.Errorf(c.sni.Pos, "error detected while parsing sni or pool-conn-name expressions : %s", said(err))
	}
	return x, nil
}

func nothing(*engine.Build, *engine.Server, engine.Word, []engine.Word) error { return nil }

// client is the TLS to one server. Immutable after build.
type client struct {
	cfg     *tls.Config
	sni     *engine.Expr
	auto    bool // the Host header is the server name
	verify  bool
	revoked *revoked // crl-file; nil without one
	host    string   // verifyhost
	print   string
	g       *globalConf
}

const noCA = "verify is enabled by default but no CA file specified. If you're running on a LAN where you're certain to trust the server's certificate, please set an explicit 'verify none' statement on the 'server' line, or use 'ssl-server-verify none' in the global section to disable server-side verifications by default."

func newClient(b *engine.Build, srv *engine.Server) (*client, error) {
	c := *servers.Edit(srv)
	g := globals.Edit(b.RT)
	c.sslConf = c.sslConf.over(&g.server)
	at := engine.Word{Pos: srv.Pos}
	cfg, err := c.config(b, srv.Px, at, "")
	if err != nil {
		return nil, err
	}
	who := " for server '" + srv.Name + "'"
	if err := checkSchemes(c.sigalgs, "Signature Algorithm", who); err != nil {
		return nil, named(srv.Px, err)
	}
	signs, err := signWith(b, c.clientAlgs, "Client Signature Algorithm", who)
	if err != nil {
		return nil, named(srv.Px, err)
	}
	if !c.noRenegotiate {
		cfg.Renegotiation = tls.RenegotiateFreelyAsClient
	}
	t := &client{cfg: cfg, host: c.verifyHost, g: g}
	ld := loaderOf(b)
	t.verify = c.verify != "none" && (c.verify != "" || !b.RT.Global.ServerVerifyNone)
	if t.verify {
		if c.caFile.Text == "" {
			return nil, diag.Errorf(srv.Pos, noCA)
		}
		if cfg.RootCAs, err = ld.pool(c.caFile); err != nil {
			return nil, err
		}
		if t.revoked, err = ld.crl(c.crlFile); err != nil {
			return nil, err
		}
	}
	if c.crt.Text != "" {
		certs, _, err := ld.crt(c.crt)
		if err != nil {
			return nil, err
		}
		own := *certs[0]
		own.SupportedSignatureAlgorithms = signs
		cfg.Certificates = []tls.Certificate{own}
	}
	if c.sni.Text != "" {
		b.Px = srv.Px
		if t.sni, err = c.parseSNI(b); err != nil {
			return nil, err
		}
	} else {
		t.auto = srv.Px.IsHTTP() && !c.noAutoSNI
	}
	cfg.NextProtos = spoken(b, srv.Px, engine.Word{}, c.alpn)
	if !c.noReuse {
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	}
	cfg.InsecureSkipVerify = true // VerifyConnection does it, by HAProxy's rules
	t.print = strings.Join([]string{c.clientAlgs.Text, c.verify, c.caFile.Text, c.crlFile.Text, c.crt.Text, c.sni.Text, c.verifyHost}, "|")
	return t, nil
}

// said is an error's sentence without its place.
func said(err error) string {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d.Message
	}
	return err.Error()
}

// name is the server name for a stream, "" for none.
func (t *client) name(s *engine.Stream) string {
	if s == nil {
		return ""
	}
	if t.auto {
		if !s.HasReq {
			return ""
		}
		host, _, _ := strings.Cut(string(s.Req.Host()), ":")
		return host
	}
	if t.sni == nil {
		return ""
	}
	e := &s.Env
	px, dir := e.Px, e.Dir
	e.Px, e.Dir = s.Back, engine.Req
	v, st := t.sni.EvalAs(e, engine.TStr)
	e.Px, e.Dir = px, dir
	if st != engine.Found {
		return ""
	}
	return string(v.B)
}

// ReuseKey keeps connections with different server names apart.
func (t *client) ReuseKey(s *engine.Stream) string { return t.name(s) }

// Fingerprint implements engine.TLSClient.
func (t *client) Fingerprint() string { return t.print }

// Handshake implements engine.TLSClient.
func (t *client) Handshake(spec *engine.DialSpec, _ *engine.Server, c *conn.Conn, timeout time.Duration) (*conn.Conn, engine.TLSInfo, error) {
	cfg := t.cfg.Clone()
	name := spec.SNI
	if name == "" {
		name = t.name(spec.Strm)
	}
	cfg.ServerName = name
	if spec.ALPN != "" {
		cfg.NextProtos = strings.Split(spec.ALPN, ",")
	}
	if t.verify {
		want, other := name, "SSL_MISMATCH_SNI"
		if want == "" {
			want, other = t.host, "SSL_MISMATCH"
		}
		cfg.VerifyConnection = func(st tls.ConnectionState) error {
			err := t.check(&st, want)
			if errors.As(err, &x509.HostnameError{}) {
				err = &engine.Caused{Name: other, Err: err}
			}
			return err
		}
	}
	tc := tls.Client(t.g.listen(c.Lower(), cfg), cfg)
	if err := shake(tc, c, timeout); err != nil {
		return nil, nil, err
	}
	c.SetUpper(tc)
	return c, newInfo(tc), nil
}

// check verifies the server's chain, and its name where one is known
// (configuration manual, server option "verify").
func (t *client) check(st *tls.ConnectionState, name string) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	o := x509.VerifyOptions{Roots: t.cfg.RootCAs, Intermediates: x509.NewCertPool(), DNSName: name}
	for _, c := range st.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	chains, err := st.PeerCertificates[0].Verify(o)
	if err == nil && t.revoked != nil {
		err = t.revoked.any(chains)
	}
	return err
}
