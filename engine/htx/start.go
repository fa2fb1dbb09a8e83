package htx

import "bytes"

// The parts of a target, by form:
//
//	origin     /path?query
//	absolute   scheme://authority/path?query
//	authority  host:port           (CONNECT)
//	asterisk   *                   (OPTIONS)

// Scheme returns the scheme of an absolute-form target.
func (m *Msg) Scheme() Span {
	t := m.Bytes(m.Target)
	if len(t) == 0 || t[0] == '/' {
		return Span{}
	}
	if i := bytes.Index(t, schemeEnd); i > 0 && m.MethodID != CONNECT {
		return Span{m.Target.Off, uint32(i)}
	}
	return Span{}
}

var schemeEnd = []byte("://")

// Authority returns the authority in the target, user information included.
func (m *Msg) Authority() Span {
	if m.MethodID == CONNECT {
		return m.Target
	}
	s := m.Scheme()
	if s.Empty() {
		return Span{}
	}
	from := s.Len + 3
	rest := m.Bytes(m.Target)[from:]
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return Span{m.Target.Off + from, uint32(end)}
}

// PathQuery returns the target from the path on: what origin form would have. It
// is "*" for the asterisk form and empty for an authority.
func (m *Msg) PathQuery() Span {
	t := m.Target
	if t.Len > 0 && m.arena[t.Off] == '/' {
		return t
	}
	if m.MethodID == CONNECT {
		return Span{}
	}
	if a := m.Authority(); m.Scheme().Len > 0 {
		end := a.Off + a.Len
		return Span{end, t.Off + t.Len - end}
	}
	if t.Len == 1 && m.arena[t.Off] == '*' {
		return t
	}
	return Span{}
}

// Path returns the path without query.
func (m *Msg) Path() Span {
	p := m.PathQuery()
	if i := bytes.IndexByte(m.Bytes(p), '?'); i >= 0 {
		p.Len = uint32(i)
	}
	return p
}

// Query returns what follows the first '?', and whether there is one.
func (m *Msg) Query() (Span, bool) {
	p := m.PathQuery()
	i := bytes.IndexByte(m.Bytes(p), '?')
	if i < 0 {
		return Span{}, false
	}
	return Span{p.Off + uint32(i) + 1, p.Len - uint32(i) - 1}, true
}

// Host returns the value of the first Host field, or else the authority.
func (m *Msg) Host() []byte {
	if i := m.Next(Host, 0); i >= 0 {
		return m.Value(i)
	}
	return m.Bytes(m.Authority())
}

// SetMethod changes the method.
func (m *Msg) SetMethod(b []byte) {
	m.Method = m.Put(b)
	m.MethodID = KnownMethod(b)
}

// SetTarget changes the whole target.
func (m *Msg) SetTarget(b []byte) { m.Target = m.Put(b) }

// SetPath changes the path and keeps the query.
func (m *Msg) SetPath(b []byte) {
	p := m.Path()
	m.replaceTarget(p.Off-m.Target.Off, p.Off-m.Target.Off+p.Len, b)
}

// SetPathQuery changes path and query.
func (m *Msg) SetPathQuery(b []byte) {
	p := m.PathQuery()
	m.replaceTarget(p.Off-m.Target.Off, p.Off-m.Target.Off+p.Len, b)
}

// SetQuery changes the query, which begins with the '?' as in HAProxy's set-query;
// an empty one removes it.
func (m *Msg) SetQuery(b []byte) {
	p, path := m.PathQuery(), m.Path()
	from := path.Off - m.Target.Off + path.Len
	to := p.Off - m.Target.Off + p.Len
	m.Grow(int(m.Target.Len) + len(b) + 1)
	if len(b) > 0 && b[0] != '?' {
		q := m.PutStr("?")
		b = m.Bytes(Span{q.Off, q.Len + m.Put(b).Len})
	}
	m.replaceTarget(from, to, b)
}

// replaceTarget puts with in place of bytes from:to of the target. A target of a
// form without path is replaced whole.
func (m *Msg) replaceTarget(from, to uint32, with []byte) {
	old := m.Target
	if m.PathQuery().Empty() && m.Scheme().Empty() {
		from, to = 0, old.Len
	}
	m.Grow(int(old.Len) + len(with))
	at := uint32(len(m.arena))
	m.arena = append(m.arena, m.arena[old.Off:old.Off+from]...)
	m.arena = append(m.arena, with...)
	m.arena = append(m.arena, m.arena[old.Off+to:old.Off+old.Len]...)
	m.Target = Span{at, uint32(len(m.arena)) - at}
}

// SetStatus changes the status and keeps the reason.
func (m *Msg) SetStatus(code int) { m.Status = code }

// SetReason changes the reason phrase.
func (m *Msg) SetReason(b []byte) { m.Reason = m.Put(b) }

// StartRequest begins a request of our own making.
func (m *Msg) StartRequest(method, target string) {
	m.Reset()
	m.Method, m.Target, m.Version = m.PutStr(method), m.PutStr(target), m.PutStr("HTTP/1.1")
	m.MethodID = KnownMethod([]byte(method))
	m.Flags = Version11 | NoBody
}

// StartResponse begins a response of our own making.
func (m *Msg) StartResponse(code int, reason string) {
	m.Reset()
	m.Version, m.Reason = m.PutStr("HTTP/1.1"), m.PutStr(reason)
	m.Status = code
	m.Flags = Response | Version11
	m.BodyLen = -1
}
