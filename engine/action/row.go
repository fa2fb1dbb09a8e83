package action

import (
	"hawser/engine"
	"hawser/engine/rx"
	"hawser/parser/diag"
)

type (
	env  = *engine.Env
	verd = engine.Verdict
)

// add registers one action.
func add(in engine.RulesetSet, name, usage string, parse func(*engine.Build, *engine.RuleArgs) (engine.Action, error)) {
	engine.AddActions(engine.ActionKeyword{Name: name, In: in, Usage: usage, Parse: parse})
}

const (
	tcpConn   = engine.RulesetSet(1 << engine.TCPReqConn)
	tcpSess   = engine.RulesetSet(1 << engine.TCPReqSess)
	tcpCont   = engine.RulesetSet(1 << engine.TCPReqCont)
	tcpRes    = engine.RulesetSet(1 << engine.TCPResCont)
	httpReq   = engine.RulesetSet(1 << engine.HTTPReq)
	httpRes   = engine.RulesetSet(1 << engine.HTTPRes)
	httpAfter = engine.RulesetSet(1 << engine.HTTPAfter)
)

func fail(a *engine.RuleArgs, format string, args ...any) error {
	pos := a.Pos
	return diag.Errorf(pos, format, args...)
}

// exactly wants n arguments, and says so in HAProxy's words otherwise.
func exactly(a *engine.RuleArgs, n int, say string) ([]engine.Word, error) {
	if len(a.Words) < n {
		return nil, fail(a, "%s.", say)
	}
	return a.Only(n), nil
}

func format(b *engine.Build, a *engine.RuleArgs, w engine.Word) (*engine.LogFormat, error) {
	return b.LogFormat(w, a.Where, engine.LogHTTPText)
}

// value evaluates a format into the scratch bytes; the caller gives them back
// with e.Tmp = e.Tmp[:mark].
func value(e env, f *engine.LogFormat) (v []byte, mark int) {
	mark = e.Mark()
	if f.IsConst {
		return f.Const, mark
	}
	e.Tmp = f.Append(e.Tmp, e)
	return e.Since(mark), mark
}

func compile(a *engine.RuleArgs, w engine.Word) (*rx.Regex, error) {
	re, err := rx.Compile(w.Text, false)
	if err != nil {
		return nil, diag.Errorf(w.Pos, "regex '%s' is invalid (error=%s).", w.Text, err.Error())
	}
	return re, nil
}

// oneExpr reads the expression that an action takes.
func oneExpr(b *engine.Build, a *engine.RuleArgs) (*engine.Expr, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "missing fetch method.")
	}
	w := a.Only(1)
	return b.Expr(w[0], a.Where)
}
