package h1

import "hawser/engine/htx"

// requestLine parses "METHOD SP target SP HTTP/x.y CRLF"; blanks may be several and
// may be tabs, as HAProxy takes them.
func (p *Parser) requestLine(m *htx.Msg, in []byte) error {
	i := p.pos
	for {
		switch p.phase {
		case phMethod:
			i = skipClass(in, i, cToken)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if i == p.mark || class[in[i]]&cBlank == 0 {
				return ErrMethod
			}
			m.Method = p.span(i)
			m.MethodID = htx.KnownMethod(in[p.mark:i])
			p.phase = phTargetWS
			fallthrough

		case phTargetWS:
			i = skipClass(in, i, cBlank)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			p.mark, p.phase = i, phTarget
			if in[i] == '\r' || in[i] == '\n' {
				return ErrTargetForm
			}
			fallthrough

		case phTarget:
			i = skipTarget(in, i)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if c := in[i]; class[c]&cBlank == 0 && c != '\r' && c != '\n' {
				if err := p.oddTarget(c); err != nil {
					return err
				}
				m.Flags |= htx.Relaxed
				i++
				continue
			}
			m.Target = p.span(i)
			p.phase = phVersionWS
			fallthrough

		case phVersionWS:
			i = skipClass(in, i, cBlank)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			p.mark, p.phase = i, phVersion
			fallthrough

		case phVersion:
			i = skipClass(in, i, cVersion)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if in[i] != '\r' && in[i] != '\n' {
				return ErrVersion
			}
			m.Version = p.span(i)
			if err := p.version(m, in[p.mark:i]); err != nil {
				p.pos = p.mark
				return err
			}
			if p.phase = phLineLF; in[i] == '\r' {
				i++
			}
			p.pos = i
			return p.lineLF(in)
		}
	}
}

// oddTarget judges a byte in the target that is not plain visible ASCII.
func (p *Parser) oddTarget(c byte) error {
	switch {
	case c == '#' && !p.Relaxed:
		return ErrFragment
	case c >= 0x80 && !p.Relaxed:
		return ErrNonASCII
	case c == '#' || c >= 0x80:
		return nil
	}
	return ErrTarget
}

// version judges a version and notes HTTP/1.1 or later. HAProxy takes any two
// digits, and with violations allowed any word; all after 1.0 is treated as 1.1.
func (p *Parser) version(m *htx.Msg, v []byte) error {
	if m.MethodID == htx.PRI {
		return ErrPreface
	}
	if len(v) == 8 && v[4] == '/' && v[6] == '.' && isDigit(v[5]) && isDigit(v[7]) {
		if v[5] > '1' || (v[5] == '1' && v[7] >= '1') {
			m.Flags |= htx.Version11
		}
		if string(v[:4]) == "HTTP" {
			return nil
		}
	}
	if !p.Relaxed {
		return ErrVersion
	}
	p.simple = len(v) == 0 // HTTP/0.9: the line is all there is
	return nil
}

// statusLine parses "HTTP/x.y SP 3DIGIT [SP reason] CRLF".
func (p *Parser) statusLine(m *htx.Msg, in []byte) error {
	i := p.pos
	for {
		switch p.phase {
		case phStatusVersion:
			i = skipClass(in, i, cVersion)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if class[in[i]]&cBlank == 0 {
				return ErrVersion
			}
			m.Version = p.span(i)
			if err := p.version(m, in[p.mark:i]); err != nil {
				p.pos = p.mark
				return err
			}
			p.phase = phStatusWS
			fallthrough

		case phStatusWS:
			i = skipClass(in, i, cBlank)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			p.mark, p.phase = i, phStatus
			fallthrough

		case phStatus:
			for i < len(in) && isDigit(in[i]) {
				i++
			}
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if i-p.mark != 3 {
				return ErrStatus
			}
			d := in[p.mark:i]
			m.Status = int(d[0]-'0')*100 + int(d[1]-'0')*10 + int(d[2]-'0')
			if m.Status < 100 { // HAProxy takes it, and less than three digits
				return ErrStatus
			}
			p.mark, p.phase = i, phReasonWS
			if class[in[i]]&cBlank == 0 && in[i] != '\r' && in[i] != '\n' {
				return ErrStatus
			}
			fallthrough

		case phReasonWS:
			i = skipClass(in, i, cBlank)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			p.mark, p.phase = i, phReason
			fallthrough

		case phReason:
			i = skipValue(in, i)
			if p.pos = i; i == len(in) {
				return ErrMore
			}
			if in[i] == 0 { // HAProxy takes any byte here
				i++
				continue
			}
			m.Reason = p.span(i)
			if p.phase = phLineLF; in[i] == '\r' {
				i++
			}
			p.pos = i
			return p.lineLF(in)
		}
	}
}

func isDigit(c byte) bool { return c-'0' <= 9 }
