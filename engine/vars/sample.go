package vars

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddFetches(
		engine.Fetch{Name: "var", Out: engine.TAny, Where: engine.Everywhere, Args: engine.OptArgs(1, engine.ArgVar, engine.ArgStr),
			Usage: "(name[,default]): the value of a variable.", Eval: fetchVar},
		engine.Fetch{Name: "dump_all_vars", Out: engine.TStr, Where: engine.Everywhere, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgStr, engine.ArgStr),
			Usage: "([scope[,prefix[,delimiter]]]): all variables as name=value.", Check: checkDump, Eval: dumpAll},
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
}{{"sess", engine.VarSess}, {"txn", engine.VarTxn}, {"req", engine.VarReq}, {"res", engine.VarRes}, {"proc", engine.VarProc}}

func checkDump(_ *engine.Build, a []engine.Arg) error {
	if len(a) == 0 || a[0].Type == engine.ArgNone || a[0].Text == "" || a[0].Text == "check" {
		return nil
	}
	for _, sc := range scopeNames {
		if sc.name == a[0].Text {
			return nil
		}
	}
	return errors.New("invalid scope '" + a[0].Text + "', must be one of: sess, txn, req, res, proc")
}

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
			if e.Mark() > m {
				e.Tmp = append(e.Tmp, delim...)
			}
			e.Tmp = append(append(append(append(e.Tmp, sc.name...), '.'), n...), '=')
			dumpValue(e, s)
		}
	}
	return engine.Str(e.Since(m)), engine.Found
}

// dumpValue writes a value: text and methods in quotes, bytes in hexadecimal.
func dumpValue(e *engine.Env, s engine.Sample) {
	switch s.Type {
	case engine.TBin:
		for _, c := range s.B {
			e.Tmp = append(e.Tmp, "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
		return
	case engine.TBool:
		e.Tmp = strconv.AppendBool(e.Tmp, s.Int != 0)
		return
	}
	quoted := s.Type == engine.TStr || s.Type == engine.TMeth
	at := e.Mark()
	if !e.Cast(&s, engine.TStr) {
		return
	}
	value := slices.Clone(s.B)
	e.Tmp = e.Tmp[:at]
	if !quoted {
		e.Tmp = append(e.Tmp, value...)
		return
	}
	e.Tmp = append(e.Tmp, '"')
	for _, c := range value {
		if i := strings.IndexByte("\"\\\r\n\b\x00", c); i >= 0 {
			e.Tmp = append(e.Tmp, '\\')
			c = "\"\\rnb0"[i]
		}
		e.Tmp = append(e.Tmp, c)
	}
	e.Tmp = append(e.Tmp, '"')
}
