package h1

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/rand/v2"

	"hawser/engine/htx"
)

// seen gathers what finishing a head needs to know of its fields.
type seen struct {
	te       int // index of the only Transfer-Encoding, -1
	chunked  bool
	other    bool // a coding that is not chunked, before chunked
	wsKey    bool
	wsAsked  bool
	hasUpg   bool
	lastHost int
}

// finishRequest gives the fields of a complete request their meaning.
func (p *Parser) finishRequest(m *htx.Msg) error {
	s := seen{te: -1, lastHost: -1}
	if err := p.meanings(m, &s); err != nil {
		return err
	}
	if err := p.target(m, &s); err != nil {
		return err
	}
	if s.te >= 0 && s.other {
		m.ErrOff = int(m.Fields[s.te].Value.Off)
		return ErrCodingOther
	}
	matchUpgrade(m, &s)
	if m.Flags&htx.WebSocket != 0 && !s.wsKey {
		if !p.Relaxed {
			return ErrWebSocketKey
		}
		addWebSocketKey(m)
	}
	p.ambiguity(m)
	if err := p.payload(m); err != nil {
		return err
	}
	switch {
	case m.Flags&htx.Chunked != 0:
		m.BodyLen = -1
	case m.Flags&htx.HasLength != 0:
		if m.BodyLen == 0 {
			m.Flags |= htx.NoBody
		}
	default:
		m.BodyLen = 0
		m.Flags |= htx.NoBody
	}
	return nil
}

// ambiguity settles Transfer-Encoding against Content-Length and against HTTP/1.0:
// the coding wins, and the connection is not to be used for another message
// (RFC 9112 section 6.1).
func (p *Parser) ambiguity(m *htx.Msg) {
	if m.Flags&htx.Chunked == 0 {
		return
	}
	if m.Flags&htx.HasLength != 0 {
		m.DelID(htx.ContentLength)
		m.Flags &^= htx.HasLength
		if !p.KeepInsecure {
			m.Flags |= htx.MustClose
		}
	}
	if m.Flags&htx.Version11 == 0 && !p.KeepInsecure {
		m.Flags |= htx.MustClose
	}
}

// payload refuses bodies that HAProxy does not take, unless AnyPayload allows them.
func (p *Parser) payload(m *htx.Msg) error {
	if m.MethodID == htx.CONNECT {
		if m.Flags&htx.HasLength != 0 && m.BodyLen != 0 {
			return ErrLength // what follows a CONNECT is the tunnel's
		}
		if m.Flags&(htx.HasLength|htx.HasTE) != 0 {
			m.DelID(htx.ContentLength)
			m.DelID(htx.TransferEncoding)
			m.Flags = m.Flags&^(htx.HasLength|htx.HasTE|htx.Chunked) | htx.MustClose
		}
		return nil
	}
	if m.Flags&htx.Version11 != 0 || p.AnyPayload {
		return nil
	}
	switch m.MethodID {
	case htx.GET, htx.HEAD, htx.DELETE:
		if m.Flags&htx.Chunked != 0 || (m.Flags&htx.HasLength != 0 && m.BodyLen > 0) {
			return ErrPayload
		}
	}
	return nil
}

// finishResponse gives the fields of a complete response their meaning. req is nil
// when the request is not known.
func (p *Parser) finishResponse(m, req *htx.Msg) error {
	var method htx.MethodID
	var reqFlags htx.Flags
	if req != nil {
		method, reqFlags = req.MethodID, req.Flags
	}
	s := seen{te: -1, lastHost: -1}
	if err := p.meanings(m, &s); err != nil {
		return err
	}
	if s.te >= 0 && s.other {
		return ErrCodingOther
	}
	p.ambiguity(m)
	if m.Status/100 == 1 || m.Status == 204 || (method == htx.CONNECT && m.Status/100 == 2) {
		m.DelID(htx.ContentLength)
		m.DelID(htx.TransferEncoding)
		m.Flags &^= htx.HasLength | htx.HasTE | htx.Chunked
	}
	switch {
	case m.Status == 101:
		const both = htx.ConnUpgrade | htx.HasUpgrade
		if m.Flags&both != both || reqFlags&both != both {
			return ErrUpgrade
		}
		m.BodyLen = -1
		m.Flags |= htx.Tunnel
	case method == htx.CONNECT && m.Status/100 == 2:
		m.BodyLen = -1
		m.Flags |= htx.Tunnel
	case m.Status/100 == 1 || m.Status == 204 || m.Status == 304 || method == htx.HEAD:
		// The length that a HEAD or 304 announces stays in its field only.
		m.BodyLen = 0
		m.Flags |= htx.NoBody
		if m.Status/100 == 1 {
			m.Flags |= htx.Interim
		}
	case m.Flags&htx.Chunked != 0:
		m.BodyLen = -1
	case m.Flags&htx.HasLength != 0:
		if m.BodyLen == 0 {
			m.Flags |= htx.NoBody
		}
	default:
		m.BodyLen = -1
		m.Flags |= htx.UntilClose
	}
	return nil
}

