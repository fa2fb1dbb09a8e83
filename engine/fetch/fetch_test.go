package fetch_test

import (
	"net/netip"
	"testing"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"

	_ "hawser/engine/conv"
	_ "hawser/engine/fetch"
	_ "hawser/engine/pattern"
	_ "hawser/engine/vars"
)

// newEnv is a request in a frontend's rules.
func newEnv() *engine.Env {
	rt := &engine.Runtime{ProcVars: &engine.ProcVars{}, Proc: &engine.ProcState{}}
	px := &engine.Proxy{Name: "fe", State: &engine.ProxyState{}, Side: engine.Front, RT: rt, ACLs: map[string]*engine.ACL{}}
	px.Mode = engine.ModeHTTP
	m := &htx.Msg{}
	m.StartRequest("GET", "/some/path;p=1?a=1&b=two&c&a=3")
	m.Flags |= htx.Version11
	for _, h := range [][2]string{{"host", "Www.example.com:8080"}, {"x-list", "one, two,three"}, {"x-list", "four"}, {"x-ip", "10.1.2.3"}, {"cookie", "sid=abc; n=17"}, {"x-empty", ""},
		{"authorization", "Basic bWU6c2VjcmV0"}} {
		m.AddStr(h[0], h[1])
	}
	sess := &engine.Session{RT: rt, Front: px, Src: netip.MustParseAddrPort("192.0.2.7:1234"), Dst: netip.MustParseAddrPort("192.0.2.1:80")}
	s := &engine.Stream{Sess: sess, Front: px, Req: m, HasReq: true, Kind: engine.HTTP1}
	s.Env = engine.Env{RT: rt, Sess: sess, Strm: s, Px: px, Final: true, Place: engine.FeHTTPHdr, Tmp: make([]byte, 0, 4096)}
	return &s.Env
}

func build(e *engine.Env) *engine.Build {
	b := engine.NewBuild(e.RT, &diag.List{})
	b.Px = e.Px
	return b
}

func TestRequest(t *testing.T) {
	e := newEnv()
	for _, c := range []struct{ name, want string }{
		{"method", "GET"}, {"path", "/some/path;p=1"}, {"pathq", "/some/path;p=1?a=1&b=two&c&a=3"}, {"query", "a=1&b=two&c&a=3"},
		{"base", "Www.example.com:8080/some/path;p=1"}, {"req.ver", "1.1"}, {"req.hdr(host)", "Www.example.com:8080"},
		{"req.hdr(x-list)", "four"}, {"req.hdr(x-list,1)", "one"}, {"req.hdr(x-list,-2)", "three"}, {"req.hdr(x-list,9)", "<none>"},
		{"req.fhdr(x-list,1)", "one, two,three"}, {"req.hdr_cnt(x-list)", "4"}, {"req.fhdr_cnt(x-list)", "2"}, {"req.hdr_ip(x-ip)", "10.1.2.3"},
		{"req.cook(sid)", "abc"}, {"req.cook_val(n)", "17"}, {"req.cook_cnt", "2"}, {"req.cook_names", "sid,n"},
		{"url_param(a)", "1"}, {"url_param(b)", "two"}, {"url_param(c)", "<none>"}, {"urlp_val(a)", "1"},
		{"http_auth_user", "me"}, {"http_auth_pass", "secret"}, {"http_auth_type", "Basic"},
		{"src", "192.0.2.7"}, {"src_port", "1234"}, {"dst", "192.0.2.1"}, {"dst_port", "80"}, {"fe_name", "fe"},
		{"str(x)", "x"}, {"int(-5)", "-5"}, {"bool(true)", "1"}, {"ipv4(1.2.3.4)", "1.2.3.4"}, {"bin(4142)", "AB"}, {"meth(PURGE)", "PURGE"},
		{"always_true", "1"}, {"always_false", "0"}, {"var(txn.none)", "<none>"}, {"ssl_fc", "0"}, {"fc_http_major", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := build(e).Expr(engine.Word{Text: c.name}, engine.FeHTTPHdr)
			if err != nil {
				t.Fatal(err)
			}
			got := "<none>"
			if s, st := x.EvalAs(e, engine.TStr); st == engine.Found {
				got = string(s.B)
			}
			if got != c.want {
				t.Errorf("is %q, not %q", got, c.want)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	e := newEnv()
	for _, c := range []struct {
		name  string
		where engine.Where
		ok    bool
	}{
		{"path", engine.FeHTTPHdr, true}, {"path", engine.FeTCPConn, false}, {"path", engine.AtLog, false}, {"status", engine.FeHTTPHdr, false}, {"status", engine.BeHTTPRes, true},
		{"src", engine.FeTCPConn, true}, {"src", engine.AtConfig, false}, {"res.hdr(x)", engine.FeHTTPRes, true}, {"srv_name", engine.FeHTTPHdr, false}, {"str(a)", engine.AtConfig, true},
		{"bc_src", engine.AtLog, true}, {"req.len", engine.AtLog, false}, {"wait_end", engine.FeTCPCont, true},
	} {
		if _, err := build(e).Expr(engine.Word{Text: c.name}, c.where); (err == nil) != c.ok {
			t.Errorf("%s at %b: %v", c.name, c.where, err)
		}
	}
}

// TestNoAllocation holds that common expressions, conditions and formats cost none.
func TestNoAllocation(t *testing.T) {
	e := newEnv()
	b := build(e)
	zero := func(what string, f func()) {
		if n := testing.AllocsPerRun(100, func() { e.Tmp = e.Tmp[:0]; f() }); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	for _, text := range []string{"path", "base", "req.hdr(host),lower", "req.hdr(x-list,2)", "req.cook(sid)", "url_param(b)", "src", "method", "path,length", "src,ipmask(8)", "query,url_dec"} {
		x, err := b.Expr(engine.Word{Text: text}, engine.FeHTTPHdr)
		if err != nil {
			t.Fatal(err)
		}
		zero(text, func() { x.EvalAs(e, engine.TStr) })
	}
	for _, words := range [][]string{{"if", "{", "path_beg", "/some", "}"}, {"if", "{", "hdr_dom(host)", "-i", "example.com", "}", "METH_GET"}, {"unless", "{", "src", "10.0.0.0/8", "}"},
		{"if", "{", "req.hdr_cnt(x-list)", "gt", "3", "}"}, {"if", "{", "path_reg", "^/some/[a-z]+", "}"}} {
		var w []engine.Word
		for _, s := range words {
			w = append(w, engine.Word{Text: s})
		}
		c, err := b.Cond(w, engine.FeHTTPHdr, "a test")
		if err != nil {
			t.Fatal(err)
		}
		if !c.Holds(e) {
			t.Errorf("%v does not hold", words)
		}
		zero(words[2], func() { c.Eval(e) })
	}
	f, err := b.LogFormat(engine.Word{Text: "%[src]:%[src_port] %[req.hdr(host),lower] %[path]"}, engine.FeHTTPHdr, 0)
	if err != nil {
		t.Fatal(err)
	}
	zero("format", func() { e.Tmp = f.Append(e.Tmp, e) })
}
