package sticktable

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	add := func(name, usage string, parse func(*engine.Build, *engine.RuleArgs) (engine.Action, error)) {
		engine.AddActions(engine.ActionKeyword{Name: name, In: engine.InAnywhere, Usage: usage, Parse: parse})
	}
	add("sc-inc-gpc*", "sc-inc-gpc(<index>,<counter>): adds one to a general counter of the tracked entry", gpcAction(2, false, 0))
	add("sc-inc-gpc0*", "sc-inc-gpc0(<counter>): adds one to gpc0 of the tracked entry", gpcAction(1, false, 0))
	add("sc-inc-gpc1*", "sc-inc-gpc1(<counter>): adds one to gpc1 of the tracked entry", gpcAction(1, false, 1))
	add("sc-add-gpc*", "sc-add-gpc(<index>,<counter>) { <number> | <expression> }: adds to a general counter of the tracked entry", gpcAction(2, true, 0))
	add("sc-set-gpt*", "sc-set-gpt(<index>,<counter>) { <number> | <expression> }: sets a general tag of the tracked entry", gptAction(2))
	add("sc-set-gpt0*", "sc-set-gpt0(<counter>) { <number> | <expression> }: sets gpt0 of the tracked entry", gptAction(1))
}

// brackets reads the n numbers behind an action's name: the index, where there is
// one, and the counter.
func brackets(b *engine.Build, a *engine.RuleArgs, n int) (index, sc int, err error) {
	text := a.Name.Text
	open := strings.IndexByte(text, '(')
	bad := func() error { return badBrackets(a.Pos, text, n, open >= 0) }
	if open < 0 || !strings.HasSuffix(text, ")") {
		if n == 2 {
			return 0, 0, bad()
		}
		return 0, 0, nil
	}
	parts := strings.Split(text[open+1:len(text)-1], ",")
	if len(parts) != n {
		return 0, 0, bad()
	}
	var nums [2]int
	for i, p := range parts {
		if nums[i], err = strconv.Atoi(strings.TrimSpace(p)); err != nil || nums[i] < 0 {
			return 0, 0, bad()
		}
	}
	if n == 2 {
		index, sc = nums[0], nums[1]
	} else {
		sc = nums[0]
	}
	if max := stickCounters(b); sc >= max {
		return 0, 0, diag.Errorf(a.Pos, "invalid stick table track ID. The max allowed ID is %d (tune.stick-counters).", max-1)
	}
	return index, sc, nil
}

// badBrackets is HAProxy's sentence, which differs from action to action.
func badBrackets(pos diag.Pos, text string, n int, open bool) error {
	name, _, _ := strings.Cut(text, "(")
	kind := "gpc"
	if strings.Contains(name, "gpt") {
		kind = "gpt"
	}
	upper := strings.ToUpper(kind)
	switch {
	case n == 1 && kind == "gpt":
		return diag.Errorf(pos, "invalid stick table track ID '%s'. Expects %s(<Track ID>).", text, name)
	case n == 1:
		return diag.Errorf(pos, "invalid stick table track ID. Expects %s(<Track ID>).", text)
	case name == "sc-add-gpc" && open:
		return diag.Errorf(pos, "Missing gpc ID. Expects %s(<GPC ID>,<Track ID>).", text)
	case name == "sc-add-gpc":
		return diag.Errorf(pos, "Missing or invalid arguments for '%s'. Expects %s(<GPC ID>,<Track ID>).", name, name)
	case open:
		return diag.Errorf(pos, "Missing %s ID '%s'. Expects %s(<%s ID>,<Track ID>).", kind, text, name, upper)
	}
	return diag.Errorf(pos, "invalid %s ID '%s'. Expects %s(<%s ID>,<Track ID>).", kind, text, name, upper)
}

// tracked is the entry that a counter follows in the stream or its session.
func tracked(e *engine.Env, sc int) *entry {
	if e.Strm != nil {
		if en := entryOf(e.Strm.SC.Get(sc)); en != nil {
			return en
		}
	}
	if e.Sess == nil {
		return nil
	}
	return entryOf(e.Sess.SC.Get(sc))
}

func gpcAction(n int, add bool, fixed int) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		index, sc, err := brackets(b, a, n)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			index = fixed
		}
		amount := func(*engine.Env) (int64, bool) { return 1, true }
		if add {
			if amount, err = operand(b, a); err != nil {
				return nil, err
			}
		} else {
			a.Only(0)
		}
		return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
			if en := tracked(e, sc); en != nil {
				if v, ok := amount(e); ok {
					en.addGPC(index, uint64(v))
				}
			}
			return engine.Continue
		}), nil
	}
}

func gptAction(n int) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		index, sc, err := brackets(b, a, n)
		if err != nil {
			return nil, err
		}
		amount, err := operand(b, a)
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
			if en := tracked(e, sc); en != nil {
				if v, ok := amount(e); ok {
					k, at := en.gptAt(index)
					if c := en.cell(k, at); c != nil {
						c.n.Store(uint64(uint32(v)))
					}
				}
			}
			return engine.Continue
		}), nil
	}
}

// operand is a number or an expression that gives one.
func operand(b *engine.Build, a *engine.RuleArgs) (func(*engine.Env) (int64, bool), error) {
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "missing fetch method.")
	}
	w := a.Only(1)[0]
	if v, err := strconv.ParseInt(w.Text, 10, 64); err == nil {
		return func(*engine.Env) (int64, bool) { return v, true }, nil
	}
	x, err := b.Expr(w, a.Where)
	if err != nil {
		return nil, err
	}
	return func(e *engine.Env) (int64, bool) {
		m := e.Mark()
		s, st := x.EvalAs(e, engine.TSint)
		e.Tmp = e.Tmp[:m]
		return s.Int, st == engine.Found
	}, nil
}
