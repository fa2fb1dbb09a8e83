package stream

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// errorReply prepares the reply for a status: the rule's own, the configured
// error file of the backend or the frontend, or HAProxy's standard page.
func errorReply(s *engine.Stream, status int) step {
	if s.Local.Set {
		return answer
	}
	r := s.Local.Reply
	if r == nil {
		r = configuredError(s, status)
	} else if r.Raw == nil && r.Body == nil && r.BodyFmt == nil && len(r.Headers) == 0 && !r.Silent {
		r = configuredError(s, r.Status) // a bare status means the page of that status
	}
	return prepare(s, r)
}

func configuredError(s *engine.Stream, status int) *engine.Reply {
	if s.Back != nil {
		if r := s.Back.Errors[status]; r != nil {
			return r
		}
	}
	if r := s.Front.Errors[status]; r != nil {
		return r
	}
	if s.Req.Err != nil {
		return engine.HeadError(status)
	}
	return engine.StandardError(status)
}

// prepare turns a compiled reply into s.Res and s.Local.
func prepare(s *engine.Stream, r *engine.Reply) step {
	if r.Silent {
		s.Ex.Abort(false)
		return over
	}
	if s.Res == nil {
		s.Res = &htx.Msg{}
	}
	BuildReply(s, r)
	return answer
}

// BuildReply fills s.Res and s.Local from a compiled reply; actions that answer
// by themselves leave that to the stream.
func BuildReply(s *engine.Stream, r *engine.Reply) {
	m, e := s.Res, &s.Env
	s.Local.Set, s.Local.Reply, s.HasRes = true, r, true
	if r.Raw != nil {
		r.Raw.Head.Clone(m)
		s.Local.Body = r.Raw.Body
		return
	}
	reason := r.Reason
	if reason == "" {
		reason = engine.Reason(r.Status)
	}
	m.StartResponse(r.Status, reason)
	for i := range r.Headers {
		mark := e.Mark()
		e.Tmp = r.Headers[i].Fmt.Append(e.Tmp, e)
		m.Add([]byte(r.Headers[i].Name), e.Since(mark))
	}
	s.Local.Body = r.Body
	if r.BodyFmt != nil {
		mark := e.Mark()
		e.Tmp = r.BodyFmt.Append(e.Tmp, e)
		s.Local.Body = e.Since(mark)
	}
	var num [20]byte
	m.AddID(htx.ContentLength, strconv.AppendInt(num[:0], int64(len(s.Local.Body)), 10))
	if r.ContentType != "" && len(s.Local.Body) > 0 {
		m.AddIDStr(htx.ContentType, r.ContentType)
	}
	m.BodyLen = int64(len(s.Local.Body))
}

// redirectTo sends the client to its path below another prefix (redir of a server).
func redirectTo(s *engine.Stream, prefix string) {
	if s.Res == nil {
		s.Res = &htx.Msg{}
	}
	m, e := s.Res, &s.Env
	mark := e.Mark()
	e.Tmp = append(append(e.Tmp, prefix...), s.Req.Bytes(s.Req.PathQuery())...)
	m.StartResponse(302, "Found")
	m.AddIDStr(htx.CacheControl, "no-cache")
	m.AddIDStr(htx.ContentLength, "0")
	m.AddID(htx.Location, e.Since(mark))
	m.BodyLen = 0
	s.Local = engine.Local{Set: true}
	sendLocal(s)
}

// sendLocal runs the rules for our own replies and sends what was prepared.
func sendLocal(s *engine.Stream) {
	m := s.Res
	s.HasRes = true
	s.Env.Dir, s.Env.Final = engine.Res, true
	if s.Local.Server && localRules(s) == over {
		return
	}
	if !s.Local.NoRules && !afterResponse(s) {
		countInternal(s)
		s.Local = engine.Local{}
		prepare(s, configuredError(s, 500))
	}
	s.Status = m.Status
	if s.Local.Close {
		s.Ex.Close()
	}
	head := s.Req.MethodID == htx.HEAD
	bodyless := head || len(s.Local.Body) == 0
	if s.Service != "" { // a service counts as a server does
		s.BytesOut = int64(m.Size())
		if !bodyless {
			s.BytesOut += int64(len(s.Local.Body))
		}
	}
	body := filterService(s, bodyless)
	s.ResOut += int64(m.Size())
	err := s.Ex.Head(m, bodyless)
	switch {
	case err != nil || bodyless:
	case body != nil:
		err = sendWhole(s, body)
	default:
		s.ResOut += int64(len(s.Local.Body))
		err = s.Ex.Data(s.Local.Body)
	}
	if err == nil {
		s.Ex.End(m)
	}
	if s.Ex.Flush() != nil || err != nil {
		setTerm(s, 'C', 'R')
	}
}

// localRules runs the http-response rules on a reply that stands for a server's
// response. One that they refuse is replaced.
func localRules(s *engine.Stream) step {
	own := s.Local
	if px := s.Front; px.CookieCapture != nil || len(px.ResCaptures) > 0 {
		captureResponse(s)
	}
	s.Local = engine.Local{}
	if v := responseRules(s); v != engine.Continue {
		s.Service = ""
		if v == engine.Invalid {
			v = engine.Deny
		}
		return responseVerdict(s, v)
	}
	s.Local = own
	return next
}

// afterResponse runs http-after-response of backend and frontend, which can
// edit but not refuse, and the hooks that see every response.
//
// False: a rewrite failed in strict mode.
func afterResponse(s *engine.Stream) bool {
	e := &s.Env
	e.Place = engine.FeHTTPRes
	if s.Back != nil && s.Back != s.Front && rulesOf(e, s.Back, engine.HTTPAfter) == engine.Failed {
		return false
	}
	if rulesOf(e, s.Front, engine.HTTPAfter) == engine.Failed {
		return false
	}
	for _, h := range s.Front.Hooks[engine.PhaseReply] {
		h(s)
	}
	return true
}
