package compress

import (
	"io"

	"hawser/engine"
	"hawser/engine/clock"
)

// body is a message body that is encoded while it is read (engine.Body). One
// goroutine reads it.
type body struct {
	s     *engine.Stream
	in    engine.Body
	enc   *encoder
	first []byte // what was read to learn the size
	dirty bool   // data was added since the last flush
	ended bool
	fixed bool // BytesOut counts what is read from the server, not what becomes of it
	side  [2]*engine.SideCounters
}

// room is how much output ends a round, even if there is more to read.
const room = 16 << 10

// Next returns the next piece of the encoded body.
func (b *body) Next() ([]byte, error) {
	for {
		p, err := b.Buffered()
		if len(p) > 0 || err != nil {
			return p, err
		}
		p, err = b.in.Next()
		if p, err = b.take(p, err); len(p) > 0 || err != nil {
			return p, err
		}
	}
}

// Buffered encodes what is there and flushes it, so that nothing waits for more.
func (b *body) Buffered() ([]byte, error) {
	if b.ended {
		return nil, io.EOF
	}
	for len(b.enc.out) < room {
		p, err := b.piece()
		if len(p) == 0 && err == nil {
			if b.dirty {
				b.enc.flush()
				b.dirty = false
			}
			break
		}
		if p, err := b.take(p, err); err != nil || b.ended {
			return p, err
		}
	}
	return b.put(), nil
}

func (b *body) piece() ([]byte, error) {
	if p := b.first; len(p) > 0 {
		b.first = nil
		return p, nil
	}
	return b.in.Buffered()
}

// take encodes a piece. At the end of the body it returns the last output.
func (b *body) take(p []byte, err error) ([]byte, error) {
	if len(p) > 0 {
		b.encode(p)
	}
	if err == io.EOF {
		b.enc.finish()
		b.ended = true
		return b.put(), nil
	}
	return nil, err
}

func (b *body) encode(p []byte) {
	proc, now := b.s.Sess.RT.Proc, clock.Now()
	if b.fixed {
		b.s.BytesOut += int64(len(p))
	}
	b.dirty = true
	if tooFast(b.s) {
		b.enc.store(p)
		for _, c := range b.side {
			c.CompBypassed.Add(int64(len(p)))
		}
		return
	}
	proc.CompIn.Add(now, uint64(len(p)))
	for _, c := range b.side {
		c.CompIn.Add(int64(len(p)))
	}
	b.enc.add(p)
}

// put returns the output so far, valid until the next call.
func (b *body) put() []byte {
	p := b.enc.out
	b.enc.out = b.enc.out[:0]
	if len(p) == 0 {
		return nil
	}
	if b.fixed {
		b.s.BytesOut -= int64(len(p))
	}
	b.s.Sess.RT.Proc.CompOut.Add(clock.Now(), uint64(len(p)))
	for _, c := range b.side {
		c.CompOut.Add(int64(len(p)))
	}
	return p
}

// Close ends the body early.
func (b *body) Close(err error) {
	b.ended = true
	b.in.Close(err)
}

// again is a body whose beginning was read already: what is not compressed after
// all.
type again struct {
	engine.Body
	first []byte
	err   error
}

func (a *again) Next() ([]byte, error) {
	if p := a.first; len(p) > 0 {
		a.first = nil
		return p, nil
	}
	if a.err != nil {
		return nil, a.err
	}
	return a.Body.Next()
}

func (a *again) Buffered() ([]byte, error) {
	if len(a.first) > 0 || a.err != nil {
		return a.Next()
	}
	return a.Body.Buffered()
}
