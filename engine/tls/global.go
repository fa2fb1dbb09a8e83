package tls

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// globalConf holds the defaults of bind and server lines.
type globalConf struct {
	bind, server sslConf
	strictSNI    bool
	stores       map[string]*store
	noExtra      bool // ssl-load-extra-files none
	delExt       bool // ssl-load-extra-del-ext
	hellos       bool // tune.ssl.capture-buffer-size
	keys         bool // tune.ssl.keylog
	taps         bool // an expression asks for what tap keeps
}

var globals = engine.NewSlot[*engine.Runtime, globalConf]("TLS defaults")

func init() {
	dir := func(name, usage string, f func(*engine.Global) *string) engine.Keyword {
		return engine.Keyword{Name: name, In: engine.InGlobal, Max: -1, Usage: usage, Parse: func(b *engine.Build, l *engine.Line) error {
			if len(l.Words) < 2 {
				return diag.Errorf(l.Words[0].Pos, "global statement '%s' expects a directory path as an argument.", name)
			}
			*f(&b.RT.Global) = l.Words[1].Text
			return nil
		}}
	}
	list := func(name, what, usage string, f func(*globalConf) *engine.Word) engine.Keyword {
		return engine.Keyword{Name: name, In: engine.InGlobal, Max: -1, Usage: usage, Parse: func(b *engine.Build, l *engine.Line) error {
			if len(l.Words) < 2 {
				return diag.Errorf(l.Words[0].Pos, "global statement '%s' expects %s as an argument.", name, what)
			}
			*f(globals.Edit(b.RT)) = l.Words[1]
			return nil
		}}
	}
	engine.AddKeywords(
		dir("ca-base", "ca-base <dir>: where relative ca-file and crl-file names begin", func(g *engine.Global) *string { return &g.CABase }),
		dir("crt-base", "crt-base <dir>: where relative names of certificates begin", func(g *engine.Global) *string { return &g.CrtBase }),
		dir("key-base", "key-base <dir>: where relative names of private keys begin", func(g *engine.Global) *string { return &g.KeyBase }),
		list("ssl-default-bind-ciphers", "a cipher suite", "ssl-default-bind-ciphers <list>: ciphers of bind lines that name none", func(g *globalConf) *engine.Word { return &g.bind.ciphers }),
		list("ssl-default-bind-ciphersuites", "a cipher suite", "ssl-default-bind-ciphersuites <list>: ciphersuites of bind lines that name none", func(g *globalConf) *engine.Word { return &g.bind.suites }),
		list("ssl-default-bind-curves", "a curves suite", "ssl-default-bind-curves <list>: curves of bind lines that name none", func(g *globalConf) *engine.Word { return &g.bind.curves }),
		list("ssl-default-bind-sigalgs", "signature algorithms", "ssl-default-bind-sigalgs <list>: sigalgs of bind lines that name none", func(g *globalConf) *engine.Word { return &g.bind.sigalgs }),
		list("ssl-default-server-client-sigalgs", "signature algorithms", "ssl-default-server-client-sigalgs <list>: client-sigalgs of server lines that name none", func(g *globalConf) *engine.Word { return &g.server.clientAlgs }),
		list("ssl-default-server-ciphers", "a cipher suite", "ssl-default-server-ciphers <list>: ciphers of server lines that name none", func(g *globalConf) *engine.Word { return &g.server.ciphers }),
		list("ssl-default-server-ciphersuites", "a cipher suite", "ssl-default-server-ciphersuites <list>: ciphersuites of server lines that name none", func(g *globalConf) *engine.Word { return &g.server.suites }),
		list("ssl-default-server-curves", "a curves suite", "ssl-default-server-curves <list>: curves of server lines that name none", func(g *globalConf) *engine.Word { return &g.server.curves }),
		engine.Keyword{Name: "ssl-default-bind-options", In: engine.InGlobal, Max: -1, Usage: "ssl-default-bind-options <options>: versions, tickets and strict-sni of bind lines", Parse: parseDefaultOptions(true)},
		engine.Keyword{Name: "ssl-default-server-options", In: engine.InGlobal, Max: -1, Usage: "ssl-default-server-options <options>: versions, tickets and renegotiation of server lines", Parse: parseDefaultOptions(false)},
		engine.Keyword{Name: "ssl-server-verify", In: engine.InGlobal, Max: -1, Usage: "ssl-server-verify { none | required }: whether certificates of servers are verified where their lines do not say", Parse: parseServerVerify},
		engine.Keyword{Name: "ssl-load-extra-files", In: engine.InGlobal, Max: -1, Usage: "ssl-load-extra-files { none | all | key | ocsp | issuer … }: which files beside a certificate are read", Parse: func(b *engine.Build, l *engine.Line) error {
			globals.Edit(b.RT).noExtra = len(l.Words) > 1 && l.Words[1].Text == "none"
			return nil
		}},
		engine.Keyword{Name: "ssl-load-extra-del-ext", In: engine.InGlobal, Usage: "ssl-load-extra-del-ext: site.crt has its key in site.key", Parse: func(b *engine.Build, _ *engine.Line) error {
			globals.Edit(b.RT).delExt = true
			return nil
		}},
		captureHellos("tune.ssl.capture-buffer-size"),
		captureHellos("tune.ssl.capture-cipherlist-size"),
		engine.Keyword{Name: "tune.ssl.keylog", In: engine.InGlobal, Max: 1, Usage: "tune.ssl.keylog { on | off }: keeps the secrets of connections for the ssl_fc_…_secret and ssl_bc_…_secret fetches", Parse: func(b *engine.Build, l *engine.Line) error {
			if len(l.Words) != 2 || l.Words[1].Text != "on" && l.Words[1].Text != "off" {
				return diag.Errorf(l.Words[0].Pos, "'tune.ssl.keylog' expects either 'on' or 'off' but got '%s'.", second(l))
			}
			globals.Edit(b.RT).keys = l.Words[1].Text == "on"
			return nil
		}},
		engine.Keyword{Name: "tune.ssl.default-dh-param", In: engine.InGlobal, Max: 1, Flags: engine.NoEffect, Usage: "tune.ssl.default-dh-param <bits>: the library has no finite-field Diffie-Hellman", Parse: func(_ *engine.Build, l *engine.Line) error {
			if len(l.Words) > 1 {
				if n, err := strconv.Atoi(l.Words[1].Text); err == nil && n >= 1024 {
					return nil
				}
			}
			return diag.Errorf(l.Words[0].Pos, "'tune.ssl.default-dh-param' expects a value >= 1024.")
		}},
	)
	for name, why := range map[string]string{
		"ssl-dh-param-file":                "the library has no finite-field Diffie-Hellman",
		"ssl-default-bind-client-sigalgs":  "the library chooses signature algorithms",
		"ssl-default-server-sigalgs":       "the library chooses signature algorithms",
		"ssl-engine":                       "there is no OpenSSL",
		"ssl-provider":                     "there is no OpenSSL",
		"ssl-provider-path":                "there is no OpenSSL",
		"ssl-propquery":                    "there is no OpenSSL",
		"ssl-mode-async":                   "there is no OpenSSL",
		"ssl-security-level":               "there is no OpenSSL",
		"ssl-skip-self-issued-ca":          "chains are sent as they are in the file",
		"issuers-chain-path":               "chains are sent as they are in the file",
		"tune.ssl.cachesize":               "sessions are resumed by tickets only",
		"tune.ssl.lifetime":                "tickets live as long as the library says",
		"tune.ssl.force-private-cache":     "there is one process",
		"tune.ssl.maxrecord":               "the library sizes records by itself",
		"tune.ssl.hard-maxrecord":          "the library sizes records by itself",
		"tune.ssl.keyupdate-rate-limit":    "the library has its own limit",
		"tune.ssl.ssl-ctx-cache-size":      "certificates are not generated",
		"tune.ssl.certificate-compression": "the library does not compress certificates",
		"tune.ssl.ocsp-update.maxdelay":    "responses are not fetched",
		"tune.ssl.ocsp-update.mindelay":    "responses are not fetched",
	} {
		engine.AddKeywords(engine.Keyword{Name: name, In: engine.InGlobal, Max: -1, Flags: engine.NoEffect, Usage: name + ": " + why,
			Parse: func(*engine.Build, *engine.Line) error { return nil }})
	}
}