// meanings looks once at every field whose name is known.
func (p *Parser) meanings(m *htx.Msg, s *seen) error {
	m.BodyLen = -1
	for i := range m.Fields {
		var err error
		id := m.Fields[i].ID
		if id == htx.None || (id > htx.Cookie && id != htx.SecWebSocketKey) {
			continue
		}
		switch id {
		case htx.Host:
			err = p.host(m, i, s)
		case htx.ContentLength:
			err = contentLength(m, i)
		case htx.TransferEncoding:
			err = p.transferEncoding(m, i, s)
		case htx.Connection:
			connection(m, i)
		case htx.Upgrade:
			upgrade(m, i, s)
		case htx.Expect:
			if htx.EqualFold(m.Value(i), "100-continue") {
				m.Flags |= htx.Expect100
			}
		case htx.Cookie:
			m.Flags |= htx.HasCookie
		case htx.SecWebSocketKey:
			s.wsKey = true
		}
		if err != nil {
			m.ErrOff = int(m.Fields[i].Value.Off)
			return err
		}
	}
	if s.te >= 0 {
		if !s.chunked {
			m.ErrOff = int(m.Fields[s.te].Value.Off)
			return ErrCoding
		}
		m.Flags |= htx.Chunked
	}
	return nil
}

// host checks a Host value; a repeated equal one is dropped.
func (p *Parser) host(m *htx.Msg, i int, s *seen) error {
	if m.IsResponse() {
		return nil
	}
	v := m.Value(i)
	name := v
	if len(v) > 0 && v[0] == '[' { // an IPv6 address
		if end := bytes.IndexByte(v, ']'); end > 0 {
			if !allHost(v[1:end]) {
				return ErrHost
			}
			name = v[end+1:]
		}
	}
	if !allHost(name) {
		return ErrHost
	}
	m.Flags |= htx.HasHost
	if s.lastHost < 0 {
		s.lastHost = i
		return nil
	}
	if !equalFold(v, m.Value(s.lastHost)) {
		return ErrHostDiffers
	}
	m.Del(i)
	return nil
}

func allHost(v []byte) bool { return skipClass(v, 0, cHost) == len(v) }

// contentLength takes "5", and "5, 5" or repeated fields when all values are the
// same; what remains is one field in its shortest form.
func contentLength(m *htx.Msg, i int) error {
	v := m.Value(i)
	if n, ok := digits(v); ok { // the plain case
		return oneLength(m, i, n, v[0] == '0' && len(v) > 1)
	}
	var all int64 = -1
	for off := 0; ; {
		from, to, next, ok := htx.NextItem(v, off)
		if !ok {
			break
		}
		n, ok := digits(v[from:to])
		if !ok {
			return ErrLength
		}
		if all >= 0 && all != n {
			return ErrLengthDiffer
		}
		all, off = n, next
	}
	if all < 0 {
		return ErrLength
	}
	return oneLength(m, i, all, true)
}

func oneLength(m *htx.Msg, i int, n int64, rewrite bool) error {
	if m.Flags&htx.HasLength != 0 {
		if n != m.BodyLen {
			return ErrLengthDiffer
		}
		m.Del(i)
		return nil
	}
	m.Flags |= htx.HasLength
	m.BodyLen = n
	if rewrite {
		var b [20]byte
		m.ReplaceValue(i, AppendDecimal(b[:0], n))
	}
	return nil
}

