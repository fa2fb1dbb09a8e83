package htx

// CookiePair is one name=value of a Cookie or Set-Cookie value, as offsets into
// that value. Start..End is the pair with what stands before it and the ';' behind it.
type CookiePair struct {
	NameFrom, NameTo   int
	ValueFrom, ValueTo int
	Start, End         int
	HasValue           bool // there was an '='
}

// NextCookie returns the next pair of a Cookie value at or after off, and where to
// go on. Quoted values may hold separators, as in HAProxy.
func NextCookie(v []byte, off int) (p CookiePair, next int, ok bool) {
	i := off
	for i < len(v) && (isBlank(v[i]) || v[i] == ';' || v[i] == ',') {
		i++
	}
	if i >= len(v) {
		return p, len(v), false
	}
	p.Start = off
	p.NameFrom = i
	for i < len(v) && v[i] != '=' && v[i] != ';' && v[i] != ',' {
		i++
	}
	p.NameTo = trimEnd(v, p.NameFrom, i)
	p.ValueFrom, p.ValueTo = i, i
	if i < len(v) && v[i] == '=' {
		p.HasValue = true
		i++
		for i < len(v) && isBlank(v[i]) {
			i++
		}
		p.ValueFrom = i
		i = CookieValueEnd(v, i)
		p.ValueTo = trimEnd(v, p.ValueFrom, i)
	}
	if i < len(v) {
		i++
	}
	p.End = i
	return p, i, true
}

// CookieValueEnd finds the ';' or ',' that ends a cookie value.
func CookieValueEnd(v []byte, i int) int {
	quoted := false
	for ; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case (c == ';' || c == ',') && !quoted:
			return i
		}
	}
	return len(v)
}

// SetCookiePair returns the name and value at the head of a Set-Cookie value, and
// where its attributes begin (at the ';', or the end).
func SetCookiePair(v []byte) (p CookiePair, attrs int, ok bool) {
	i := 0
	for i < len(v) && isBlank(v[i]) {
		i++
	}
	p.NameFrom = i
	for i < len(v) && v[i] != '=' && v[i] != ';' {
		i++
	}
	p.NameTo = trimEnd(v, p.NameFrom, i)
	p.ValueFrom, p.ValueTo = i, i
	if i < len(v) && v[i] == '=' {
		p.HasValue = true
		i++
		p.ValueFrom = i
		quoted := false
		for i < len(v) && (quoted || v[i] != ';') {
			if v[i] == '"' {
				quoted = !quoted
			}
			i++
		}
		p.ValueTo = trimEnd(v, p.ValueFrom, i)
	}
	p.End = i
	return p, i, p.NameTo > p.NameFrom
}

// CookieIter walks the pairs of all Cookie fields.
type CookieIter struct {
	m      *Msg
	i, off int
}

// Cookies begins a walk over all request cookies.
func (m *Msg) Cookies() CookieIter { return CookieIter{m: m, i: m.Next(Cookie, 0)} }

// Next returns the field index and the pair, or false.
func (it *CookieIter) Next() (field int, p CookiePair, ok bool) {
	for it.i >= 0 {
		if p, next, ok := NextCookie(it.m.Value(it.i), it.off); ok {
			it.off = next
			return it.i, p, true
		}
		it.i, it.off = it.m.Next(Cookie, it.i+1), 0
	}
	return -1, CookiePair{}, false
}

// CookieValue returns the value of the first request cookie of that name.
func (m *Msg) CookieValue(name string) ([]byte, bool) {
	for it := m.Cookies(); ; {
		i, p, ok := it.Next()
		if !ok {
			return nil, false
		}
		v := m.Value(i)
		if p.HasValue && string(v[p.NameFrom:p.NameTo]) == name {
			return v[p.ValueFrom:p.ValueTo], true
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func trimEnd(v []byte, from, to int) int {
	for to > from && isBlank(v[to-1]) {
		to--
	}
	return to
}
