package bwlim

import (
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// set is the action set-bandwidth-limit.
type set struct {
	f             *limiter // resolved after the sections; nil: no such filter, no effect
	limit, period func(e *engine.Env) (int64, bool)
}

func parseAction(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "missing bwlim filter name.")
	}
	name := a.Words[0]
	r := &set{}
	i := 1
	for i < len(a.Words) {
		var err error
		switch w := a.Words[i]; w.Text {
		case "limit":
			r.limit, err = value(b, a, i, func(t string) (int64, bool) {
				n, e := unit.Size(t)
				return int64(n), e == nil
			}, "size")
		case "period":
			r.period, err = value(b, a, i, func(t string) (int64, bool) {
				d, e := unit.Time(t, time.Millisecond)
				return d.Milliseconds(), e == nil
			}, "time")
		default:
			a.Only(i)
			return r, r.resolve(b, a, name)
		}
		if err != nil {
			return nil, err
		}
		i += 2
	}
	return r, r.resolve(b, a, name)
}

// value is a constant or an expression behind the word at i.
func value(b *engine.Build, a *engine.RuleArgs, i int, constant func(string) (int64, bool), what string) (func(*engine.Env) (int64, bool), error) {
	w, arg := a.Words[i], engine.Word{Pos: a.Words[i].Pos}
	if i+1 < len(a.Words) {
		arg = a.Words[i+1]
	}
	if n, ok := constant(arg.Text); ok {
		return func(*engine.Env) (int64, bool) { return n, true }, nil
	}
	x, err := b.Expr(arg, a.Where)
	if err != nil {
		return nil, diag.Errorf(arg.Pos, "'%s': invalid %s value or unknown fetch method '%s'.", w.Text, what, arg.Text)
	}
	return func(e *engine.Env) (int64, bool) {
		m := e.Mark()
		s, st := x.EvalAs(e, engine.TSint)
		e.Tmp = e.Tmp[:m]
		return s.Int, st == engine.Found
	}, nil
}

func (r *set) resolve(b *engine.Build, a *engine.RuleArgs, name engine.Word) error {
	px := b.Px
	b.Later(func() {
		for _, fl := range px.Filters {
			if f, ok := fl.Conf.(*limiter); ok && fl.Name == name.Text {
				r.f = f
			}
		}
		switch {
		case r.f == nil:
			b.Notice(name.Pos, "there is no bwlim filter '%s' in %s '%s': the rule has no effect.", name.Text, px.Kind, px.Name)
		case r.f.shared && r.limit != nil:
			b.Alert(a.Pos, "Proxy '%s': set-bandwidth-limit rule cannot define a limit for a shared bwlim filter.", px.Name).AsLate()
		case r.f.shared && r.period != nil:
			b.Alert(a.Pos, "Proxy '%s': set-bandwidth-limit rule cannot define a period for a shared bwlim filter.", px.Name).AsLate()
		}
	})
	return nil
}

// Run turns the filter on for the stream.
func (r *set) Run(e *engine.Env) engine.Verdict {
	if r.f == nil || e.Strm == nil {
		return engine.Continue
	}
	u := r.f.use(e.Strm)
	limit, period := r.f.limit, r.f.period
	if r.limit != nil {
		if n, ok := r.limit(e); ok && n > 0 {
			limit = uint64(n)
		}
	}
	if r.period != nil {
		if n, ok := r.period(e); ok && n > 0 {
			period = time.Duration(n) * time.Millisecond
		}
	}
	if r.f.shared && !u.find(e) {
		return engine.Continue
	}
	u.limit.Store(limit)
	u.period.Store(int64(period))
	u.on.Store(true)
	return engine.Continue
}
