package h1

import (
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// HAProxy stores heads in blocks, and its limit holds for that store: what it takes
// more than the wire for each field and for the head was found by experiment.
const (
	perField = 4
	perHead  = 71
)

// ReadRequest reads one request head from c into m, which is reset, and discards it
// from the buffer. maxHead bounds its size (tune.bufsize - tune.maxrewrite). Errors of
// the message are *Error and stand in m.Err, with the bad bytes still in c's buffer;
// others are the connection's.
func (p *Parser) ReadRequest(c *conn.Conn, m *htx.Msg, maxHead int) error {
	m.Reset()
	p.Reset()
	for {
		n, err := p.Request(m, c.Bytes())
		if done, err := p.step(c, m, n, err, maxHead); done {
			return err
		}
	}
}

// ReadResponse is ReadRequest for a response to req. The caller handles interim ones.
func (p *Parser) ReadResponse(c *conn.Conn, m, req *htx.Msg, maxHead int) error {
	m.Reset()
	p.Reset()
	for {
		n, err := p.Response(m, c.Bytes(), req)
		if done, err := p.step(c, m, n, err, maxHead); done {
			return err
		}
	}
}

// step acts on the outcome of one look at the buffer; it reads more when needed.
func (p *Parser) step(c *conn.Conn, m *htx.Msg, n int, err error, maxHead int) (bool, error) {
	switch {
	case err == nil && n-p.skipped+perField*len(m.Fields)+perHead > maxHead:
		return true, p.tooLong(m)
	case err == nil:
		c.Discard(n)
		return true, nil
	case err != ErrMore:
		return true, err
	case c.Buffered() >= maxHead && !p.InStartLine():
		return true, p.tooLong(m)
	}
	if p.phase == phSkip && p.pos > 0 {
		c.Discard(p.pos) // empty lines before a head
		p.pos = 0
	}
	if _, err := c.ReadMore(); err != nil {
		if err == conn.ErrBufferFull {
			return true, p.tooLong(m)
		}
		return true, err
	}
	return false, nil
}

func (p *Parser) tooLong(m *htx.Msg) error {
	err := ErrHeadLong
	if p.InStartLine() {
		err = ErrURILong
	}
	m.Err, m.ErrOff = err, p.pos
	return err
}
