package h1

import (
	"io"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// exchange is the client's side of one HTTP/1 transaction (engine.Exchange).
type exchange struct {
	conn    *Conn
	s       *engine.Stream
	body    Body
	hasBody bool
	out     []byte // written but not flushed
	chunked bool   // the response body goes in chunks
	head    bool   // a final head was written
	done    bool   // the response is complete
	keep    bool   // the connection may serve another request
	closing bool   // somebody asked for its end
	sent100 bool
}

func (x *exchange) begin(s *engine.Stream) {
	x.s = s
	x.out = x.out[:0]
	x.chunked, x.head, x.done, x.keep, x.closing, x.sent100 = false, false, false, false, false, false
	x.hasBody = false
	if s.Req.Err == nil {
		x.body.Begin(x.conn.c, s.Req, x.conn.parser.Relaxed)
		x.hasBody = s.Req.Flags&htx.NoBody == 0 && s.Req.BodyLen != 0
	}
}

// Body returns the request body, or nil.
func (x *exchange) Body() htx.Body {
	if !x.hasBody {
		return nil
	}
	return &x.body
}

// Continue answers "100 Continue" to a client that waits for it.
func (x *exchange) Continue() error {
	if x.s.Req.Flags&htx.Expect100 == 0 || x.sent100 || x.head {
		return nil
	}
	x.sent100 = true
	x.out = append(x.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
	return x.Flush()
}

// Interim relays a 1xx response.
func (x *exchange) Interim(m *htx.Msg) error {
	from := len(x.out)
	x.out = AppendResponseHead(x.out, m, ConnNone)
	x.adjustCase(from)
	return x.Flush()
}

// Head writes the response head. A body without length or coding ends with the
// connection; one that comes in chunks goes out in chunks, whatever the client's
// version, as with HAProxy.
func (x *exchange) Head(m *htx.Msg, bodyless bool) error {
	x.head = true
	req := x.s.Req
	tunnel := m.Flags&htx.Tunnel != 0
	delimited := bodyless || tunnel || x.frame(m)
	x.keep = delimited && !tunnel && x.wantsKeep(req)
	if x.s.Local.Set {
		x.ownConnection(m)
	}
	say := ResponseConn(m, req, x.keep)
	if tunnel || req.Err != nil {
		say = ConnNone
	}
	from := len(x.out)
	x.out = AppendResponseHead(x.out, m, say)
	x.adjustCase(from)
	return nil
}

// adjustCase obeys option h1-case-adjust-bogus-client.
func (x *exchange) adjustCase(from int) {
	if names := x.s.Sess.RT.Global.CaseAdjust; len(names) > 0 && x.s.Sess.Front.Options.Has(engine.OptCaseAdjustClient) {
		AdjustCase(x.out[from:], names)
	}
}

// ownConnection takes "connection: close" off our own pages: the writer says it.
func (x *exchange) ownConnection(m *htx.Msg) {
	i := m.Next(htx.Connection, 0)
	if i < 0 || x.s.Req.Err != nil {
		return
	}
	if string(m.Value(i)) == "close" {
		x.keep = false
		m.DelID(htx.Connection)
	}
}

// frame finds out how the body ends; false means with the connection.
func (x *exchange) frame(m *htx.Msg) bool {
	if m.Next(htx.ContentLength, 0) >= 0 {
		return true
	}
	x.chunked = m.Flags&htx.Chunked != 0
	if x.chunked && m.Next(htx.TransferEncoding, 0) < 0 {
		m.AddIDStr(htx.TransferEncoding, "chunked")
	}
	return x.chunked
}

func (x *exchange) wantsKeep(req *htx.Msg) bool {
	if x.closing || req.Err != nil || req.Flags&(htx.ConnClose|htx.MustClose) != 0 {
		return false
	}
	if req.Flags&htx.Version11 == 0 && req.Flags&htx.ConnKeepAlive == 0 {
		return false
	}
	s := x.s
	if s.Front.HTTPMode == engine.HTTPClose {
		return false
	}
	return !s.Sess.RT.Proc.Stopping.Load() && s.Front.State.FEStatus.Load() != 2 && !s.Sess.Homeless()
}

// largeWrite is the size from which a piece is written where it lies instead of
// being copied behind what waits.
const largeWrite = 4096

var crlf = []byte("\r\n")

// Data writes a piece of the body; in chunks, each piece is one, with its end.
func (x *exchange) Data(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	end := crlf[:0]
	if x.chunked {
		x.out = AppendChunkHeader(x.out, len(p))
		end = crlf
	}
	if len(p) < largeWrite {
		x.out = append(append(x.out, p...), end...)
		return nil
	}
	out := x.out
	x.out = x.out[:0]
	if len(out) == 0 {
		_, err := x.conn.c.Write(p)
		return err
	}
	_, err := x.conn.c.WriteV(out, p, end)
	return err
}

// Plain returns the connection if the body goes over it as it is and nothing waits to
// be written before.
func (x *exchange) Plain() *conn.Conn {
	if x.chunked || len(x.out) > 0 {
		return nil
	}
	return x.conn.c
}

// End ends the response.
func (x *exchange) End(m *htx.Msg) error {
	x.done = true
	if x.chunked {
		x.out = AppendLastChunk(x.out, m)
	}
	return nil
}

// Flush sends what was written.
func (x *exchange) Flush() error {
	if len(x.out) == 0 {
		return nil
	}
	_, err := x.conn.c.Write(x.out)
	x.out = x.out[:0]
	return err
}

// Close asks that the connection ends with this exchange.
func (x *exchange) Close() { x.closing = true }

// Abort ends the connection at once.
func (x *exchange) Abort(reset bool) {
	x.closing, x.keep = true, false
	x.out = x.out[:0]
	if reset {
		x.conn.taken = true
		x.conn.c.Abort()
	}
}

// Tunnel hands the raw connection out.
func (x *exchange) Tunnel() *conn.Conn {
	x.conn.taken, x.keep = true, false
	return x.conn.c
}

// mayKeep decides after the exchange whether the connection serves another one.
// What is left of a small request body that is already here is dropped.
func (x *exchange) mayKeep() bool {
	if !x.keep || !x.done || x.closing {
		return false
	}
	if !x.hasBody || x.body.Complete() {
		return true
	}
	for {
		p, err := x.body.Buffered()
		if err != nil {
			return err == io.EOF && x.body.Complete()
		}
		if len(p) == 0 {
			return false
		}
	}
}

var _ engine.Exchange = (*exchange)(nil)
