package keyword

import (
	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "force-persist", In: engine.InBE, Max: -1, Usage: "force-persist { if | unless } <condition>: obey persistence even to servers that are down", Parse: persistRule("force-persist", engine.PersistForced)},
		engine.Keyword{Name: "ignore-persist", In: engine.InBE, Max: -1, Usage: "ignore-persist { if | unless } <condition>: do not obey persistence", Parse: persistRule("ignore-persist", engine.PersistIgnored)},
	)
	engine.AddHook(engine.Hook{Name: "force-persist", Phase: engine.PhaseForce,
		Enabled: func(px *engine.Proxy) bool { return persistRules.Get(px) != nil }, Run: runPersistRules})
}

// persistRuleList holds the force-persist and ignore-persist lines of a backend.
type persistRuleList struct{ list []persistLine }

type persistLine struct {
	cond *engine.Cond
	kind engine.PersistKind
}

var persistRules = engine.NewSlot[*engine.Proxy, persistRuleList]("persist rules")

func persistRule(kw string, kind engine.PersistKind) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		if c := word(l, 1); c.Text != "if" && c.Text != "unless" {
			return fail(c, "'%s' requires either 'if' or 'unless' followed by a condition.", kw)
		}
		c, err := b.Cond(rest(l, 1), engine.BeHTTPHdr|engine.BeTCPCont, "a '"+kw+"' rule")
		if err != nil {
			return err
		}
		pr := persistRules.Edit(b.Px)
		pr.list = append(pr.list, persistLine{c, kind})
		return nil
	}
}

// runPersistRules notes the first rule that holds; cookies and stick tables obey.
func runPersistRules(s *engine.Stream) engine.Verdict {
	list := persistRules.Get(s.Env.Px).list
	for i := range list {
		if list[i].cond.Holds(&s.Env) {
			s.PersistRule = list[i].kind
			break
		}
	}
	return engine.Continue
}
