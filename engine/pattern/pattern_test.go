package pattern_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/engine"
	"hawser/parser/diag"

	_ "hawser/engine/fetch"
	_ "hawser/engine/pattern"
)

func build(t testing.TB) *engine.Build {
	t.Helper()
	return engine.NewBuild(&engine.Runtime{ProcVars: &engine.ProcVars{}}, &diag.List{})
}

func matcher(t testing.TB, method string, spec engine.MatchSpec) engine.Matcher {
	t.Helper()
	m, ok := engine.MatchMethods.Get(method)
	if !ok {
		t.Fatal("no method ", method)
	}
	mt, err := m.New(build(t), &spec)
	if err != nil {
		t.Fatal(method, err)
	}
	return mt
}

func words(s string) (out []engine.Word) {
	for _, w := range strings.Fields(s) {
		out = append(out, engine.Word{Text: w})
	}
	return out
}

func text(s string) engine.Sample { return engine.Str([]byte(s)) }
func ip(s string) engine.Sample   { return engine.IP(netip.MustParseAddr(s)) }

func TestMethods(t *testing.T) {
	for _, c := range []struct {
		method, patterns string
		fold             bool
		in               engine.Sample
		want             bool
	}{
		{"str", "a b", false, text("b"), true}, {"str", "a b", false, text("B"), false}, {"str", "a b", true, text("B"), true},
		{"beg", "/api /x", false, text("/api/1"), true}, {"beg", "/api /x", false, text("/ap"), false}, {"beg", "/API", true, text("/api"), true},
		{"end", ".png .jpg", false, text("a.jpg"), true}, {"end", ".png", false, text("png"), false}, {"sub", "dmi", false, text("/admin"), true},
		{"sub", "DMI", true, text("/admin"), true}, {"dir", "admin", false, text("/x/admin/y"), true}, {"dir", "admin", false, text("/xadmin/y"), false},
		{"dir", "/admin/", false, text("/admin"), true}, {"dom", "example", false, text("www.example.com"), true}, {"dom", "ample", false, text("www.example.com"), false},
		{"dom", "example.com", false, text("www.example.com:80"), true}, {"reg", "^/[a-z]+$", false, text("/abc"), true}, {"reg", "^/[a-z]+$", false, text("/ABC"), false},
		{"reg", "^/[a-z]+$", true, text("/ABC"), true}, {"reg", "^(?!/a)", false, text("/b"), true}, {"len", "3 5:7", false, text("abc"), true},
		{"len", "5:7", false, text("abc"), false}, {"int", "5", false, engine.Sint(5), true}, {"int", "gt 5", false, engine.Sint(5), false},
		{"int", "ge 5", false, engine.Sint(5), true}, {"int", "lt 5 gt 10", false, engine.Sint(11), true}, {"int", "1:3 7:", false, engine.Sint(70), true},
		{"int", ":3", false, engine.Sint(-9), true}, {"int", "3.1:3.3", false, engine.Sint(0x30002), true},
		{"ip", "10.0.0.0/8", false, ip("10.9.9.9"), true}, {"ip", "10.0.0.0/8 192.168.0.1", false, ip("192.168.0.1"), true}, {"ip", "10/8", false, ip("10.1.1.1"), true},
		{"ip", "10.0.0.0/255.0.255.0", false, ip("10.7.0.9"), true}, {"ip", "2001:db8::/32", false, ip("2001:db8::5"), true}, {"ip", "::1", false, ip("127.0.0.1"), false},
		{"ip", "1.2.3.4", false, ip("2002:102:304::"), true}, {"bin", "0a0B", false, engine.Bin([]byte("\x0a\x0b")), true},
		{"found", "", false, text(""), true}, {"bool", "", false, engine.Bool(false), false},
	} {
		m := matcher(t, c.method, engine.MatchSpec{Patterns: words(c.patterns), IgnoreCase: c.fold, Dashed: true, NoDNS: true})
		e := &engine.Env{Final: true}
		if got := m.Match(e, &c.in); got != c.want {
			t.Errorf("%v -m %s %s (-i %v): %v", c.in, c.method, c.patterns, c.fold, got)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ method, patterns, want string }{
		{"ip", "foo/bar", "'foo/bar' is not a valid IPv4 or IPv6 address."}, {"ip", "1.2.3.4/40", "'1.2.3.4/40' is not a valid IPv4 or IPv6 address."},
		{"int", "foo", "'foo' is not a number."}, {"int", "5:2", "'5:2' is not a valid number range."}, {"len", "foo", "'foo' is not a number."},
		{"bin", "0g", "an hex digit is expected (found 'g')."}, {"int", "xx 5", "'xx' is not a number."},
	} {
		m, _ := engine.MatchMethods.Get(c.method)
		_, err := m.New(build(t), &engine.MatchSpec{Patterns: words(c.patterns), NoDNS: true})
		if err == nil || err.Error() != c.want && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.method, c.patterns, err)
		}
	}
}

