package h1

import "hawser/engine/htx"

// ConnField is what a writer says about the connection.
type ConnField uint8

const (
	ConnNone      ConnField = iota // nothing: the version's default holds
	ConnSaysClose                  // connection: close
	ConnSaysKeep                   // connection: keep-alive
)

// RequestConn is the field that HAProxy sends to a server: an HTTP/1.1 request says
// "close" when the connection will not be kept, an HTTP/1.0 one "keep-alive" when it will.
// One that is framed ambiguously says neither.
func RequestConn(m *htx.Msg, keep bool) ConnField {
	if m.Flags&(htx.MustClose|htx.Version11) == htx.MustClose {
		return ConnNone
	}
	return connField(m, keep)
}

// ResponseConn is the field that HAProxy sends to a client. client is the request:
// its version decides too, since a 1.1 answer to a 1.0 client must say either.
func ResponseConn(m, client *htx.Msg, keep bool) ConnField {
	if m.Flags&(htx.Interim|htx.Tunnel) != 0 {
		return ConnNone
	}
	if m.Flags&(htx.Version11|htx.ConnUpgrade) == htx.Version11 && client != nil && client.Flags&htx.Version11 == 0 && keep {
		return ConnSaysKeep
	}
	return connField(m, keep)
}

func connField(m *htx.Msg, keep bool) ConnField {
	v11 := m.Flags&htx.Version11 != 0
	switch {
	case m.Flags&htx.ConnUpgrade != 0:
		return ConnNone
	case keep && !v11:
		return ConnSaysKeep
	case !keep && v11:
		return ConnSaysClose
	}
	return ConnNone
}

// AppendRequestHead appends the head of a request. A version later than 1.0 is
// written as HTTP/1.1, an earlier one as it came.
func AppendRequestHead(dst []byte, m *htx.Msg, c ConnField) []byte {
	dst = append(dst, m.Bytes(m.Method)...)
	dst = append(dst, ' ')
	dst = append(dst, m.Bytes(m.Target)...)
	dst = append(dst, ' ')
	dst = appendVersion(dst, m)
	dst = append(dst, '\r', '\n')
	return appendFields(dst, m, c)
}

// AppendResponseHead appends the head of a response. An empty reason is replaced by
// the usual one, as HAProxy 3.5 does.
func AppendResponseHead(dst []byte, m *htx.Msg, c ConnField) []byte {
	dst = appendVersion(dst, m)
	s := uint(m.Status)
	dst = append(dst, ' ', byte('0'+s/100%10), byte('0'+s/10%10), byte('0'+s%10), ' ')
	if m.Reason.Len > 0 {
		dst = append(dst, m.Bytes(m.Reason)...)
	} else {
		dst = append(dst, Reason(m.Status)...)
	}
	dst = append(dst, '\r', '\n')
	return appendFields(dst, m, c)
}

func appendVersion(dst []byte, m *htx.Msg) []byte {
	switch {
	case m.Flags&htx.Version11 != 0:
		return append(dst, "HTTP/1.1"...)
	case m.Version.Len == 0:
		return append(dst, "HTTP/1.0"...)
	}
	return append(dst, m.Bytes(m.Version)...)
}

// appendFields appends all fields in order, then the connection field, then the end
// of the head. TE keeps nothing but trailers; a coding is always written the same way.
func appendFields(dst []byte, m *htx.Msg, c ConnField) []byte {
	for i := range m.Fields {
		f := &m.Fields[i]
		if f.Flags&htx.Removed != 0 {
			continue
		}
		v := m.Bytes(f.Value)
		switch f.ID {
		case htx.TE:
			if !htx.HasItem(v, "trailers") {
				continue
			}
			dst = append(dst, "te: trailers\r\n"...)
			continue
		case htx.TransferEncoding:
			dst = append(dst, "transfer-encoding: chunked\r\n"...)
			continue
		}
		dst = append(dst, m.Bytes(f.Name)...)
		dst = append(dst, ':', ' ')
		dst = append(dst, v...)
		dst = append(dst, '\r', '\n')
	}
	switch c {
	case ConnSaysClose:
		dst = append(dst, "connection: close\r\n"...)
	case ConnSaysKeep:
		dst = append(dst, "connection: keep-alive\r\n"...)
	}
	return append(dst, '\r', '\n')
}

// AppendChunkHeader appends the size line of a chunk of n > 0 bytes. The data and
// CRLF follow.
func AppendChunkHeader(dst []byte, n int) []byte {
	var b [18]byte
	i := len(b) - 2
	b[i], b[i+1] = '\r', '\n'
	for {
		i--
		b[i] = "0123456789ABCDEF"[n&15]
		if n >>= 4; n == 0 {
			return append(dst, b[i:]...)
		}
	}
}

// AppendLastChunk appends the last chunk and the trailers of m.
func AppendLastChunk(dst []byte, m *htx.Msg) []byte {
	dst = append(dst, '0', '\r', '\n')
	if m != nil {
		for i := range m.Trailers {
			f := &m.Trailers[i]
			if f.Flags&htx.Removed != 0 {
				continue
			}
			dst = append(dst, m.Bytes(f.Name)...)
			dst = append(dst, ':', ' ')
			dst = append(dst, m.Bytes(f.Value)...)
			dst = append(dst, '\r', '\n')
		}
	}
	return append(dst, '\r', '\n')
}

// AppendDecimal appends n in decimal.
func AppendDecimal(dst []byte, n int64) []byte {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return append(dst, b[i:]...)
		}
	}
}
