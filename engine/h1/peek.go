package h1

import "hawser/engine"

func init() { engine.PeekHTTP = peek }

// peek parses what a connection without HTTP has sent so far, again only when more
// is there.
func peek(s *engine.Stream) engine.PeekState {
	in := s.Sess.Conn.Bytes()
	if s.Peek.State != engine.PeekNone && s.Peek.State != engine.PeekMore || s.Peek.Len == len(in) && len(in) > 0 {
		return s.Peek.State
	}
	s.Peek = engine.Peek{State: engine.PeekMore, Len: len(in)}
	if len(in) == 0 {
		return engine.PeekMore
	}
	p := Parser{MaxFields: s.Sess.RT.Global.Tune.MaxHdr - 1}
	s.Req.Reset()
	switch _, err := p.Request(s.Req, in); err {
	case nil:
		s.Peek.State = engine.PeekHead
	case ErrMore:
	default:
		s.Peek.State = engine.PeekBad
	}
	return s.Peek.State
}