func write(t testing.TB, name, data string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func lookup(t testing.TB, conv, file, in string) string {
	t.Helper()
	x, err := build(t).Expr(engine.Word{Text: "str(" + in + ")," + conv + "(" + file + ",none)"}, engine.AtConfig)
	if err != nil {
		t.Fatal(err)
	}
	s, st := x.EvalAs(&engine.Env{Final: true}, engine.TStr)
	if st != engine.Found {
		return "missing"
	}
	return string(s.B)
}

func TestMaps(t *testing.T) {
	f := write(t, "m", "# comment\n\na A\nab  AB two \n /x X\nex.com EX\n[0-9]+ num\n(z)(y) \\2-\\1\n")
	for _, c := range [][3]string{
		{"map", "a", "A"}, {"map", "ab", "AB two"}, {"map", "abc", "none"}, {"map_beg", "abc", "AB two"}, {"map_beg", "/x/y", "X"},
		{"map_end", "www.ex.com", "EX"}, {"map_sub", "1ab2", "A"}, {"map_dom", "www.ex.com:80", "EX"}, {"map_dir", "/a/b", "A"},
		{"map_reg", "q12", "num"}, {"map_regm", "zy", "y-z"},
	} {
		if got := lookup(t, c[0], f, c[1]); got != c[2] {
			t.Errorf("%s(%s): %q, not %q", c[0], c[1], got, c[2])
		}
	}
}

func TestNoAllocation(t *testing.T) {
	f := write(t, "m", "a A\nb B\n")
	b := build(t)
	px := &engine.Proxy{RT: b.RT, Name: "p", ACLs: map[string]*engine.ACL{}, Side: engine.Front}
	b.Px = px
	c, err := b.Cond(words("if { str(/api/x) -m beg /api } { str(a),map("+f+") -m found } { ipv4(10.1.2.3) 10.0.0.0/8 } { str(x) -i X }"), engine.FeHTTPHdr, "test")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Env{Final: true, RT: b.RT, Px: px, Tmp: make([]byte, 0, 1024)}
	if n := testing.AllocsPerRun(100, func() {
		if !c.Holds(e) {
			t.Fatal("the condition does not hold")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A million entries are looked up in sub-linear time.
func BenchmarkMillion(b *testing.B) {
	var sb strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&sb, "key%d value%d\n", i, i)
	}
	f := write(b, "big", sb.String())
	for _, conv := range []string{"map_str", "map_beg", "map_end"} {
		x, err := build(b).Expr(engine.Word{Text: "str(key777777)," + conv + "(" + f + ")"}, engine.AtConfig)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(conv, func(b *testing.B) {
			e := &engine.Env{Final: true, Tmp: make([]byte, 0, 1024)}
			for b.Loop() {
				if _, st := x.Eval(e); st != engine.Found {
					b.Fatal("not found")
				}
			}
		})
	}
}
