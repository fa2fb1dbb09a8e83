package keyword

import (
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "filter", In: engine.InProxy, Max: -1, Usage: "filter <name> [options]: let a filter see the traffic; the order of the lines is that of the filters", Parse: parseFilter},
		engine.Keyword{Name: "filter-sequence", In: engine.InProxy, Max: -1, Usage: "filter-sequence { request | response } <names>: which filters see requests or responses, and in which order (all, in that of their lines); names are those behind 'filter', between commas", Parse: parseSequence},
	)
	engine.AddFilters(
		engine.FilterKeyword{Name: "spoe", Usage: "filter spoe [engine <name>] config <file>: ask agents about the traffic (they are not asked yet)", Parse: parseSPOE},
	)
	engine.AddHook(engine.Hook{Name: "spoe", Phase: engine.PhaseRequest, Order: 10,
		Enabled: func(px *engine.Proxy) bool { return spoeFilters.Get(px) != nil && px.SeesHTTP() }, Run: runSPOE})
}

// parseSequence reads filter-sequence; the last line of a direction counts.
func parseSequence(b *engine.Build, l *engine.Line) error {
	px, dir, w := b.Px, engine.Req, word(l, 2)
	switch word(l, 1).Text {
	case "request":
	case "response":
		dir = engine.Res
	default:
		return fail(l.Words[0], "expected either 'request' or 'response' for 'filter-sequence' in %s '%s'.", px.Kind, px.Name)
	}
	if w.Text == "" {
		return fail(l.Words[0], "missing filter list for 'filter-sequence' in %s '%s'.", px.Kind, px.Name)
	}
	names := strings.Split(w.Text, ",")
	if names[len(names)-1] == "" && len(names) > 1 {
		names = names[:len(names)-1]
	}
	b.At(engine.StageFinish, func() {
		if name, ok := px.OrderFilters(dir, names); !ok {
			b.Alert(w.Pos, "%s: error while postparsing %s filter-sequence '%s' : invalid filter name: '%s' is not defined on the proxy", px.Name, l.Words[1].Text, name, name).AsLate()
		}
	})
	return nil
}

var allFilters = []string{"bwlim-in", "bwlim-out", "cache", "comp-req", "comp-res", "compression", "fcgi-app", "spoe", "trace"}

func parseFilter(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(l.Words[0], "missing argument for 'filter' in %s '%s'.", b.Px.Kind, b.Px.Name)
	}
	if row, ok := engine.FilterKeywords.Get(w.Text); ok {
		return row.Parse(b, l)
	}
	for _, f := range allFilters {
		if f == w.Text {
			return fail(w, "'filter %s' is known to HAProxy but not supported by Hawser yet", w.Text)
		}
	}
	d := fail(w, "'filter' : unknown keyword '%s'.", w.Text).WithAllowed(allFilters...)
	if near, ok := engine.NearestOf(w.Text, allFilters); ok {
		d.WithHint(near)
	}
	return d
}

// spoeFilter is a filter whose agents are never asked: it behaves as HAProxy
// does while they cannot be reached, so that rules which refuse requests for
// that reason do so.
type spoeFilter struct{ failed []engine.VarRef }

// agentUnreachable is the status that HAProxy sets then (SPOE, "set-on-error":
// 256 and more are its own errors).
const agentUnreachable = 256

var spoeFilters = engine.NewSlot[*engine.Proxy, spoeFilter]("spoe")

func parseSPOE(b *engine.Build, l *engine.Line) error {
	engineName, config := "", engine.Word{}
	for i := 2; i+1 < len(l.Words); i += 2 {
		switch l.Words[i].Text {
		case "engine":
			engineName = l.Words[i+1].Text
		case "config":
			config = l.Words[i+1]
		default:
			return fail(l.Words[i], "'filter spoe' : unknown keyword '%s'.", l.Words[i].Text)
		}
	}
	if config.Text == "" {
		return fail(l.Words[1], "'filter spoe' : configuration file is missing.")
	}
	data, err := b.ReadFile(config.Text)
	if err != nil {
		return fail(config, "'filter spoe' : unable to read '%s' : %s.", config.Text, err.Error())
	}
	f := spoeFilters.Edit(b.Px)
	b.Px.AddFilter(&engine.Filter{Kind: "spoe", Name: engineName, Pos: l.Words[1].Pos})
	b.Warn(l.Words[1].Pos, "'filter spoe' does not ask its agents yet: requests are NOT inspected by '%s'. Hawser goes on as HAProxy does while no agent can be reached.", engineName)
	if name := onError(string(data), engineName); name != "" {
		ref, err := b.Var("txn." + name)
		if err != nil {
			return prefixed(config, err, "'filter spoe' : ")
		}
		f.failed = append(f.failed, ref)
	}
	return nil
}

// onError reads the variable that tells of failures from the agent's file:
// var-prefix and set-on-error in the scope of the engine.
func onError(text, engineName string) string {
	scope, prefix, name := "", "", ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		w := strings.Fields(line)
		switch {
		case len(w) == 0:
			continue
		case w[0][0] == '[':
			scope = strings.Trim(w[0], "[]")
		case scope != engineName && scope != "":
			continue
		case w[0] == "spoe-agent" && len(w) > 1 && prefix == "":
			prefix = w[1]
		case w[0] == "option" && len(w) > 2 && w[1] == "var-prefix":
			prefix = w[2]
		case w[0] == "option" && len(w) > 2 && w[1] == "set-on-error":
			name = w[2]
		}
	}
	if name == "" {
		return ""
	}
	return prefix + "." + name
}

func runSPOE(s *engine.Stream) engine.Verdict {
	for _, ref := range spoeFilters.Get(s.Env.Px).failed {
		s.Vars.Set(ref.Index, engine.Sint(agentUnreachable))
	}
	return engine.Continue
}
