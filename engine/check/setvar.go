package check

import (
	"strings"

	"hawser/engine"
)

// setVar sets or removes a variable.
type setVar struct {
	ref   engine.VarRef
	set   func(*engine.Env, engine.Sample)
	expr  *engine.Expr
	fmt   *engine.LogFormat
	unset bool
}

// parseVar reads set-var(…), set-var-fmt(…) and unset-var(…).
func parseVar(w *words, word string) (step, error) {
	open := strings.IndexByte(word, '(')
	name, conds, _ := strings.Cut(strings.TrimSuffix(word[open+1:], ")"), ",")
	ref, err := w.b.Var(name)
	if err != nil {
		return nil, err
	}
	s := &setVar{ref: ref, unset: word[:open] == "unset-var"}
	if s.unset {
		return s, nil
	}
	if s.set, err = engine.VarSetter(ref, conds); err != nil {
		return nil, w.fail("%s", said(err))
	}
	a, err := w.arg("expects an expression as argument.")
	if err != nil {
		return nil, err
	}
	if word[:open] == "set-var-fmt" {
		s.fmt, err = w.format(a)
	} else {
		s.expr, err = w.expr(a)
	}
	return s, err
}

func (s *setVar) run(r *run) *result {
	e := &r.Env
	switch {
	case s.unset:
		e.UnsetVar(s.ref)
	case s.fmt != nil:
		s.set(e, engine.Str(s.fmt.Append(nil, e)))
	default:
		if v, st := s.expr.Eval(e); st == engine.Found {
			s.set(e, v)
		}
	}
	return nil
}
