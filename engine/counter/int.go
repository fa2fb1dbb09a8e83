package counter

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
)

// Int is a total that many goroutines add to. It is two words until processors are
// seen to fight for it; then it spreads over padded cells, so a counter that is hot
// costs memory and the thousands that are not do not.
type Int struct {
	v     atomic.Int64
	cells atomic.Pointer[cells]
}

const cellCount = 16 // a power of two

type cell struct {
	n atomic.Int64
	_ [56]byte
}

type cells [cellCount]cell

// Add adds n.
func (i *Int) Add(n int64) {
	if c := i.cells.Load(); c != nil {
		c[rand.Uint32()%cellCount].n.Add(n)
		return
	}
	if v := i.v.Load(); !i.v.CompareAndSwap(v, v+n) {
		i.contended(n)
	}
}

// Inc adds one.
func (i *Int) Inc() { i.Add(1) }

// contended adds n after a lost race, and now and then spreads the counter.
func (i *Int) contended(n int64) {
	i.v.Add(n)
	if rand.Uint32()%8 == 0 && runtime.GOMAXPROCS(0) > 2 {
		i.cells.CompareAndSwap(nil, new(cells))
	}
}

// Load returns the total. Additions made meanwhile may or may not be in it.
func (i *Int) Load() int64 {
	n := i.v.Load()
	if c := i.cells.Load(); c != nil {
		for k := range c {
			n += c[k].n.Load()
		}
	}
	return n
}

// Store sets the total: for `clear counters` and for adopting another's value.
func (i *Int) Store(n int64) {
	if c := i.cells.Load(); c != nil {
		for k := range c {
			c[k].n.Store(0)
		}
	}
	i.v.Store(n)
}

// Max remembers the largest value it was told.
type Max struct{ v atomic.Int64 }

// Note takes v into account.
func (m *Max) Note(v int64) {
	for {
		old := m.v.Load()
		if v <= old || m.v.CompareAndSwap(old, v) {
			return
		}
	}
}

// Load returns the largest value, zero before the first.
func (m *Max) Load() int64 { return m.v.Load() }

// Store sets it.
func (m *Max) Store(v int64) { m.v.Store(v) }

// Gauge is a number that goes up and down, and the highest it has been.
type Gauge struct {
	cur atomic.Int64
	max Max
}

// Add adds n, which may be negative, and returns the new value.
func (g *Gauge) Add(n int64) int64 {
	v := g.cur.Add(n)
	if n > 0 {
		g.max.Note(v)
	}
	return v
}

// TryAdd adds one unless the gauge stands at limit or above (0: no limit).
func (g *Gauge) TryAdd(limit int64) bool {
	if limit <= 0 {
		g.Add(1)
		return true
	}
	for {
		v := g.cur.Load()
		if v >= limit {
			return false
		}
		if g.cur.CompareAndSwap(v, v+1) {
			g.max.Note(v + 1)
			return true
		}
	}
}

// Load returns the current value, Max the highest.
func (g *Gauge) Load() int64 { return g.cur.Load() }

// Max returns the highest value since the start or the last ResetMax.
func (g *Gauge) Max() int64 { return g.max.Load() }

// ResetMax forgets the maximum.
func (g *Gauge) ResetMax() { g.max.Store(g.cur.Load()) }
