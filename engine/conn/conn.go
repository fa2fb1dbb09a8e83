package conn

import (
	"io"
	"net"
	"time"

	"hawser/engine/clock"

	"golang.org/x/sys/unix"
)

// DefaultSize is the read buffer's size where tune.bufsize does not say otherwise.
const DefaultSize = 16384

// Conn is a connection with a read buffer. Use New.
type Conn struct {
	net.Conn // the Socket, or TLS over it
	sock     Socket
	secure   bool // Conn is not the Socket

	// Owned by the goroutine that reads.
	buf  []byte // nil while nothing is buffered and a read waits
	r, w int    // buffered bytes are buf[r:w]
	size int
	pool *bufferPool

	src, dst net.Addr // overrides by PROXY protocol, set before the stream begins
}

// New wraps nc with a buffer of size bytes (0: DefaultSize).
func New(nc net.Conn, size int) *Conn {
	if size <= 0 {
		size = DefaultSize
	}
	c := &Conn{size: size, pool: poolOf(size)}
	c.sock.init(nc)
	c.Conn = &c.sock
	return c
}

// Socket returns the wire side: deadlines, counters, probes.
func (c *Conn) Socket() *Socket { return &c.sock }

// Secure reports whether something (TLS) lies between the Conn and its Socket.
func (c *Conn) Secure() bool { return c.secure }

// Lower hands over the wire for TLS: it returns the Socket, which first yields
// what was buffered already. Call SetUpper with the TLS connection next.
func (c *Conn) Lower() *Socket {
	if c.w > c.r {
		c.sock.pre = append([]byte(nil), c.buf[c.r:c.w]...)
	}
	c.r, c.w = 0, 0
	return &c.sock
}

// SetUpper makes the Conn read and write through upper, which runs over Lower.
func (c *Conn) SetUpper(upper net.Conn) { c.Conn, c.secure = upper, true }

// Upper returns what SetUpper set, or the Socket.
func (c *Conn) Upper() net.Conn { return c.Conn }

// free returns the free part of the buffer, taking one from the pool if needed.
func (c *Conn) free() []byte {
	if c.buf == nil {
		c.buf = c.pool.get()
	}
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
	return c.buf[c.w:]
}

// parkBuffer gives an empty buffer back while a read waits.
func (c *Conn) parkBuffer() {
	if c.r == c.w && c.buf != nil && len(c.buf) == c.size {
		c.pool.put(c.buf)
		c.buf, c.r, c.w = nil, 0, 0
	}
}

// Buffered is the number of bytes that can be had without reading.
func (c *Conn) Buffered() int { return c.w - c.r }

// Size is the capacity of the buffer.
func (c *Conn) Size() int { return c.size }

// Bytes returns what is buffered.
func (c *Conn) Bytes() []byte { return c.buf[c.r:c.w:c.w] }

// Discard drops n buffered bytes.
func (c *Conn) Discard(n int) {
	if c.r += n; c.r >= c.w {
		c.r, c.w = 0, 0
	}
}

// ReadMore does one read into the buffer and returns how many bytes it brought. It
// waits only when the wire has nothing. Bytes already buffered may move.
func (c *Conn) ReadMore() (int, error) {
	if c.r > 0 && c.r == c.w {
		c.r, c.w = 0, 0
	}
	if c.buf != nil && c.w == len(c.buf) {
		if c.r == 0 {
			return 0, ErrBufferFull
		}
		c.compact()
	}
	n, err := c.fill()
	c.w += n
	return n, err
}

// Compact moves what is buffered to the front, so that it can grow to Size.
func (c *Conn) compact() {
	c.w = copy(c.buf, c.buf[c.r:c.w])
	c.r = 0
}

func (c *Conn) fill() (int, error) {
	if c.secure {
		return c.Conn.Read(c.free())
	}
	s := &c.sock
	if len(s.pre) > 0 {
		return s.Read(c.free())
	}
	s.rlazy = c
	n, err := s.read()
	s.rlazy = nil
	return n, err
}

// Peek returns at least n buffered bytes, reading as needed. On error it returns
// what there is.
func (c *Conn) Peek(n int) ([]byte, error) {
	for c.Buffered() < n {
		if n > c.size {
			return c.Bytes(), ErrBufferFull
		}
		if c.r > 0 && c.buf != nil && c.r+n > len(c.buf) {
			c.compact()
		}
		if _, err := c.ReadMore(); err != nil {
			return c.Bytes(), err
		}
	}
	return c.Bytes(), nil
}

// Unread puts p back in front of what is buffered.
func (c *Conn) Unread(p []byte) {
	if len(p) == 0 {
		return
	}
	if len(p) <= c.r {
		c.r -= copy(c.buf[c.r-len(p):], p)
		return
	}
	b := make([]byte, max(c.size, len(p)+c.Buffered()))
	n := copy(b, p)
	n += copy(b[n:], c.buf[c.r:c.w])
	c.buf, c.r, c.w = b, 0, n
}

