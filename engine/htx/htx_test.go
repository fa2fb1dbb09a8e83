package htx

import (
	"fmt"
	"strings"
	"testing"
)

func request(target string, fields ...string) *Msg {
	m := &Msg{}
	m.StartRequest("GET", target)
	for _, f := range fields {
		n, v, _ := strings.Cut(f, ": ")
		m.AddStr(n, v)
	}
	return m
}

// dump writes the fields that are left, for comparing.
func dump(m *Msg) string {
	var b strings.Builder
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		fmt.Fprintf(&b, "%s: %s\n", m.Name(i), m.Value(i))
	}
	return b.String()
}

func TestKnownNames(t *testing.T) {
	for id := Host; id < fieldCount; id++ {
		name := id.String()
		if name == "" || name != strings.ToLower(name) || len(name) > 31 {
			t.Errorf("row %d: %q", id, name)
		}
		for _, s := range []string{name, strings.ToUpper(name)} {
			if got := KnownFieldStr(s); got != id {
				t.Errorf("%q is %v", s, got)
			}
		}
		for _, s := range []string{name + "x", name[1:], "x" + name, name[:len(name)-1] + "~"} {
			if got := KnownFieldStr(s); got != None && got.String() != s {
				t.Errorf("%q is taken for %v", s, got)
			}
		}
	}
	if KnownFieldStr("") != None {
		t.Error("the empty name is known")
	}
	for _, m := range []string{"GET", "OPTIONS", "PATCH", "CONNECT"} {
		if KnownMethod([]byte(m)).String() != m {
			t.Errorf("method %s", m)
		}
	}
	for _, m := range []string{"get", "GETS", "", "X", "PROPFIND"} {
		if KnownMethod([]byte(m)) != OtherMethod {
			t.Errorf("method %q is known", m)
		}
	}
}

