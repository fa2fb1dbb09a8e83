package h1

import (
	"io"

	"hawser/engine/conn"
	"hawser/engine/htx"
)

// Body reads the body that follows a head on a connection; it implements htx.Body.
// It yields parts of the connection's buffer. Keep one per connection and Begin it
// for each message.
type Body struct {
	c    *conn.Conn
	m    *htx.Msg
	kind uint8
	out  int   // bytes yielded last, to be dropped from the buffer
	left int64 // bodies of known length
	ck   Chunked
	err  error // what ended the body: io.EOF when it is complete
}

const (
	bodyNone uint8 = iota
	bodyLength
	bodyChunked
	bodyUntilClose
)

// Begin starts the body of m, whose head has been discarded from c's buffer. It is
// also right for a message without body: then Next says io.EOF at once.
func (b *Body) Begin(c *conn.Conn, m *htx.Msg, relaxed bool) {
	b.c, b.m, b.out, b.err = c, m, 0, nil
	switch {
	case m.Flags&(htx.NoBody|htx.Tunnel) != 0:
		b.kind, b.err = bodyNone, io.EOF
	case m.Flags&htx.Chunked != 0:
		b.kind = bodyChunked
		b.ck.trailers.Relaxed = relaxed
		b.ck.Reset()
	case m.BodyLen >= 0:
		b.kind, b.left = bodyLength, m.BodyLen
		if b.left == 0 {
			b.err = io.EOF
		}
	default:
		b.kind = bodyUntilClose
	}
}

// Next returns more of the body, valid until the next call, or io.EOF at its end.
func (b *Body) Next() ([]byte, error) {
	b.drop()
	if b.err != nil {
		return nil, b.err
	}
	for {
		p, err := b.look()
		if err != nil {
			b.err = err
			return nil, err
		}
		if len(p) > 0 {
			b.out = len(p)
			return p, nil
		}
		if err := b.more(); err != nil {
			b.err = err
			return nil, err
		}
	}
}

// Buffered returns body bytes that are already here, like Next, but never reads: nil
// and no error means that the next ones are still to come.
func (b *Body) Buffered() ([]byte, error) {
	b.drop()
	if b.err != nil {
		return nil, b.err
	}
	p, err := b.look()
	if err != nil {
		b.err = err
		return nil, err
	}
	b.out = len(p)
	return p, nil
}

// Check looks through what is buffered of a chunked body, without taking anything,
// and returns the error that Next would come to: a message that is wrong from the
// start can still be refused as a whole, before its head is passed on.
func (b *Body) Check() error {
	if b.kind != bodyChunked || b.err != nil {
		return nil
	}
	d, in := b.ck, b.c.Bytes()[b.out:]
	for {
		drop, n, err := d.Next(in, nil)
		if err != nil {
			return err
		}
		if drop+n == 0 {
			return nil
		}
		in = in[drop+n:]
	}
}

func (b *Body) drop() {
	if b.out > 0 {
		b.c.Discard(b.out)
		b.out = 0
	}
}

// look finds body bytes in the buffer. None and no error means: read more.
func (b *Body) look() ([]byte, error) {
	switch b.kind {
	case bodyLength:
		if b.left == 0 {
			return nil, io.EOF
		}
		p := b.c.Bytes()
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		b.left -= int64(len(p))
		return p, nil
	case bodyChunked:
		drop, n, err := b.ck.Next(b.c.Bytes(), b.m)
		b.c.Discard(drop)
		switch {
		case err != nil:
			return nil, err
		case b.ck.Done():
			return nil, io.EOF
		}
		return b.c.Bytes()[:n], nil
	case bodyUntilClose:
		return b.c.Bytes(), nil
	}
	return nil, io.EOF
}

// more reads once and gives the end of the connection its meaning.
func (b *Body) more() error {
	_, err := b.c.ReadMore()
	switch {
	case err == nil:
		return nil
	case err == conn.ErrBufferFull:
		return ErrTrailerLong
	case conn.IsEOF(err):
		if b.kind == bodyUntilClose {
			return io.EOF
		}
		return ErrBodyCut
	}
	return err
}

// Complete reports whether the whole body was consumed, so that the next message
// on the connection may be read.
func (b *Body) Complete() bool { return b.err == io.EOF && b.kind != bodyUntilClose }

// UntilClose reports whether the connection's end is the body's end.
func (b *Body) UntilClose() bool { return b.kind == bodyUntilClose }

// Raw returns the connection and how many plain bytes come next on it (-1: all until
// its end), for splicing; 0 when the bytes must go through Next. After moving n bytes
// call Moved.
func (b *Body) Raw() (*conn.Conn, int64) {
	b.drop()
	switch {
	case b.err != nil:
		return b.c, 0
	case b.kind == bodyLength:
		return b.c, b.left
	case b.kind == bodyUntilClose:
		return b.c, -1
	case b.kind == bodyChunked:
		return b.c, b.ck.InData()
	}
	return b.c, 0
}

// Moved tells that n bytes that Raw offered were taken from the connection; end that
// the connection ended there.
func (b *Body) Moved(n int64, end bool) {
	switch b.kind {
	case bodyLength:
		if b.left -= n; b.left == 0 {
			b.err = io.EOF
		} else if end {
			b.err = ErrBodyCut
		}
	case bodyChunked:
		b.ck.Skip(n)
		if end {
			b.err = ErrBodyCut
		}
	case bodyUntilClose:
		if end {
			b.err = io.EOF
		}
	}
}

// Close ends the body early. The connection is then in the middle of a message: its
// owner sees that Complete is false, and must not reuse it.
func (b *Body) Close(err error) {
	b.drop()
	if b.err == nil {
		if err == nil {
			err = ErrBodyCut
		}
		b.err = err
	}
}

var _ htx.Body = (*Body)(nil)
