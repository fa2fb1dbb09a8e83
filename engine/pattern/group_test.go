package pattern

import (
	"math/rand/v2"
	"testing"

	"hawser/engine"
	"hawser/parser/diag"
)

// groupOf makes tests of one fetch, all with their own method and patterns.
func groupOf(t testing.TB, n int, patterns func(i int) (method string, fold bool, texts []string)) []*engine.ACLTest {
	t.Helper()
	var diags diag.List
	b := engine.NewBuild(&engine.Runtime{}, &diags)
	px := &engine.Proxy{}
	x := &engine.Expr{Fetch: &engine.Fetch{Name: "path", Head: true}, Text: "path"}
	for i := range n {
		method, fold, texts := patterns(i)
		spec := &engine.MatchSpec{IgnoreCase: fold, Keyword: "path"}
		for _, p := range texts {
			spec.Patterns = append(spec.Patterns, engine.Word{Text: p})
		}
		m, _ := engine.MatchMethods.Get(method)
		match, err := m.New(b, spec)
		if err != nil {
			t.Fatal(err)
		}
		px.Tests = append(px.Tests, &engine.ACLTest{Expr: x, Match: match, In: m.In, Method: method})
	}
	tests := px.Tests
	groupTests(b, px)
	return tests
}

func randomText(r *rand.Rand, max int) string {
	const letters = "aAbB/.c?"
	b := make([]byte, r.IntN(max+1))
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// A group answers as its tests do one by one.
func TestGroupAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	methods := []string{"str", "beg", "end", "sub", "dir", "dom"}
	tests := groupOf(t, 150, func(i int) (string, bool, []string) {
		texts := make([]string, 1+r.IntN(3))
		for k := range texts {
			texts[k] = randomText(r, 4)
		}
		return methods[i%len(methods)], r.IntN(2) == 0, texts
	})
	e := &engine.Env{}
	bits := make([]uint64, 3)
	for range 5000 {
		s := engine.Sample{Type: engine.TStr, B: []byte(randomText(r, 12))}
		clear(bits)
		tests[0].Group.Match.MatchAll(e, &s, bits)
		for i, at := range tests {
			if got, want := bits[at.Bit>>6]>>(at.Bit&63)&1 == 1, at.Match.Match(e, &s); got != want {
				t.Fatalf("test %d (%s) of %q: the group says %v, the test %v", i, at.Method, s.B, got, want)
			}
		}
	}
}

// Every byte may stand in a pattern.
func TestGroupAllBytes(t *testing.T) {
	tests := groupOf(t, 256, func(i int) (string, bool, []string) { return "sub", false, []string{string([]byte{byte(i), 'x'})} })
	e, bits := &engine.Env{}, make([]uint64, 4)
	for i := range 256 {
		clear(bits)
		tests[0].Group.Match.MatchAll(e, &engine.Sample{B: []byte{byte(i), byte(i), 'x'}}, bits)
		for k := range 256 {
			if got := bits[k>>6]>>(k&63)&1 == 1; got != (k == i) {
				t.Fatalf("byte %d, pattern %d: %v", i, k, got)
			}
		}
	}
}

// Patterns that are changed at run time take their group apart.
func TestGroupSplits(t *testing.T) {
	tests := groupOf(t, 4, func(i int) (string, bool, []string) { return "beg", false, []string{"/a"} })
	g := tests[0].Group
	if g == nil || g.State.Split.Load() {
		t.Fatal("no group")
	}
	if err := tests[2].Match.(one).ref.Add(0, "/b", ""); err != nil {
		t.Fatal(err)
	}
	if !g.State.Split.Load() {
		t.Error("the group still answers with the old patterns")
	}
}

func TestGroupAllocatesNothing(t *testing.T) {
	tests := groupOf(t, 8, func(i int) (string, bool, []string) { return "sub", i%2 == 0, []string{"abc"} })
	e, bits := &engine.Env{Tmp: make([]byte, 0, 64)}, make([]uint64, 1)
	s := engine.Sample{B: []byte("xxabcxxABC")}
	if n := testing.AllocsPerRun(100, func() { tests[0].Group.Match.MatchAll(e, &s, bits) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGroup(b *testing.B) {
	tests := groupOf(b, 50, func(i int) (string, bool, []string) {
		return []string{"beg", "sub"}[i%2], false, []string{"/app" + string(rune('a'+i%26)) + "/"}
	})
	e, bits := &engine.Env{}, make([]uint64, 1)
	s := engine.Sample{B: []byte("/static/images/logo.png")}
	for b.Loop() {
		tests[0].Group.Match.MatchAll(e, &s, bits)
	}
}