// Read reads buffered bytes first, then from the connection.
func (c *Conn) Read(p []byte) (int, error) {
	if c.w > c.r {
		n := copy(p, c.buf[c.r:c.w])
		c.Discard(n)
		return n, nil
	}
	c.parkBuffer()
	return c.Conn.Read(p)
}

// Release gives the buffer back if it is empty: for connections that go idle.
func (c *Conn) Release() { c.parkBuffer() }

// Free gives the buffer back with whatever is in it. The goroutine that reads calls
// it after Close; the Conn is not to be used again.
func (c *Conn) Free() {
	c.r, c.w = 0, 0
	c.parkBuffer()
	c.sock.pre = nil
}

// ---- writing and closing

// Write writes all of p.
func (c *Conn) Write(p []byte) (int, error) { return c.Conn.Write(p) }

// WriteMore writes p and tells the kernel that more follows at once, so that it
// may wait to fill a segment. Over TLS it is Write.
func (c *Conn) WriteMore(p []byte) (int, error) {
	if c.secure {
		return c.Conn.Write(p)
	}
	return c.sock.send(p, unix.MSG_MORE)
}

// WriteV writes all of bufs, with one system call where the wire allows. It
// changes neither bufs nor what it points to.
func (c *Conn) WriteV(bufs ...[]byte) (int, error) {
	if !c.secure {
		return c.sock.writev(bufs)
	}
	total := 0
	for _, b := range bufs {
		n, err := c.Conn.Write(b)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// CloseWrite ends our direction: a FIN, preceded by close_notify over TLS.
func (c *Conn) CloseWrite() error {
	if hc, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return c.sock.CloseWrite()
}

// CloseWrite sends a FIN.
func (s *Socket) CloseWrite() error {
	if hc, ok := s.nc.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return s.nc.Close()
}

// Close closes the connection. See Free for its buffer.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	if c.secure {
		c.sock.nc.Close() // a TLS that failed early may leave it open
	}
	return err
}

// Abort closes with a reset: the peer sees ECONNRESET and nothing lingers here.
func (c *Conn) Abort() error { return c.sock.Abort() }

// Abort closes with a reset.
func (s *Socket) Abort() error {
	if l, ok := s.nc.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0)
	}
	return s.nc.Close()
}

// ---- addresses and deadlines, by way of the Socket

// SetAddrs overrides the addresses that LocalAddr and RemoteAddr report; nil keeps one.
func (c *Conn) SetAddrs(src, dst net.Addr) {
	if src != nil {
		c.src = src
	}
	if dst != nil {
		c.dst = dst
	}
}

// Overridden reports whether SetAddrs gave an address.
func (c *Conn) Overridden() bool { return c.src != nil || c.dst != nil }

// RemoteAddr is the client's address as PROXY protocol or a rule told it.
func (c *Conn) RemoteAddr() net.Addr {
	if c.src != nil {
		return c.src
	}
	return c.sock.nc.RemoteAddr()
}

// LocalAddr is the destination address as PROXY protocol or a rule told it.
func (c *Conn) LocalAddr() net.Addr {
	if c.dst != nil {
		return c.dst
	}
	return c.sock.nc.LocalAddr()
}

// SetReadTimeout, SetReadBy, SetWriteTimeout: see Socket.
func (c *Conn) SetReadTimeout(cl Class, d time.Duration)  { c.sock.SetReadTimeout(cl, d) }
func (c *Conn) SetReadBy(cl Class, at clock.Tick)         { c.sock.SetReadBy(cl, at) }
func (c *Conn) SetWriteTimeout(cl Class, d time.Duration) { c.sock.SetWriteTimeout(cl, d) }
func (c *Conn) SetWriteBy(cl Class, at clock.Tick)        { c.sock.SetWriteBy(cl, at) }

// SetDeadline and its parts reach the Socket even under TLS.
func (c *Conn) SetDeadline(t time.Time) error      { return c.sock.SetDeadline(t) }
func (c *Conn) SetReadDeadline(t time.Time) error  { return c.sock.SetReadDeadline(t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.sock.SetWriteDeadline(t) }

// Interrupt and Resume: see Socket.
func (c *Conn) Interrupt() { c.sock.Interrupt() }
func (c *Conn) Resume()    { c.sock.Resume() }

// In and Out are the bytes on the wire so far.
func (c *Conn) In() int64  { return c.sock.In() }
func (c *Conn) Out() int64 { return c.sock.Out() }

var (
	_ net.Conn      = (*Conn)(nil)
	_ net.Conn      = (*Socket)(nil)
	_ io.ReadWriter = (*Conn)(nil)
)
