package pattern

import (
	"strings"

	"hawser/engine"
)

func init() { engine.OnMake(groupTests) }

const (
	groupFrom  = 4        // fewer tests of an expression are asked one by one
	groupBytes = 64 << 10 // more patterns than that are not put into one index
)

// groupTests puts the tests of a proxy, and of the defaults section it comes from,
// that match the same expression of the request head into groups.
func groupTests(_ *engine.Build, px *engine.Proxy) {
	for _, of := range []*engine.Proxy{px, px.Defaults} {
		if of == nil || len(of.Tests) == 0 {
			continue
		}
		byExpr := map[string][]*engine.ACLTest{}
		var order []string
		for _, t := range of.Tests {
			if !groupable(t) {
				continue
			}
			k := t.Expr.Key()
			if byExpr[k] == nil {
				order = append(order, k)
			}
			byExpr[k] = append(byExpr[k], t)
		}
		n := 0
		for _, k := range order {
			if tests := byExpr[k]; len(tests) >= groupFrom && makeGroup(n, tests) {
				n++
			}
		}
		of.Tests = nil
	}
}

// groupable tells that a test depends on the request head alone and has all its
// patterns on its line.
func groupable(t *engine.ACLTest) bool {
	v, ok := t.Match.(one)
	if !ok || !groupMethods[t.Method] || t.In != engine.TStr || !t.Expr.Fetch.Head {
		return false
	}
	for i := range t.Expr.Convs {
		if !t.Expr.Convs[i].Conv.Pure {
			return false
		}
	}
	return v.frozen.Load() != nil
}

var groupMethods = map[string]bool{"str": true, "beg": true, "end": true, "sub": true, "dir": true, "dom": true}

func makeGroup(id int, tests []*engine.ACLTest) bool {
	size := 0
	for _, t := range tests {
		for _, en := range t.Match.(one).ref.entries {
			size += len(en.Key)
		}
	}
	if size > groupBytes {
		return false
	}
	g := &engine.TestGroup{ID: id, Expr: tests[0].Expr, In: engine.TStr, Size: len(tests), State: &engine.GroupState{}}
	ix := &manyTests{}
	for bit, t := range tests {
		v := t.Match.(one).View
		v.ref.watch(g.State)
		for _, en := range v.ref.entries {
			it := item{Entry: en, norm: en.Key}
			if v.method.parse(&it, v.fold) != nil {
				return false
			}
			ix.side(v.fold).add(t.Method, it.norm, bit)
		}
	}
	for _, s := range ix.sides {
		if s != nil {
			s.finish()
		}
	}
	g.Match = ix
	for bit, t := range tests {
		t.Group, t.Bit = g, bit
	}
	return true
}

// manyTests finds the patterns of many tests at once: those that heed case, and
// those that do not.
type manyTests struct{ sides [2]*testIndex }

func (m *manyTests) side(fold bool) *testIndex {
	i := 0
	if fold {
		i = 1
	}
	if m.sides[i] == nil {
		m.sides[i] = &testIndex{}
	}
	return m.sides[i]
}

// MatchAll implements engine.GroupMatcher.
func (m *manyTests) MatchAll(e *engine.Env, s *engine.Sample, bits []uint64) {
	if t := m.sides[0]; t != nil {
		t.find(s.B, bits)
	}
	if t := m.sides[1]; t != nil {
		k := e.Mark()
		e.Tmp = appendLower(e.Tmp, s.B)
		t.find(e.Tmp[k:], bits)
		e.Tmp = e.Tmp[:k]
	}
}

// testIndex finds by hash what stands at the beginning, at the end, between
// delimiters or is the whole; substrings by an automaton.
type testIndex struct {
	whole, beg, end textSet
	dir, dom        textSet
	sub             *automaton
	dirAt, domAt    [256]bool
}

func (t *testIndex) add(method, text string, bit int) {
	switch method {
	case "str":
		t.whole.add(text, bit)
	case "beg":
		t.beg.add(text, bit)
	case "end":
		t.end.add(text, bit)
	case "dir":
		t.dir.add(text, bit)
	case "dom":
		t.dom.add(text, bit)
	case "sub":
		if t.sub == nil {
			t.sub = newAutomaton()
		}
		t.sub.add(text, bit)
	}
}

func (t *testIndex) finish() {
	t.dirAt, t.domAt = delimiters("/?"), delimiters("/?.:")
	if t.sub != nil {
		t.sub.finish()
	}
}

