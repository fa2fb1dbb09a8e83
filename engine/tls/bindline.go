package tls

import (
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
	crtIgnore errorSet // which errors of client certificates count for nothing
	caIgnore  errorSet // and of their authorities'

	ticketFile engine.Word
	noNames    bool // no-ca-names
}

var binds = engine.NewSlot[*engine.Bind, bindConf]("TLS of a bind line")

type bindSetter = func(b *engine.Bind, c *bindConf, n engine.Word, a []engine.Word) error

func init() {
	addShared()
	addIdle()
	addCertificates()
	addClients()
	engine.OnMake(makeBinds)
}

func addBind(name string, args int, missing, usage string, set bindSetter) {
	engine.AddBindKeywords(engine.BindKeyword{Name: name, Args: args, Missing: missing, Usage: usage,
		Parse: func(_ *engine.Build, bd *engine.Bind, n engine.Word, a []engine.Word) error {
			return set(bd, binds.Edit(bd), n, a)
		}})
}

// onBind sets what a bind line says by a word alone.
func onBind(set func(b *engine.Bind, c *bindConf)) bindSetter {
	return func(b *engine.Bind, c *bindConf, _ engine.Word, _ []engine.Word) error {
		set(b, c)
		return nil
	}
}

// bindWord sets a word of a bind line, moreWords adds one.
func bindWord(of func(c *bindConf) *engine.Word) bindSetter {
	return func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		*of(c) = a[0]
		return nil
	}
}

func moreWords(of func(c *bindConf) *[]engine.Word) bindSetter {
	return func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
		*of(c) = append(*of(c), a[0])
		return nil
	}
}

// addShared registers what server lines and crt-lists know, too.
func addShared() {
	for _, o := range options {
		addBind(o.name, o.args, o.missing, o.usage, func(_ *engine.Bind, c *bindConf, n engine.Word, a []engine.Word) error {
			if o.name == "alpn" {
				c.alpnWord = a[0]
			}
			return o.set(&c.sslConf, n, a)
		})
	}
	addBind("ssl", 0, "", "ssl: TLS on the connections of this listener", onBind(func(b *engine.Bind, _ *bindConf) { b.SSL = true }))
}

// addIdle registers what changes nothing here.
func addIdle() {
	idle := func(name string, args int, usage string) {
		engine.AddBindKeywords(engine.BindKeyword{Name: name, Args: args, Flags: engine.NoEffect, Usage: usage,
			Parse: func(*engine.Build, *engine.Bind, engine.Word, []engine.Word) error { return nil }})
	}
	for _, o := range ignored {
		idle(o.name, o.args, o.usage)
	}
	idle("prefer-client-ciphers", 0, "prefer-client-ciphers: the library chooses the better cipher of both lists")
	engine.AddBindKeywords(engine.BindKeyword{Name: "client-sigalgs", Args: 1, Missing: "'client-sigalgs" + noAlgorithms, Flags: engine.NoEffect, Usage: "client-sigalgs <list>: the library chooses what it asks of clients' signatures",
		Parse: func(_ *engine.Build, bd *engine.Bind, n engine.Word, a []engine.Word) error {
			return clientAlgsWord(&binds.Edit(bd).sslConf, n, a)
		}})
}

// addCertificates registers what a listener shows to clients.
func addCertificates() {
	addBind("crt", 1, "'crt' : missing certificate location", "crt <file>: certificate and key, or a directory of such files",
		moreWords(func(c *bindConf) *[]engine.Word { return &c.crts }))
	addBind("default-crt", 1, "'default-crt' : missing certificate location", "default-crt <file>: the certificate for names that no other has",
		moreWords(func(c *bindConf) *[]engine.Word { return &c.defaults }))
	addBind("crt-list", 1, "'crt-list' : missing certificate location", "crt-list <file>: certificates with options and names, one a line",
		moreWords(func(c *bindConf) *[]engine.Word { return &c.lists }))
	addBind("generate-certificates", 0, "", "generate-certificates: make certificates for server names that none has, signed by ca-sign-file",
		onBind(func(_ *engine.Bind, c *bindConf) { c.generate = true }))
	addBind("ca-sign-file", 1, "'ca-sign-file' : missing CAfile path", "ca-sign-file <file>: certificate and key of the authority that generate-certificates signs with",
		bindWord(func(c *bindConf) *engine.Word { return &c.signFile }))
	addBind("strict-sni", 0, "", "strict-sni: no certificate for names that none has",
		onBind(func(_ *engine.Bind, c *bindConf) { c.strictSNI = true }))
	addBind("no-strict-sni", 0, "", "no-strict-sni: undoes strict-sni of ssl-default-bind-options",
		onBind(func(_ *engine.Bind, c *bindConf) { c.noStrict = true }))
	addBind("sigalgs", 1, "'sigalgs"+noAlgorithms, "sigalgs <list>: what the keys of the certificates sign with, as OpenSSL names it (ECDSA+SHA256:RSA-PSS+SHA256)",
		func(_ *engine.Bind, c *bindConf, n engine.Word, a []engine.Word) error {
			return sigalgsWord(&c.sslConf, n, a)
		})
	addBind("tls-ticket-keys", 1, "'tls-ticket-keys' : missing TLS ticket keys file path", "tls-ticket-keys <file>: keys of tickets, a line each, so that processes with the same file resume each other's sessions; the last three count, the one before the last seals",
		bindWord(func(c *bindConf) *engine.Word { return &c.ticketFile }))
	addBind("ecdhe", 1, "'ecdhe' : missing named curve", "ecdhe <curve>: the group of the key exchange", setECDHE)
}

// addClients registers what a listener asks of clients.
func addClients() {
	addBind("verify", 1, "'verify' : missing verify method", "verify { none | optional | required }: whether clients show certificates",
		func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
			return setVerify(&c.sslConf, a[0])
		})
	addBind("no-ca-names", 0, "", "no-ca-names: clients are not told which authorities count",
		onBind(func(_ *engine.Bind, c *bindConf) { c.noNames = true }))
	addBind("ca-verify-file", 1, "'ca-verify-file' : missing CAfile path", "ca-verify-file <file>: further authorities that clients are not told of",
		bindWord(func(c *bindConf) *engine.Word { return &c.verifyFile }))
	ignore := func(name, of string, set func(c *bindConf) *errorSet) {
		addBind(name, 1, "'"+name+"' : missing error IDs list", name+" { all | <errors> }: which errors in the verification of "+of+" are passed over, by number or as X509_V_ERR_…",
			func(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) (err error) {
				*set(c), err = parseErrors(name, a[0])
				return err
			})
	}
	ignore("crt-ignore-err", "client certificates", func(c *bindConf) *errorSet { return &c.crtIgnore })
	ignore("ca-ignore-err", "the authorities of client certificates", func(c *bindConf) *errorSet { return &c.caIgnore })
}

func setECDHE(_ *engine.Bind, c *bindConf, _ engine.Word, a []engine.Word) error {
	if _, _, ok := pickCurves(a[0].Text); !ok && a[0].Text != "auto" {
		return diag.Errorf(a[0].Pos, "unable to set elliptic named curve to '%s'", a[0].Text)
	}
	if a[0].Text != "auto" {
		c.curves = a[0]
	}
	return nil
}

func setVerify(c *sslConf, w engine.Word) error {
	switch w.Text {
	case "none", "optional", "required":
		c.verify = w.Text
		return nil
	}
	return diag.Errorf(w.Pos, "'verify' : unknown verify method '%s', only 'none', 'optional', and 'required' are supported", w.Text)
}
