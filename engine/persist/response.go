package persist

import (
	"hawser/engine"
	"hawser/engine/htx"
)

// response edits the server's cookie of our name, and inserts ours.
func response(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Back || s.Kind == engine.NotHTTP || s.Server == nil {
		return engine.Continue
	}
	c, m := cookies.Get(s.Back), s.Res
	if c.mode == passive {
		for i := m.Next(htx.SetCookie, 0); i >= 0; i = m.Next(htx.SetCookie, i+1) {
			c.first(s, m, i)
		}
		return engine.Continue
	}
	moved(s)
	s.Term.CookieOut = 'N'
	provided := c.edit(s, m)
	if c.mode == insert && !(provided && c.preserve) {
		c.insert(s, m)
	}
	return engine.Continue
}

// moved notes that the stream left the server that its cookie named.
func moved(s *engine.Stream) {
	if s.Term.CookieIn == 'V' && (s.Redispatched || s.Server != nil && s.ServerCookie.Server != s.Server) {
		s.Term.CookieIn = 'D'
	}
}

// edit treats the Set-Cookie fields that carry our name.
func (c *cookie) edit(s *engine.Stream, m *htx.Msg) (provided bool) {
	for i := m.Next(htx.SetCookie, 0); i >= 0; i = m.Next(htx.SetCookie, i+1) {
		p, ok := c.first(s, m, i)
		if !ok || string(m.Value(i)[p.NameFrom:p.NameTo]) != c.name || s.PersistRule == engine.PersistIgnored {
			continue
		}
		provided = true
		s.Term.CookieOut = 'P'
		switch {
		case c.mode == insert && c.preserve:
		case c.mode == insert, c.indirect && s.Imposed == s.Server:
			m.Del(i)
			s.Term.CookieOut = 'D'
		case s.Server.CookieValue() == "":
		case c.mode == rewrite:
			c.put(s, m, i, p.ValueFrom, p.ValueTo, "")
		case c.mode == prefix:
			c.put(s, m, i, p.ValueFrom, p.ValueFrom, "~")
		}
	}
	return provided
}

// first finds the name and value that a Set-Cookie field begins with, and takes the
// blanks around the '=' out.
func (c *cookie) first(s *engine.Stream, m *htx.Msg, i int) (p htx.CookiePair, ok bool) {
	e := &s.Env
	mark := e.Mark()
	e.Tmp = append(e.Tmp, m.Value(i)...)
	l := list{v: e.Tmp[mark:], at: -1}
	if ok = l.next() && l.p.HasValue; ok {
		if l.tighten(); l.changed {
			m.ReplaceValue(i, l.v)
		}
	}
	e.Tmp = e.Tmp[:mark]
	return l.p, ok
}

// put writes the server's name into a value.
func (c *cookie) put(s *engine.Stream, m *htx.Msg, i, from, to int, sep string) {
	e := &s.Env
	mark := e.Mark()
	e.Tmp = append(append(e.Tmp, s.Server.CookieValue()...), sep...)
	m.ReplaceRange(i, from, to, e.Since(mark))
	e.Tmp = e.Tmp[:mark]
	s.Term.CookieOut, s.ServerCookie.Rewritten = 'R', true
}

// insert adds our cookie where the client does not have it yet, or has it with
// old dates.
func (c *cookie) insert(s *engine.Stream, m *htx.Msg) {
	valid := s.Imposed != nil && s.Imposed == s.Server
	switch {
	case s.PersistRule == engine.PersistIgnored,
		c.postonly && s.Req.MethodID != htx.POST,
		valid && !c.stale(s):
		return
	}
	e := &s.Env
	mark := e.Mark()
	e.Tmp = append(append(e.Tmp, c.name...), '=')
	if s.Server.CookieValue() == "" {
		e.Tmp = append(e.Tmp, "; Expires=Thu, 01-Jan-1970 00:00:01 GMT"...)
	} else {
		e.Tmp = append(e.Tmp, s.Server.CookieValue()...)
		e.Tmp = c.appendDates(s, e.Tmp)
	}
	e.Tmp = append(e.Tmp, c.tail...)
	m.AddID(htx.SetCookie, e.Since(mark))
	e.Tmp = e.Tmp[:mark]
	s.Term.CookieOut, s.ServerCookie.Inserted = 'I', true
	if valid {
		s.Term.CookieOut = 'U'
	}
	if c.nocache && cacheable(s, false) {
		m.AddIDStr(htx.CacheControl, "private")
	}
}

func (c *cookie) appendDates(s *engine.Stream, dst []byte) []byte {
	if c.maxidle == 0 && c.maxlife == 0 {
		return dst
	}
	at := now()
	dst = appendDate(append(dst, '|'), at)
	if c.maxlife > 0 {
		first := s.ServerCookie.First
		if first == 0 {
			first = at
		}
		dst = append(dst, '|')
		dst = appendDate(dst, first)
	}
	return dst
}
