package stream

import (
	"io"

	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// respond runs the phases of a server's response and forwards it. p carries the
// rest of the request body, if there is some.
func respond(s *engine.Stream, p *pump) {
	defer p.stop()
	s.Status = s.Res.Status
	countStatus(s, s.Status, true)
	if s.Res.Status == 101 || s.Req.MethodID == htx.CONNECT && s.Res.Status/100 == 2 {
		if responsePhases(s) == next {
			p.wait()
			switchProtocols(s)
		}
		return
	}
	s.ResBody = s.Up.Body()
	switch responsePhases(s) {
	case answer:
		p.stop()
		discardResponse(s)
		sendLocal(s)
	case over:
		p.stop()
		dropUpstream(s)
	default:
		sendResponse(s, p)
	}
}

// discardResponse gives up a response that another one replaces; its connection
// goes on when nothing of it is still to come.
func discardResponse(s *engine.Stream) {
	if s.ResBody != nil {
		dropUpstream(s)
		return
	}
	up := s.Up
	s.Up = nil
	up.Release(true)
	backend.Release(s)
}

// responsePhases: tcp-response content, captures, hooks, http-response of backend and
// frontend, hooks, http-after-response.
func responsePhases(s *engine.Stream) step {
	e := &s.Env
	e.Dir, e.Final, e.Place = engine.Res, true, engine.BeHTTPRes
	if px := s.Front; px.CookieCapture != nil || len(px.ResCaptures) > 0 {
		captureResponse(s)
	}
	if v := rulesOf(e, s.Back, engine.TCPResCont); v != engine.Continue {
		if st := responseVerdict(s, v); st != next {
			return st
		}
	}
	if st := responseHooks(s, engine.PhaseResponse); st != next {
		return st
	}
	if st := responseVerdict(s, responseRules(s)); st != next {
		return st
	}
	for _, ph := range [...]engine.Phase{engine.PhaseResRules, engine.PhaseResHeader} {
		if st := responseHooks(s, ph); st != next {
			return st
		}
	}
	if !afterResponse(s) {
		setTerm(s, 'P', 'H')
		countInternal(s)
		s.Local.NoRules = true
		return errorReply(s, 500)
	}
	filterResponse(s)
	s.Status = s.Res.Status
	return next
}

// responseRules runs the http-response rules of the backend, if there is one, and
// of the frontend. Continue means that no rule ended the response.
func responseRules(s *engine.Stream) engine.Verdict {
	e := &s.Env
	for _, px := range [...]*engine.Proxy{s.Back, s.Front} {
		if px == nil {
			continue
		}
		e.Place = engine.FeHTTPRes
		if px == s.Back {
			e.Place = engine.BeHTTPRes
		}
		switch v := rulesOf(e, px, engine.HTTPRes); v {
		case engine.Continue, engine.Stop, engine.Wait4Data:
		default:
			return v
		}
		if s.Back == s.Front {
			break
		}
	}
	return engine.Continue
}

func captureResponse(s *engine.Stream) {
	px := s.Front
	if c := px.CookieCapture; c != nil {
		s.CookieRes = captureCookie(s.CookieRes[:0], s.Res, htx.SetCookie, c)
	}
	if len(px.ResCaptures) > 0 {
		s.ResCaps = captureHeaders(s.ResCaps, s.Res, px.ResCaptures)
	}
}

func responseHooks(s *engine.Stream, ph engine.Phase) step {
	e := &s.Env
	for _, px := range [...]*engine.Proxy{s.Back, s.Front} {
		e.Px = px
		for _, h := range px.Hooks[ph] {
			if v := h(s); v != engine.Continue {
				return responseVerdict(s, v)
			}
		}
		if s.Back == s.Front {
			break
		}
	}
	return next
}

// responseVerdict acts on what a rule or a hook said of a response.
func responseVerdict(s *engine.Stream, v engine.Verdict) step {
	switch v {
	case engine.Continue, engine.Stop, engine.Wait4Data:
		return next
	case engine.Done:
		setTerm(s, 'L', 'H')
		return replied(s)
	case engine.Deny:
		countDenied(s, engine.Res)
		setTerm(s, 'P', 'H')
		return errorReply(s, 502)
	case engine.Drop, engine.Abort:
		countDenied(s, engine.Res)
		setTerm(s, 'P', 'H')
		s.Ex.Abort(v == engine.Abort)
		return over
	case engine.Invalid:
		s.Back.State.BE.ResErrors.Add(1)
		setTerm(s, 'P', 'H')
		return errorReply(s, 502)
	default:
		countInternal(s)
		setTerm(s, 'I', 'H')
		return errorReply(s, 500)
	}
}

// sendResponse forwards head, body and trailers. A request body that is still to
// come is carried to its end, as long as the server takes it.
func sendResponse(s *engine.Stream, p *pump) {
	body := s.ResBody
	bodyless := body == nil
	s.ResOut += int64(s.Res.Size())
	if err := s.Ex.Head(s.Res, bodyless); err != nil {
		clientFailed(s, err)
		return
	}
	if !bodyless && !sendBody(s, body) {
		return
	}
	if s.Front.Options.Has(engine.OptDropResTrailers) {
		s.Res.Trailers = s.Res.Trailers[:0]
	}
	if err := s.Ex.End(s.Res); err != nil {
		clientFailed(s, err)
		return
	}
	up := s.Up
	s.Up = nil
	s.Seen.Conn.Store(nil)
	s.Times.End = clock.After(s.Times.Response)
	err := s.Ex.Flush()
	p.wait()
	up.Release(true)
	backend.Release(s)
	if err != nil {
		setTerm(s, 'C', 'D')
		s.Front.State.FE.CliAborts.Add(1)
	}
}

// sendBody forwards the body; false means that it failed and all is settled.
// What was written is sent before a wait for more.
func sendBody(s *engine.Stream, body htx.Body) bool {
	for {
		p, err := here(body)
		if len(p) == 0 && err == nil {
			if err := s.Ex.Flush(); err != nil {
				clientFailed(s, err)
				return false
			}
			if !spliceResponse(s, body) {
				return false
			}
			p, err = body.Next()
		}
		if len(p) > 0 {
			s.BytesOut += int64(len(p))
			if werr := s.Ex.Data(p); werr != nil {
				clientFailed(s, werr)
				return false
			}
			s.ResOut += int64(len(p))
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			bodyFailed(s, err)
			return false
		}
	}
}

// bodyFailed ends a response whose server did not finish it: the client must
// see that it is cut.
func bodyFailed(s *engine.Stream, err error) {
	be, srv := &s.Back.State.BE, &s.Server.State.C
	if _, timeout := conn.IsTimeout(err); timeout {
		setTerm(s, 's', 'D')
	} else if s.Killed.Load() {
		setTerm(s, 'K', 'D')
	} else {
		setTerm(s, 'S', 'D')
		be.ResErrors.Add(1)
		srv.ResErrors.Add(1)
	}
	be.SrvAborts.Add(1)
	srv.SrvAborts.Add(1)
	s.Front.State.FE.SrvAborts.Add(1)
	s.Ex.Flush()
	s.Ex.Abort(false)
	dropUpstream(s)
}

// clientFailed ends a response whose client cannot take it.
func clientFailed(s *engine.Stream, err error) {
	if _, timeout := conn.IsTimeout(err); timeout {
		setTerm(s, 'c', 'D')
	} else if s.Killed.Load() {
		setTerm(s, 'K', 'D')
	} else {
		setTerm(s, 'C', 'D')
	}
	clientAborts(s)
	s.Ex.Abort(false)
	dropUpstream(s)
}

// countStatus counts a response by its class; from a server, there too.
func countStatus(s *engine.Stream, status int, server bool) {
	i := status / 100
	if i < 1 || i > 5 {
		i = 0
	}
	if server {
		s.Server.State.C.Requests.Add(1)
		s.Server.State.C.Responses[i].Add(1)
	}
}
