package h1

import (
	"bytes"

	"hawser/engine/htx"
)

// target checks the form of a request's target and that its authority and the Host
// field mean the same; it drops default ports from both, as HAProxy does.
func (p *Parser) target(m *htx.Msg, s *seen) error {
	m.ErrOff = int(m.Target.Off)
	t := m.Bytes(m.Target)
	var err error
	switch {
	case len(t) == 0:
		err = ErrTargetForm
	case m.MethodID == htx.CONNECT:
		err = p.authorityForm(m, t, s)
	case t[0] == '/':
	case t[0] == '*':
		m.Flags |= htx.AsteriskForm
		if m.MethodID != htx.OPTIONS || len(t) > 1 {
			err = ErrTargetForm
		}
	default:
		err = p.absoluteForm(m, t, s)
	}
	if err == nil {
		m.ErrOff = 0
	}
	return err
}

func (p *Parser) authorityForm(m *htx.Msg, t []byte, s *seen) error {
	m.Flags |= htx.AuthorityForm
	if t[0] == '/' || bytes.IndexByte(t, '/') >= 0 {
		return ErrTargetForm
	}
	bare := t
	if at := bytes.LastIndexByte(t, '@'); at >= 0 {
		bare = t[at+1:]
	}
	host, port := splitPort(bare)
	if _, ok := digits(port); (!ok || len(host) == 0) && !p.Relaxed {
		return ErrTargetForm
	}
	if s.lastHost < 0 {
		return nil
	}
	v := m.Value(s.lastHost)
	hh, hp := splitPort(v)
	same := equalFold(host, hh) && (string(port) == string(hp) || (hp == nil && defaultPort("", port)))
	if !same {
		if !p.Relaxed {
			return ErrAuthority
		}
		m.Flags |= htx.Relaxed
	}
	if same && defaultPort("", hp) {
		m.Fields[s.lastHost].Value.Len = uint32(len(hh))
	}
	return nil
}

func (p *Parser) absoluteForm(m *htx.Msg, t []byte, s *seen) error {
	scheme := m.Scheme()
	if scheme.Empty() || !isAlpha(t[0]) {
		return ErrTargetForm
	}
	m.Flags |= htx.AbsoluteForm | htx.SchemeKnown
	name := t[:scheme.Len]
	if htx.EqualFold(name, "https") {
		m.Flags |= htx.Secure
	}
	auth := m.Bytes(m.Authority())
	bare := auth
	if at := bytes.LastIndexByte(auth, '@'); at >= 0 {
		bare = auth[at+1:]
	}
	host, port := splitPort(bare)
	if len(host) == 0 && !p.Relaxed { // RFC 9110 section 4.2.1; HAProxy takes "http://:80/"
		return ErrAuthority
	}
	if defaultPort(schemeOf(name), port) && port != nil {
		port = nil
	}
	if s.lastHost >= 0 {
		hh, hp := splitPort(m.Value(s.lastHost))
		if hp != nil && defaultPort(schemeOf(name), hp) {
			hp = nil
			// A default port goes from Host when the target has one too.
			if equalFold(host, hh) && port == nil && len(host) < len(bare) {
				m.Fields[s.lastHost].Value.Len = uint32(len(hh))
			}
		}
		if !equalFold(host, hh) || string(port) != string(hp) {
			if !p.Relaxed {
				return ErrAuthority
			}
			m.Flags |= htx.Relaxed
		}
	}
	p.normalize(m, t, auth, len(auth)-len(bare)+len(host), port == nil)
	return nil
}

// normalize drops a default port from the target and gives an empty path its "/".
func (p *Parser) normalize(m *htx.Msg, t, auth []byte, hostEnd int, noPort bool) {
	authAt := int(m.Authority().Off - m.Target.Off)
	rest := t[authAt+len(auth):]
	cut := noPort && hostEnd < len(auth)
	if !cut && (len(rest) > 0 || m.MethodID == htx.OPTIONS) {
		return
	}
	if !cut {
		hostEnd = len(auth)
	}
	m.Grow(len(t) + 1)
	t, rest = m.Bytes(m.Target), m.Bytes(m.Target)[authAt+len(auth):]
	sp := m.Put(t[:authAt+hostEnd])
	sp.Len += m.Put(rest).Len
	if len(rest) == 0 && m.MethodID != htx.OPTIONS {
		sp.Len += m.PutStr("/").Len
	}
	m.Target = sp
}

// splitPort cuts host:port at the last colon outside brackets. port is nil when
// there is no colon, and empty after a bare one.
func splitPort(a []byte) (host, port []byte) {
	for i := len(a) - 1; i >= 0; i-- {
		switch a[i] {
		case ':':
			return a[:i], a[i+1:]
		case ']':
			return a, nil
		}
	}
	return a, nil
}

func schemeOf(name []byte) string {
	switch {
	case htx.EqualFold(name, "http"):
		return "http"
	case htx.EqualFold(name, "https"):
		return "https"
	}
	return "other"
}

// defaultPort reports whether port may be left out; for CONNECT, whose scheme is
// empty, both well-known ones may.
func defaultPort(scheme string, port []byte) bool {
	switch string(port) {
	case "":
		return true
	case "80":
		return scheme != "https"
	case "443":
		return scheme != "http"
	}
	return false
}

func isAlpha(c byte) bool { return (c|0x20)-'a' < 26 }