func TestLower(t *testing.T) {
	b := make([]byte, 0, 300)
	for i := range 256 {
		b = append(b, byte(i))
	}
	b = append(b, "TAIL"...)
	want := make([]byte, len(b))
	for i, c := range b {
		want[i] = c
		if c >= 'A' && c <= 'Z' {
			want[i] = c + 32
		}
	}
	Lower(b)
	if string(b) != string(want) {
		t.Errorf("%q", b)
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*Msg)
		want string
	}{
		{"nothing", func(m *Msg) {}, "host: h\nx-a: 1\ncookie: c\nx-a: 2\n"},
		{"add", func(m *Msg) { m.Add([]byte("X-New"), []byte("v")) }, "host: h\nx-a: 1\ncookie: c\nx-a: 2\nx-new: v\n"},
		{"add known", func(m *Msg) { m.AddIDStr(Via, "v") }, "host: h\nx-a: 1\ncookie: c\nx-a: 2\nvia: v\n"},
		{"insert first", func(m *Msg) { m.InsertFirst([]byte("X-New"), []byte("v")) }, "x-new: v\nhost: h\nx-a: 1\ncookie: c\nx-a: 2\n"},
		{"set", func(m *Msg) { m.Set([]byte("X-A"), []byte("3")) }, "host: h\ncookie: c\nx-a: 3\n"},
		{"set from old value", func(m *Msg) { m.SetKey(NewKey("X-A"), m.Value(1)) }, "host: h\ncookie: c\nx-a: 1\n"},
		{"set known", func(m *Msg) { m.SetKey(NewKey("Host"), []byte("i")) }, "x-a: 1\ncookie: c\nx-a: 2\nhost: i\n"},
		{"delete", func(m *Msg) { m.DelName([]byte("x-a")) }, "host: h\ncookie: c\n"},
		{"delete known", func(m *Msg) { m.DelID(Host) }, "x-a: 1\ncookie: c\nx-a: 2\n"},
		{"replace", func(m *Msg) { m.ReplaceValue(1, []byte("longer")) }, "host: h\nx-a: longer\ncookie: c\nx-a: 2\n"},
		{"replace range", func(m *Msg) { m.ReplaceValue(1, []byte("abcd")); m.ReplaceRange(1, 1, 3, []byte("--")) }, "host: h\nx-a: a--d\ncookie: c\nx-a: 2\n"},
		{"compact", func(m *Msg) { m.Del(1); m.Del(1); m.Compact(); m.Del(0) }, "cookie: c\nx-a: 2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := request("/", "Host: h", "X-A: 1", "Cookie: c", "X-a: 2")
			c.edit(m)
			if got := dump(m); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
			if n := strings.Count(c.want, "\n"); m.FieldCount() != n {
				t.Errorf("FieldCount %d, want %d", m.FieldCount(), n)
			}
			var cl Msg
			m.Clone(&cl)
			m.Reset()
			if got := dump(&cl); got != c.want {
				t.Errorf("the clone has\n%s", got)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	m := request("/", "Host: h", "X-A: 1", "X-A: 2")
	if i := m.NextKey(NewKey("x-A"), 2); i != 2 {
		t.Errorf("NextKey: %d", i)
	}
	if i := m.NextNameStr("x-a", 0); i != 1 {
		t.Errorf("NextNameStr: %d", i)
	}
	if m.NextName([]byte("x-b"), 0) != -1 || m.Next(Via, 0) != -1 || m.Get(Via) != nil {
		t.Error("found what is not there")
	}
	if string(m.Get(Host)) != "h" || string(m.Host()) != "h" {
		t.Error("Get")
	}
	m.Del(1)
	if i := m.NextNameStr("x-a", 0); i != 2 {
		t.Errorf("a removed field was found: %d", i)
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ target, scheme, authority, path, query string }{
		{"/a/b?c=d", "", "", "/a/b", "c=d"},
		{"/", "", "", "/", "-"},
		{"/?", "", "", "/", ""},
		{"//x/y", "", "", "//x/y", "-"},
		{"http://h:1/a?b", "http", "h:1", "/a", "b"},
		{"http://h", "http", "h", "", "-"},
		{"http://h?q", "http", "h", "", "q"},
		{"*", "", "", "*", "-"},
		{"/a?b=http://c/d", "", "", "/a", "b=http://c/d"},
	} {
		m := request(c.target)
		q, ok := m.Query()
		query := "-"
		if ok {
			query = m.Str(q)
		}
		if m.Str(m.Scheme()) != c.scheme || m.Str(m.Authority()) != c.authority || m.Str(m.Path()) != c.path || query != c.query {
			t.Errorf("%s: %q %q %q %q", c.target, m.Str(m.Scheme()), m.Str(m.Authority()), m.Str(m.Path()), query)
		}
	}
	m := &Msg{}
	m.StartRequest("CONNECT", "h:443")
	if m.Str(m.Authority()) != "h:443" || !m.Path().Empty() || string(m.Host()) != "h:443" {
		t.Error("CONNECT")
	}
}

func TestSetTarget(t *testing.T) {
	for _, c := range []struct {
		target string
		edit   func(*Msg)
		want   string
	}{
		{"/a?b", func(m *Msg) { m.SetPath([]byte("/x/y")) }, "/x/y?b"},
		{"/a?b", func(m *Msg) { m.SetQuery([]byte("c=d")) }, "/a?c=d"},
		{"/a?b", func(m *Msg) { m.SetQuery([]byte("?c=d")) }, "/a?c=d"},
		{"/a?b", func(m *Msg) { m.SetQuery(nil) }, "/a"},
		{"/a", func(m *Msg) { m.SetQuery([]byte("q")) }, "/a?q"},
		{"/a?b", func(m *Msg) { m.SetPathQuery([]byte("/z?y")) }, "/z?y"},
		{"/a?b", func(m *Msg) { m.SetTarget([]byte("/t")) }, "/t"},
		{"http://h/a?b", func(m *Msg) { m.SetPath([]byte("/x")) }, "http://h/x?b"},
		{"http://h", func(m *Msg) { m.SetPath([]byte("/x")) }, "http://h/x"},
		{"http://h/a?b", func(m *Msg) { m.SetQuery([]byte("c")) }, "http://h/a?c"},
		{"*", func(m *Msg) { m.SetPath([]byte("/x")) }, "/x"},
	} {
		m := request(c.target)
		c.edit(m)
		if got := m.Str(m.Target); got != c.want {
			t.Errorf("%s became %s, want %s", c.target, got, c.want)
		}
	}
}

func TestItems(t *testing.T) {
	m := request("/", `X: a, b ,"c,d",,e`, "Y: 1", "X: f", "X: ")
	k := NewKey("X")
	want := []string{"a", "b", `"c,d"`, "", "e", "f", ""} // an empty line has one
	it := m.Items(k)
	for _, w := range want {
		e, ok := it.Next()
		if !ok || string(m.ItemBytes(e)) != w {
			t.Fatalf("element %q, %v; want %q", m.ItemBytes(e), ok, w)
		}
	}
	if _, ok := it.Next(); ok {
		t.Error("one element too many")
	}
	if m.CountItems(k) != 7 || m.CountFields(k) != 3 {
		t.Errorf("counts %d, %d", m.CountItems(k), m.CountFields(k))
	}
	for occ, w := range map[int]string{1: "a", 3: `"c,d"`, 6: "f", 7: "", -1: "", -2: "f", -3: "e", -7: "a", 0: "", 8: "-", -8: "-"} {
		e, ok := m.Occurrence(k, occ)
		got := "-"
		if ok {
			got = string(m.ItemBytes(e))
		}
		if got != w {
			t.Errorf("occurrence %d is %q, want %q", occ, got, w)
		}
	}
	for occ, w := range map[int]int{1: 0, 2: 2, 3: 3, 4: -1, -1: 3, -3: 0, -4: -1} {
		if got := m.FieldOccurrence(k, occ); got != w {
			t.Errorf("line %d is %d, want %d", occ, got, w)
		}
	}
	if !HasItem([]byte("Keep-Alive, Upgrade"), "upgrade") || HasItem([]byte("upgrades"), "upgrade") {
		t.Error("HasItem")
	}
}

func TestCookies(t *testing.T) {
	m := request("/", `Cookie: a=1; b = "x;y" ;c; d=`, "Cookie: e=5")
	var got []string
	for it := m.Cookies(); ; {
		i, p, ok := it.Next()
		if !ok {
			break
		}
		v := m.Value(i)
		got = append(got, fmt.Sprintf("%s=%s", v[p.NameFrom:p.NameTo], v[p.ValueFrom:p.ValueTo]))
	}
	if s := strings.Join(got, "|"); s != `a=1|b="x;y"|c=|d=|e=5` {
		t.Errorf("%s", s)
	}
	if v, ok := m.CookieValue("e"); !ok || string(v) != "5" {
		t.Errorf("e is %q", v)
	}
	if _, ok := m.CookieValue("z"); ok {
		t.Error("found z")
	}
	p, attrs, ok := SetCookiePair([]byte("sid=abc; Path=/; HttpOnly"))
	v := "sid=abc; Path=/; HttpOnly"
	if !ok || v[p.NameFrom:p.NameTo] != "sid" || v[p.ValueFrom:p.ValueTo] != "abc" || v[attrs:] != "; Path=/; HttpOnly" {
		t.Errorf("%+v %d", p, attrs)
	}
}

func TestHeadSize(t *testing.T) {
	m := request("/", "Host: h")
	if want := len("GET / HTTP/1.1\r\nhost: h\r\n\r\n"); m.HeadSize() != want {
		t.Errorf("%d, want %d", m.HeadSize(), want)
	}
	var r Msg
	r.StartResponse(200, "OK")
	if want := len("HTTP/1.1 200 OK\r\n\r\n"); r.HeadSize() != want {
		t.Errorf("%d, want %d", r.HeadSize(), want)
	}
}

func TestReuseAllocatesNothing(t *testing.T) {
	var m, c Msg
	k := NewKey("x-other")
	if n := testing.AllocsPerRun(100, func() {
		m.StartRequest("GET", "/path?q=1")
		m.AddIDStr(Host, "example.com")
		m.AddStr("X-Other", "a, b, c")
		m.SetKey(k, []byte("d, e"))
		m.SetPath([]byte("/other"))
		m.Occurrence(k, -1)
		m.Clone(&c)
		m.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzLists(f *testing.F) {
	f.Add([]byte(`a, "b,c\"", ,d`))
	f.Add([]byte(`a=1; b="x;y"; c`))
	f.Fuzz(func(t *testing.T, v []byte) {
		for off, n := 0, 0; ; n++ {
			from, to, next, ok := NextItem(v, off)
			if !ok {
				break
			}
			if from > to || to > len(v) || next <= off || n > len(v)+1 {
				t.Fatalf("item %d..%d, next %d after %d", from, to, next, off)
			}
			off = next
		}
		m := &Msg{}
		m.StartRequest("GET", "/")
		m.AddID(Cookie, v)
		for it, n := m.Cookies(), 0; ; n++ {
			_, p, ok := it.Next()
			if !ok {
				break
			}
			if p.NameFrom > p.NameTo || p.ValueFrom > p.ValueTo || p.End > len(v) || p.Start > p.End || n > len(v) {
				t.Fatalf("%+v", p)
			}
		}
		SetCookiePair(v)
	})
}
