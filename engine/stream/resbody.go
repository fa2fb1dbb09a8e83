package stream

import (
	"io"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

func init() { engine.HoldResponse = holdResponse }

// heldBody is a response body whose beginning was buffered for rules.
type heldBody struct {
	s    *engine.Stream
	rest htx.Body
	out  int   // bytes of s.ResBuf that were handed out
	err  error // what ended the body while it was buffered
}

// Next hands the buffered bytes out, then the rest.
func (b *heldBody) Next() ([]byte, error) {
	if p := b.held(); len(p) > 0 {
		return p, nil
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.rest.Next()
}

// Buffered is Next without waiting.
func (b *heldBody) Buffered() ([]byte, error) {
	if p := b.held(); len(p) > 0 {
		return p, nil
	}
	if b.err != nil {
		return nil, b.err
	}
	return here(b.rest)
}

func (b *heldBody) held() []byte {
	p := b.s.ResBuf[b.out:]
	b.out = len(b.s.ResBuf)
	return p
}

// Close ends the body early.
func (b *heldBody) Close(err error) { b.rest.Close(err) }

// holdResponse buffers the response body in s.ResBuf until it is complete, min bytes
// (if not zero) are there, the buffer is full, or limit is over: 504. Without a limit
// it takes what has come already.
func holdResponse(s *engine.Stream, limit time.Duration, min int) engine.Verdict {
	if s.ResBody == nil || s.Up == nil {
		return engine.Continue
	}
	b, held := s.ResBody.(*heldBody)
	if !held {
		b = &heldBody{s: s, rest: s.ResBody}
		s.ResBody = b
	}
	c := s.Up.Conn()
	if limit > 0 && c != nil {
		c.SetReadBy(conn.Inspect, clock.Now().Add(limit))
		defer c.SetReadBy(conn.NoClass, 0)
	}
	tune := &s.Sess.RT.Global.Tune
	for room := tune.BufSize - tune.MaxRewrite; b.err == nil && len(s.ResBuf) < room && (min == 0 || len(s.ResBuf) < min); {
		p, err := here(b.rest)
		if len(p) == 0 && err == nil {
			if limit <= 0 {
				return engine.Continue
			}
			p, err = b.rest.Next()
		}
		s.ResBuf = append(s.ResBuf, p...)
		if b.err = err; err == nil || err == io.EOF {
			continue
		}
		if _, timeout := conn.IsTimeout(err); timeout {
			return lateResponse(s)
		}
	}
	return engine.Continue
}

// lateResponse answers for a server whose body did not come in time.
func lateResponse(s *engine.Stream) engine.Verdict {
	setTerm(s, 's', 'H')
	s.Back.State.BE.ResErrors.Add(1)
	s.Server.State.C.ResErrors.Add(1)
	s.Local.Reply = configuredError(s, 504)
	return engine.Done
}
