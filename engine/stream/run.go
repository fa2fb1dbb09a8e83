package stream

import (
	"fmt"
	"runtime/debug"

	"hawser/engine"
	"hawser/engine/clock"
)

// HTTP runs one HTTP exchange from its parsed head to its log line. The mux has
// set Sess, Ex, Kind, Req, HasReq and the times up to Request. On return the
// exchange is over; the mux decides whether its connection goes on.
func HTTP(s *engine.Stream) {
	begin(s)
	defer finish(s)
	defer rescue(s)
	if passes(s, headPhases[:]) && passes(s, requestPhases[:]) {
		forward(s)
	}
}

// begin sets what every stream starts with and counts it.
func begin(s *engine.Stream) {
	sess := s.Sess
	px := sess.Front
	s.Front = px
	s.Env.RT, s.Env.Sess, s.Env.Strm, s.Env.Px = sess.RT, sess, s, px
	s.Timeout = px.Timeout
	s.RetriesSet = -1
	s.LogLevel = sess.LogLevel
	sess.Requests++
	if s.Times.Start == 0 {
		s.Times.Start = clock.Mono()
	}
	if s.Times.Date.IsZero() {
		s.Times.Date = clock.Wall()
	}
	if s.ID == 0 {
		s.ID = sess.RT.Proc.UniqueSeq.Add(1)
	}
	sess.RT.Proc.Streams.Add(s)
	if s.HasReq && s.Req.Err == nil {
		s.BytesIn += int64(s.Req.Size())
	}
	if s.Kind != engine.NotHTTP {
		sess.RT.Proc.CumReqs.Add(1)
		px.State.FE.Requests.Add(1)
		px.State.FE.ReqRate.Inc(clock.Now())
	}
	for _, h := range px.Hooks[engine.PhaseStart] {
		h(s)
	}
}

// rescue turns a panic into the end of this stream alone.
func rescue(s *engine.Stream) {
	p := recover()
	if p == nil {
		return
	}
	engine.Panicked(s.Sess.RT, fmt.Sprintf("stream %d of proxy %s", s.ID, s.Front.Name), p, debug.Stack())
	s.Front.State.FE.InternalErrors.Add(1)
	setTerm(s, 'I', 'R')
	if s.Up != nil {
		s.Up.Abort()
		s.Up = nil
	}
	s.Ex.Abort(false)
}

// setTerm records why and when the stream ended, unless something said so
// before (configuration manual, 8.5).
func setTerm(s *engine.Stream, cause, state byte) {
	if s.Killed.Load() {
		cause = s.KilledBy()
	}
	if s.Term.Cause == 0 {
		s.Term.Cause = cause
	}
	if s.Term.State == 0 {
		s.Term.State = state
	}
}
