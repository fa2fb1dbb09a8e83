package vars

import (
	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(
		engine.ActionKeyword{Name: "set-var*", In: engine.InAnywhere, Usage: "set-var(<name>[,<cond>...]) <expression>: stores the result in a variable", Parse: parseSet},
		engine.ActionKeyword{Name: "set-var-fmt*", In: engine.InAnywhere, Usage: "set-var-fmt(<name>[,<cond>...]) <format>: stores the text in a variable", Parse: parseSetFmt},
		engine.ActionKeyword{Name: "unset-var*", In: engine.InAnywhere, Usage: "unset-var(<name>): removes a variable", Parse: parseUnset},
	)
}

func parseSet(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	t, err := parseTarget(b, a.Name)
	if err != nil {
		return nil, err
	}
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "missing fetch method.")
	}
	x, err := b.ExprOf(a.Only(1)[0], a.Where, a.Name.Text)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
		m := e.Mark()
		final := e.Final
		e.Final = true // it does not wait for more data
		if s, st := x.Eval(e); st == engine.Found {
			t.set(e, s)
		}
		e.Final = final
		e.Tmp = e.Tmp[:m]
		return engine.Continue
	}), nil
}

func parseSetFmt(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	t, err := parseTarget(b, a.Name)
	if err != nil {
		return nil, err
	}
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "missing format string.")
	}
	f, err := b.LogFormat(a.Only(1)[0], a.Where, 0)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
		m := e.Mark()
		e.Tmp = f.Append(e.Tmp, e)
		s := engine.Str(e.Since(m))
		t.set(e, s)
		e.Tmp = e.Tmp[:m]
		return engine.Continue
	}), nil
}

func parseUnset(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	t, err := parseTarget(b, a.Name)
	if err != nil {
		return nil, err
	}
	a.Only(0)
	return engine.ActionFunc(func(e *engine.Env) engine.Verdict {
		e.UnsetVar(t.ref)
		return engine.Continue
	}), nil
}
