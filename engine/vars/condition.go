package vars

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// target is the variable that a set-var names, with the conditions in its
// brackets.
type target struct {
	ref   engine.VarRef
	conds []cond
}

// cond tells whether a variable, set to have or not, may become want.
type cond func(have engine.Sample, isSet bool, want *engine.Sample) bool

var conds = map[string]cond{
	"ifexists":    func(_ engine.Sample, set bool, _ *engine.Sample) bool { return set },
	"ifnotexists": func(_ engine.Sample, set bool, _ *engine.Sample) bool { return !set },
	"ifempty":     func(_ engine.Sample, _ bool, w *engine.Sample) bool { return isEmpty(w) },
	"ifnotempty":  func(_ engine.Sample, _ bool, w *engine.Sample) bool { return !isEmpty(w) },
	"ifset":       func(_ engine.Sample, _ bool, w *engine.Sample) bool { return true },
	"ifnotset":    func(have engine.Sample, set bool, _ *engine.Sample) bool { return !set },
	"ifgt":        func(have engine.Sample, set bool, w *engine.Sample) bool { return set && compare(have, w) > 0 },
	"iflt":        func(have engine.Sample, set bool, w *engine.Sample) bool { return set && compare(have, w) < 0 },
}

func isEmpty(s *engine.Sample) bool {
	return (s.Type == engine.TStr || s.Type == engine.TBin) && len(s.B) == 0
}

// compare orders integers; other types have no order.
func compare(have engine.Sample, want *engine.Sample) int {
	if have.Type != engine.TSint || want.Type != engine.TSint {
		return 0
	}
	switch {
	case have.Int > want.Int:
		return 1
	case have.Int < want.Int:
		return -1
	}
	return 0
}

// parseTarget reads "set-var(txn.x,ifempty)".
func parseTarget(b *engine.Build, w engine.Word) (t target, err error) {
	const expects = "Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'."
	open := strings.IndexByte(w.Text, '(')
	if open < 0 {
		return t, diag.Errorf(w.Pos, "invalid or incomplete action '%s'. %s", w.Text, expects)
	}
	if !strings.HasSuffix(w.Text, ")") {
		return t, diag.Errorf(w.Pos, "incomplete argument after action '%s'. %s", w.Text, expects)
	}
	name, rest, _ := strings.Cut(w.Text[open+1:len(w.Text)-1], ",")
	if t.ref, err = b.Var(name); err != nil {
		return t, err
	}
	t.conds, err = parseConds(rest)
	return t, err
}

func parseConds(text string) (out []cond, err error) {
	if text == "" {
		return nil, nil
	}
	for _, n := range strings.Split(text, ",") {
		c, ok := conds[strings.TrimSpace(n)]
		if !ok {
			return nil, diag.Errorf(diag.Pos{}, "unknown condition \"%s\".", n)
		}
		out = append(out, c)
	}
	return out, nil
}

func init() {
	engine.VarSetter = func(ref engine.VarRef, conds string) (func(*engine.Env, engine.Sample), error) {
		list, err := parseConds(conds)
		if err != nil {
			return nil, err
		}
		return (&target{ref: ref, conds: list}).set, nil
	}
}

// set stores s where the conditions allow it.
func (t *target) set(e *engine.Env, s engine.Sample) {
	if len(t.conds) > 0 {
		have, ok := e.Var(t.ref)
		for _, c := range t.conds {
			if !c(have, ok, e.Hold(s)) {
				return
			}
		}
	}
	e.SetVar(t.ref, s)
}
