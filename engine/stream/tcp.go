package stream

import (
	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/clock"
	"hawser/engine/conn"
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
	e := &s.Env
	e.Px, e.Dir, e.Place = px, engine.Req, at
	if d := px.Defaults; d != nil && len(d.Rules[engine.TCPReqCont]) > 0 {
		if st, ended := inspect(s, px, d.Rules[engine.TCPReqCont]); ended {
			return st
		}
	}
	if len(px.Rules[engine.TCPReqCont]) > 0 {
		st, _ := inspect(s, px, px.Rules[engine.TCPReqCont])
		return st
	}
	return next
}

// inspect runs one list of content rules; ended tells that a rule stopped it.
func inspect(s *engine.Stream, px *engine.Proxy, rules []engine.Rule) (st step, ended bool) {
	e := &s.Env
	e.Final = s.Kind != engine.NotHTTP || px.Timeout.Inspect == 0
	deadline := s.Times.Start + px.Timeout.Inspect.Nanoseconds()
	for i := 0; i < len(rules); {
		r := &rules[i]
		e.Rule = r
		res := r.Cond.Eval(e)
		v := engine.Continue
		switch {
		case res == engine.Maybe:
			v = engine.Wait4Data
		case res == engine.Yes:
			v = r.Do.Run(e)
		}
		switch v {
		case engine.Continue:
			i++
		case engine.Wait4Data:
			if e.Final {
				i++
				continue
			}
			readMore(s, deadline)
			if res == engine.Maybe {
				i = 0 // a condition that waited has the list begin anew, an action does not
			}
		default:
			s.LastRule = r
			return contentVerdict(s, v), true
		}
	}
	return next, false
}

// readMore waits for more of the request, or sets Final when none will come.
func readMore(s *engine.Stream, deadline int64) {
	c := s.Sess.Conn
	left := deadline - clock.Mono()
	if left <= 0 || c.Buffered() >= c.Size() {
		s.Env.Final = true
		return
	}
	c.SetReadBy(conn.Inspect, clock.Tick(deadline/1e6))
	_, err := c.ReadMore()
	c.SetReadBy(conn.NoClass, 0)
	if err != nil {
		s.Env.Final = true
	}
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
	s.Ex.Abort(v == engine.Abort && s.Kind == engine.NotHTTP && false)
	return over
}
