package stream

import (
	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/h1"
)

// switchMode obeys tcp-request content switch-mode.
func switchMode(s *engine.Stream) step {
	if s.SwitchHTTP {
		return upgrade
	}
	return next
}

// switchForBackend upgrades a stream that is led to an HTTP backend.
func switchForBackend(s *engine.Stream) step {
	if s.Back.IsHTTP() {
		return upgrade
	}
	return next
}

// upgraded goes on with a TCP stream as an HTTP one (configuration manual, 4,
// "TCP to HTTP/1 upgrade"): what was done on raw data stays. The connection that
// it returns has to be followed once this stream ended.
func upgraded(s *engine.Stream) *h1.Conn {
	c := h1.Upgrade(s, HTTP)
	proc, fe := s.Sess.RT.Proc, &s.Front.State.FE
	proc.CumReqs.Add(1)
	fe.Requests.Add(1)
	fe.ReqRate.Inc(clock.Now())
	if c.First() != nil {
		refuseUpgrade(s)
		return c
	}
	s.BytesIn += int64(s.Req.Size())
	if s.Back != nil {
		s.Back.State.BE.Requests.Add(1)
	}
	keepURI(s)
	if passes(s, requestPhases[:]) {
		forward(s)
	}
	return c
}

// refuseUpgrade answers a first head that cannot be read. HAProxy's multiplexer
// does that: the log has neither a status nor a backend, which counts an abort.
func refuseUpgrade(s *engine.Stream) {
	setTerm(s, 'P', 'R')
	s.Front.State.FE.ReqErrors.Add(1)
	if be := s.Back; be != nil {
		be.State.BE.Conns.Add(-1)
		be.State.BE.CliAborts.Add(1)
		s.Back = nil
		s.Seen.Back.Store(nil)
	}
	s.HasReq = false
	s.Ex.Close()
	if errorReply(s, s.Req.Status) == answer {
		sendLocal(s)
	}
	s.Req.Status = 0
	s.Status, s.ResOut, s.BytesOut = 0, 0, 0
}

// passes runs phases; true means that the request is to be forwarded.
func passes(s *engine.Stream, phases []phase) bool {
	for i := range phases {
		switch phases[i].run(s) {
		case answer:
			sendLocal(s)
			return false
		case over:
			return false
		}
	}
	return true
}
