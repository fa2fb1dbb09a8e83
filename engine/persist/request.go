package persist

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/htx"
)

// find returns the server whose cookie has that value and that may be used;
// down reports that there is one, but not for use.
func find(s *engine.Stream, value []byte) (srv *engine.Server, down bool) {
	px := s.Back
	for _, srv := range px.All() {
		if v := srv.CookieValue(); v == "" || string(value) != v {
			continue
		}
		if srv.State.Up() || s.PersistRule == engine.PersistForced || px.Options.Has(engine.OptPersist) {
			return srv, false
		}
		down = true
	}
	return nil, down
}

// request looks for our cookie and sends the stream to its server.
func request(s *engine.Stream) engine.Verdict {
	if s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	c := cookies.Get(s.Back)
	s.Term.CookieIn = 'N'
	unused := s.PersistRule == engine.PersistIgnored || s.Persist != engine.PersistNone
	for i := s.Req.Next(htx.Cookie, 0); i >= 0; i = s.Req.Next(htx.Cookie, i+1) {
		c.field(s, s.Req, i, unused)
	}
	if c.mode == passive { // it says nothing of the cookie in the log
		s.Term.CookieIn = 0
	}
	return engine.Continue
}

// field goes through the cookies of one Cookie field. Where the server is not to see
// ours, its attributes ($Path and so on) go with it, and the field where nothing else
// is in it.
func (c *cookie) field(s *engine.Stream, m *htx.Msg, i int, unused bool) {
	e := &s.Env
	mark := e.Mark()
	defer func() { e.Tmp = e.Tmp[:mark] }()
	e.Tmp = append(e.Tmp, m.Value(i)...)
	l := list{v: e.Tmp[mark:], at: -1}
	others := false
	for l.next() {
		attribute := l.p.NameTo > l.p.NameFrom && l.v[l.p.NameFrom] == '$'
		if attribute && l.pending {
			l.drop()
			continue
		}
		if l.p.HasValue && !attribute {
			l.tighten()
		}
		ours := l.p.HasValue && string(l.v[l.p.NameFrom:l.p.NameTo]) == c.name
		tag := 0
		if ours {
			tag = c.judge(s, l.v[l.p.ValueFrom:l.p.ValueTo], unused)
		}
		if ours && c.mode == insert && c.indirect {
			l.drop()
			continue
		}
		others = others || !attribute
		l.remove(l.p.ValueFrom, l.p.ValueFrom+tag)
		l.settle()
		l.keep()
	}
	l.finish()
	switch {
	case !l.changed:
	case len(l.v) == 0, l.deleted && !others:
		m.Del(i)
	default:
		m.ReplaceValue(i, l.v)
	}
}

// judge decides what a value means and notes the flag of the log. tag is how much of
// the value a prefix takes.
func (c *cookie) judge(s *engine.Stream, v []byte, unused bool) (tag int) {
	if c.mode == prefix {
		if at := bytes.IndexByte(v, '~'); at >= 0 {
			v, tag = v[:at], at+1
		}
	} else if at := bytes.IndexByte(v, '|'); at >= 0 {
		c.dates(s, v[at+1:])
		v = v[:at]
		if flag := c.expired(s); flag != 0 {
			s.ServerCookie.Last, s.ServerCookie.First = 0, 0
			s.Term.CookieIn = flag
			return tag
		}
	}
	if unused {
		if s.Term.CookieIn == 'N' {
			s.Term.CookieIn = 'U'
		}
		return tag
	}
	st := &s.ServerCookie
	if st.Server != nil {
		return tag
	}
	srv, down := find(s, v)
	switch {
	case srv != nil:
		s.Impose(srv)
		st.Server = srv
		if s.Term.CookieIn = 'V'; !srv.State.Up() {
			s.Term.CookieIn = 'D'
		}
	case down:
		s.Term.CookieIn = 'D'
	case s.Term.CookieIn == 'N':
		s.Term.CookieIn = 'I'
	}
	return tag
}

// letters gives the log what becomes of a cookie that nobody came to look at: a
// request that was answered before, or that was denied.
func letters(s *engine.Stream) engine.Verdict {
	px := s.Back
	if px == nil {
		px = s.Front
	}
	c := cookies.Get(px)
	if c == nil || c.mode == passive || s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	t := &s.Term
	if t.CookieIn == 0 {
		t.CookieIn = 'N'
		if denied := t.Cause == 'P' && (t.State == 'R' || t.State == 'T'); denied && s.Back != nil && s.Req.Err == nil {
			request(s)
		}
	}
	moved(s)
	if t.CookieOut == 0 {
		t.CookieOut = 'N'
	}
	return engine.Continue
}
