package vars

import (
	"slices"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddFetches(
		engine.Fetch{Name: "var", Out: engine.TAny, Where: engine.Everywhere, Args: engine.OptArgs(1, engine.ArgVar, engine.ArgStr),
			Usage: "(name[,default]): the value of a variable.", Eval: fetchVar},
		engine.Fetch{Name: "dump_all_vars", Out: engine.TStr, Where: engine.Everywhere, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgStr, engine.ArgStr),
			Usage: "([scope[,prefix[,delimiter]]]): all variables as name=value.", Eval: dumpAll},
	)
	five := []engine.ArgType{engine.ArgVar, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr}
	engine.AddConvs(
		engine.Conv{Name: "set-var", In: engine.TAny, Out: engine.TAny, Args: engine.OptArgs(1, five...),
			Usage: "(name[,cond...]): stores the input in a variable and passes it on.", Make: makeSetConv},
		engine.Conv{Name: "unset-var", In: engine.TAny, Out: engine.TAny, Args: engine.Args(engine.ArgVar),
			Usage: "(name): removes a variable and passes the input on.", Eval: func(e *engine.Env, a []engine.Arg, s engine.Sample) (engine.Sample, engine.Status) {
				e.UnsetVar(a[0].Var)
				return s, engine.Found
			}},
	)
}

func fetchVar(e *engine.Env, a []engine.Arg) (engine.Sample, engine.Status) {
	s, ok := e.Var(a[0].Var)
	switch {
	case ok:
		return s, engine.Found
	case a[1].Type != engine.ArgNone:
		m := e.Mark()
		e.Tmp = append(e.Tmp, a[1].Text...)
		return engine.Str(e.Since(m)), engine.Found
	}
	return engine.Sample{}, engine.Missing
}

func makeSetConv(_ *engine.Build, a []engine.Arg) (engine.ConvFunc, error) {
	t := target{ref: a[0].Var}
	for _, x := range a[1:] {
		if x.Type == engine.ArgNone {
			continue
		}
		c, err := parseConds(x.Text)
		if err != nil {
			return nil, err
		}
		t.conds = append(t.conds, c...)
	}
	return func(e *engine.Env, _ []engine.Arg, s engine.Sample) (engine.Sample, engine.Status) {
		t.set(e, s)
		return s, engine.Found
	}, nil
}

var scopeNames = []struct {
	name  string
	scope engine.VarScope
}{{"sess", engine.VarSess}, {"txn", engine.VarTxn}, {"req", engine.VarReq}, {"res", engine.VarRes}, {"check", engine.VarCheck}}

// dumpAll writes "name=value" of all variables in sight: for diagnosis.
func dumpAll(e *engine.Env, a []engine.Arg) (engine.Sample, engine.Status) {
	arg := func(i int, def string) string {
		if i < len(a) && a[i].Type != engine.ArgNone && a[i].Text != "" {
			return a[i].Text
		}
		return def
	}
	scope, prefix, delim := arg(0, ""), arg(1, ""), arg(2, ", ")
	m := e.Mark()
	if e.RT == nil {
		return engine.Sample{}, engine.Missing
	}
	for _, sc := range scopeNames {
		if scope != "" && scope != sc.name {
			continue
		}
		for i, n := range e.RT.VarNames[sc.scope] {
			if !strings.HasPrefix(n, prefix) {
				continue
			}
			s, ok := e.Var(engine.VarRef{Scope: sc.scope, Index: int32(i)})
			if !ok {
				continue
			}
			text := s
			at := e.Mark()
			if !e.Cast(&text, engine.TStr) {
				continue
			}
			value := slices.Clone(text.B)
			e.Tmp = e.Tmp[:at]
			if at > m {
				e.Tmp = append(e.Tmp, delim...)
			}
			e.Tmp = append(append(append(append(e.Tmp, sc.name...), '.'), n...), '=')
			if s.Type == engine.TStr {
				e.Tmp = append(append(append(e.Tmp, '"'), value...), '"')
			} else {
				e.Tmp = append(e.Tmp, value...)
			}
		}
	}
	return engine.Str(e.Since(m)), engine.Found
}
