package tls

import (
	"crypto/tls"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// over lays c's settings over those of base.
func (c sslConf) over(base *sslConf) sslConf {
	if c.min == 0 && c.max == 0 && c.force == 0 && len(c.off) == 0 {
		c.min, c.max, c.force, c.off = base.min, base.max, base.force, base.off
	}
	for _, p := range []struct{ own, def *engine.Word }{{&c.ciphers, &base.ciphers}, {&c.suites, &base.suites}, {&c.curves, &base.curves},
		{&c.sigalgs, &base.sigalgs}, {&c.clientAlgs, &base.clientAlgs},
		{&c.caFile, &base.caFile}, {&c.verifyFile, &base.verifyFile}, {&c.crlFile, &base.crlFile}} {
		if p.own.Text == "" {
			*p.own = *p.def
		}
	}
	if !c.alpnSet {
		c.alpn, c.alpnSet = base.alpn, base.alpnSet
	}
	if c.verify == "" {
		c.verify = base.verify
	}
	c.noTickets = c.noTickets || base.noTickets
	if !c.renegotiate && !c.noRenegotiate {
		c.renegotiate, c.noRenegotiate = base.renegotiate, base.noRenegotiate
	}
	return c
}

// config makes what both sides have in common. who ends the sentences ("for bind
// ':443'").
func (c *sslConf) config(b *engine.Build, px *engine.Proxy, at engine.Word, who string) (*tls.Config, error) {
	cfg := &tls.Config{SessionTicketsDisabled: c.noTickets, ClientSessionCache: nil}
	var err error
	if cfg.MinVersion, cfg.MaxVersion, err = c.versions(b, at, who); err != nil {
		return nil, err
	}
	if w := c.ciphers; w.Text != "" {
		ids, missing, known := pickSuites(w.Text)
		if !known {
			if len(missing) == 0 {
				return nil, diag.Errorf(w.Pos, "unable to set SSL cipher list to '%s'%s.", w.Text, who)
			}
			b.Warn(w.Pos, "none of the ciphers '%s' is there; the library's own are used%s", w.Text, who)
		} else if cfg.CipherSuites = ids; len(missing) > 0 {
			b.Notice(w.Pos, "these ciphers are not there and are left out: %s", strings.Join(missing, ":"))
		}
	}
	if w := c.suites; w.Text != "" {
		if err := checkSuites13(b, w, who); err != nil {
			return nil, err
		}
	}
	if w := c.curves; w.Text != "" {
		ids, missing, ok := pickCurves(w.Text)
		if !ok && len(missing) == 0 {
			return nil, diag.Errorf(w.Pos, "unable to set SSL curves list to '%s'%s.", w.Text, who)
		}
		cfg.CurvePreferences = ids
		if len(missing) > 0 {
			b.Notice(w.Pos, "these groups are not there and are left out: %s", strings.Join(missing, ":"))
		}
	}
	_ = px
	return cfg, nil
}

func checkSuites13(b *engine.Build, w engine.Word, who string) error {
	n, all := 0, true
	for s := range strings.SplitSeq(w.Text, ":") {
		have, known := suites13[s]
		if !known {
			return diag.Errorf(w.Pos, "unable to set TLS 1.3 cipher suites to '%s'%s.", w.Text, who)
		}
		if have {
			n++
		} else {
			all = false
		}
	}
	if n < 3 || !all {
		b.Notice(w.Pos, "the library offers its three ciphers of TLS 1.3 whatever 'ciphersuites' says")
	}
	return nil
}

// versions are the lowest and highest that the options leave; TLS 1.2 is the
// lowest by default.
func (c *sslConf) versions(b *engine.Build, at engine.Word, who string) (lo, hi uint16, err error) {
	lo, hi = tls.VersionTLS12, tls.VersionTLS13
	if c.min != 0 {
		lo = c.min
	}
	if c.max != 0 {
		if hi = c.max; c.min == 0 && hi < lo {
			lo = hi
		}
	}
	if c.force != 0 {
		lo, hi = c.force, c.force
	}
	if c.force == 0 && c.min == 0 && c.max == 0 && (c.off[tls.VersionTLS12] && c.off[tls.VersionTLS13]) {
		lo = tls.VersionTLS10
	}
	if hi >= tls.VersionTLS10 {
		lo = max(lo, tls.VersionTLS10)
	}
	for lo <= hi && c.off[lo] {
		lo++
	}
	for hi >= lo && c.off[hi] {
		hi--
	}
	if lo > hi || hi < tls.VersionTLS10 {
		return 0, 0, diag.Errorf(at.Pos, "all SSL/TLS versions are disabled%s.", who)
	}
	for v := lo; v <= hi; v++ {
		if c.off[v] {
			b.Warn(at.Pos, "SSL/TLS versions range not contiguous%s. Hawser offers all between the lowest and the highest.", who)
			break
		}
	}
	return lo, hi, nil
}

// spoken leaves of an ALPN list what the proxy can speak.
func spoken(b *engine.Build, px *engine.Proxy, at engine.Word, list []string) []string {
	if !px.IsHTTP() {
		return list
	}
	var out []string
	for _, p := range list {
		switch {
		case p == "http/1.1" || p == "http/1.0":
			out = append(out, p)
		case engine.SpeaksALPN != nil && engine.SpeaksALPN(p):
			out = append(out, p)
		case at.Text != "":
			b.Notice(at.Pos, "the protocol '%s' is not there: 'http/1.1' is offered instead", p)
		}
	}
	if len(out) == 0 && len(list) > 0 {
		out = []string{"http/1.1"}
	}
	return out
}
