package tls

import (
	"crypto/tls"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "crt-store", Usage: "crt-store [<name>]: certificates and where their parts are", Parse: parseStore})
}

// store is a crt-store section: what its names and aliases stand for.
type store struct {
	crtBase, keyBase string
	entries          map[string]files
}

func parseStore(b *engine.Build, s *engine.Section) error {
	name := ""
	if len(s.Args) > 0 {
		name = s.Args[0].Text
	}
	g := globals.Edit(b.RT)
	if g.stores == nil {
		g.stores = map[string]*store{}
	}
	st := g.stores[name]
	if st == nil {
		st = &store{crtBase: b.RT.Global.CrtBase, keyBase: b.RT.Global.KeyBase, entries: map[string]files{}}
		g.stores[name] = st
	}
	for _, l := range s.Lines {
		var arg engine.Word
		if len(l.Words) > 1 {
			arg = l.Words[1]
		}
		switch w := l.Words[0]; w.Text {
		case "crt-base":
			st.crtBase = arg.Text
		case "key-base":
			st.keyBase = arg.Text
		case "load":
			b.Report(w.Pos, st.load(b, l))
		default:
			b.Alert(w.Pos, "unknown keyword '%s' in '%s' section", w.Text, "crt-store")
		}
	}
	return nil
}

func (st *store) load(b *engine.Build, l *engine.Line) error {
	var f files
	alias, crt := "", ""
	for i := 1; i < len(l.Words); i += 2 {
		w := l.Words[i]
		if i+1 >= len(l.Words) {
			return diag.Errorf(w.Pos, "'%s' : missing argument", w.Text)
		}
		v := l.Words[i+1].Text
		switch w.Text {
		case "crt":
			crt, f.crt = v, based(st.crtBase, v)
		case "key":
			f.key = based(st.keyBase, v)
		case "ocsp":
			f.ocsp = based(st.crtBase, v)
		case "issuer":
			f.issuer = based(st.crtBase, v)
		case "alias":
			alias = v
		case "sctl", "ocsp-update":
			b.Notice(w.Pos, "'%s' of a crt-store has no effect in Hawser", w.Text)
		default:
			return diag.Errorf(w.Pos, "'load' : unknown keyword '%s'", w.Text)
		}
	}
	if crt == "" {
		return diag.Errorf(l.Words[0].Pos, "'load' : no crt set")
	}
	st.entries[crt] = f
	st.entries[f.crt] = f
	if alias != "" {
		st.entries[alias] = f
	}
	return nil
}

// declared finds a certificate that the unnamed store says more about.
func (ld *loader) declared(name string) (files, bool) {
	st := ld.g.stores[""]
	if st == nil {
		return files{}, false
	}
	f, ok := st.entries[name]
	return f, ok
}

// stored reads "@store/name".
func (ld *loader) stored(w engine.Word) (*tls.Certificate, error) {
	name, entry, _ := strings.Cut(w.Text[1:], "/")
	st := ld.g.stores[name]
	if st == nil {
		return nil, diag.Errorf(w.Pos, "unable to stat SSL certificate from file '%s' : No such file or directory", w.Text)
	}
	f, ok := st.entries[entry]
	if !ok {
		return nil, diag.Errorf(w.Pos, "unable to stat SSL certificate from file '%s' : No such file or directory", w.Text)
	}
	return ld.pair(w, f)
}
