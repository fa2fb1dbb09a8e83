package stream

import (
	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/h1"
)

// tcpPhases is the order for streams that are not HTTP.
var tcpPhases = [...]phase{
	{"tcp-request content of the frontend", frontContent},
	{"switch-mode", switchMode},
	{"use_backend", chooseBackend},
	{"HTTP backend", switchForBackend},
	{"tcp-request content of the backend", backContent},
	{"backend hooks", hooks(engine.PhaseBackend, back)},
	{"force-persist", hooks(engine.PhaseForce, back)},
	{"use-server", useServer},
	{"persistence", hooks(engine.PhasePersist, back)},
	{"filters", filterRequest},
}

// TCP runs the stream of a connection whose proxy is in TCP mode, and those that
// follow when it switches to HTTP. The listener has set Sess and Ex.
func TCP(s *engine.Stream) {
	if c := runTCP(s); c != nil {
		c.Follow()
	}
}

func runTCP(s *engine.Stream) (http *h1.Conn) {
	begin(s)
	defer finish(s)
	defer rescue(s)
	for i := range tcpPhases {
		switch tcpPhases[i].run(s) {
		case next:
		case upgrade:
			return upgraded(s)
		default:
			s.Sess.Conn.Close()
			return nil
		}
	}
	forwardTCP(s)
	return nil
}

func forwardTCP(s *engine.Stream) {
	up, fail := backend.ConnectRaw(s)
	if fail != nil {
		setTerm(s, fail.Cause, fail.State)
		s.Sess.Conn.Close()
		return
	}
	s.Times.Response = s.Times.Connected
	for _, h := range s.Front.Hooks[engine.PhaseConnect] {
		h(s)
	}
	for _, h := range s.Back.Hooks[engine.PhaseConnected] {
		h(s)
	}
	if engine.LogEarly != nil && s.Front.Options.Has(engine.OptLogASAP) {
		engine.LogEarly(s)
	}
	tunnel(s, s.Sess.Conn, up, 0)
	backend.Release(s)
}

// frontContent and backContent evaluate tcp-request content, reading more where
// a rule waits for data, until inspect-delay.
func frontContent(s *engine.Stream) step { return contentRules(s, s.Front, engine.FeTCPCont) }

func backContent(s *engine.Stream) step {
	if s.Back == s.Front {
		return next
	}
	return contentRules(s, s.Back, engine.BeTCPCont)
}

func contentRules(s *engine.Stream, px *engine.Proxy, at engine.Where) step {
	if !hasRules(px, engine.TCPReqCont) {
		return next
	}
	e := &s.Env
	e.Px, e.Dir, e.Place = px, engine.Req, at
	v := inspecting(s, s.Sess.Conn, s.Times.Start, px.Timeout.Inspect).rules(px, engine.TCPReqCont)
	if v == engine.Continue {
		return next
	}
	return contentVerdict(s, v)
}

func contentVerdict(s *engine.Stream, v engine.Verdict) step {
	if s.Kind != engine.NotHTTP && v != engine.Abort {
		return requestVerdict(s, v)
	}
	if s.Kind == engine.NotHTTP && v != engine.Stop {
		s.BytesIn += int64(s.Sess.Conn.Buffered())
	}
	switch v {
	case engine.Stop, engine.Continue:
		return next
	case engine.Deny, engine.Abort, engine.Drop, engine.Tarpit:
		countDenied(s, engine.Req)
		setTerm(s, 'P', 'R')
	default:
		setTerm(s, 'I', 'R')
	}
	s.Ex.Abort(false)
	return over
}
