// Package raw is the mux of connections that carry no HTTP: one stream for the
// whole connection. It owns no bytes; stream.TCP moves them from socket to
// socket.
package raw

import (
	"errors"
	"sync"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

var pool = sync.Pool{New: func() any {
	return &engine.Stream{Req: &htx.Msg{}, Res: &htx.Msg{}}
}}

// Serve runs the connection's only stream. The connection is closed on return.
func Serve(sess *engine.Session, run func(*engine.Stream)) {
	s := pool.Get().(*engine.Stream)
	s.Sess, s.Kind = sess, engine.NotHTTP
	s.Ex = exchange{sess.Conn}
	s.Times.Start, s.Times.Date = sess.AcceptMono, sess.Accept
	s.Times.Request = s.Times.Start
	run(s)
	sess.Conn.Close()
	s.Reset()
	pool.Put(s)
}

// exchange is the client's side of a stream without HTTP: it can only be ended.
type exchange struct{ c *conn.Conn }

var errNotHTTP = errors.New("raw: not an HTTP connection")

func (exchange) Body() htx.Body            { return nil }
func (exchange) Continue() error           { return errNotHTTP }
func (exchange) Interim(*htx.Msg) error    { return errNotHTTP }
func (exchange) Head(*htx.Msg, bool) error { return errNotHTTP }
func (exchange) Data([]byte) error         { return errNotHTTP }
func (exchange) End(*htx.Msg) error        { return errNotHTTP }
func (exchange) Flush() error              { return nil }
func (exchange) Close()                    {}
func (x exchange) Tunnel() *conn.Conn      { return x.c }
func (x exchange) Abort(reset bool) {
	if reset {
		x.c.Abort()
		return
	}
	x.c.Close()
}
