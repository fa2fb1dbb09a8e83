package h1

import (
	"net"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"

	"github.com/valyala/fasthttp"
)

// A frontend's HTTP/1 connections are run by a fasthttp.Server, but every byte on
// the wire is ours: Conn.Read parses the first real head and hands fasthttp a
// short canonical one that stands for it, the handler runs its stream and those
// that follow on the connection, and Conn.Write drops what fasthttp would answer.
// One call of the handler for each connection instead of each request: fasthttp's
// own parsing and writing of a request that is not there costs a tenth of it all.

var canonical = []byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n")

// frontServer keeps the fasthttp server of each frontend.
var frontServer = engine.NewSlot[*engine.Proxy, fasthttp.Server]("fasthttp server")

func init() { engine.OnMake(makeServer) }

// makeServer prepares a frontend's server.
func makeServer(_ *engine.Build, px *engine.Proxy) {
	if px.Side&engine.Front == 0 || !px.IsHTTP() {
		return
	}
	*frontServer.Edit(px) = fasthttp.Server{
		Name:                          px.Name,
		Handler:                       handle,
		Concurrency:                   1 << 30,
		ReadBufferSize:                64,
		WriteBufferSize:               256,
		NoDefaultServerHeader:         true,
		NoDefaultDate:                 true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm:  true,
		Logger:                        quiet{},
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// Serve runs a client connection until it ends: run is called for each stream.
func Serve(sess *engine.Session, run func(*engine.Stream)) {
	c := newConn(sess, run)
	if srv := frontServer.Get(sess.Front); srv != nil {
		srv.ServeConn(c)
	} else if c.head() == nil { // a frontend that build did not make
		c.streams()
	}
	c.end()
}

func handle(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*Conn)
	c.streams()
	ctx.Response.SkipBody = true
	ctx.SetConnectionClose()
}

// streams runs the stream whose head was read, then those of the heads that follow.
func (c *Conn) streams() {
	for {
		c.run(c.s)
		c.lastEnd = clock.After(c.s.Times.End)
		if !c.mayKeep() || c.head() != nil {
			return
		}
	}
}

// Conn is a client connection as fasthttp sees it, and the Exchange of its
// stream. Owned by the connection's goroutine.
type Conn struct {
	net.Conn // what fasthttp may ask for addresses
	c        *conn.Conn
	sess     *engine.Session
	run      func(*engine.Stream)
	s        *engine.Stream
	parser   Parser
	pending  int  // bytes of the canonical head that fasthttp has not read yet
	taken    bool // the raw connection was handed out as a tunnel
	lastEnd  int64

	exchange
}

func newConn(sess *engine.Session, run func(*engine.Stream)) *Conn {
	c := connPool.Get().(*Conn)
	c.Conn, c.c, c.sess, c.run = sess.Conn, sess.Conn, sess, run
	c.parser = Parser{}
	c.pending, c.taken, c.lastEnd = 0, false, 0
	c.exchange.conn = c
	return c
}

// end closes the connection unless a tunnel did, and gives everything back.
func (c *Conn) end() {
	if !c.taken {
		lingering(c.c)
	}
	if c.s != nil {
		putStream(c.s)
		c.s = nil
	}
	c.Conn, c.c, c.sess, c.run = nil, nil, nil, nil
	connPool.Put(c)
}

// lingering closes so that the client gets our last bytes although it may have
// sent some that nobody read.
func lingering(c *conn.Conn) {
	c.Socket().Drain(64 << 10)
	c.Close()
	c.Free()
}

// Read hands out the canonical head once the first real head is complete. An error
// ends the connection without an answer: nothing came.
func (c *Conn) Read(p []byte) (int, error) {
	if c.pending == 0 {
		if err := c.head(); err != nil {
			return 0, err
		}
		c.pending = len(canonical)
	}
	n := copy(p, canonical[len(canonical)-c.pending:])
	c.pending -= n
	return n, nil
}

// Write drops fasthttp's answer: the stream has written its own.
func (c *Conn) Write(p []byte) (int, error) { return len(p), nil }

// Close is ours to do: see end.
func (c *Conn) Close() error { return nil }

// SetDeadline and its parts are not fasthttp's to set.
func (c *Conn) SetDeadline(time.Time) error      { return nil }
func (c *Conn) SetReadDeadline(time.Time) error  { return nil }
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
