package stream

import (
	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// responseContent evaluates tcp-response content on what a server sends through a
// TCP stream, reading more where a rule waits for data, until inspect-delay. False:
// a rule ended the stream (s.Refused). It runs beside the other direction, which
// does not touch s.Env.
func responseContent(s *engine.Stream, cl, sv *conn.Conn) bool {
	px := s.Back
	if s.Kind != engine.NotHTTP || len(px.Rules[engine.TCPResCont]) == 0 &&
		(px.Defaults == nil || len(px.Defaults.Rules[engine.TCPResCont]) == 0) {
		return true
	}
	e := &s.Env
	e.Px, e.Dir, e.Place, e.Final = px, engine.Res, engine.BeTCPRes, px.Timeout.InspectRes == 0
	deadline := clock.Mono() + px.Timeout.InspectRes.Nanoseconds()
	if d := px.Defaults; d != nil {
		if end, v := responseRules(s, sv, d.Rules[engine.TCPResCont], deadline); end {
			return v == engine.Stop
		}
	}
	_, v := responseRules(s, sv, px.Rules[engine.TCPResCont], deadline)
	return v == engine.Continue || v == engine.Stop
}

// responseRules runs one list of rules; end tells that a rule stopped it.
func responseRules(s *engine.Stream, sv *conn.Conn, rules []engine.Rule, deadline int64) (end bool, v engine.Verdict) {
	e := &s.Env
	for i := 0; i < len(rules); {
		r := &rules[i]
		e.Rule = r
		v, res := engine.Continue, r.Cond.Eval(e)
		switch res {
		case engine.Maybe:
			v = engine.Wait4Data
		case engine.Yes:
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
			readServer(s, sv, deadline)
			if res == engine.Maybe {
				i = 0 // as for requests
			}
		default:
			s.LastRule = r
			if v != engine.Stop {
				s.Refused = r
			}
			return true, v
		}
	}
	return false, engine.Continue
}

// readServer waits for more of the response, or sets Final when none will come.
func readServer(s *engine.Stream, sv *conn.Conn, deadline int64) {
	if deadline <= clock.Mono() || sv.Buffered() >= sv.Size() {
		s.Env.Final = true
		return
	}
	sv.SetReadBy(conn.Inspect, clock.Tick(deadline/1e6))
	_, err := sv.ReadMore()
	sv.SetReadBy(conn.NoClass, 0)
	if err != nil {
		s.Env.Final = true
	}
}

// refusedResponse ends a TCP stream as its tcp-response content rule wants it.
func refusedResponse(s *engine.Stream, cl, sv *conn.Conn) {
	s.BytesOut += int64(sv.Buffered())
	switch s.Refused.Name {
	case "close":
		sv.Abort()
		cl.Close()
		return
	case "silent-drop":
		countDenied(s, engine.Res)
		setTerm(s, 'P', 'R')
	default:
		countDenied(s, engine.Res)
		setTerm(s, 'P', 'D')
	}
	cl.Close()
	sv.Close()
}
