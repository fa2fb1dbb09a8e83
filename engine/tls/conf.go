package tls

import (
	"crypto/tls"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// sslConf holds the options that bind lines, server lines and crt-list lines have
// in common. Zero values are "not set".
type sslConf struct {
	min, max                   uint16
	off                        map[uint16]bool // no-tlsv1x
	force                      uint16
	ciphers                    engine.Word
	suites                     engine.Word // TLS 1.3
	curves                     engine.Word
	alpn                       []string
	alpnSet                    bool
	verify                     string
	caFile                     engine.Word
	verifyFile                 engine.Word
	crlFile                    engine.Word
	noTickets                  bool
	sigalgs                    engine.Word // what our signatures, or the server's, may be
	clientAlgs                 engine.Word // the same for clients' certificates
	renegotiate, noRenegotiate bool
}

var versions = map[string]uint16{"SSLv3": tls.VersionTLS10 - 1, "TLSv1.0": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

// option is a row that all three kinds of lines take.
type option struct {
	name    string
	args    int
	missing string
	usage   string
	set     func(c *sslConf, name engine.Word, a []engine.Word) error
}

func word(f func(*sslConf) *engine.Word) func(*sslConf, engine.Word, []engine.Word) error {
	return func(c *sslConf, _ engine.Word, a []engine.Word) error {
		*f(c) = a[0]
		return nil
	}
}

func version(f func(*sslConf) *uint16) func(*sslConf, engine.Word, []engine.Word) error {
	return func(c *sslConf, _ engine.Word, a []engine.Word) error {
		v, ok := versions[a[0].Text]
		if !ok {
			return diag.Errorf(a[0].Pos, "'%s' : unknown ssl/tls version", a[0].Text)
		}
		*f(c) = v
		return nil
	}
}

func flag(f func(*sslConf)) func(*sslConf, engine.Word, []engine.Word) error {
	return func(c *sslConf, _ engine.Word, _ []engine.Word) error {
		f(c)
		return nil
	}
}

// disable is no-tlsv1x; the set is copied, since default-server's is shared.
func disable(v uint16) func(*sslConf, engine.Word, []engine.Word) error {
	return flag(func(c *sslConf) {
		off := map[uint16]bool{v: true}
		for k := range c.off {
			off[k] = true
		}
		c.off = off
	})
}

func setALPN(c *sslConf, name engine.Word, a []engine.Word) error {
	c.alpn, c.alpnSet = nil, true
	for p := range strings.SplitSeq(a[0].Text, ",") {
		if p == "" {
			return diag.Errorf(a[0].Pos, "'%s' : empty protocol name", name.Text)
		}
		if len(p) > 255 {
			return diag.Errorf(a[0].Pos, "'%s' : protocol name too long : '%s'", name.Text, p)
		}
		c.alpn = append(c.alpn, p)
	}
	return nil
}

const noVersion = "missing the ssl/tls version"

var options = []option{
	{"ssl-min-ver", 1, "'ssl-min-ver' : " + noVersion, "ssl-min-ver <version>: the lowest TLS version", version(func(c *sslConf) *uint16 { return &c.min })},
	{"ssl-max-ver", 1, "'ssl-max-ver' : " + noVersion, "ssl-max-ver <version>: the highest TLS version", version(func(c *sslConf) *uint16 { return &c.max })},
	{"no-sslv3", 0, "", "no-sslv3: never, in any case", flag(func(*sslConf) {})},
	{"no-tlsv10", 0, "", "no-tlsv10: no TLS 1.0", disable(tls.VersionTLS10)},
	{"no-tlsv11", 0, "", "no-tlsv11: no TLS 1.1", disable(tls.VersionTLS11)},
	{"no-tlsv12", 0, "", "no-tlsv12: no TLS 1.2", disable(tls.VersionTLS12)},
	{"no-tlsv13", 0, "", "no-tlsv13: no TLS 1.3", disable(tls.VersionTLS13)},
	{"force-sslv3", 0, "", "force-sslv3: SSLv3 only, which nothing supports any more", flag(func(c *sslConf) { c.force = versions["SSLv3"] })},
	{"force-tlsv10", 0, "", "force-tlsv10: TLS 1.0 only", flag(func(c *sslConf) { c.force = tls.VersionTLS10 })},
	{"force-tlsv11", 0, "", "force-tlsv11: TLS 1.1 only", flag(func(c *sslConf) { c.force = tls.VersionTLS11 })},
	{"force-tlsv12", 0, "", "force-tlsv12: TLS 1.2 only", flag(func(c *sslConf) { c.force = tls.VersionTLS12 })},
	{"force-tlsv13", 0, "", "force-tlsv13: TLS 1.3 only", flag(func(c *sslConf) { c.force = tls.VersionTLS13 })},
	{"ciphers", 1, "'ciphers' : missing cipher suite", "ciphers <list>: the ciphers up to TLS 1.2, as OpenSSL names them", word(func(c *sslConf) *engine.Word { return &c.ciphers })},
	{"ciphersuites", 1, "'ciphersuites' : missing cipher suite", "ciphersuites <list>: the ciphers of TLS 1.3", word(func(c *sslConf) *engine.Word { return &c.suites })},
	{"curves", 1, "'curves' : missing curve suite", "curves <list>: the groups of the key exchange", word(func(c *sslConf) *engine.Word { return &c.curves })},
	{"alpn", 1, "'alpn' : missing the comma-delimited ALPN protocol suite", "alpn <protocols>: what is offered by ALPN", setALPN},
	{"no-alpn", 0, "", "no-alpn: no ALPN", flag(func(c *sslConf) { c.alpn, c.alpnSet = nil, true })},
	{"ca-file", 1, "'ca-file' : missing CAfile path", "ca-file <file>: whose certificates are trusted; @system-ca the system's", word(func(c *sslConf) *engine.Word { return &c.caFile })},
	{"crl-file", 1, "'crl-file' : missing CRLfile path", "crl-file <file>: revoked certificates", word(func(c *sslConf) *engine.Word { return &c.crlFile })},
	{"no-tls-tickets", 0, "", "no-tls-tickets: no stateless resumption", flag(func(c *sslConf) { c.noTickets = true })},
	{"tls-tickets", 0, "", "tls-tickets: stateless resumption (the default)", flag(func(c *sslConf) { c.noTickets = false })},
}

// ignored are options of OpenSSL that change nothing here.
var ignored = []struct {
	name  string
	args  int
	usage string
}{
	{"npn", 1, "npn <protocols>: gone from TLS; use alpn"},
	{"allow-0rtt", 0, "allow-0rtt: early data is not taken"},
	{"ktls", 1, "ktls <on|off>: TLS stays in the process"},
}

// sigalgsWord and clientAlgsWord keep their lists.
var (
	sigalgsWord    = word(func(c *sslConf) *engine.Word { return &c.sigalgs })
	clientAlgsWord = word(func(c *sslConf) *engine.Word { return &c.clientAlgs })
)

const noAlgorithms = "' : missing signature algorithm list"

func optionByName(name string) *option {
	for i := range options {
		if options[i].name == name {
			return &options[i]
		}
	}
	return nil
}
