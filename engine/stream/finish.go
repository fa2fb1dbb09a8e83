package stream

import (
	"time"

	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/clock"
)

// finish ends a stream: what it still holds is given back, its counters are
// added, features see its end, the log among them.
func finish(s *engine.Stream) {
	if s.Up != nil {
		s.Up.Abort()
		s.Up = nil
	}
	backend.Release(s)
	if s.Times.End == 0 {
		s.Times.End = clock.Mono()
	}
	s.Sess.RT.Proc.Streams.Remove(s)
	account(s)
	if s.Kind != engine.NotHTTP && (s.Status > 0 || s.Back != nil) {
		countResponse(s)
	}
	if s.Back != nil {
		s.Back.State.BE.Conns.Add(-1)
	}
	s.Env.Dir, s.Env.Final, s.Env.Place = engine.Res, true, engine.AtLog
	if s.Back != nil && s.Back != s.Front {
		for _, h := range s.Back.Hooks[engine.PhaseEnd] {
			h(s)
		}
	}
	for _, h := range s.Front.Hooks[engine.PhaseEnd] {
		h(s)
	}
}

// account adds the stream's bytes and times to its objects.
func account(s *engine.Stream) {
	in, out := s.BytesIn, s.BytesOut
	if s.Kind == engine.NotHTTP {
		s.ReqOut, s.ResOut = in, out
	}
	fe := &s.Front.State.FE
	fe.BytesIn.Add(in)
	fe.BytesOut.Add(out)
	fe.ReqOut.Add(s.ReqOut)
	fe.ResOut.Add(s.ResOut)
	s.Sess.RT.Proc.BytesOut.Add(s.ResOut)
	s.Sess.RT.Proc.BytesRate.Add(clock.Now(), time.Second, uint64(s.ResOut))
	if b := s.Sess.Bind; b != nil && b.State != nil {
		b.State.C.BytesIn.Add(in)
		b.State.C.BytesOut.Add(out)
		b.State.C.ReqOut.Add(s.ReqOut)
		b.State.C.ResOut.Add(s.ResOut)
	}
	if s.Back == nil {
		return
	}
	be := &s.Back.State.BE
	be.BytesIn.Add(in)
	be.BytesOut.Add(out)
	be.ReqOut.Add(s.ReqOut)
	be.ResOut.Add(s.ResOut)
	if s.Server == nil {
		return
	}
	srv := &s.Server.State.C
	srv.BytesIn.Add(in)
	srv.BytesOut.Add(out)
	srv.ReqOut.Add(s.ReqOut)
	srv.ResOut.Add(s.ResOut)
	if s.Times.Connected > 0 {
		times(s, be)
		times(s, srv)
	}
}

// times feeds the averages over the last 1024 streams, in milliseconds.
func times(s *engine.Stream, c *engine.SideCounters) {
	const ms = 1e6
	t := &s.Times
	if t.Queued > 0 && t.Connect > t.Queued {
		v := (t.Connect - t.Queued) / ms
		c.QTime.Add(v)
		c.QMax.Note(v)
	} else {
		c.QTime.Add(0)
	}
	v := max(t.Connected-t.Connect, 0) / ms
	c.CTime.Add(v)
	c.CMax.Note(v)
	if t.Response > 0 {
		v = max(t.Response-t.Connected, 0) / ms
		c.RTime.Add(v)
		c.RMax.Note(v)
	}
	v = (t.End - t.Start) / ms
	c.TTime.Add(v)
	c.TMax.Note(v)
}

// countResponse counts the status that the client got.
func countResponse(s *engine.Stream) {
	i := s.Status / 100
	if i < 1 || i > 5 {
		i = 0
	}
	s.Front.State.FE.Responses[i].Add(1)
	if s.Back != nil {
		s.Back.State.BE.Responses[i].Add(1)
	}
}
