package engine

import (
	"runtime"
	"sync/atomic"
)

// Rest tells whether a session rests between two requests. Only then may another
// goroutine look at it, and have it close: the session's own goroutine enters and
// leaves, a visitor looks in between. A session that was told to close but finds
// that a request has come just then still answers it.
type Rest struct{ v atomic.Uint32 }

const (
	restBusy = iota
	restIdle
	restSeen // a visitor looks at the session
	restTold // … and has told it to close
)

// Enter begins the rest. Before that the session must be fit to be looked at.
func (r *Rest) Enter() { r.v.Store(restIdle) }

// Leave ends the rest and reports whether the session was told to close.
func (r *Rest) Leave() bool {
	for {
		switch v := r.v.Load(); v {
		case restSeen:
			runtime.Gosched()
		default:
			if r.v.CompareAndSwap(v, restBusy) {
				return v == restTold
			}
		}
	}
}

// Idle reports whether the session rests.
func (r *Rest) Idle() bool { return r.v.Load() != restBusy }

// Visit looks at a resting session: close says whether it is to close. Visit
// reports whether it was told so just now.
func (r *Rest) Visit(close func() bool) bool {
	if !r.v.CompareAndSwap(restIdle, restSeen) {
		return false
	}
	if close() {
		r.v.Store(restTold)
		return true
	}
	r.v.Store(restIdle)
	return false
}
