package stream

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/h1"
	"hawser/engine/htx"
)

// validHead answers a head that the mux could not read.
func validHead(s *engine.Stream) step {
	if s.Req.Err != nil {
		return invalidHead(s)
	}
	keepURI(s)
	return next
}

// requestHead answers monitor-uri and keeps what the captures want.
func requestHead(s *engine.Stream) step {
	m, px := s.Req, s.Front
	if px.MonitorURI != "" && string(m.Bytes(m.Target)) == px.MonitorURI {
		return monitor(s)
	}
	captureRequest(s)
	return next
}

// invalidHead answers an unreadable head with the status that the mux chose.
func invalidHead(s *engine.Stream) step {
	px := s.Front
	s.Local.NoRules = true // it is no request yet
	switch s.Req.Status {
	case 0: // the client left: nothing to answer
		setTerm(s, 'C', 'R')
		px.State.FE.ReqErrors.Add(1)
		return over
	case 408:
		setTerm(s, 'c', 'R')
		px.State.FE.ReqErrors.Add(1)
	default:
		if s.Req.Err == h1.ErrCut {
			setTerm(s, 'C', 'R')
		}
		setTerm(s, 'P', 'R')
		px.State.FE.ReqErrors.Add(1)
	}
	s.HasReq = false
	s.Ex.Close()
	return errorReply(s, s.Req.Status)
}

// keepURI copies the request line's target for the log, cut at tune.http.logurilen.
func keepURI(s *engine.Stream) {
	t := s.Req.Bytes(s.Req.Target)
	if n := s.Sess.RT.Global.Tune.LogURILen - 1; n > 0 && len(t) > n {
		t = t[:n]
	}
	s.URI = append(s.URI[:0], t...)
}

// monitor answers monitor-uri without a log line.
func monitor(s *engine.Stream) step {
	s.LogLevel = -1
	s.Env.Final = true
	s.Front.State.FE.Intercepted.Add(1)
	for _, c := range s.Front.MonitorFail {
		if c.Holds(&s.Env) {
			setTerm(s, 'L', 'R')
			return errorReply(s, 503)
		}
	}
	setTerm(s, 'L', 'R')
	return errorReply(s, 200)
}

// captureRequest fills the capture slots of the frontend.
func captureRequest(s *engine.Stream) {
	px := s.Front
	if len(px.ReqCaptures) == 0 {
		return
	}
	s.ReqCaps = captureHeaders(s.ReqCaps, s.Req, px.ReqCaptures)
}

// captureHeaders copies the last occurrence of each named header.
func captureHeaders(into [][]byte, m *htx.Msg, caps []engine.CaptureHeader) [][]byte {
	for len(into) < len(caps) {
		if cap(into) > len(into) {
			into = into[:len(into)+1]
		} else {
			into = append(into, nil)
		}
	}
	for i := range caps {
		c := &caps[i]
		into[i] = into[i][:0]
		if c.Name == "" {
			continue
		}
		for f := m.NextNameStr(c.Name, 0); f >= 0; f = m.NextNameStr(c.Name, f+1) {
			v := m.Value(f)
			into[i] = append(into[i][:0], v[:min(len(v), c.Len)]...)
		}
	}
	return into
}

// captureCookie copies "name=value" of the first cookie that fits.
func captureCookie(into []byte, m *htx.Msg, id htx.FieldID, c *engine.CaptureCookie) []byte {
	for f := m.Next(id, 0); f >= 0; f = m.Next(id, f+1) {
		v := m.Value(f)
		for len(v) > 0 {
			v = bytes.TrimLeft(v, " \t;")
			end := bytes.IndexByte(v, ';')
			if end < 0 {
				end = len(v)
			}
			pair := v[:end]
			if len(pair) >= len(c.Name) && string(pair[:len(c.Name)]) == c.Name {
				return append(into, pair[:min(len(pair), c.Len)]...)
			}
			if id == htx.SetCookie {
				break
			}
			v = v[end:]
		}
	}
	return into
}

// keepCookie captures a request cookie, before persistence may take it away.
func keepCookie(s *engine.Stream) step {
	if c := s.Front.CookieCapture; c != nil && s.Kind != engine.NotHTTP {
		s.CookieReq = captureCookie(s.CookieReq[:0], s.Req, htx.Cookie, c)
	}
	return next
}
