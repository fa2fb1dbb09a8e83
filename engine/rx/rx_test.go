package rx

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		re    string
		fold  bool
		in    string
		match bool
	}{
		{"^/a", false, "/abc", true}, {"^/a$", false, "/abc", false}, {"b", false, "abc", true}, {"c$", false, "abc", true},
		{"^/A", true, "/abc", true}, {`\.(png|jpg)$`, false, "/x.png", true}, {`^(?!foo)`, false, "bar", true},
		{`^(?!foo)`, false, "foo", false}, {`(a+)b\1`, false, "aabaa", true}, {"", false, "x", true}, {"é", false, "é", true},
	} {
		r, err := Compile(c.re, c.fold)
		if err != nil {
			t.Fatal(c.re, err)
		}
		if got := r.Match([]byte(c.in)); got != c.match {
			t.Errorf("%q on %q: %v", c.re, c.in, got)
		}
	}
	if _, err := Compile("(", false); err == nil {
		t.Error("an open group compiled")
	}
}

func TestExpand(t *testing.T) {
	for _, re := range []string{`^/([a-z]+)/(.*)`, `^/([a-z]+)/(.*)(?<!zzzz)`} {
		r, err := Compile(re, false)
		if err != nil {
			t.Fatal(err)
		}
		in := []byte("/abc/def")
		m := r.Find(in, 0)
		if got := string(Expand(nil, `\2-\1\x41\\`, in, m)); got != `def-abcA\` {
			t.Errorf("%s: %q", re, got)
		}
	}
}
