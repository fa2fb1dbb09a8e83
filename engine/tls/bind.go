package tls

import (
	"crypto/tls"
	"crypto/x509"

	"hawser/engine"
	"hawser/parser/diag"
)

// bindConf is what a bind line says of TLS.
type bindConf struct {
	sslConf
	crts      []engine.Word
	defaults  []engine.Word
	lists     []engine.Word
	generate  bool
	signFile  engine.Word
	strictSNI bool
	noStrict  bool
	alpnWord  engine.Word
	ignoreErr bool // crt-ignore-err or ca-ignore-err: bad client certificates are let in
}

var binds = engine.NewSlot[*engine.Bind, bindConf]("TLS of a bind line")

func init() {
	add := func(name string, args int, missing, usage string, set func(b *engine.Bind, c *bindConf, n engine.Word, a []engine.Word) error) {
		engine.AddBindKeywords(engine.BindKeyword{Name: name, Args: args, Missing: missing, Usage: usage,
			Parse: func(_ *engine.Build, bd *engine.Bind, n engine.Word, a []engine.Word) error {
				return set(bd, binds.Edit(bd), n, a)
			}})
	}
	for _, o := range options {
		add(o.name, o.args, o.missing, o.usage, func(_ *engine.Bind, c *bindConf, n engine.Word, a []engine.Word) error {
			if o.name == "alpn" {
				c.alpnWord = a[0]
			}
			return o.set(&c.sslConf, n, a)
		})
	}
	for _, o := range ignored {
		engine.AddBindKeywords(engine.BindKeyword{Name: o.name, Args: o.args, Flags: engine.NoEffect, Usage: o.usage,
			Parse: func(*engine.Build, *engine.Bind, engine.Word, []engine.Word) error { return nil }})
	}
	for name, usage := range map[string]string{
		"prefer-client-ciphers": "prefer-client-ciphers: the library chooses the better cipher of both lists",
		"no-ca-names":           "no-ca-names: clients are told which authorities count",
		"ech":                   "",
		"tls-ticket-keys":       "tls-ticket-keys <file>: the process makes its own keys",
	} {
		if usage == "" {
			continue
		}
		args := 0
		if name == "tls-ticket-keys" {
			args = 1
		}
		engine.AddBindKeywords(engine.BindKeyword{Name: name, Args: args, Flags: engine.NoEffect, Usage: usage,
			Parse: func(*engine.Build, *engine.Bind, engine.Word, []engine.Word) error { return nil }})
	}
	add("generate-certificates", 0, "", "generate-certificates: make certificates for server names that none has, signed by ca-sign-file", func(_ *engine.Bind, c *bindConf, _ engine.Word, _ []engine.Word) error {
		c.generate = true
		return nil
	})
	add("ca-sign-file", 1, "'ca-sign-file' : missing CAfile path", "ca-sign-file <file>: certificate and key of the authority that generate-certificates signs with", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		c.signFile = a[0]
		return nil
	})
	add("ssl", 0, "", "ssl: TLS on the connections of this listener", func(b *engine.Bind, _ *bindConf, _ engine.Word, _ []engine.Word) error {
		b.SSL = true
		return nil
	})
	add("crt", 1, "'crt' : missing certificate location", "crt <file>: certificate and key, or a directory of such files", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		c.crts = append(c.crts, a[0])
		return nil
	})
	add("default-crt", 1, "'default-crt' : missing certificate location", "default-crt <file>: the certificate for names that no other has", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		c.defaults = append(c.defaults, a[0])
		return nil
	})
	add("crt-list", 1, "'crt-list' : missing certificate location", "crt-list <file>: certificates with options and names, one a line", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		c.lists = append(c.lists, a[0])
		return nil
	})
	add("verify", 1, "'verify' : missing verify method", "verify { none | optional | required }: whether clients show certificates", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		return setVerify(&c.sslConf, a[0])
	})
	add("ca-verify-file", 1, "'ca-verify-file' : missing CAfile path", "ca-verify-file <file>: further authorities that clients are not told of", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		c.verifyFile = a[0]
		return nil
	})
	add("ecdhe", 1, "'ecdhe' : missing named curve", "ecdhe <curve>: the group of the key exchange", func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		if _, _, ok := pickCurves(a[0].Text); !ok && a[0].Text != "auto" {
			return diag.Errorf(a[0].Pos, "unable to set elliptic named curve to '%s'", a[0].Text)
		}
		if a[0].Text != "auto" {
			c.curves = a[0]
		}
		return nil
	})
	add("strict-sni", 0, "", "strict-sni: no certificate for names that none has", func(_ *engine.Bind, c *bindConf, _ engine.Word, _ []engine.Word) error {
		c.strictSNI = true
		return nil
	})
	add("no-strict-sni", 0, "", "no-strict-sni: undoes strict-sni of ssl-default-bind-options", func(_ *engine.Bind, c *bindConf, _ engine.Word, _ []engine.Word) error {
		c.noStrict = true
		return nil
	})
	for _, name := range []string{"crt-ignore-err", "ca-ignore-err"} {
		add(name, 1, "'"+name+"' : missing error IDs list", name+" { all | <errors> }: let clients in whose certificates do not verify", func(_ *engine.Bind, c *bindConf, _ engine.Word, _ []engine.Word) error {
			c.ignoreErr = true
			return nil
		})
	}
	engine.OnMake(makeBinds)
}

