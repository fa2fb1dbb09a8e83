package tls

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// list reads a crt-list file: <crt> [\[options\]] [[!]<name> ...] on each line.
func (t *server) list(ld *loader, px *engine.Proxy, bd *engine.Bind, c *bindConf, w engine.Word, who string) error {
	data, err := ld.b.ReadFile(w.Text)
	if err != nil {
		return diag.Errorf(w.Pos, "%s'crt-list' : cannot open file '%s' : %s", who, w.Text, sysError(err))
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := t.line(ld, px, bd, c, w, line); err != nil {
			return diag.Errorf(w.Pos, "%serror processing line %d in file '%s' : %s", who, n, w.Text, said(err))
		}
	}
	return nil
}

func (t *server) line(ld *loader, px *engine.Proxy, bd *engine.Bind, c *bindConf, w engine.Word, line string) error {
	crt, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	rest = strings.TrimSpace(rest)
	own, f := bindConf{}, files{}
	special := false
	if strings.HasPrefix(rest, "[") {
		opts, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			return diag.Errorf(w.Pos, "file '%s' has no closing bracket", w.Text)
		}
		rest, special = after, true
		if err := listOptions(&own, &f, w, strings.Fields(opts)); err != nil {
			return err
		}
	}
	word := w
	word.Text, word.Map = crt, nil
	cfg, clients, signs := t.base, t.clients, t.signs
	if special {
		merged := own
		merged.sslConf = own.sslConf.over(&c.sslConf)
		merged.crtIgnore, merged.caIgnore, merged.noNames = c.crtIgnore, c.caIgnore, own.noNames || c.noNames
		var err error
		if signs, err = merged.signs(ld.b, px, bd); err != nil {
			return err
		}
		if cfg, clients, err = serverConfig(ld.b, px, ld, &merged, w, bd); err != nil {
			return err
		}
	}
	if f.key != "" || f.ocsp != "" || f.issuer != "" {
		f.crt = based(ld.b.RT.Global.CrtBase, crt)
		f.key = based(ld.b.RT.Global.KeyBase, f.key)
		cert, err := ld.pair(word, f)
		if err != nil {
			return err
		}
		t.add(&entry{cert: cert, file: f.crt, cfg: cfg, clients: clients, signs: signs}, strings.Fields(rest), false)
		return nil
	}
	certs, names, err := ld.crt(word)
	if err != nil {
		return err
	}
	for i, cert := range certs {
		t.add(&entry{cert: cert, file: names[i], cfg: cfg, clients: clients, signs: signs}, strings.Fields(rest), false)
	}
	return nil
}

// listOptions reads what stands between brackets.
func listOptions(c *bindConf, f *files, at engine.Word, words []string) error {
	parts := map[string]*string{"key": &f.key, "ocsp": &f.ocsp, "issuer": &f.issuer, "crt": new(string), "sctl": new(string), "ocsp-update": new(string)}
	for i := 0; i < len(words); i++ {
		name := at
		name.Text = words[i]
		arg := func() (engine.Word, bool) {
			if i++; i >= len(words) {
				return engine.Word{}, false
			}
			a := at
			a.Text, a.Map = words[i], nil
			return a, true
		}
		if p := parts[name.Text]; p != nil {
			a, ok := arg()
			if !ok {
				return diag.Errorf(at.Pos, "'%s' : missing argument", name.Text)
			}
			*p = a.Text
			continue
		}
		if name.Text == "verify" || name.Text == "ca-verify-file" {
			a, ok := arg()
			if !ok {
				return diag.Errorf(at.Pos, "'%s' : missing argument", name.Text)
			}
			if name.Text == "ca-verify-file" {
				c.verifyFile = a
			} else if err := setVerify(&c.sslConf, a); err != nil {
				return err
			}
			continue
		}
		if name.Text == "no-ca-names" {
			c.noNames = true
			continue
		}
		if set := listAlgorithms[name.Text]; set != nil {
			a, ok := arg()
			if !ok {
				return diag.Errorf(at.Pos, "'%s"+noAlgorithms, name.Text)
			}
			set(&c.sslConf, name, []engine.Word{a})
			continue
		}
		o := optionByName(name.Text)
		if o == nil {
			if skipIgnored(name.Text, words, &i) {
				continue
			}
			return diag.Errorf(at.Pos, "unknown ssl keyword '%s'", name.Text)
		}
		var a []engine.Word
		if o.args > 0 {
			v, ok := arg()
			if !ok {
				return diag.Errorf(at.Pos, "%s", o.missing)
			}
			a = []engine.Word{v}
		}
		if err := o.set(&c.sslConf, name, a); err != nil {
			return err
		}
	}
	return nil
}

var listAlgorithms = map[string]func(*sslConf, engine.Word, []engine.Word) error{"sigalgs": sigalgsWord, "client-sigalgs": clientAlgsWord}

func skipIgnored(name string, _ []string, i *int) bool {
	if name == "ecdhe" {
		*i++
		return true
	}
	for _, o := range ignored {
		if o.name == name {
			*i += o.args
			return true
		}
	}
	return false
}