// second is a line's argument, if it has one.
func second(l *engine.Line) string {
	if len(l.Words) < 2 {
		return ""
	}
	return l.Words[1].Text
}

func captureHellos(name string) engine.Keyword {
	return engine.Keyword{Name: name, In: engine.InGlobal, Max: 1, Usage: name + " <bytes>: above 0, what clients' hellos offer is kept for ssl_fc_cipherlist_bin and its like", Parse: func(b *engine.Build, l *engine.Line) error {
		if second(l) == "" {
			return diag.Errorf(l.Words[0].Pos, "'%s' expects an integer argument.", name)
		}
		n, _ := strconv.Atoi(l.Words[1].Text)
		if n < 0 {
			return diag.Errorf(l.Words[1].Pos, "'%s' expects a positive numeric value.", name)
		}
		globals.Edit(b.RT).hellos = n > 0
		return nil
	}}
}

func parseDefaultOptions(bind bool) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		g, name := globals.Edit(b.RT), l.Words[0].Text
		c := &g.server
		if bind {
			c = &g.bind
		}
		if len(l.Words) < 2 {
			return diag.Errorf(l.Words[0].Pos, "global statement '%s' expects an option as an argument.", name)
		}
		for i := 1; i < len(l.Words); i++ {
			w := l.Words[i]
			if bind && w.Text == "strict-sni" {
				g.strictSNI = true
				continue
			}
			if bind && w.Text == "prefer-client-ciphers" {
				continue
			}
			if !bind && (w.Text == "renegotiate" || w.Text == "no-renegotiate") {
				c.renegotiate, c.noRenegotiate = w.Text == "renegotiate", w.Text != "renegotiate"
				continue
			}
			o := optionByName(w.Text)
			if o == nil || o.args == 0 && !strings.Contains(w.Text, "v1") && !strings.Contains(w.Text, "sslv3") && !strings.Contains(w.Text, "tickets") || o.args == 1 && !strings.HasSuffix(w.Text, "-ver") {
				return diag.Errorf(w.Pos, "unknown option '%s' on global statement '%s'.", w.Text, name)
			}
			if i+o.args >= len(l.Words) {
				return diag.Errorf(w.Pos, "%s on global statement '%s'.", o.missing, name)
			}
			if err := o.set(c, w, l.Words[i+1:i+1+o.args]); err != nil {
				return diag.Errorf(l.Words[i+1].Pos, "%s on global statement '%s'.", said(err), name)
			}
			i += o.args
		}
		return nil
	}
}

func parseServerVerify(b *engine.Build, l *engine.Line) error {
	if len(l.Words) > 1 {
		switch l.Words[1].Text {
		case "none":
			b.RT.Global.ServerVerifyNone = true
			return nil
		case "required":
			b.RT.Global.ServerVerifyNone = false
			return nil
		}
	}
	return diag.Errorf(l.Words[0].Pos, "'ssl-server-verify' expects 'none' or 'required' as argument.")
}