// digits reads a decimal number without sign that fits 63 bits. (HAProxy allows 64.)
func digits(v []byte) (int64, bool) {
	if len(v) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range v {
		d := int64(c - '0')
		if c-'0' > 9 || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// transferEncoding takes nothing but one final "chunked". Another coding before it
// is understood, so that it can be refused as unsupported rather than as broken.
func (p *Parser) transferEncoding(m *htx.Msg, i int, s *seen) error {
	m.Flags |= htx.HasTE
	v := m.Value(i)
	if len(v) == 0 {
		return ErrCoding
	}
	for off := 0; ; {
		from, to, next, ok := htx.NextItem(v, off)
		if !ok {
			break
		}
		if s.chunked || from == to {
			return ErrCoding // something follows chunked, or an empty element
		}
		if htx.EqualFold(v[from:to], "chunked") {
			s.chunked = true
		} else {
			s.other = true
		}
		off = next
	}
	if s.te >= 0 {
		m.Del(s.te)
	}
	s.te = i
	return nil
}

// connection notes close, keep-alive and upgrade, and takes the first two out: they
// speak of this connection only, and rules do not see them, as in HAProxy.
func connection(m *htx.Msg, i int) {
	switch v := m.Value(i); {
	case htx.EqualFold(v, "keep-alive"):
		m.Flags |= htx.ConnKeepAlive
		m.Del(i)
		return
	case htx.EqualFold(v, "close"):
		m.Flags |= htx.ConnClose
		m.Del(i)
		return
	}
	filterList(m, i, func(tok []byte) bool {
		switch {
		case htx.EqualFold(tok, "keep-alive"):
			m.Flags |= htx.ConnKeepAlive
			return false
		case htx.EqualFold(tok, "close"):
			m.Flags |= htx.ConnClose
			return false
		case htx.EqualFold(tok, "upgrade"):
			m.Flags |= htx.ConnUpgrade
		}
		return true
	})
}

// upgrade notes the protocols asked for. HAProxy does not relay h2c and h2.
func upgrade(m *htx.Msg, i int, s *seen) {
	s.hasUpg = true
	filterList(m, i, func(tok []byte) bool {
		if htx.EqualFold(tok, "websocket") {
			s.wsAsked = true
			m.Flags |= htx.WebSocket
		}
		return !htx.EqualFold(tok, "h2c") && !htx.EqualFold(tok, "h2")
	})
	if m.Fields[i].Flags&htx.Removed == 0 {
		m.Flags |= htx.HasUpgrade
	}
}

// filterList takes the elements out of list field i that keep refuses. What lies
// between two neighbours that stay is left alone; an empty field goes away.
func filterList(m *htx.Msg, i int, keep func(tok []byte) bool) {
	v := m.Value(i)
	out, last, cut := 0, 0, false
	for off := 0; ; {
		from, to, next, ok := htx.NextItem(v, off)
		if !ok {
			break
		}
		off = next
		switch {
		case from == to:
		case !keep(v[from:to]):
			cut = true
		default:
			if out > 0 && !cut {
				from = last
			} else if out > 0 {
				v[out] = ','
				out++
			}
			out += copy(v[out:], v[from:to])
			last, cut = to, false
		}
	}
	if out == 0 {
		m.Del(i)
	} else {
		m.Fields[i].Value.Len = uint32(out)
	}
}

// addWebSocketKey makes up the key that a client left out, as HAProxy does where
// violations are allowed: servers insist on one.
func addWebSocketKey(m *htx.Msg) {
	var key [16]byte
	binary.LittleEndian.PutUint64(key[:], rand.Uint64())
	binary.LittleEndian.PutUint64(key[8:], rand.Uint64())
	var b [24]byte
	base64.StdEncoding.Encode(b[:], key[:])
	m.AddID(htx.SecWebSocketKey, b[:])
}

// matchUpgrade drops Upgrade fields that no Connection field speaks for, and the
// "upgrade" of Connection when there is nothing to upgrade to.
func matchUpgrade(m *htx.Msg, s *seen) {
	const both = htx.ConnUpgrade | htx.HasUpgrade
	switch m.Flags & both {
	case 0, both:
		return
	case htx.HasUpgrade:
		m.DelID(htx.Upgrade)
	case htx.ConnUpgrade:
		for i := m.Next(htx.Connection, 0); i >= 0; i = m.Next(htx.Connection, i+1) {
			filterList(m, i, func(tok []byte) bool { return !htx.EqualFold(tok, "upgrade") })
		}
	}
	m.Flags &^= both | htx.WebSocket
}

func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && lowerOf(a[i]) != lowerOf(b[i]) {
			return false
		}
	}
	return true
}

func lowerOf(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}
