package build

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// walker goes through the sections in order.
type walker struct {
	*engine.Build
	defaults *engine.Proxy            // the last defaults section
	named    map[string]*engine.Proxy // defaults sections with a name
	nextID   int
}

func (w *walker) sections(list []*engine.Section) {
	w.named = map[string]*engine.Proxy{}
	w.nextID = 1 // the first proxy is number 2, as with HAProxy
	for _, s := range list {
		switch s.Kind.Text {
		case "global":
			w.Px = nil
			w.global(s)
		case "defaults", "frontend", "backend", "listen":
			w.proxy(s)
		default:
			w.Px = nil
			w.other(s)
		}
	}
	w.Px = nil
}

func (w *walker) other(s *engine.Section) {
	if row, ok := engine.Sections.Get(s.Kind.Text); ok {
		w.Report(s.Kind.Pos, row.Parse(w.Build, s))
		return
	}
	w.Alert(s.Kind.Pos, "section '%s' is known to HAProxy but not supported by Hawser yet", s.Kind.Text)
}

func (w *walker) global(s *engine.Section) {
	if len(s.Args) > 0 {
		w.Alert(s.Args[0].Pos, "'global' section takes no argument, but got '%s'", s.Args[0].Text).AsTight()
	}
	for _, l := range s.Lines {
		w.line(l, engine.InGlobal, "global")
	}
}

// line finds the row of a directive and has it parsed.
func (w *walker) line(l *engine.Line, in engine.In, section string) {
	table := engine.Keywords
	if in&engine.InGlobal != 0 {
		table = engine.GlobalKeywords
	}
	k, words := find(table, l.Words)
	first := l.Words[0]
	if k == nil {
		w.unknown(l, in, section)
		return
	}
	if !w.prefixAllowed(l, k) || !w.sectionAllowed(l, k, in, section) || !w.arity(l, k, words) {
		return
	}
	if k.Flags&engine.NoEffect != 0 && !(strings.HasPrefix(k.Name, "option ") && (l.No || l.Default)) {
		w.Notice(first.Pos, "'%s' has no effect in Hawser: %s", k.Name, k.Usage)
	}
	n := w.Diags.Len()
	err := k.Parse(w.Build, l)
	w.Report(first.Pos, err)
	for _, d := range w.Diags.Items[n:] { // point at the line where a row gave no place
		if d.Pos.IsZero() {
			d.Pos = first.Pos
		}
	}
}

func (w *walker) prefixAllowed(l *engine.Line, k *engine.Keyword) bool {
	if (!l.No || k.Flags&engine.TakesNo != 0) && (!l.Default || k.Flags&(engine.TakesDefault|engine.TakesNo) != 0) {
		return true
	}
	if name, ok := strings.CutPrefix(k.Name, "option "); ok {
		w.Alert(l.Pos, "negation/default is not supported for option '%s'.", name).AsTight()
		return false
	}
	w.Alert(l.Pos, "negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.").AsTight()
	return false
}

func (w *walker) sectionAllowed(l *engine.Line, k *engine.Keyword, in engine.In, section string) bool {
	if k.In&in != 0 {
		return true
	}
	pos, name := l.Words[0].Pos, k.Name
	switch {
	case in == engine.InGlobal:
		w.unknown(l, in, section)
	case in&(engine.InDefaults|engine.InNamedDefaults) != 0 && k.In&engine.InNamedDefaults != 0:
		w.Alert(pos, "'%s' not allowed in anonymous 'defaults' section.", name).
			WithAdvice("give the defaults section a name")
	case in&(engine.InDefaults|engine.InNamedDefaults) != 0:
		w.Alert(pos, "'%s' not allowed in 'defaults' section.", name)
	case in == engine.InFrontend:
		w.wrongSide(pos, name, "frontend", "backend")
	default:
		w.wrongSide(pos, name, "backend", "frontend")
	}
	return false
}

// wrongSide refuses what would lose a server or a listener and warns, as
// HAProxy does, of what has merely no use there.
func (w *walker) wrongSide(pos diag.Pos, name, is, lacks string) {
	name = strings.TrimPrefix(name, "option ")
	if strings.HasPrefix(name, "capture ") || strings.HasPrefix(name, "timeout ") {
		name, _, _ = strings.Cut(name, " ")
	}
	switch name {
	case "server", "server-template", "default-server":
		w.Alert(pos, "'%s' not allowed because %s '%s' has no %s capability.", name, is, w.Px.Name, lacks)
	default:
		w.Warn(pos, "'%s' ignored because %s '%s' has no %s capability.", name, is, w.Px.Name, lacks)
	}
}

func (w *walker) arity(l *engine.Line, k *engine.Keyword, args []engine.Word) bool {
	switch {
	case len(args) < k.Min:
		w.Alert(l.Words[0].Pos, "'%s' expects %s.", k.Name, arguments(k.Min)).WithAdvice("syntax: %s", k.Usage)
		return false
	case k.Max >= 0 && len(args) > k.Max:
		extra := args[k.Max]
		w.Alert(extra.Pos, "'%s' cannot handle unexpected argument '%s'.", k.Name, extra.Text)
		return false
	}
	return true
}

func arguments(n int) string {
	if n == 1 {
		return "an argument"
	}
	return string(rune('0'+n)) + " arguments"
}
