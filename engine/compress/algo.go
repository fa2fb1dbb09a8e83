package compress

import (
	"hawser/engine"
	"hawser/engine/htx"
)

// algo is a compression algorithm: how the configuration names it and how HTTP
// does.
type algo struct {
	name  string
	token string // in Accept-Encoding and Content-Encoding
	frame frame
}

var (
	identity = &algo{"identity", "identity", plain}
	algos    = []*algo{identity, {"gzip", "gzip", gzipFrame}, {"deflate", "deflate", zlibFrame}, {"raw-deflate", "deflate", rawFrame}}
)

func algoByName(name string) *algo {
	for _, a := range algos {
		if a.name == name {
			return a
		}
	}
	return nil
}

// choose returns the algorithm that the request asks for, or nil. Where the
// request does not care, the one configured last wins. Identity needs no asking.
func choose(list []*algo, m *htx.Msg) *algo {
	if oldBrowser(m) {
		return nil
	}
	var best *algo
	top := 0
	for item := range m.ItemsOf(htx.AcceptEncoding) {
		token, q := weighted(item)
		if q <= top {
			continue
		}
		if a := named(list, token); a != nil {
			best, top = a, q
		}
	}
	if best == nil && contains(list, identity) {
		return identity
	}
	return best
}

func named(list []*algo, token []byte) *algo {
	any := len(token) == 1 && token[0] == '*'
	for i := len(list) - 1; i >= 0; i-- {
		if any || htx.EqualFold(token, list[i].token) {
			return list[i]
		}
	}
	return nil
}

func contains(list []*algo, a *algo) bool {
	for _, b := range list {
		if a == b {
			return true
		}
	}
	return false
}

// weighted splits an element of Accept-Encoding into its token and its quality in
// thousandths (RFC 9110 section 12.4.2).
func weighted(item []byte) (token []byte, q int) {
	token = htx.ItemToken(item)
	for i := len(token); i+1 < len(item); i++ {
		if item[i] == 'q' && item[i+1] == '=' && (item[i-1] == ';' || item[i-1] == ' ' || item[i-1] == '\t') {
			return token, quality(item[i+2:])
		}
	}
	return token, 1000
}

func quality(v []byte) int {
	n, unit, dot := 0, 1000, false
	for _, c := range v {
		switch {
		case c == '.' && !dot:
			dot = true
			unit /= 10
			continue
		case c < '0' || c > '9':
			return n
		}
		n += int(c-'0') * unit
		if !dot && n > 0 || n > 1000 {
			return min(n, 1000)
		}
		if dot {
			unit /= 10
		}
	}
	return n
}

// oldBrowser finds the browsers of the last century that announce what they cannot
// read (configuration manual, "compression": User-Agent).
func oldBrowser(m *htx.Msg) bool {
	ua := m.Get(htx.UserAgent)
	const old = "Mozilla/4"
	if len(ua) < len(old) || string(ua[:len(old)]) != old {
		return false
	}
	for i := len(old); i+6 <= len(ua); i++ {
		if string(ua[i:i+5]) != "MSIE " {
			continue
		}
		switch c := ua[i+5]; {
		case i+6 < len(ua) && ua[i+6] >= '0' && ua[i+6] <= '9' || c >= '7' && c <= '9':
			return false
		case c == '6':
			return !holds(ua[i:], "SV1")
		}
		return true
	}
	return true
}

func holds(b []byte, what string) bool {
	for i := 0; i+len(what) <= len(b); i++ {
		if string(b[i:i+len(what)]) == what {
			return true
		}
	}
	return false
}

// fit tells whether the headers of a message let its body be compressed.
func fit(m *htx.Msg, types []string, minsize int64) bool {
	if m.Flags&htx.Version11 == 0 || m.Next(htx.ContentEncoding, 0) >= 0 {
		return false
	}
	if m.Flags&htx.Chunked == 0 && (m.BodyLen <= 0 || m.BodyLen < minsize) {
		return false
	}
	ct := m.Get(htx.ContentType)
	if startsFold(ct, "multipart") || !typeFits(ct, types) {
		return false
	}
	return etagFits(m)
}

func typeFits(ct []byte, types []string) bool {
	for _, t := range types {
		if startsFold(ct, t) {
			return true
		}
	}
	return len(types) == 0
}

func startsFold(b []byte, with string) bool {
	return len(b) >= len(with) && htx.EqualFold(b[:len(with)], with)
}

// etagFits: a validator that cannot be made weak forbids changes.
func etagFits(m *htx.Msg) bool {
	i := m.Next(htx.ETag, 0)
	if i < 0 {
		return true
	}
	v := m.Value(i)
	if len(v) > 2 && v[0] == 'W' && v[1] == '/' {
		v = v[2:]
	}
	return m.Next(htx.ETag, i+1) < 0 && len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"'
}

// noTransform finds Cache-Control: no-transform.
func noTransform(m *htx.Msg) bool {
	for i := m.Next(htx.CacheControl, 0); i >= 0; i = m.Next(htx.CacheControl, i+1) {
		if htx.HasItem(m.Value(i), "no-transform") {
			return true
		}
	}
	return false
}

// rewrite makes the head that of a compressed body: no length, another encoding,
// a weak validator, and caches told.
func rewrite(m *htx.Msg, a *algo) {
	engine.Unframed(m)
	vary(m)
	if i := m.Next(htx.ETag, 0); i >= 0 && m.Value(i)[0] != 'W' {
		m.ReplaceRange(i, 0, 0, weak)
	}
	if a != identity {
		m.AddIDStr(htx.ContentEncoding, a.token)
	}
}

var weak, andEncoding = []byte("W/"), []byte(",Accept-Encoding")

// vary adds Accept-Encoding to the last Vary field, or a field.
func vary(m *htx.Msg) {
	last := -1
	for i := m.Next(htx.Vary, 0); i >= 0; i = m.Next(htx.Vary, i+1) {
		if htx.HasItem(m.Value(i), "accept-encoding") {
			return
		}
		last = i
	}
	if last < 0 {
		m.AddIDStr(htx.Vary, "Accept-Encoding")
		return
	}
	n := len(m.Value(last))
	m.ReplaceRange(last, n, n, andEncoding)
}
