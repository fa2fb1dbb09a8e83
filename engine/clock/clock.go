// Package clock is Hawser's time: a coarse monotonic clock for deadlines and
// counters, read with one atomic load, and a precise one for durations that are
// logged. Between Start and Stop one goroutine refreshes the coarse values about
// every millisecond, and rests when nobody reads them; while it rests or nobody
// started it, every reading is precise, so tests and tools need no set-up. It owns
// no timers and formats nothing.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Tick is a point in monotonic time in milliseconds since the process began.
// Zero means "not set": no reading is ever zero.
type Tick int64

// Add returns t moved by d, rounded down to the millisecond.
func (t Tick) Add(d time.Duration) Tick { return t + Tick(d/time.Millisecond) }

// Sub returns the duration between u and t.
func (t Tick) Sub(u Tick) time.Duration { return time.Duration(t-u) * time.Millisecond }

// Expired reports whether t is set and not after now.
func (t Tick) Expired(now Tick) bool { return t != 0 && t <= now }

// base is an hour before the process began, so that readings stay positive when
// a bubble of testing/synctest or a fake steps back a little.
var base = time.Now()

const headStart = int64(time.Hour)

// Both are zero while precise readings are wanted.
var (
	coarse     atomic.Int64 // Tick
	coarseWall atomic.Int64 // nanoseconds since the Unix epoch
	fakeNow    atomic.Pointer[Fake]
)

// read tells that Now was called since the last refresh, resting that nothing is
// refreshed until it is called again.
var (
	read    atomic.Bool
	resting atomic.Bool
	call    = make(chan struct{}, 1)
)

// restAfter is how many refreshes nobody wanted before the refresher rests.
const restAfter = 100

func rouse() {
	if resting.CompareAndSwap(true, false) {
		call <- struct{}{}
	}
}

// Now returns the coarse time.
func Now() Tick {
	if t := coarse.Load(); t != 0 {
		if !read.Load() {
			read.Store(true)
		}
		return Tick(t)
	}
	if resting.Load() {
		rouse()
	}
	return Tick(Mono() / int64(time.Millisecond))
}

// Mono returns precise monotonic nanoseconds, on the same scale as Now.
func Mono() int64 {
	if f := fakeNow.Load(); f != nil {
		return f.mono.Load()
	}
	return int64(time.Since(base)) + headStart
}

// After returns Mono for an event that follows one at prev, or prev itself while
// the coarse clock still stands at prev's millisecond: as exact as logs are, and
// most requests are over before the clock moves.
func After(prev int64) int64 {
	if t := coarse.Load(); t != 0 && t == prev/int64(time.Millisecond) {
		return prev
	}
	return Mono()
}

// Precise returns Mono as a Tick: for the rare deadline that must not be late.
func Precise() Tick { return Tick(Mono() / int64(time.Millisecond)) }

// WallNano returns the coarse wall clock in nanoseconds since the Unix epoch.
func WallNano() int64 {
	if t := coarseWall.Load(); t != 0 {
		return t
	}
	return time.Now().UnixNano()
}

// Wall returns the coarse wall clock.
func Wall() time.Time { return time.Unix(0, WallNano()) }

// Deadline turns a Tick into the wall time that net.Conn deadlines want; the
// value carries a monotonic reading, so clock steps do not move it.
func Deadline(t Tick) time.Time {
	return time.Now().Add(time.Duration(int64(t)*int64(time.Millisecond) - Mono()))
}

// The refresher; users counts Start calls that are not stopped yet.
var (
	mu    sync.Mutex
	users int
	stop  chan struct{}
)

// Resolution is how often the coarse clock is refreshed.
const Resolution = time.Millisecond

// Start begins refreshing the coarse clock. Calls nest; each needs one Stop.
func Start() {
	mu.Lock()
	defer mu.Unlock()
	users++
	if users > 1 || fakeNow.Load() != nil {
		return
	}
	stop = make(chan struct{})
	refresh()
	go run(stop)
}

// Stop undoes one Start. After the last one readings are precise again.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if users == 0 {
		return
	}
	users--
	if users == 0 && stop != nil {
		close(stop)
		stop = nil
		reset()
	}
}

func run(stop chan struct{}) {
	tk := time.NewTicker(Resolution)
	defer tk.Stop()
	for unread := 0; ; {
		select {
		case <-stop:
			return
		case <-tk.C:
		}
		if unread++; read.Swap(false) {
			unread = 0
		}
		if unread < restAfter {
			tick(refresh)
			continue
		}
		tk.Stop()
		if !rest(stop) {
			return
		}
		unread = 0
		tick(refresh)
		tk.Reset(Resolution)
	}
}

// tick changes the coarse values unless the clock was stopped or a fake has it.
func tick(f func()) {
	mu.Lock()
	defer mu.Unlock()
	if users > 0 && fakeNow.Load() == nil {
		f()
	}
}

// rest waits until the clock is read; false when it is stopped.
func rest(stop chan struct{}) bool {
	select {
	case <-call: // of a run that was stopped
	default:
	}
	resting.Store(true)
	tick(reset)
	select {
	case <-call:
		return true
	case <-stop:
		resting.Store(false)
		return false
	}
}

func reset() {
	coarse.Store(0)
	coarseWall.Store(0)
}

func refresh() {
	coarse.Store((int64(time.Since(base)) + headStart) / int64(time.Millisecond))
	coarseWall.Store(time.Now().UnixNano())
}
