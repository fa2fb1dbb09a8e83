package h1

import (
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// Keeper has charge of the connections to a server.
type Keeper interface {
	// Keep takes a connection whose exchange is over and that may carry another.
	Keep(s *engine.Stream, u *Upstream)
	// Gone is told of a connection that was closed.
	Gone(u *Upstream)
}

// Upstream is a connection to a server that carries one exchange after the other
// (engine.Upstream). Owned by the stream that uses it, or by the pool that keeps it.
type Upstream struct {
	Server    *engine.Server
	Key       string // what the stream asked of the connection (SNI …)
	Uses      int
	Private   bool  // for its session alone
	Place     uint8 // the keeper's own
	IdleSince clock.Tick

	c      *conn.Conn
	s      *engine.Stream
	keeper Keeper
	parser Parser
	body   Body
	out    []byte
	hasRes bool
	keep   bool // the response lets the connection go on
	upfin  bool // the request was sent whole
	chunks bool
	closed bool
}

var upstreamPool = sync.Pool{New: func() any { return new(Upstream) }}

// NewUpstream begins the first exchange on a new connection.
func NewUpstream(s *engine.Stream, c *conn.Conn, k Keeper) *Upstream {
	u := upstreamPool.Get().(*Upstream)
	*u = Upstream{c: c, keeper: k, out: u.out[:0], Server: s.Server}
	u.Attach(s)
	return u
}

// NewIdle is an upstream for a connection that somebody else opened and used.
func NewIdle(srv *engine.Server, c *conn.Conn, uses int, k Keeper) *Upstream {
	return &Upstream{c: c, keeper: k, Server: srv, Uses: uses}
}

// Detach gives the connection away. The Upstream must not be used again.
func (u *Upstream) Detach() *conn.Conn {
	u.closed = true
	u.keeper.Gone(u)
	return u.c
}

// Attach gives the connection to a stream.
func (u *Upstream) Attach(s *engine.Stream) {
	u.s = s
	u.Server = s.Server
	u.Uses++
	u.hasRes, u.keep, u.upfin, u.chunks = false, false, false, false
	u.out = u.out[:0]
	u.parser.MaxFields = s.Sess.RT.Global.Tune.MaxHdr - 1
	u.parser.Relaxed = s.Back.Options.Has(engine.OptUnsafeResponse)
	u.c.SetReadTimeout(conn.Data, s.Timeout.Server)
	u.c.SetWriteTimeout(conn.Data, s.Timeout.Server)
}

// SendHead writes the request head.
func (u *Upstream) SendHead(m *htx.Msg, bodyless bool) error {
	keep := u.wantsKeep() || u.s.Back.Options.Has(engine.OptPretendKeepAlive)
	say := RequestConn(m, keep)
	u.chunks = !bodyless && m.Flags&htx.Chunked != 0
	if u.chunks && m.Next(htx.TransferEncoding, 0) < 0 && m.Next(htx.ContentLength, 0) < 0 {
		m.AddIDStr(htx.TransferEncoding, "chunked")
	}
	from := len(u.out)
	u.out = AppendRequestHead(u.out, m, say)
	if names := u.s.Sess.RT.Global.CaseAdjust; len(names) > 0 && u.s.Back.Options.Has(engine.OptCaseAdjustServer) {
		AdjustCase(u.out[from:], names)
	}
	u.upfin = bodyless
	return nil
}

func (u *Upstream) wantsKeep() bool {
	s := u.s
	return s.Back.HTTPMode == engine.HTTPKeepAlive && s.Front.HTTPMode != engine.HTTPServerClose
}

// SendData writes a piece of the request body.
func (u *Upstream) SendData(p []byte) error {
	u.s.BytesBody += int64(len(p))
	if len(p) == 0 {
		return nil
	}
	end := crlf[:0]
	if u.chunks {
		u.out = AppendChunkHeader(u.out, len(p))
		end = crlf
	}
	if len(p) < largeWrite {
		u.out = append(append(u.out, p...), end...)
		return nil
	}
	out := u.out
	u.out = u.out[:0]
	if len(out) == 0 {
		_, err := u.c.Write(p)
		return err
	}
	_, err := u.c.WriteV(out, p, end)
	return err
}

// Plain returns the connection if the body goes over it as it is and nothing waits to
// be written before.
func (u *Upstream) Plain() *conn.Conn {
	if u.chunks || len(u.out) > 0 {
		return nil
	}
	return u.c
}

// SendEnd ends the request body.
func (u *Upstream) SendEnd(m *htx.Msg) error {
	u.upfin = true
	if u.chunks {
		u.out = AppendLastChunk(u.out, m)
	}
	return nil
}

// Flush sends what was written.
func (u *Upstream) Flush() error {
	if len(u.out) == 0 {
		return nil
	}
	_, err := u.c.Write(u.out)
	u.out = u.out[:0]
	return err
}

// FlushAtRead sends what was written, at the latest when the response is read. A
// new connection is written to at once: its server may speak, or leave, unasked.
func (u *Upstream) FlushAtRead() error {
	if len(u.out) == 0 || !u.Reused() || !u.c.Queue(u.out) {
		return u.Flush()
	}
	u.out = u.out[:0]
	return nil
}

// watch is how often a wait for the server looks at the client.
const watch = 200 * time.Millisecond

// ReadHead reads the next response head. While it waits it looks now and then
// whether the client is still there: with option abortonclose a client that left
// ends the exchange, and so does whoever kills the stream.
func (u *Upstream) ReadHead(m, req *htx.Msg) error {
	t := &u.s.Sess.RT.Global.Tune
	look := (u.s.Ex.Body() == nil || u.s.BodyDone) && u.s.Back.AbortsOnClose() // else the body's carrier reads the client
	limit := clock.Tick(0)
	if to := u.s.Timeout.Server; to > 0 {
		limit = clock.Now().Add(to) + 1 // the clock may be late
	}
	for {
		at := clock.Now().Add(watch)
		if limit != 0 && limit < at {
			at = limit
		}
		u.c.SetReadBy(conn.Inspect, at)
		err := u.parser.ReadResponse(u.c, m, req, t.BufSize-t.MaxRewrite)
		if err == nil {
			u.c.SetReadBy(conn.NoClass, 0)
			u.begin(m)
			return u.check(m)
		}
		if class, ok := conn.IsTimeout(err); !ok || class != conn.Inspect {
			u.record(m)
			return err
		}
		if u.s.Killed.Load() {
			return engine.ErrClientAborted
		}
		if look && u.s.Sess.Conn.PeerClosed() {
			u.s.ClientLeft = true
			u.c.Abort()
			return engine.ErrClientAborted
		}
		if limit != 0 && limit.Expired(clock.Precise()) {
			u.c.SetReadBy(conn.NoClass, 0)
			return &conn.TimeoutError{Class: conn.Data}
		}
	}
}

// check looks at what came of the body with the head, so that one that is broken
// already is answered for, not cut.
func (u *Upstream) check(m *htx.Msg) error {
	if !u.hasRes {
		return nil
	}
	if err := u.body.Check(); err != nil {
		m.Err = err
		u.record(m)
		return err
	}
	return nil
}

func (u *Upstream) record(m *htx.Msg) {
	if m.Err != nil && engine.RecordError != nil {
		engine.RecordError(u.s, engine.Res, u.c.Bytes(), m.ErrOff, m.Err)
	}
}

func (u *Upstream) begin(m *htx.Msg) {
	if m.Status < 200 && m.Status != 101 {
		return
	}
	u.hasRes = true
	if (m.Status == 401 || m.Status == 407) && authenticatesConnection(m) {
		u.Private = true
	}
	u.body.Begin(u.c, m, u.parser.Relaxed)
	v11 := m.Flags&htx.Version11 != 0
	u.keep = u.wantsKeep() && m.Flags&(htx.ConnClose|htx.MustClose|htx.Tunnel) == 0 && (v11 || m.Flags&htx.ConnKeepAlive != 0)
}

// Body returns the response body; nil when there is none.
func (u *Upstream) Body() htx.Body {
	if u.body.kind == bodyNone || u.body.kind == bodyLength && u.body.left == 0 {
		return nil
	}
	return &u.body
}

// Release ends the exchange: the connection goes idle when both messages are
// complete and both sides want it, and is closed otherwise.
func (u *Upstream) Release(reuse bool) {
	if reuse && u.hasRes && u.keep && u.upfin && u.body.Complete() && u.c.Buffered() == 0 {
		s := u.s
		u.s = nil
		u.c.Release()
		u.keeper.Keep(s, u)
		return
	}
	u.Abort()
}

// Abort closes the connection. The Upstream must not be used again.
func (u *Upstream) Abort() {
	if u.closed {
		return
	}
	u.closed = true
	u.keeper.Gone(u)
	u.c.Close()
	u.c.Free()
}

// Conn returns the connection.
func (u *Upstream) Conn() *conn.Conn { return u.c }

// Reused reports whether the connection carried an exchange before.
func (u *Upstream) Reused() bool { return u.Uses > 1 }

var _ engine.Upstream = (*Upstream)(nil)
