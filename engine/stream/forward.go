package stream

import (
	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// outcome is what became of one attempt to have the request answered.
type outcome struct {
	kind   outcomeKind
	retry  engine.RetryOn // the event, for retry-on
	status int            // the reply if nothing is retried
	cause  byte
	state  byte
}

type outcomeKind uint8

const (
	headReady outcomeKind = iota // s.Res holds the final response head
	failed                       // see outcome
	vanished                     // the client left: nothing to send
)

// forward sends the request to a server and its response to the client, over
// again where retries allow.
func forward(s *engine.Stream) {
	for {
		up, fail := backend.Connect(s)
		if fail != nil {
			setTerm(s, fail.Cause, fail.State)
			if fail == backend.Redirected {
				redirectTo(s, s.Server.Redir)
				return
			}
			if fail.Status == 0 || errorReply(s, fail.Status) == over {
				return
			}
			sendLocal(s)
			return
		}
		s.Up = up
		for _, h := range s.Front.Hooks[engine.PhaseConnect] {
			h(s)
		}
		out, p := attempt(s)
		if out.kind == headReady {
			respond(s, p)
			return
		}
		p.stop()
		if out.kind == vanished {
			dropUpstream(s)
			return
		}
		stale := s.Up.Reused() && out.retry == engine.RetryEmptyResponse && s.Sess.Requests > 1
		if again(s, out) {
			continue
		}
		if stale {
			setTerm(s, out.cause, out.state)
			s.Ex.Abort(false) // as if it had been the client's connection: it may ask again
			return
		}
		fail502(s, out)
		return
	}
}

// again gives the server up and tells whether another attempt may be made.
func again(s *engine.Stream, out outcome) bool {
	reused := s.Up.Reused()
	if s.HasRes { // its status is not wanted, the connection is
		s.Up.Release(true)
		s.Up = nil
	}
	dropUpstream(s)
	if s.ClientLeft || !backend.Replayable(s) {
		return false
	}
	if backend.Retry(s, out.retry) {
		return true
	}
	return reused && out.retry == engine.RetryEmptyResponse && idempotent(s.Req.MethodID) // a stale idle connection, not a server's answer
}

func idempotent(m htx.MethodID) bool {
	switch m {
	case htx.GET, htx.HEAD, htx.OPTIONS, htx.PUT, htx.DELETE, htx.TRACE:
		return true
	}
	return false
}

// fail502 counts a server's failure and answers it.
func fail502(s *engine.Stream, out outcome) {
	setTerm(s, out.cause, out.state)
	if s.Back != nil && out.cause != 'C' {
		s.Back.State.BE.ResErrors.Add(1)
	}
	if s.Server != nil && out.cause != 'C' {
		s.Server.State.C.ResErrors.Add(1)
	}
	s.HasRes = false
	if errorReply(s, out.status) == answer {
		sendLocal(s)
	}
}

func dropUpstream(s *engine.Stream) {
	if s.Up != nil {
		s.Up.Abort()
		s.Up = nil
	}
	backend.Release(s)
}

// attempt sends the request over s.Up and reads the response head. A pump is
// returned while the request body is still under way.
func attempt(s *engine.Stream) (outcome, *pump) {
	m := s.Req
	body := s.Ex.Body()
	for _, h := range s.Back.Hooks[engine.PhaseServer] {
		h(s)
	}
	s.ReqOut = int64(m.Size())
	if err := s.Up.SendHead(m, body == nil); err != nil {
		return serverFailed(s, err), nil
	}
	if s.ReqWrap != nil && body != nil {
		return filtered(s, body)
	}
	if body == nil || s.BodyDone {
		return awaitHead(s, nil, sendBuffered(s, body != nil)), nil
	}
	if len(s.ReqBody) > 0 {
		s.ReqOut += int64(len(s.ReqBody))
		if err := s.Up.SendData(s.ReqBody); err != nil {
			return serverFailed(s, err), nil
		}
	}
	p, out := startPump(s, body, false)
	if out.kind != headReady {
		return out, p
	}
	return awaitHead(s, p, nil), p
}

// sendBuffered sends what was kept of the body and all that was written.
func sendBuffered(s *engine.Stream, body bool) error {
	if body {
		s.ReqOut += int64(len(s.ReqBody))
		if err := s.Up.SendData(s.ReqBody); err != nil {
			return err
		}
		if err := sendEnd(s, s.Up); err != nil {
			return err
		}
	}
	return s.Up.FlushAtRead()
}

// sendEnd ends the request, without trailers where option http-drop-request-trailers
// says so.
func sendEnd(s *engine.Stream, up engine.Upstream) error {
	if s.Back.Options.Has(engine.OptDropReqTrailers) {
		s.Req.Trailers = s.Req.Trailers[:0]
	}
	return up.SendEnd(s.Req)
}

// awaitHead reads response heads until the final one; interim ones are relayed
// as they come.
func awaitHead(s *engine.Stream, p *pump, sent error) outcome {
	if sent != nil && !conn.IsReset(sent) { // after a reset the answer may still be there to be read
		return serverFailed(s, sent)
	}
	for {
		err := s.Up.ReadHead(s.Res, s.Req)
		if p != nil && p.clientGone() {
			return clientLeft(s, p)
		}
		if err != nil {
			return headFailed(s, err)
		}
		if st := s.Res.Status; st >= 200 || st == 101 {
			break
		}
		if err := s.Ex.Interim(s.Res); err != nil {
			setTerm(s, 'C', 'H')
			return outcome{kind: vanished}
		}
	}
	s.HasRes = true
	s.BytesOut += int64(s.Res.Size())
	s.Times.Response = clock.After(s.Times.Connected)
	if bit := retryBit(s.Res.Status); bit != 0 && s.Back.RetryOn&bit != 0 && p == nil && !s.NoRetry && retriesLeft(s) {
		return outcome{kind: failed, retry: bit, status: s.Res.Status, cause: 'S', state: 'H'}
	}
	return outcome{kind: headReady}
}

func retriesLeft(s *engine.Stream) bool { return s.Retries < backend.MaxRetries(s) }

var retryBits = map[int]engine.RetryOn{
	401: engine.Retry401, 403: engine.Retry403, 404: engine.Retry404, 408: engine.Retry408, 421: engine.Retry421,
	425: engine.Retry425, 429: engine.Retry429, 500: engine.Retry500, 501: engine.Retry501, 502: engine.Retry502,
	503: engine.Retry503, 504: engine.Retry504,
}

func retryBit(status int) engine.RetryOn {
	if status < 400 {
		return 0
	}
	return retryBits[status]
}

// headFailed classifies an error while the response head was awaited.
func headFailed(s *engine.Stream, err error) outcome {
	if s.Killed.Load() {
		return outcome{kind: failed, status: 503, cause: 'K', state: 'H'}
	}
	switch {
	case s.ClientLeft:
		clientAborts(s)
		return outcome{kind: failed, status: 400, cause: 'C', state: 'H'}
	case backend.ClientAborted(err):
		setTerm(s, 'C', 'H')
		clientAborts(s)
		return outcome{kind: vanished}
	case s.Res.Err != nil: // it said something that is not HTTP
		return outcome{kind: failed, retry: engine.RetryJunkResponse, status: 502, cause: 'P', state: 'H'}
	}
	if _, timeout := conn.IsTimeout(err); timeout {
		return outcome{kind: failed, retry: engine.RetryResponseTimeout, status: 504, cause: 's', state: 'H'}
	}
	return broken(s, err)
}

// broken is the end of a connection in place of an answer, or within its head.
func broken(s *engine.Stream, err error) outcome {
	if s.Up.Conn().Buffered() > 0 {
		return outcome{kind: failed, retry: engine.RetryJunkResponse, status: 502, cause: 'P', state: 'H'}
	}
	if conn.IsReset(err) {
		s.BackErr = &engine.ConnectError{Err: err} // for bc_err
	}
	return outcome{kind: failed, retry: engine.RetryEmptyResponse, status: 502, cause: 'S', state: 'H'}
}

// clientAborts counts a client that ended its stream too early.
func clientAborts(s *engine.Stream) {
	s.Front.State.FE.CliAborts.Add(1)
	s.Back.State.BE.CliAborts.Add(1)
	if s.Server != nil {
		s.Server.State.C.CliAborts.Add(1)
	}
}

// serverFailed classifies an error while the request was sent.
func serverFailed(s *engine.Stream, err error) outcome {
	if _, timeout := conn.IsTimeout(err); timeout {
		return outcome{kind: failed, retry: engine.RetryResponseTimeout, status: 504, cause: 's', state: 'H'}
	}
	return broken(s, err)
}

// clientLeft ends an attempt whose request body will not come.
func clientLeft(s *engine.Stream, p *pump) outcome {
	<-p.done
	clientAborts(s)
	if p.badBody() {
		setTerm(s, 'P', 'D')
		s.Ex.Close()
		return outcome{kind: failed, status: 400, cause: 'P', state: 'D'}
	}
	if _, timeout := conn.IsTimeout(p.err); timeout {
		s.Ex.Close()
		return outcome{kind: failed, status: 400, cause: 'c', state: 'H'}
	}
	setTerm(s, 'C', 'D')
	return outcome{kind: vanished}
}
