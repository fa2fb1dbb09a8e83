package counter

import (
	"runtime"
	"sync/atomic"
	"time"

	"hawser/engine/clock"
)

// Freq counts events over a sliding period: what happened in the current period plus
// the part of the previous one that the window still covers. The period belongs to the
// caller and must be the same at every call. One writer rotates, the others go on.
type Freq struct {
	start atomic.Int64 // Tick at which the current period began; negative while rotating
	curr  atomic.Uint64
	prev  atomic.Uint64
}

// Add counts n events at now and returns the events of the current period so far.
func (f *Freq) Add(now clock.Tick, period time.Duration, n uint64) uint64 {
	f.rotate(now, int64(period/time.Millisecond))
	return f.curr.Add(n)
}

// rotate makes the current period the one that now falls into, and returns its start.
func (f *Freq) rotate(now clock.Tick, period int64) int64 {
	for {
		start := f.start.Load()
		switch {
		case start < 0: // another goroutine is at it: a few instructions
			runtime.Gosched()
			continue
		case int64(now)-start < period:
			return start
		}
		if !f.start.CompareAndSwap(start, -1) {
			continue
		}
		old := f.curr.Swap(0)
		next := start + period
		if int64(now)-next >= period {
			old, next = 0, int64(now) // nothing happened for a whole period
		}
		f.prev.Store(old)
		f.start.Store(next)
		return next
	}
}

// read returns both counts and how much of the current period is still to come.
func (f *Freq) read(now clock.Tick, period int64) (curr, prev uint64, remain int64) {
	for {
		start := f.start.Load()
		if start < 0 {
			runtime.Gosched()
			continue
		}
		curr, prev = f.curr.Load(), f.prev.Load()
		if f.start.Load() != start {
			continue
		}
		age := int64(now) - start
		if age >= period { // the counter is not touched: as if it had rotated
			curr, prev, age = 0, curr, age-period
			if age >= period {
				return 0, 0, period
			}
		}
		return curr, prev, period - max(age, 0)
	}
}

// Value returns the events of the last period as of now.
func (f *Freq) Value(now clock.Tick, period time.Duration) uint64 {
	ms := int64(period / time.Millisecond)
	if ms <= 0 {
		return 0
	}
	curr, prev, remain := f.read(now, ms)
	if curr == 0 && prev <= 1 {
		return prev // a very low rate: do not let it flap
	}
	return curr + prev*uint64(remain)/uint64(ms)
}

// Left returns how many more events fit a limit per period; negative means none.
func (f *Freq) Left(now clock.Tick, period time.Duration, limit uint64) int64 {
	return int64(limit) - int64(f.Value(now, period))
}

// Delay returns how long to wait until another event fits the limit, with pend
// events waiting before it; zero if it fits now.
func (f *Freq) Delay(now clock.Tick, period time.Duration, limit, pend uint64) time.Duration {
	if limit == 0 {
		return period
	}
	ms := int64(period / time.Millisecond)
	curr, prev, remain := f.read(now, ms)
	have := curr + prev*uint64(remain)/uint64(ms) + pend
	if have < limit {
		return 0
	}
	// The window forgets what is too much at the speed of the period, and at least
	// the time of one event.
	wait := max(int64(have-limit+1)*ms/int64(limit), 1)
	return time.Duration(min(wait, ms)) * time.Millisecond
}

// Reset forgets everything.
func (f *Freq) Reset() {
	f.curr.Store(0)
	f.prev.Store(0)
}

// State and SetState carry a counter over a reload or to a peer: the age of the
// current period and both counts.
func (f *Freq) State(now clock.Tick) (age time.Duration, curr, prev uint64) {
	return now.Sub(clock.Tick(max(f.start.Load(), 0))), f.curr.Load(), f.prev.Load()
}

// SetState is the inverse of State.
func (f *Freq) SetState(now clock.Tick, age time.Duration, curr, prev uint64) {
	f.start.Store(max(int64(now)-int64(age/time.Millisecond), 0))
	f.curr.Store(curr)
	f.prev.Store(prev)
}

// Rate is a Freq of one second with its maximum: sessions, requests, connections per second.
type Rate struct {
	f   Freq
	max Max
}

// Inc counts one event.
func (r *Rate) Inc(now clock.Tick) {
	r.f.Add(now, time.Second, 1)
	r.max.Note(int64(r.f.Value(now, time.Second)))
}

// Add counts n events.
func (r *Rate) Add(now clock.Tick, n uint64) {
	r.f.Add(now, time.Second, n)
	r.max.Note(int64(r.f.Value(now, time.Second)))
}

// Value returns the events of the last second.
func (r *Rate) Value(now clock.Tick) int64 { return int64(r.f.Value(now, time.Second)) }

// Max returns the highest value so far.
func (r *Rate) Max() int64 { return r.max.Load() }

// ResetMax forgets the maximum.
func (r *Rate) ResetMax() { r.max.Store(0) }

// Delay returns how long to wait until another event fits limit per second.
func (r *Rate) Delay(now clock.Tick, limit uint64) time.Duration {
	return r.f.Delay(now, time.Second, limit, 0)
}
