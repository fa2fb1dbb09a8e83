package tls

import (
	"crypto/tls"
	"crypto/x509"

	"hawser/engine"
	"hawser/parser/diag"
)

// makeBinds makes the TLS of a frontend's listeners.
func makeBinds(b *engine.Build, px *engine.Proxy) {
	for _, bd := range px.Binds {
		if px.Disabled {
			continue
		}
		if !bd.SSL {
			checkUnused(b, px, bd)
			continue
		}
		t, err := makeBind(b, px, bd)
		if err != nil {
			b.Report(bd.Pos, err)
			continue
		}
		bd.TLS = t
		bd.ALPN = t.base.NextProtos
	}
}

// checkUnused looks at the files of a listener without ssl: they must be there.
func checkUnused(b *engine.Build, px *engine.Proxy, bd *engine.Bind) {
	c := binds.Get(bd)
	if c == nil {
		return
	}
	ld := loaderOf(b)
	t := &server{exact: map[string][]*entry{}, wild: map[string][]*entry{}}
	err := t.read(ld, px, bd, c)
	for _, w := range []engine.Word{c.caFile, c.verifyFile, c.crlFile} {
		if w.Text != "" && err == nil {
			_, err = ld.pool(w)
		}
	}
	if err != nil {
		b.Report(bd.Pos, err)
	}
}

func makeBind(b *engine.Build, px *engine.Proxy, bd *engine.Bind) (*server, error) {
	c := *binds.Edit(bd)
	g := globals.Edit(b.RT)
	c.sslConf = c.sslConf.over(&g.bind)
	at := engine.Word{Pos: bd.Pos}
	t := &server{strict: (c.strictSNI || g.strictSNI) && !c.noStrict, g: g, exact: map[string][]*entry{}, wild: map[string][]*entry{}}
	ld := loaderOf(b)
	var err error
	if t.base, t.clients, err = serverConfig(b, px, ld, &c, at, bd); err != nil {
		return nil, err
	}
	if t.signs, err = c.signs(b, px, bd); err != nil {
		return nil, err
	}
	if t.tickets, err = c.ticketKeys(b, px, bd); err != nil {
		return nil, err
	}
	if err := t.read(ld, px, bd, &c); err != nil {
		return nil, err
	}
	if len(t.entries) == 0 && !t.strict {
		return nil, diag.Errorf(bd.Pos, "Proxy '%s': no SSL certificate specified for bind '%s' at %s (use 'crt').", px.Name, bindName(bd), bd.Pos)
	}
	t.finish()
	if err := t.makeForge(ld, px, bd, &c); err != nil {
		return nil, err
	}
	return t, nil
}

// signs is what the keys of a listener, or of a line of a crt-list, may sign with.
func (c *bindConf) signs(b *engine.Build, px *engine.Proxy, bd *engine.Bind) ([]tls.SignatureScheme, error) {
	list, err := signWith(b, c.sigalgs, "Signature Algorithm", forBind(bd))
	if err != nil {
		return nil, named(px, err)
	}
	return list, nil
}

func forBind(bd *engine.Bind) string {
	return " for bind '" + bindName(bd) + "' at " + bd.Pos.String()
}

func bindName(bd *engine.Bind) string { return bd.Addr.Text }

// serverConfig makes the settings of a listener, or of one line of a crt-list.
func serverConfig(b *engine.Build, px *engine.Proxy, ld *loader, c *bindConf, at engine.Word, bd *engine.Bind) (*tls.Config, *clientRules, error) {
	who := forBind(bd)
	cfg, err := c.config(b, px, at, who)
	if err != nil {
		return nil, nil, named(px, err)
	}
	var rules *clientRules
	switch c.verify {
	case "optional":
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if cfg.ClientAuth != tls.NoClientCert {
		if c.caFile.Text == "" && c.verifyFile.Text == "" {
			return nil, nil, diag.Errorf(at.Pos, "Proxy '%s': verify is enabled but no CA file specified%s.", px.Name, who)
		}
		rules = &clientRules{crt: c.crtIgnore, ca: c.caIgnore}
		if rules.roots, rules.trusted, err = authorities(ld, c); err != nil {
			return nil, nil, err
		}
		if cfg.ClientCAs, err = told(ld, c, rules); err != nil {
			return nil, nil, err
		}
		if rules.lists, err = ld.crl(c.crlFile); err != nil {
			return nil, nil, err
		}
		rules.guard(cfg, c.verify == "required")
	}
	if err := checkSchemes(c.clientAlgs, "Signature Algorithm", who); err != nil {
		return nil, nil, named(px, err)
	}
	if c.alpnSet {
		cfg.NextProtos = spoken(b, px, c.alpnWord, c.alpn)
	} else if px.IsHTTP() {
		cfg.NextProtos = spoken(b, px, engine.Word{}, []string{"h2", "http/1.1"})
	}
	return cfg, rules, nil
}

// told are the authorities that a client hears of: those of ca-file, unless
// no-ca-names. The library verifies by what it tells, so the rules must, elsewhere.
func told(ld *loader, c *bindConf, rules *clientRules) (*x509.CertPool, error) {
	switch {
	case c.noNames, c.caFile.Text == "":
		rules.alone = true
		return nil, nil
	case c.verifyFile.Text == "":
		return rules.roots, nil
	}
	rules.alone = true
	pool, _, err := ld.trusted(c.caFile)
	return pool, err
}

// authorities are those of ca-file and ca-verify-file.
func authorities(ld *loader, c *bindConf) (pool *x509.CertPool, list []*x509.Certificate, err error) {
	for _, w := range []engine.Word{c.caFile, c.verifyFile} {
		if w.Text == "" {
			continue
		}
		p, certs, err := ld.trusted(w)
		if err != nil {
			return nil, nil, err
		}
		if list = append(list, certs...); pool == nil {
			pool = p
			continue
		}
		for _, c := range certs {
			pool.AddCert(c)
		}
	}
	return pool, list, nil
}

// named puts the proxy's name before a sentence.
func named(px *engine.Proxy, err error) error {
	d, ok := err.(*diag.Diagnostic)
	if ok {
		d.Message = "Proxy '" + px.Name + "': " + d.Message
		return d.AsBare()
	}
	return err
}
