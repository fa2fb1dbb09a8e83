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
func responseContent(s *engine.Stream, sv *conn.Conn) bool {
	px := s.Back
	if s.Kind != engine.NotHTTP || !hasRules(px, engine.TCPResCont) {
		return true
	}
	e := &s.Env
	e.Px, e.Dir, e.Place = px, engine.Res, engine.BeTCPRes
	v := inspecting(s, sv, clock.Mono(), px.Timeout.InspectRes).rules(px, engine.TCPResCont)
	if v == engine.Continue || v == engine.Stop {
		return true
	}
	s.Refused = s.LastRule
	return false
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
