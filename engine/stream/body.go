package stream

import (
	"io"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

func frontBody(s *engine.Stream) step { return waitBody(s, s.Front) }

func backBody(s *engine.Stream) step {
	if s.Back == s.Front {
		return next
	}
	return waitBody(s, s.Back)
}

// waitBody buffers the request body where the proxy wants to see it (option
// http-buffer-request, retry-on, balance url_param check_post).
func waitBody(s *engine.Stream, px *engine.Proxy) step {
	if px == nil || s.BodyDone || len(s.ReqBody) > 0 {
		return next
	}
	if !px.Options.Has(engine.OptBufferRequest) && !px.WantsBody && !keepsForRetry(s, px) {
		return next
	}
	return BufferBody(s, 0)
}

// keepsForRetry tells whether a retry after the request was sent is allowed and
// the body small enough to be kept for it.
func keepsForRetry(s *engine.Stream, px *engine.Proxy) bool {
	if px.RetryOn&^engine.RetryConnFailure == 0 || px.Side&engine.Back == 0 {
		return false
	}
	n, t := s.Req.BodyLen, &s.Sess.RT.Global.Tune
	return n > 0 && n <= int64(t.BufSize-t.MaxRewrite)
}

// BufferBody reads the request body into s.ReqBody: all of it, or as much as the
// buffer holds. min > 0 stops once that much is there.
func BufferBody(s *engine.Stream, min int) step {
	body := s.Ex.Body()
	if body == nil || s.BodyDone {
		return next
	}
	if s.Ex.Continue() != nil {
		setTerm(s, 'C', 'R')
		return over
	}
	limit := s.Sess.RT.Global.Tune.BufSize - s.Sess.RT.Global.Tune.MaxRewrite
	for len(s.ReqBody) < limit && (min == 0 || len(s.ReqBody) < min) {
		p, err := body.Next()
		s.ReqBody = append(s.ReqBody, p...)
		s.BytesIn += int64(len(p))
		if err == io.EOF {
			s.BodyDone = true
			return next
		}
		if err != nil {
			return bodyBroken(s, err)
		}
	}
	return next
}

func bodyBroken(s *engine.Stream, err error) step {
	s.Ex.Close()
	s.Front.State.FE.ReqErrors.Add(1)
	if _, timeout := conn.IsTimeout(err); timeout {
		setTerm(s, 'c', 'D')
		return errorReply(s, 408)
	}
	if m, ok := err.(interface{ Malformed() bool }); ok && m.Malformed() {
		setTerm(s, 'P', 'D')
		return errorReply(s, 400)
	}
	setTerm(s, 'C', 'D')
	return over
}

func init() {
	engine.WaitBody = func(s *engine.Stream, limit time.Duration, min int) engine.Verdict {
		c := s.Sess.Conn
		if limit > 0 && s.Kind == engine.HTTP1 && c != nil {
			c.SetReadBy(conn.Inspect, clock.Now().Add(limit))
			defer c.SetReadBy(conn.NoClass, 0)
		}
		switch BufferBody(s, min) {
		case answer:
			return engine.Done
		case over:
			return engine.Abort
		}
		return engine.Continue
	}
}
