package bwlim

import (
	"io"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/counter"
)

func init() {
	engine.AddHook(engine.Hook{Name: "bandwidth limit", Phase: engine.PhaseEnd, Run: release, Enabled: func(px *engine.Proxy) bool {
		for _, f := range px.Filters {
			if _, ok := f.Conf.(*limiter); ok {
				return true
			}
		}
		return false
	}})
}

// use is a filter at work on one stream. Rules turn it on while one of the
// stream's goroutines may pass data already.
type use struct {
	f      *limiter
	on     atomic.Bool
	limit  atomic.Uint64
	period atomic.Int64
	own    counter.Freq
	rate   engine.ByteRate // of a shared filter, set before on
}

// uses are those of a stream, for each of its filters.
type uses struct{ list []*use }

var perStream = engine.NewSlot[*engine.Stream, uses]("bandwidth limit")

// use finds or makes the stream's use of f. It is made before data can pass
// (Filter.Request), so that what reads it then does not write.
func (f *limiter) use(s *engine.Stream) *use {
	if all := perStream.Get(s); all != nil {
		for _, u := range all.list {
			if u.f == f {
				return u
			}
		}
	}
	all := perStream.Edit(s)
	u := &use{f: f}
	all.list = append(all.list, u)
	return u
}

func release(s *engine.Stream) engine.Verdict {
	if all := perStream.Get(s); all != nil {
		for _, u := range all.list {
			if u.rate != nil {
				u.rate.Release()
				u.rate = nil
			}
		}
	}
	return engine.Continue
}

// find takes hold of the table's entry.
func (u *use) find(e *engine.Env) bool {
	if u.rate != nil {
		return true
	}
	m := e.Mark()
	defer func() { e.Tmp = e.Tmp[:m] }()
	s, st := u.f.key.Eval(e)
	if st != engine.Found || u.f.rates == nil {
		return false
	}
	u.rate = u.f.rates(e, e.Hold(s))
	return u.rate != nil
}

// try returns how many of n bytes may pass now, and otherwise how long to wait.
func (u *use) try(n int) (pass int, wait time.Duration) {
	if !u.on.Load() {
		return n, 0
	}
	limit, left := u.limit.Load(), int64(0)
	if u.rate != nil {
		left = u.rate.Left(limit)
	} else {
		left = u.own.Left(clock.Now(), time.Duration(u.period.Load()), limit)
	}
	want := min(max(u.f.least, u.grain(limit)), n)
	if left > 0 && u.rate != nil {
		left = max(left/int64(max(u.rate.Users(), 1)), 1)
	}
	if left < int64(want) {
		return 0, u.delay(limit, int64(want)-left)
	}
	pass = int(min(int64(n), left))
	if u.rate != nil {
		u.rate.Add(pass)
	} else {
		u.own.Add(clock.Now(), time.Duration(u.period.Load()), uint64(pass))
	}
	return pass, 0
}

// grain is the least worth passing on: what a fiftieth of a second allows.
func (u *use) grain(limit uint64) int {
	per := u.period.Load() / int64(20*time.Millisecond)
	if u.rate != nil {
		per = 50 * int64(max(u.rate.Users(), 1))
	}
	return int(max(int64(limit)/max(per, 1), 1))
}

// delay is the time until need more bytes fit.
func (u *use) delay(limit uint64, need int64) time.Duration {
	if u.rate != nil {
		return max(u.rate.Delay(limit), 20*time.Millisecond)
	}
	period := time.Duration(u.period.Load())
	d := u.own.Delay(clock.Now(), period, limit, 0)
	return max(d, min(period*time.Duration(need)/time.Duration(limit), period), time.Millisecond)
}

// take waits until some of n bytes may pass, and returns how many.
func (u *use) take(s *engine.Stream, n int) int {
	for {
		pass, wait := u.try(n)
		if pass > 0 || s.Killed.Load() {
			return max(pass, 1)
		}
		time.Sleep(wait)
	}
}

// body passes another body on at the speed of a limit. One goroutine reads it.
type body struct {
	in   engine.Body
	u    *use
	s    *engine.Stream
	left []byte // read, and still to be passed on
	err  error  // what came with left
}

// Next waits for data, then until some of it may pass.
func (b *body) Next() ([]byte, error) {
	if len(b.left) == 0 {
		if err := b.end(); err != nil {
			return nil, err
		}
		b.left, b.err = b.in.Next()
		if len(b.left) == 0 {
			return nil, b.end()
		}
	}
	return b.pass(b.u.take(b.s, len(b.left)))
}

// Buffered passes on what may pass now.
func (b *body) Buffered() ([]byte, error) {
	if len(b.left) == 0 {
		if err := b.end(); err != nil {
			return nil, err
		}
		b.left, b.err = b.in.Buffered()
		if len(b.left) == 0 {
			return nil, b.end()
		}
	}
	n, _ := b.u.try(len(b.left))
	return b.pass(n)
}

func (b *body) pass(n int) ([]byte, error) {
	p := b.left[:n:n]
	b.left = b.left[n:]
	if len(b.left) == 0 && b.err != nil && b.err != io.EOF {
		return p, b.err
	}
	return p, nil
}

// end returns the error that came with the last piece, once.
func (b *body) end() error { return b.err }

// Close ends the body early.
func (b *body) Close(err error) { b.in.Close(err) }
