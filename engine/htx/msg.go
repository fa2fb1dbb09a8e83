package htx

// Span is a part of a message's arena. The zero Span is empty.
type Span struct{ Off, Len uint32 }

// Empty reports whether the span holds nothing.
func (s Span) Empty() bool { return s.Len == 0 }

// Field is one header or trailer line. A removed field stays in place, with
// Removed set and ID None, until Compact; Next and the writers pass over it.
type Field struct {
	Name, Value Span
	ID          FieldID
	Flags       FieldFlags
}

// FieldFlags say what is special about one field.
type FieldFlags uint8

const (
	Removed    FieldFlags = 1 << iota // deleted by a rule
	HopByHop                          // named by a Connection field, or hop-by-hop by nature
	Sensitive                         // never to be indexed by hpack or qpack
	OriginalCL                        // a repeated Content-Length of equal value that was folded away
)

// Flags say what is known of a message. The parser of the wire format sets them;
// they are not kept in step with later edits of fields.
type Flags uint32

const (
	Response      Flags = 1 << iota // a response, otherwise a request
	Version11                       // HTTP/1.1 or later
	HasLength                       // a valid Content-Length was present
	Chunked                         // the last transfer coding is chunked
	HasTE                           // a Transfer-Encoding was present
	NoBody                          // no body bytes follow the head
	ConnClose                       // Connection: close
	ConnKeepAlive                   // Connection: keep-alive
	ConnUpgrade                     // Connection: upgrade
	HasUpgrade                      // an Upgrade field was present
	Expect100                       // Expect: 100-continue
	HasHost                         // a Host field or :authority was present
	AbsoluteForm                    // target of the form scheme://authority/path
	AuthorityForm                   // target of CONNECT
	AsteriskForm                    // target "*"
	HasCookie                       // at least one Cookie field
	WebSocket                       // Upgrade: websocket (or :protocol websocket)
	Relaxed                         // accepted only because violations are allowed: a glitch
	Secure                          // the scheme is https
	HasTrailers                     // trailers were received
	SchemeKnown                     // the scheme came with the message (H2, H3, absolute form)
	ExtConnect                      // CONNECT with :protocol (RFC 8441)
	UntilClose                      // the body ends with the connection
	Interim                         // a 1xx other than 101
	Tunnel                          // raw bytes follow: 101, or 2xx to CONNECT
	MustClose                       // framed ambiguously: no other message may follow it
)

// Msg is the head and the trailers of one request or response.
type Msg struct {
	arena    []byte
	Fields   []Field
	Trailers []Field

	// Request line, or Version, Reason of a status line.
	Method, Target, Version, Reason Span
	MethodID                        MethodID
	Status                          int

	// BodyLen is the number of body bytes, -1 when it is not known beforehand.
	BodyLen int64
	Flags   Flags

	// Err tells why the head was refused; ErrOff is the offset of the first bad
	// byte in what the connection sent.
	Err    error
	ErrOff int

	removed int // fields with Removed set
}

// Reset empties the message and keeps its memory.
func (m *Msg) Reset() {
	*m = Msg{arena: m.arena[:0], Fields: m.Fields[:0], Trailers: m.Trailers[:0]}
}

// Grow makes room for n more arena bytes, so that the next additions do not move it.
func (m *Msg) Grow(n int) {
	if cap(m.arena)-len(m.arena) >= n {
		return
	}
	b := make([]byte, len(m.arena), 2*cap(m.arena)+n)
	copy(b, m.arena)
	m.arena = b
}

// Bytes returns the bytes of a span, valid until the next edit.
func (m *Msg) Bytes(s Span) []byte {
	return m.arena[s.Off : s.Off+s.Len : s.Off+s.Len]
}

// Str returns a copy of a span as a string.
func (m *Msg) Str(s Span) string { return string(m.Bytes(s)) }

// Put copies b into the arena.
func (m *Msg) Put(b []byte) Span {
	s := Span{uint32(len(m.arena)), uint32(len(b))}
	m.arena = append(m.arena, b...)
	return s
}

// PutStr copies s into the arena.
func (m *Msg) PutStr(s string) Span {
	sp := Span{uint32(len(m.arena)), uint32(len(s))}
	m.arena = append(m.arena, s...)
	return sp
}

// PutLower copies b into the arena in lower case.
func (m *Msg) PutLower(b []byte) Span {
	s := m.Put(b)
	Lower(m.arena[s.Off:])
	return s
}

// Arena returns everything that was put so far. A parser that works in place may
// write to it; it must not append.
func (m *Msg) Arena() []byte { return m.arena }

// IsResponse reports whether the message is a response.
func (m *Msg) IsResponse() bool { return m.Flags&Response != 0 }

// Has reports whether all of f are set.
func (m *Msg) Has(f Flags) bool { return m.Flags&f == f }

// Clone copies m into dst, whose memory is reused.
func (m *Msg) Clone(dst *Msg) {
	arena, fields, trailers := dst.arena[:0], dst.Fields[:0], dst.Trailers[:0]
	*dst = *m
	dst.arena = append(arena, m.arena...)
	dst.Fields = append(fields, m.Fields...)
	dst.Trailers = append(trailers, m.Trailers...)
}

// HeadSize is the number of bytes that the start line and the fields take on an
// HTTP/1 wire: what tune.bufsize and req.hdrs_size speak of.
func (m *Msg) HeadSize() int {
	n := 2
	if m.IsResponse() {
		n += int(m.Version.Len) + 1 + 3 + 1 + int(m.Reason.Len) + 2
	} else {
		n += int(m.Method.Len) + 1 + int(m.Target.Len) + 1 + int(m.Version.Len) + 2
	}
	return n + fieldsSize(m.Fields)
}

// Size is what HAProxy counts for a head (bytes_in, %B, %U, bin and bout): the
// lengths of its words without the separators of any wire format.
func (m *Msg) Size() int {
	const start, end = 20, 1
	n := start + end
	if m.IsResponse() {
		n += 8 + 3 + int(m.Reason.Len)
	} else {
		n += int(m.Method.Len) + int(m.Target.Len) + 8
	}
	for i := range m.Fields {
		if f := &m.Fields[i]; f.Flags&Removed == 0 {
			n += int(f.Name.Len) + int(f.Value.Len)
		}
	}
	return n
}

func fieldsSize(fs []Field) int {
	n := 0
	for i := range fs {
		if fs[i].Flags&Removed == 0 {
			n += int(fs[i].Name.Len) + 2 + int(fs[i].Value.Len) + 2
		}
	}
	return n
}

// Body yields the bytes that follow a head.
type Body interface {
	// Next returns more bytes, valid until the next call. After the last ones
	// it returns io.EOF; the trailers, if any, are then in the message.
	Next() ([]byte, error)
	// Close ends the body early; err tells why, nil if it is merely not wanted.
	Close(err error)
}
