package engine

import (
	"strings"

	"hawser/parser/diag"
)

// Expr is a compiled sample expression: a fetch followed by converters.
type Expr struct {
	Fetch *Fetch
	Args  []Arg
	Convs []ConvCall
	Out   Type
	Where Where // where the fetch may be used
	Text  string
	Pos   diag.Pos
	eval  FetchFunc
}

// ConvCall is one converter of an expression.
type ConvCall struct {
	Conv *Conv
	Args []Arg
	run  ConvFunc
}

// Eval evaluates the expression.
func (x *Expr) Eval(e *Env) (Sample, Status) {
	s, st := x.eval(e, x.Args)
	if st != Found || len(x.Convs) == 0 {
		if st == Missing && e.awaitsHTTP(x.Fetch) {
			st = Wait
		}
		return s, st
	}
	return x.convert(e, s)
}

func (x *Expr) convert(e *Env, s Sample) (Sample, Status) {
	more, may := s.More, s.May
	for i := range x.Convs {
		c := &x.Convs[i]
		if !e.Cast(&s, c.Conv.In) {
			return Sample{}, Missing
		}
		var st Status
		if s, st = c.run(e, c.Args, s); st != Found {
			return s, st
		}
	}
	s.More, s.May = more, may
	return s, Found
}

// ConvertAs applies the converters to s, then makes it one of type t.
func (x *Expr) ConvertAs(e *Env, s Sample, t Type) (Sample, Status) {
	s, st := x.convert(e, s)
	if st == Found && !e.Cast(&s, t) {
		return Sample{}, Missing
	}
	return s, st
}

// EvalAs evaluates the expression and converts the result to type t.
func (x *Expr) EvalAs(e *Env, t Type) (Sample, Status) {
	s, st := x.Eval(e)
	if st == Found && !e.Cast(&s, t) {
		return Sample{}, Missing
	}
	return s, st
}

// Key tells whether two expressions are the same: the fetch and what follows it.
func (x *Expr) Key() string {
	rest := ""
	if i := strings.IndexAny(x.Text, "(,"); i >= 0 {
		rest = x.Text[i:]
	}
	return x.Fetch.Name + rest
}

// Const reports whether the expression's value never changes.
func (x *Expr) Const() bool { return x.Fetch != nil && x.Fetch.Const && len(x.Convs) == 0 }