func delimiters(s string) (at [256]bool) {
	for i := range len(s) {
		at[s[i]] = true
	}
	return at
}

func (t *testIndex) find(b []byte, bits []uint64) {
	if t.whole.bits != nil {
		t.whole.mark(b, bits)
	}
	for _, n := range t.beg.lens {
		if n <= len(b) {
			t.beg.mark(b[:n], bits)
		}
	}
	for _, n := range t.end.lens {
		if n <= len(b) {
			t.end.mark(b[len(b)-n:], bits)
		}
	}
	if t.dir.bits != nil {
		t.dir.between(b, &t.dirAt, bits)
	}
	if t.dom.bits != nil {
		t.dom.between(b, &t.domAt, bits)
	}
	if t.sub != nil {
		t.sub.find(b, bits)
	}
}

// textSet tells which tests have a text.
type textSet struct {
	bits map[string][]int
	lens []int
}

func (s *textSet) add(text string, bit int) {
	if s.bits == nil {
		s.bits = map[string][]int{}
	}
	s.bits[text] = append(s.bits[text], bit)
	for _, n := range s.lens {
		if n == len(text) {
			return
		}
	}
	s.lens = append(s.lens, len(text))
}

func (s *textSet) mark(b []byte, bits []uint64) {
	for _, bit := range s.bits[string(b)] {
		bits[bit>>6] |= 1 << (bit & 63)
	}
}

// between marks the texts that stand between delimiters.
func (s *textSet) between(b []byte, at *[256]bool, bits []uint64) {
	for i := range b {
		if at[b[i]] || i > 0 && !at[b[i-1]] {
			continue
		}
		for _, n := range s.lens {
			if end := i + n; n > 0 && end <= len(b) && (end == len(b) || at[b[end]]) {
				s.mark(b[i:end], bits)
			}
		}
	}
}

// automaton finds all substrings in one pass (Aho and Corasick, 1975), with one
// table of transitions over the classes of bytes that patterns use.
type automaton struct {
	always []int // tests with an empty pattern
	words  []word
	class  [256]uint16
	n      int      // classes
	next   []uint32 // state × class
	out    [][]int
}

type word struct {
	text string
	bit  int
}

func newAutomaton() *automaton { return &automaton{} }

func (a *automaton) add(text string, bit int) {
	if text == "" {
		a.always = append(a.always, bit)
		return
	}
	a.words = append(a.words, word{text, bit})
}

// finish builds the table. Class 0 is of bytes that no pattern has.
func (a *automaton) finish() {
	var all strings.Builder
	for _, w := range a.words {
		all.WriteString(w.text)
	}
	a.n = 1
	for i, text := 0, all.String(); i < len(text); i++ {
		if a.class[text[i]] == 0 {
			a.class[text[i]] = uint16(a.n)
			a.n++
		}
	}
	a.state()
	for _, w := range a.words {
		at := uint32(0)
		for i := range len(w.text) {
			k := int(at)*a.n + int(a.class[w.text[i]])
			if a.next[k] == 0 {
				s := a.state()
				a.next[k] = s
			}
			at = a.next[k]
		}
		a.out[at] = append(a.out[at], w.bit)
	}
	a.fail()
	a.words = nil
}

func (a *automaton) state() uint32 {
	a.next = append(a.next, make([]uint32, a.n)...)
	a.out = append(a.out, nil)
	return uint32(len(a.out) - 1)
}

// fail replaces missing transitions by those of the longest proper suffix,
// breadth first.
func (a *automaton) fail() {
	fails := make([]uint32, len(a.out))
	var queue []uint32
	for c := range a.n {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		f := fails[s]
		a.out[s] = append(a.out[s], a.out[f]...)
		for c := range a.n {
			k := int(s)*a.n + c
			via := a.next[int(f)*a.n+c]
			if t := a.next[k]; t != 0 {
				fails[t] = via
				queue = append(queue, t)
			} else {
				a.next[k] = via
			}
		}
	}
}

func (a *automaton) find(b []byte, bits []uint64) {
	for _, bit := range a.always {
		bits[bit>>6] |= 1 << (bit & 63)
	}
	at := uint32(0)
	for _, c := range b {
		at = a.next[int(at)*a.n+int(a.class[c])]
		for _, bit := range a.out[at] {
			bits[bit>>6] |= 1 << (bit & 63)
		}
	}
}
