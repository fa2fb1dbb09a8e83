package backend

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
)

// lossless are the events whose retries make up for any idle connection that turns
// out to be dead: with all of them first requests take idle connections too.
const lossless = engine.RetryConnFailure | engine.RetryEmptyResponse | engine.RetryResponseTimeout

// takeIdle returns an idle connection to the stream's server if http-reuse lets
// it use one, or nil.
func takeIdle(s *engine.Stream) engine.Upstream {
	if u := ownIdle(s); u != nil {
		return u
	}
	mode := s.Back.Reuse
	first := s.Sess.Requests <= 1
	if mode != engine.ReuseNever && s.Back.RetryOn&lossless == lossless {
		mode = engine.ReuseAlways
	}
	if mode == engine.ReuseNever || mode == engine.ReuseSafe && first {
		return nil
	}
	st := s.Server.State
	if st.Idle.Load() == 0 {
		return nil
	}
	p := poolOf(st)
	key := reuseKey(s)
	for {
		u := p.take(key, first && mode == engine.ReuseAggressive, first)
		if u == nil {
			return nil
		}
		if alive(u) {
			u.Attach(s)
			return u
		}
		u.Abort()
	}
}

// alive looks whether an idle connection can still be used. One that was used a
// moment ago is taken on trust: a server that closes it just then is met by a
// retry.
func alive(u *h1.Upstream) bool {
	if clock.Now().Sub(u.IdleSince) < 2*time.Millisecond {
		return true
	}
	return u.Conn().Probe() == conn.Alive
}
