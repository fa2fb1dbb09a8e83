package h1

import (
	"errors"
	"io"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// Upgrade makes an HTTP/1 connection of one whose stream s began without HTTP:
// that stream becomes the connection's first transaction. run is for the streams
// that follow.
func Upgrade(s *engine.Stream, run func(*engine.Stream)) *Conn {
	c := newConn(s.Sess, run)
	c.s = s
	s.Ex, s.Kind = &c.exchange, engine.HTTP1
	return c
}

// First reads the head of the first transaction. An error is a head that is bad,
// cut, late or that never came; s.Req.Status tells which answer it gets.
func (c *Conn) First() error {
	c.limits()
	s, px := c.s, c.sess.Front
	c.headTimeout(px)
	err := c.parser.ReadRequest(c.c, s.Req, c.maxHead())
	c.c.SetReadBy(conn.NoClass, 0)
	s.Times.Request = clock.Mono()
	s.HasReq = true
	if err != nil {
		c.badHead(err)
		if s.Req.Status == 0 && errors.Is(err, io.EOF) {
			s.Req.Status = 400
		}
		return err
	}
	c.c.SetReadTimeout(conn.Data, px.Timeout.Client)
	c.exchange.begin(s)
	return nil
}

// Follow runs the streams after the first one, which is over, to the end of the
// connection.
func (c *Conn) Follow() {
	c.s, c.lastEnd = nil, clock.Mono()
	if c.mayKeep() && c.head() == nil {
		c.streams()
	}
	c.end()
}
