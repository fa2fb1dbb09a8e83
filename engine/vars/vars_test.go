package vars_test

import (
	"testing"

	"hawser/engine"
	"hawser/parser/diag"

	_ "hawser/engine/conv"
	_ "hawser/engine/fetch"
	_ "hawser/engine/vars"
)

func newEnv() *engine.Env {
	rt := &engine.Runtime{ProcVars: &engine.ProcVars{}}
	px := &engine.Proxy{Name: "fe", Side: engine.Front, RT: rt, ACLs: map[string]*engine.ACL{}}
	sess := &engine.Session{RT: rt, Front: px}
	s := &engine.Stream{Sess: sess, Front: px, Kind: engine.HTTP1}
	s.Env = engine.Env{RT: rt, Sess: sess, Strm: s, Px: px, Final: true}
	return &s.Env
}

// run carries out actions and returns an expression's value.
func run(t *testing.T, value string, actions ...[]string) string {
	t.Helper()
	e := newEnv()
	b := engine.NewBuild(e.RT, &diag.List{})
	b.Px = e.Px
	for _, a := range actions {
		var w []engine.Word
		for _, s := range a {
			w = append(w, engine.Word{Text: s})
		}
		r, err := b.ParseRule(engine.HTTPReq, &engine.Line{Words: w}, w)
		if err != nil {
			return err.Error()
		}
		r.Do.Run(e)
	}
	x, err := b.Expr(engine.Word{Text: value}, engine.FeHTTPHdr)
	if err != nil {
		return err.Error()
	}
	s, st := x.EvalAs(e, engine.TStr)
	if st != engine.Found {
		return "<none>"
	}
	return string(s.B)
}

func TestActions(t *testing.T) {
	for _, c := range []struct {
		name, value, want string
		actions           [][]string
	}{
		{"set", "var(txn.a)", "x", [][]string{{"set-var(txn.a)", "str(x)"}}},
		{"scopes are apart", "var(req.a)", "<none>", [][]string{{"set-var(txn.a)", "str(x)"}}},
		{"session", "var(sess.a)", "5", [][]string{{"set-var(sess.a)", "int(5)"}}},
		{"process", "var(proc.a)", "5", [][]string{{"set-var(proc.a)", "int(5)"}}},
		{"unset", "var(txn.a)", "<none>", [][]string{{"set-var(txn.a)", "str(x)"}, {"unset-var(txn.a)"}}},
		{"default", "var(txn.a,dflt)", "dflt", nil},
		{"ifnotexists", "var(txn.a)", "x", [][]string{{"set-var(txn.a)", "str(x)"}, {"set-var(txn.a,ifnotexists)", "str(y)"}}},
		{"ifexists", "var(txn.a)", "<none>", [][]string{{"set-var(txn.a,ifexists)", "str(y)"}}},
		{"ifgt: what is there is greater", "var(txn.a)", "3", [][]string{{"set-var(txn.a)", "int(5)"}, {"set-var(txn.a,ifgt)", "int(7)"}, {"set-var(txn.a,ifgt)", "int(3)"}}},
		{"ifempty", "var(txn.a)", "x", [][]string{{"set-var(txn.a)", "str(x)"}, {"set-var(txn.a,ifnotempty)", "str()"}}},
		{"converter", "str(v),set-var(txn.b),upper,concat(txn.b)", "Vtxn.b", nil},
		{"concat", "str(v),concat(<,txn.a,>)", "v<x>", [][]string{{"set-var(txn.a)", "str(x)"}}},
		{"missing input keeps", "var(txn.a)", "x", [][]string{{"set-var(txn.a)", "str(x)"}, {"set-var(txn.a)", "var(txn.none)"}}},
		{"format", "var(txn.a)", "a-5", [][]string{{"set-var-fmt(txn.a)", "%[str(a)]-%[int(5)]"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.value, c.actions...); got != c.want {
				t.Errorf("is %q, not %q", got, c.want)
			}
		})
	}
}
