package action_test

import (
	"testing"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"

	_ "hawser/engine/action"
	_ "hawser/engine/conv"
	_ "hawser/engine/fetch"
)

// play runs one http-request rule on a request and returns it with the verdict.
func play(t *testing.T, words ...string) (*htx.Msg, engine.Verdict) {
	t.Helper()
	rt := &engine.Runtime{ProcVars: &engine.ProcVars{}}
	rt.Global.Tune.BufSize = 16384
	px := &engine.Proxy{Name: "fe", State: &engine.ProxyState{}, Side: engine.Front, RT: rt, ACLs: map[string]*engine.ACL{}}
	m := &htx.Msg{}
	m.StartRequest("GET", "/a/b?x=1")
	m.AddStr("host", "example.com")
	m.AddStr("x-one", "1, 2")
	m.AddStr("x-one", "3")
	sess := &engine.Session{RT: rt, Front: px}
	s := &engine.Stream{Sess: sess, Front: px, Kind: engine.HTTP1, Req: m, HasReq: true}
	s.Env = engine.Env{RT: rt, Sess: sess, Strm: s, Px: px, Final: true, Place: engine.FeHTTPHdr}
	b := engine.NewBuild(rt, &diag.List{})
	b.Px = px
	var w []engine.Word
	for _, x := range words {
		w = append(w, engine.Word{Text: x})
	}
	r, err := b.ParseRule(engine.HTTPReq, &engine.Line{Words: w}, w)
	if err != nil {
		t.Fatal(err)
	}
	b.RunStages()
	return m, r.Do.Run(&s.Env)
}

func values(m *htx.Msg, name string) (out string) {
	k := htx.NewKey(name)
	for i := m.NextKey(k, 0); i >= 0; i = m.NextKey(k, i+1) {
		out += "[" + string(m.Value(i)) + "]"
	}
	return out
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		name, header, want string
		words              []string
	}{
		{"set", "x-one", "[new]", []string{"set-header", "X-One", "new"}},
		{"set from format", "x-two", "[/a/b]", []string{"set-header", "X-Two", "%[path]"}},
		{"add", "x-one", "[1, 2][3][4]", []string{"add-header", "X-One", "4"}},
		{"del", "x-one", "", []string{"del-header", "X-One"}},
		{"del by prefix", "x-one", "", []string{"del-header", "x-", "-m", "beg"}},
		{"replace-header", "x-one", "[1+2][3]", []string{"replace-header", "X-One", "^(.*), (.*)$", `\1+\2`}},
		{"replace-value", "x-one", "[n1,n2][n3]", []string{"replace-value", "X-One", "([0-9])", `n\1`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, v := play(t, c.words...)
			if got := values(m, c.header); got != c.want || v != engine.Continue {
				t.Errorf("is %s (%d), not %s", got, v, c.want)
			}
		})
	}
}

func TestStartLine(t *testing.T) {
	for _, c := range []struct {
		name, want string
		words      []string
	}{
		{"set-path", "GET /new?x=1", []string{"set-path", "/new"}},
		{"set-pathq", "GET /new?y", []string{"set-pathq", "/new?y"}},
		{"set-query", "GET /a/b?y=2", []string{"set-query", "y=2"}},
		{"set-uri", "GET /u?v", []string{"set-uri", "/u?v"}},
		{"set-method", "POST /a/b?x=1", []string{"set-method", "POST"}},
		{"replace-path", "GET /b/a?x=1", []string{"replace-path", "/(.*)/(.*)", `/\2/\1`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, _ := play(t, c.words...)
			if got := string(m.Bytes(m.Method)) + " " + string(m.Bytes(m.Target)); got != c.want {
				t.Errorf("is %s, not %s", got, c.want)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		want  engine.Verdict
		words []string
	}{
		{engine.Stop, []string{"allow"}}, {engine.Deny, []string{"deny"}}, {engine.Deny, []string{"deny", "deny_status", "429"}},
		{engine.Continue, []string{"set-log-level", "silent"}}, {engine.Continue, []string{"disable-l7-retry"}},
	} {
		if _, v := play(t, c.words...); v != c.want {
			t.Errorf("%v: %d, not %d", c.words, v, c.want)
		}
	}
}