func setVerify(c *sslConf, w engine.Word) error {
	switch w.Text {
	case "none", "optional", "required":
		c.verify = w.Text
		return nil
	}
	return diag.Errorf(w.Pos, "'verify' : unknown verify method '%s', only 'none', 'optional', and 'required' are supported", w.Text)
}

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
	t := &server{strict: (c.strictSNI || g.strictSNI) && !c.noStrict, lenient: c.ignoreErr, hellos: g.hellos, keys: g.keys, exact: map[string][]*entry{}, wild: map[string][]*entry{}}
	ld := loaderOf(b)
	cfg, err := serverConfig(b, px, ld, &c, at, bd)
	if err != nil {
		return nil, err
	}
	t.base = cfg
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

func bindName(bd *engine.Bind) string { return bd.Addr.Text }

// serverConfig makes the settings of a listener, or of one line of a crt-list.
func serverConfig(b *engine.Build, px *engine.Proxy, ld *loader, c *bindConf, at engine.Word, bd *engine.Bind) (*tls.Config, error) {
	who := " for bind '" + bindName(bd) + "' at " + bd.Pos.String()
	cfg, err := c.config(b, px, at, who)
	if err != nil {
		return nil, named(px, err)
	}
	switch c.verify {
	case "optional":
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if cfg.ClientAuth != tls.NoClientCert {
		if c.caFile.Text == "" && c.verifyFile.Text == "" {
			return nil, diag.Errorf(at.Pos, "Proxy '%s': verify is enabled but no CA file specified%s.", px.Name, who)
		}
		if cfg.ClientCAs, err = authorities(ld, c); err != nil {
			return nil, err
		}
		if c.ignoreErr {
			cfg.ClientAuth = tls.RequestClientCert
		}
		lists, err := ld.crl(c.crlFile)
		if err != nil {
			return nil, err
		}
		if lists != nil && c.ignoreErr {
			b.Notice(c.crlFile.Pos, "'crl-file' has no effect in Hawser beside 'crt-ignore-err' and 'ca-ignore-err'")
		}
		lists.guard(cfg)
	}
	if c.alpnSet {
		cfg.NextProtos = spoken(b, px, c.alpnWord, c.alpn)
	} else if px.IsHTTP() {
		cfg.NextProtos = spoken(b, px, engine.Word{}, []string{"h2", "http/1.1"})
	}
	return cfg, nil
}

func authorities(ld *loader, c *bindConf) (*x509.CertPool, error) {
	w := c.caFile
	if w.Text == "" {
		w = c.verifyFile
	}
	return ld.pool(w)
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
