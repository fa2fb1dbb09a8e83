package h1

import (
	"errors"
	"io"
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

var connPool = sync.Pool{New: func() any { return new(Conn) }}

var streamPool = sync.Pool{New: func() any {
	return &engine.Stream{Req: &htx.Msg{}, Res: &htx.Msg{}}
}}

func putStream(s *engine.Stream) {
	s.Reset()
	streamPool.Put(s)
}

var errIdle = errors.New("h1: nothing more comes on this connection")

// head waits for the next request head and prepares its stream. Heads that are
// bad, cut or late make a stream, too: it answers, counts and logs. An error is a
// connection that ends in silence.
func (c *Conn) head() error {
	c.prepare()
	s := c.s
	if err := c.firstByte(); err != nil {
		return c.silent(err)
	}
	c.sess.Renew() // where its place is gone, the request that has come is still answered
	c.limits()
	px := c.sess.Front
	now := clock.Mono()
	s.Times.Start = now
	s.Times.Date = clock.Wall()
	since := c.lastEnd
	if since == 0 {
		since = c.sess.AcceptMono + c.sess.Handshake.Nanoseconds()
		if c.sess.Requests == 0 {
			s.Times.Start = max(since, c.sess.AcceptMono)
			s.Times.Date = c.sess.Accept
		}
	}
	s.Times.Idle = max(now-since, 0)
	c.headTimeout(px)
	err := c.parser.ReadRequest(c.c, s.Req, c.maxHead())
	s.Times.Request = max(clock.After(now), s.Times.Start)
	c.c.SetReadBy(conn.NoClass, 0)
	s.HasReq = true
	if err != nil {
		return c.badHead(err)
	}
	if s.Req.Flags&htx.Relaxed != 0 {
		c.sess.Glitch()
	}
	c.c.SetReadTimeout(conn.Data, px.Timeout.Client)
	c.exchange.begin(s)
	return nil
}

func (c *Conn) prepare() {
	if c.s == nil {
		c.s = streamPool.Get().(*engine.Stream)
	} else {
		c.s.Reset()
	}
	c.s.Sess, c.s.Ex, c.s.Kind = c.sess, &c.exchange, engine.HTTP1
}

func (c *Conn) limits() {
	px, g := c.sess.Front, &c.sess.RT.Global
	c.parser.MaxFields = g.Tune.MaxHdr - 1
	c.parser.AnyPayload, c.parser.KeepInsecure = g.AnyPayload, g.KeepInsecureTE
	c.parser.Relaxed = px.Options.Has(engine.OptUnsafeRequest)
}

func (c *Conn) maxHead() int {
	t := &c.sess.RT.Global.Tune
	return t.BufSize - t.MaxRewrite
}

// firstByte waits for a request to begin: under timeout http-request on a new
// connection, http-keep-alive on one that served a request.
func (c *Conn) firstByte() error {
	if c.c.Buffered() > 0 {
		return nil
	}
	px := c.sess.Front
	if c.sess.Requests == 0 {
		c.headTimeout(px)
	} else {
		c.c.SetReadTimeout(conn.Idle, keepAliveTimeout(px))
	}
	if c.sess.Requests == 0 {
		_, err := c.c.ReadMore()
		return err
	}
	return c.rest()
}

// rest waits for the next request of a connection that served one. Told to end
// (reload, soft stop), it ends unless a request has come at the same moment.
func (c *Conn) rest() error {
	sess := c.sess
	sess.Rest.Enter()
	if c.over() {
		sess.Rest.Leave()
		return errIdle
	}
	_, err := c.c.ReadMore()
	if sess.Rest.Leave() {
		if err != nil {
			return errIdle
		}
		c.c.Resume()
	}
	return err
}

// over reports that nothing more is to be served here.
func (c *Conn) over() bool {
	sess, px := c.sess, c.sess.Front
	if px.Options.Has(engine.OptIdleCloseOnResponse) {
		return false // the client gets one more answer, which says close
	}
	return sess.RT.Proc.Stopping.Load() || px.State.FEStatus.Load() == 2 || sess.Homeless()
}

func keepAliveTimeout(px *engine.Proxy) time.Duration {
	t := &px.Timeout
	switch {
	case t.KeepAlive > 0:
		return t.KeepAlive
	case t.HTTPRequest > 0:
		return t.HTTPRequest
	}
	return t.Client
}

// headTimeout bounds the whole head, not only the pauses in it.
func (c *Conn) headTimeout(px *engine.Proxy) {
	c.c.SetReadTimeout(conn.Head, px.Timeout.Client)
	if d := px.Timeout.HTTPRequest; d > 0 {
		now := clock.Now()
		if c.sess.Requests == 0 {
			now = clock.Precise() // a coarse clock that is behind would end it early
		}
		c.c.SetReadBy(conn.Head, now.Add(d))
	}
}

// silent decides what a connection gets on which no request began.
func (c *Conn) silent(err error) error {
	if c.sess.Requests > 0 {
		return err
	}
	px := c.sess.Front
	_, timeout := conn.IsTimeout(err)
	if px.Options.Has(engine.OptIgnoreProbes) || px.Options.Has(engine.OptDontLogNull) && !timeout {
		px.State.FE.ReqErrors.Add(0)
		return err
	}
	now := clock.Mono()
	s := c.s
	s.Times.Start, s.Times.Date, s.Times.Request = max(c.sess.AcceptMono, 1), c.sess.Accept, now
	return c.badHead(err)
}

// badHead turns a failed head into a stream that answers it.
func (c *Conn) badHead(err error) error {
	m := c.s.Req
	m.Err = err
	var bad *Error
	switch _, timeout := conn.IsTimeout(err); {
	case errors.As(err, &bad):
		m.Status = bad.Status
		c.sess.Glitch()
		c.record(m)
	case timeout:
		m.Status = 408
	case errors.Is(err, io.EOF) && c.c.Buffered() > 0:
		m.Status = 400
		m.Err = ErrCut
	default:
		m.Status = 0
	}
	c.exchange.begin(c.s)
	c.exchange.closing = true
	return nil
}

// record keeps the bytes of a refused head for "show errors".
func (c *Conn) record(m *htx.Msg) {
	if engine.RecordError != nil {
		engine.RecordError(c.s, engine.Req, c.c.Bytes(), m.ErrOff, m.Err)
	}
}
