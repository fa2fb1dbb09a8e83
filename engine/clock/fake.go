package clock

import (
	"sync/atomic"
	"time"
)

// Fake is a clock that a test moves by hand. While one is installed Now, Mono and
// the wall clock all read from it. Only one may be installed at a time, so tests
// that use it must not run in parallel.
type Fake struct {
	mono atomic.Int64
	wall atomic.Int64
}

// NewFake installs a fake that begins at the given wall time.
func NewFake(at time.Time) *Fake {
	f := &Fake{}
	f.mono.Store(headStart)
	f.wall.Store(at.UnixNano())
	mu.Lock()
	defer mu.Unlock()
	if !fakeNow.CompareAndSwap(nil, f) {
		panic("clock: a fake is already installed")
	}
	f.publish()
	return f
}

// Advance moves the clock forward by d.
func (f *Fake) Advance(d time.Duration) {
	f.mono.Add(int64(d))
	f.wall.Add(int64(d))
	mu.Lock()
	defer mu.Unlock()
	f.publish()
}

// Close takes the fake out again.
func (f *Fake) Close() {
	mu.Lock()
	defer mu.Unlock()
	fakeNow.Store(nil)
	coarse.Store(0)
	coarseWall.Store(0)
	if stop != nil {
		refresh()
	}
}

func (f *Fake) publish() {
	coarse.Store(f.mono.Load() / int64(time.Millisecond))
	coarseWall.Store(f.wall.Load())
}
