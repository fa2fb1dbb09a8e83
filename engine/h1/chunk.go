package h1

import "hawser/engine/htx"

// Chunked decodes a chunked body that lies in pieces in a buffer. It copies nothing:
// Next tells which part of the input is data.
//
// The grammar is HAProxy 3.5's: sizes of up to 63 bits in hexadecimal, blanks after
// a size, extensions ignored (without control characters, quotes closed), and CRLF
// everywhere but in the trailers, whose lines may end in LF alone.
type Chunked struct {
	phase  uint8
	quoted bool
	esc    bool
	any    bool   // a digit of the size was seen
	left   uint64 // data bytes of this chunk still to come; the size while it is read
	ext    int    // bytes of extensions so far, over the whole body

	trailers Parser
}

const (
	ckSize uint8 = iota
	ckSizeWS
	ckExt
	ckSizeLF
	ckData
	ckDataCR
	ckDataLF
	ckTrailers
	ckDone
)

// maxExtensions bounds the extensions of one body: they carry nothing for us.
const maxExtensions = 16384

// Reset prepares for another body.
func (d *Chunked) Reset() {
	tr := d.trailers
	*d = Chunked{trailers: tr}
	d.trailers.Reset()
}

// Done reports whether the last chunk and the trailers are complete.
func (d *Chunked) Done() bool { return d.phase == ckDone }

// InData reports how many data bytes of the current chunk are still to come.
func (d *Chunked) InData() int64 {
	if d.phase != ckData {
		return 0
	}
	return int64(d.left)
}

// Skip tells that n data bytes were consumed elsewhere (spliced).
func (d *Chunked) Skip(n int64) {
	if d.left -= uint64(n); d.left == 0 {
		d.phase = ckDataCR
	}
}

// Next looks at in. It returns the number of bytes to drop before the data, and the
// number of data bytes after those. Both zero means that more bytes are needed, or,
// if Done, that the body is over. Trailers are added to m; until they are complete
// they must stay in the buffer, so that in begins with the same bytes again. Without
// m it stops before the trailers.
func (d *Chunked) Next(in []byte, m *htx.Msg) (drop, data int, err error) {
	i := 0
	for d.phase != ckDone {
		if d.phase == ckData {
			n := min(uint64(len(in)-i), d.left)
			if n == 0 {
				return i, 0, nil
			}
			if d.left -= n; d.left == 0 {
				d.phase = ckDataCR
			}
			return i, int(n), nil
		}
		if d.phase == ckTrailers {
			if m == nil {
				return i, 0, nil
			}
			n, err := d.readTrailers(in[i:], m)
			return i + n, 0, err
		}
		if i == len(in) {
			return i, 0, nil
		}
		if i, err = d.frame(in, i); err != nil {
			return i, 0, err
		}
	}
	return i, 0, nil
}

// frame consumes bytes of framing from in[i:], at least one.
func (d *Chunked) frame(in []byte, i int) (int, error) {
	c := in[i]
	switch d.phase {
	case ckSize:
		for ; i < len(in); i++ {
			v := hex[in[i]]
			if v < 0 {
				break
			}
			if d.left>>59 != 0 {
				return i, ErrChunkSize
			}
			d.left, d.any = d.left<<4|uint64(v), true
		}
		if i == len(in) {
			return i, nil
		}
		if !d.any {
			return i, ErrChunkSize
		}
		d.phase = ckSizeWS
		return i, nil
	case ckSizeWS:
		switch c {
		case ' ', '\t':
		case ';':
			d.phase = ckExt
		case '\r':
			d.phase = ckSizeLF
		default:
			return i, ErrChunkSize
		}
	case ckExt:
		return d.extension(in, i)
	case ckSizeLF:
		if c != '\n' {
			return i, ErrChunkSize
		}
		d.any = false
		d.phase = ckData
		if d.left == 0 {
			d.startTrailers()
		}
	case ckDataCR:
		if c != '\r' {
			return i, ErrChunkEnd
		}
		d.phase = ckDataLF
	case ckDataLF:
		if c != '\n' {
			return i, ErrChunkEnd
		}
		d.phase = ckSize
	}
	return i + 1, nil
}

func (d *Chunked) extension(in []byte, i int) (int, error) {
	for ; i < len(in); i++ {
		if d.ext++; d.ext > maxExtensions {
			return i, ErrChunkExt
		}
		switch c := in[i]; {
		case c == '\r' && !d.quoted:
			d.phase = ckSizeLF
			return i + 1, nil
		case (c < ' ' && c != '\t') || c == 0x7f:
			return i, ErrChunkExt
		case d.esc:
			d.esc = false
		case c == '\\' && d.quoted:
			d.esc = true
		case c == '"':
			d.quoted = !d.quoted
		}
	}
	return i, nil
}

func (d *Chunked) startTrailers() {
	d.phase = ckTrailers
	d.trailers.Reset()
	d.trailers.phase = phField
}

// readTrailers parses trailers like fields, into m, and drops those that would
// change the framing or the routing of the message (RFC 9110 section 6.5.1; HAProxy
// drops Content-Length alone).
func (d *Chunked) readTrailers(in []byte, m *htx.Msg) (int, error) {
	if len(in) >= 2 && in[0] == '\r' && in[1] == '\n' && d.trailers.pos == 0 {
		d.phase = ckDone
		return 2, nil
	}
	// The parser fills Fields; lend it the trailers' slice.
	head := m.Fields
	m.Fields = m.Trailers
	err := d.trailers.fields(m, in)
	m.Trailers, m.Fields = m.Fields, head
	if err == ErrMore {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	d.adoptTrailers(m, in)
	d.phase = ckDone
	return d.trailers.pos, nil
}

func (d *Chunked) adoptTrailers(m *htx.Msg, in []byte) {
	at := m.Put(in[:d.trailers.pos]).Off
	out := m.Trailers[:0]
	for _, f := range m.Trailers {
		f.Name.Off += at
		f.Value.Off += at
		htx.Lower(m.Bytes(f.Name))
		switch f.ID {
		case htx.ContentLength, htx.TransferEncoding, htx.Host, htx.Connection, htx.Upgrade, htx.Trailer, htx.TE, htx.KeepAlive:
			continue
		}
		v := m.Bytes(f.Value)
		for j, c := range v {
			if c == '\r' || c == '\n' {
				v[j] = ' '
			}
		}
		f.Value = trim(v, f.Value)
		out = append(out, f)
	}
	m.Trailers = out
	if len(out) > 0 {
		m.Flags |= htx.HasTrailers
	}
}

// hex maps hexadecimal digits to their value and all else to -1.
var hex = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := 0; i < 10; i++ {
		t['0'+i] = int8(i)
	}
	for i := 0; i < 6; i++ {
		t['a'+i], t['A'+i] = int8(10+i), int8(10+i)
	}
	return t
}()
