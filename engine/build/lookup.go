package build

import (
	"strings"

	"hawser/engine"
	"hawser/engine/registry"
)

// find returns the row of a line and the arguments behind its name: names of
// two words come first.
func find(t *registry.Table[*engine.Keyword], words []engine.Word) (*engine.Keyword, []engine.Word) {
	if len(words) > 1 {
		if k, ok := t.Get(words[0].Text + " " + words[1].Text); ok {
			return k, words[2:]
		}
	}
	if k, ok := t.Get(words[0].Text); ok {
		return k, words[1:]
	}
	return nil, nil
}

// unknown reports a directive that no row takes: known to HAProxy only, close
// to a known one, or nothing that anybody knows.
func (w *walker) unknown(l *engine.Line, in engine.In, section string) {
	first := l.Words[0]
	two := first.Text
	if len(l.Words) > 1 {
		two += " " + l.Words[1].Text
	}
	if name := KnownKeyword(in, first.Text, two); name != "" {
		w.Alert(first.Pos, "'%s' is known to HAProxy but not supported by Hawser yet", name)
		return
	}
	if fam := families[first.Text]; fam != nil && in != engine.InGlobal {
		fam(w, l)
		return
	}
	d := w.Alert(first.Pos, "unknown keyword '%s' in '%s' section", first.Text, section)
	if near, ok := nearestKeyword(in, first.Text); ok {
		d.Message += "; did you mean '" + near + "' maybe ?"
		d.WithHint(near)
	} else if strings.HasPrefix(first.Text, "//") {
		d.WithAdvice("comments begin with '#'")
	}
}

// nearestKeyword looks among the first words of the keywords that the section
// takes.
func nearestKeyword(in engine.In, word string) (string, bool) {
	table := engine.Keywords
	if in&engine.InGlobal != 0 {
		table = engine.GlobalKeywords
	}
	var names []string
	for name, k := range table.All() {
		if k.In&in == 0 || k.Flags&engine.Legacy != 0 {
			continue
		}
		head, _, _ := strings.Cut(name, " ")
		names = append(names, head)
	}
	return registry.Nearest(word, names)
}

// families report what follows a first word that several keywords share.
var families = map[string]func(w *walker, l *engine.Line){
	"timeout": func(w *walker, l *engine.Line) {
		w.family(l, "timeout", "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'handshake', 'http-keep-alive', 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '%s')", false)
	},
	"option": func(w *walker, l *engine.Line) {
		if len(l.Words) < 2 {
			w.Alert(l.Words[0].Pos, "'option' expects an option name.").AsTight()
			return
		}
		w.family(l, "option", "unknown option '%s'", true)
	},
	"stats": func(w *walker, l *engine.Line) {
		w.family(l, "stats", "unknown stats parameter '%s', expects 'admin', 'uri', 'realm', 'auth', 'scope', 'enable', 'hide-version', 'show-node', 'show-desc' , 'show-legends' or 'show-version'.", false)
	},
}

// family reports the unknown second word of a family; inline puts HAProxy's
// own "did you mean" behind the sentence.
func (w *walker) family(l *engine.Line, head, format string, inline bool) {
	got, pos := "", l.Words[0].Pos
	if len(l.Words) > 1 {
		got, pos = l.Words[1].Text, l.Words[1].Pos
	}
	d := w.Alert(pos, format, got)
	var names []string
	for name := range engine.Keywords.All() {
		if rest, ok := strings.CutPrefix(name, head+" "); ok {
			names = append(names, rest)
		}
	}
	near, ok := registry.Nearest(got, names)
	if !ok {
		if inline {
			d.Message += "."
		}
		return
	}
	d.WithHint(near)
	if inline {
		d.Message += "; did you mean '" + near + "' maybe ?"
	}
}
