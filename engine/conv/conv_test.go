package conv_test

import (
	"testing"

	"hawser/engine"
	"hawser/parser/diag"

	_ "hawser/engine/fetch"
	_ "hawser/engine/vars"
)

// eval compiles an expression and prints its value; "" also where there is none.
func eval(t *testing.T, text string) string {
	t.Helper()
	x, e := compile(t, text)
	s, st := x.EvalAs(e, engine.TStr)
	if st != engine.Found {
		return "<none>"
	}
	return string(s.B)
}

func compile(t *testing.T, text string) (*engine.Expr, *engine.Env) {
	t.Helper()
	var diags diag.List
	rt := &engine.Runtime{ProcVars: &engine.ProcVars{}}
	b := engine.NewBuild(rt, &diags)
	x, err := b.Expr(engine.Word{Text: text}, engine.AtConfig)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	e := &engine.Env{RT: rt, Final: true}
	if v, err := b.Var("proc.v"); err == nil {
		e.SetVar(v, engine.Str([]byte("vv")))
	}
	return x, e
}

// The values are those that HAProxy gives (2.6 and 3.5 where both have it).
func TestConverters(t *testing.T) {
	for _, c := range [][2]string{
		{"str(Hello),lower", "hello"}, {"str(Hello),upper", "HELLO"}, {"str(Hello),length", "5"}, {"str(Hello),hex", "48656C6C6F"},
		{"str(Hello),base64", "SGVsbG8="}, {"str(SGVsbG8=),b64dec", "Hello"}, {"str(a?b),ub64enc", "YT9i"}, {"str(YT9i),ub64dec", "a?b"},
		{"str(Hello),crc32", "4157704578"}, {"str(Hello),crc32(1)", "2590660284"}, {"str(a-b-c),crc32(1)", "4267451809"},
		{"str(Hello),crc32c", "2178485787"}, {"str(Hello),djb2", "223289465"}, {"str(a-b-c),djb2(1)", "825782709"},
		{"str(Hello),sdbm", "2873473298"}, {"str(a-b-c),sdbm(1)", "4119781965"}, {"str(Hello),wt6", "2542579625"},
		{"str(Hello),xxh32", "4060533391"}, {"str(Hello),xxh64", "753694413698530628"}, {"str(Hello),xxh3", "4098904537042482710"},
		{"str(Hello),sha1,hex", "F7FF9E8B7BB2E09B70935A5D785E0CC5D9D0ABF0"},
		{"str(a-b-c),field(2,-)", "b"}, {"str(a-b-c),field(-1,-)", "c"}, {"str(a-b-c),field(2,-,2)", "b-c"}, {"str(a-b-c),field(-2,-,0)", "a-b"},
		{"str(a--b-c),field(2,-)", ""}, {"str(a--b-c),word(2,-)", "b"}, {"str(a-b-c),word(-2,-,2)", "a-b"}, {"str(a-b-c),field(9,-)", "<none>"},
		{"str(Hello),bytes(1,2)", "el"}, {"str(Hello),bytes(50)", ""}, {"str(Hello),ltrim(He)", "llo"}, {"str(Hello),rtrim(lo)", "He"},
		{"str(Hello),regsub(l,L)", "HeLlo"}, {"str(Hello),regsub(l,L,g)", "HeLLo"}, {"str(Hello),regsub(L,z,i)", "Hezlo"},
		{"str(a/b),json(ascii)", `a\/b`}, {"str(a%20b+c),url_dec", "a b+c"}, {"str(a%20b+c),url_dec(1)", "a b c"}, {"str(a%2),url_dec", "<none>"},
		{"str(a b/c),url_enc", "a%20b%2Fc"}, {"str(1f),hex2i", "31"}, {"str(zz),hex2i", "<none>"}, {"str(x),concat(<,proc.v,>)", "x<vv>"},
		{"str(x),concat(-)", "x-"}, {"str(vv),strcmp(proc.v)", "0"}, {"int(1),iif(y,n)", "y"}, {"str(12345),iif(y,n)", "y"},
		{"int(5),add(3)", "8"}, {"int(9223372036854775807),add(9)", "9223372036854775807"}, {"int(5),div(0)", "9223372036854775807"},
		{"int(-5),neg", "5"}, {"int(5),mod(3)", "2"}, {"int(5),xor(12)", "9"}, {"int(0),not", "1"}, {"int(5),odd", "1"}, {"int(5),cpl", "-6"},
		{"int(1700000000),utime(%Y-%m-%dT%H:%M:%S)", "2023-11-14T22:13:20"}, {"int(1700000000),http_date", "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"ipv4(10.1.2.3),ipmask(8)", "10.0.0.0"}, {"ipv6(2001:db8::1),ipmask(24,32)", "2001:db8::"}, {"ipv6(2001:db8::1),ipmask(24)", "<none>"},
		{"str(ex.com:8080),host_only", "ex.com"}, {"str(ex.com:8080),port_only", "8080"}, {"str([::1]:80),host_only", "[::1]"},
		{"str(www.ex.com),reverse_dom", "com.ex.www"}, {"str(Hello),be2hex(:,2)", "4865:6C6C:6F"}, {"str(Hello),be2dec(:,2)", "18533:27756:111"},
		{"str(a=1&y=2),param(y)", "2"}, {`str('{"a":[1,{"b":"x"}]}'),json_query('$.a[1].b')`, "x"}, {`str('{"a":2.5}'),json_query('$.a')`, "2.5"},
	} {
		if got := eval(t, c[0]); got != c[1] {
			t.Errorf("%s: %q, not %q", c[0], got, c[1])
		}
	}
}

func TestNoAllocation(t *testing.T) {
	for _, text := range []string{"str(Hello),lower", "str(a-b-c),field(2,-)", "str(Hello),crc32(1)", "int(5),add(3),mul(2)", "str(Hello),xxh64",
		"str(x),concat(-,proc.v)", "str(a%20b),url_dec", "str(Hello),base64", "str(Hello),sha1,hex", "ipv4(10.1.2.3),ipmask(8)", "int(1),iif(a,b),length"} {
		x, e := compile(t, text)
		e.Tmp = make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() {
			e.Tmp = e.Tmp[:0]
			x.Eval(e)
		}); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func FuzzStrings(f *testing.F) {
	for _, s := range []string{"", "a-b", "%4", "[::1]:80", "{\"a\":1}", "a.b.c", "\xff\x00"} {
		f.Add([]byte(s))
	}
	var exprs []*engine.Expr
	f.Fuzz(func(t *testing.T, in []byte) {
		if exprs == nil {
			for _, c := range []string{"field(2,-,2)", "field(-2,-,0)", "word(2,-)", "word(-1,-,3)", "url_dec", "json(utf8s)", "host_only", "port_only", "reverse_dom",
				"param(a)", "json_query('$.a')", "jwt_header_query('$.alg')", "jwt_verify(HS256,k)", "regsub(x*,y,g)", "be2hex(:,3)", "language(en;fr)", "date", "hex2i"} {
				x, _ := compile(t, "var(proc.in),"+c)
				exprs = append(exprs, x)
			}
		}
		rt := &engine.Runtime{ProcVars: &engine.ProcVars{}}
		e := &engine.Env{RT: rt, Final: true}
		e.SetVar(engine.VarRef{Scope: engine.VarProc, Index: rt.ProcVars.Index("in")}, engine.Str(in))
		for _, x := range exprs {
			x.Eval(e)
		}
	})
}
