package engine

import "sync/atomic"

// A frontend with two hundred "use_backend … if { path_beg … }" asks two hundred
// times for the same path. TestGroup answers all tests of one expression at once:
// the fetch runs once, one index finds every pattern that fits, and what it found
// holds until an action runs.

// TestGroup is the tests of a proxy that match one expression of the request head.
type TestGroup struct {
	ID    int // place of its answers in a stream: unique within the proxy
	Expr  *Expr
	In    Type
	Size  int // tests
	Match GroupMatcher
	State *GroupState
}

// GroupMatcher finds all tests that match a sample and sets their bits. It is
// safe for concurrent use and does not keep the sample.
type GroupMatcher interface {
	MatchAll(e *Env, s *Sample, bits []uint64)
}

// GroupState tells that patterns were changed at run time: from then on the tests
// are asked one by one.
type GroupState struct{ Split atomic.Bool }

// GroupRoom is where a stream keeps the answers of groups.
type GroupRoom struct {
	token uint32 // of the last window
	cells []groupCell
}

type groupCell struct {
	group *TestGroup
	token uint32 // of the window in which bits were found
	bits  []uint64
}

// OpenWindow begins a time in which the request head does not change, so that
// answers of groups hold; it ends a window that is open. The caller ends the last
// one with CloseWindow.
func (e *Env) OpenWindow() {
	if s := e.Strm; s != nil && s.HasReq && e.Dir == Req && s.Kind != NotHTTP {
		s.Groups.token++
		e.window = s.Groups.token
	}
}

// CloseWindow ends the window.
func (e *Env) CloseWindow() { e.window = 0 }

// answers returns the bits of the group's tests, or nil when each has to be asked.
func (g *TestGroup) answers(e *Env) []uint64 {
	room := &e.Strm.Groups
	for g.ID >= len(room.cells) {
		room.cells = append(room.cells, groupCell{})
	}
	c := &room.cells[g.ID]
	if c.group == g && c.token == e.window {
		return c.bits
	}
	if g.State.Split.Load() {
		return nil
	}
	return g.find(e, c)
}

// find evaluates the expression, all of its values, and keeps the answers.
func (g *TestGroup) find(e *Env, c *groupCell) []uint64 {
	n := (g.Size + 63) / 64
	if cap(c.bits) < n {
		c.bits = make([]uint64, n)
	}
	c.bits = c.bits[:n]
	clear(c.bits)
	m := e.Mark()
	e.Each, e.Cur = true, [2]int{}
	ok := g.collect(e, c.bits)
	e.Each = false
	e.Tmp = e.Tmp[:m]
	if !ok {
		c.group = nil
		return nil
	}
	c.group, c.token = g, e.window
	return c.bits
}

// collect is false when more data is wanted.
func (g *TestGroup) collect(e *Env, bits []uint64) bool {
	for {
		s, st := g.Expr.Eval(e)
		if st == Wait {
			return false
		}
		more := s.More
		if st == Found && e.Cast(&s, g.In) {
			g.Match.MatchAll(e, e.Hold(s), bits)
		}
		if !more {
			return true
		}
	}
}
