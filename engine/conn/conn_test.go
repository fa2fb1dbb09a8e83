package conn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/engine/clock"
)

// pair returns two ends of a TCP connection on the loopback.
func pair(t testing.TB) (*Conn, *Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	x, y := New(a, 0), New(b, 0)
	t.Cleanup(func() { x.Close(); y.Close() })
	return x, y
}

// tight gives both ends small buffers in the kernel, so that a writer hears soon of
// what its peer reads: with the kernel's own it is woken once megabytes are free.
func tight(t testing.TB, ends ...*Conn) {
	t.Helper()
	for _, c := range ends {
		tcp := c.sock.nc.(*net.TCPConn)
		if err := errors.Join(tcp.SetReadBuffer(64<<10), tcp.SetWriteBuffer(64<<10)); err != nil {
			t.Fatal(err)
		}
	}
}

func mustWrite(t testing.TB, c io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

func TestBuffer(t *testing.T) {
	a, b := pair(t)
	mustWrite(t, a, "hello world")
	p, err := b.Peek(5)
	if err != nil || string(p[:5]) != "hello" {
		t.Fatalf("Peek: %q, %v", p, err)
	}
	if p, _ = b.Peek(11); string(p) != "hello world" {
		t.Fatalf("Peek again: %q", p)
	}
	b.Discard(6)
	if string(b.Bytes()) != "world" {
		t.Fatalf("after Discard: %q", b.Bytes())
	}
	b.Unread([]byte("big "))
	b.Unread([]byte("what a very "))
	var got [64]byte
	n, _ := b.Read(got[:])
	if string(got[:n]) != "what a very big world" {
		t.Errorf("Read: %q", got[:n])
	}
	if b.In() != 11 || a.Out() != 11 {
		t.Errorf("counters: in %d, out %d", b.In(), a.Out())
	}
}

func TestBufferFull(t *testing.T) {
	a, b := pair(t)
	go func() { io.Copy(a, strings.NewReader(strings.Repeat("x", DefaultSize+10))); a.CloseWrite() }()
	if _, err := b.Peek(DefaultSize); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReadMore(); err != ErrBufferFull {
		t.Errorf("ReadMore on a full buffer: %v", err)
	}
	b.Discard(5)
	if _, err := b.Peek(DefaultSize); err != nil {
		t.Errorf("after making room: %v", err)
	}
	rest, err := io.ReadAll(b)
	if err != nil || len(rest) != DefaultSize+5 {
		t.Errorf("%d bytes left, %v", len(rest), err)
	}
	if _, err := b.ReadMore(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestIdleConnectionHoldsNoBuffer(t *testing.T) {
	a, b := pair(t)
	done := make(chan error, 1)
	go func() { _, err := b.ReadMore(); done <- err }()
	mustWrite(t, a, "x")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.Discard(1)
	b.SetReadTimeout(Idle, 20*time.Millisecond)
	if _, err := b.ReadMore(); err == nil {
		t.Fatal("no timeout")
	}
	if b.buf != nil {
		t.Error("an idle connection kept its buffer")
	}
}

func wantClass(t *testing.T, err error, want Class) {
	t.Helper()
	if c, ok := IsTimeout(err); !ok || c != want {
		t.Errorf("got %v, want a %v timeout", err, want)
	}
}

func TestReadTimeout(t *testing.T) {
	_, b := pair(t)
	b.SetReadTimeout(Data, 40*time.Millisecond)
	start := time.Now()
	_, err := b.ReadMore()
	wantClass(t, err, Data)
	if d := time.Since(start); d < 38*time.Millisecond {
		t.Errorf("too early: %v", d)
	}
	var ne net.Error
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Error("not a net.Error timeout")
	}
}

// The tests of inactivity last longer than their timeout, and no step of theirs
// takes more than a part of it: a machine may be slow by the rest.
func TestReadTimeoutIsInactivity(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	b.SetReadTimeout(Data, time.Second)
	go func() {
		for range 6 {
			time.Sleep(200 * time.Millisecond)
			a.Write([]byte("x"))
		}
	}()
	n := 0
	for n < 6 {
		k, err := b.ReadMore()
		if err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		n += k
		b.Discard(k)
	}
}

func TestWritesRefreshReads(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	b.SetReadTimeout(Data, time.Second)
	stop := make(chan struct{})
	go func() {
		for range 10 {
			time.Sleep(200 * time.Millisecond)
			b.Write([]byte("x"))
		}
		close(stop)
	}()
	go io.Copy(io.Discard, a)
	_, err := b.ReadMore()
	wantClass(t, err, Data)
	select {
	case <-stop:
	default:
		t.Error("the read timed out while bytes were written")
	}
	<-stop
}

func TestReadByIsAbsolute(t *testing.T) {
	a, b := pair(t)
	b.SetReadTimeout(Data, time.Minute)
	b.SetReadBy(Head, clock.Precise().Add(60*time.Millisecond))
	go func() {
		for {
			time.Sleep(20 * time.Millisecond)
			if _, err := a.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	var err error
	for err == nil {
		_, err = b.ReadMore()
	}
	wantClass(t, err, Head)
	b.SetReadBy(Head, 0)
	if _, err := b.ReadMore(); err != nil {
		t.Errorf("after the limit was taken away: %v", err)
	}
}

func TestShorterTimeoutWhileReading(t *testing.T) {
	_, b := pair(t)
	b.SetReadTimeout(Data, time.Minute)
	got := make(chan error)
	go func() { _, err := b.ReadMore(); got <- err }()
	time.Sleep(20 * time.Millisecond)
	b.SetReadTimeout(Fin, 30*time.Millisecond)
	select {
	case err := <-got:
		wantClass(t, err, Fin)
	case <-time.After(5 * time.Second):
		t.Fatal("the read did not notice")
	}
}

func TestWriteTimeout(t *testing.T) {
	_, b := pair(t)
	b.SetWriteTimeout(Data, 50*time.Millisecond)
	big := make([]byte, 8<<20)
	n, err := b.Write(big)
	wantClass(t, err, Data)
	if n == 0 || n == len(big) || int64(n) != b.Out() {
		t.Errorf("wrote %d, counted %d", n, b.Out())
	}
}

func TestWriteTimeoutIsInactivity(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	tight(t, a, b)
	b.SetWriteTimeout(Data, time.Second)
	const size = 6 << 20
	go func() {
		buf := make([]byte, 32<<10)
		for {
			time.Sleep(8 * time.Millisecond)
			if _, err := a.Upper().Read(buf); err != nil {
				return
			}
		}
	}()
	if n, err := b.WriteV(make([]byte, size/2), nil, make([]byte, size/2)); err != nil || n != size {
		t.Errorf("wrote %d: %v", n, err)
	}
}

func TestInterrupt(t *testing.T) {
	a, b := pair(t)
	got := make(chan error)
	go func() { _, err := b.ReadMore(); got <- err }()
	time.Sleep(10 * time.Millisecond)
	b.Interrupt()
	if err := <-got; err != ErrInterrupted {
		t.Fatalf("got %v", err)
	}
	if _, err := b.ReadMore(); err != ErrInterrupted {
		t.Fatalf("second read: %v", err)
	}
	b.Resume()
	mustWrite(t, a, "x")
	if _, err := b.ReadMore(); err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

func TestProbe(t *testing.T) {
	a, b := pair(t)
	if p := b.Probe(); p != Alive {
		t.Errorf("fresh: %v", p)
	}
	mustWrite(t, a, "x")
	waitFor(t, func() bool { return b.Probe() == Readable })
	if b.PeerClosed() {
		t.Error("closed too early")
	}
	a.CloseWrite()
	waitFor(t, b.PeerClosed)
	if p := b.Probe(); p != Readable {
		t.Errorf("bytes before the FIN: %v", p)
	}
	b.ReadMore()
	b.Discard(1)
	if p := b.Probe(); p != Closed {
		t.Errorf("after the FIN: %v", p)
	}
	if n := testing.AllocsPerRun(50, func() { b.Probe(); b.PeerClosed() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func waitFor(t *testing.T, f func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came")
		}
	}
}

func TestWaitPeerClosed(t *testing.T) {
	a, b := pair(t)
	b.SetReadTimeout(Data, 10*time.Millisecond)
	got := make(chan error)
	go func() { got <- b.Socket().WaitPeerClosed() }()
	mustWrite(t, a, "unread")
	time.Sleep(30 * time.Millisecond)
	a.CloseWrite()
	if err := <-got; err != nil {
		t.Errorf("got %v", err)
	}
	if p, _ := b.Peek(6); string(p) != "unread" {
		t.Errorf("bytes were lost: %q", p)
	}
	c, d := pair(t)
	go func() { got <- c.Socket().WaitPeerClosed() }()
	time.Sleep(10 * time.Millisecond)
	c.Interrupt()
	if err := <-got; err != ErrInterrupted {
		t.Errorf("interrupted: %v", err)
	}
	_ = d
}

func TestAbort(t *testing.T) {
	a, b := pair(t)
	a.Abort()
	if _, err := b.ReadMore(); !errors.Is(err, syscall.ECONNRESET) || !IsReset(err) {
		t.Errorf("peer saw %v", err)
	}
}

func TestWriteVLarge(t *testing.T) {
	a, b := pair(t)
	var want bytes.Buffer
	var bufs [][]byte
	for i := range 200 {
		p := bytes.Repeat([]byte{byte(i)}, 10000+i)
		bufs = append(bufs, p)
		want.Write(p)
	}
	go func() {
		if n, err := a.WriteV(bufs...); err != nil || n != want.Len() {
			t.Errorf("WriteV: %d, %v", n, err)
		}
		a.CloseWrite()
	}()
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d bytes of %d, %v", len(got), want.Len(), err)
	}
}

func TestPipeConn(t *testing.T) {
	x, y := net.Pipe()
	a, b := New(x, 0), New(y, 0)
	go func() { a.WriteV([]byte("he"), []byte("llo")); a.Close() }()
	got, err := io.ReadAll(b)
	if string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c, d := net.Pipe()
	defer d.Close()
	e := New(c, 0)
	e.SetReadTimeout(Data, 20*time.Millisecond)
	_, err = e.ReadMore()
	wantClass(t, err, Data)
	if e.Probe() != Unknown {
		t.Error("a pipe was probed")
	}
}

func TestAddrs(t *testing.T) {
	_, b := pair(t)
	real := b.LocalAddr().String()
	src := &net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 5}
	b.SetAddrs(src, nil)
	if b.RemoteAddr() != src || b.LocalAddr().String() != real {
		t.Errorf("%v %v", b.RemoteAddr(), b.LocalAddr())
	}
	if info, err := b.Socket().TCPInfo(); err != nil || info.State != 1 {
		t.Errorf("TCPInfo: %+v, %v", info, err)
	}
	for _, f := range []func() error{
		func() error { return b.Socket().NoDelay(true) }, func() error { return b.Socket().QuickAck(true) },
		func() error { return b.Socket().Cork(false) }, func() error { return b.Socket().KeepAlive(true) },
		func() error { return b.Socket().TOS(0x10) },
	} {
		if err := f(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadWriteAllocateNothing(t *testing.T) {
	a, b := pair(t)
	clock.Start()
	defer clock.Stop()
	for _, c := range []*Conn{a, b} {
		c.SetReadTimeout(Data, time.Minute)
		c.SetWriteTimeout(Data, time.Minute)
	}
	msg := []byte("ping")
	bufs := [][]byte{msg, msg}
	if n := testing.AllocsPerRun(200, func() {
		a.Write(msg)
		b.Peek(4)
		b.Discard(4)
		b.WriteV(bufs...)
		a.Peek(8)
		a.Discard(8)
	}); n != 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}

func BenchmarkPingPong(b *testing.B) {
	x, y := pair(b)
	go func() {
		for {
			if _, err := y.ReadMore(); err != nil {
				return
			}
			y.Write(y.Bytes())
			y.Discard(y.Buffered())
		}
	}()
	msg := make([]byte, 100)
	for b.Loop() {
		x.Write(msg)
		x.Peek(100)
		x.Discard(100)
	}
}

func BenchmarkPingPongNet(b *testing.B) {
	cx, cy := pair(b)
	x, y := cx.Socket().NetConn(), cy.Socket().NetConn()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := y.Read(buf)
			if err != nil {
				return
			}
			y.Write(buf[:n])
		}
	}()
	msg := make([]byte, 100)
	for b.Loop() {
		x.Write(msg)
		x.Read(msg)
	}
}

func TestParkedReadAllocatesNothing(t *testing.T) {
	a, b := pair(t)
	clock.Start()
	defer clock.Stop()
	b.SetReadTimeout(Idle, time.Minute)
	go func() {
		for {
			if _, err := b.ReadMore(); err != nil {
				return
			}
			n := b.Buffered()
			b.Write(b.Bytes())
			b.Discard(n)
		}
	}()
	msg := []byte("ping")
	if n := testing.AllocsPerRun(500, func() {
		a.Write(msg)
		a.Peek(4)
		a.Discard(4)
	}); n != 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}

// A queued question is sent by the read that waits for its answer.
func TestQueue(t *testing.T) {
	c, peer := pair(t)
	if !c.Queue([]byte("question")) {
		t.Fatal("a plain socket cannot queue")
	}
	go func() {
		b := make([]byte, 8)
		if _, err := io.ReadFull(peer, b); err == nil && string(b) == "question" {
			peer.Write([]byte("answer"))
		}
	}()
	if b, err := c.Peek(6); err != nil || string(b) != "answer" {
		t.Fatalf("%q %v", b, err)
	}
	if c.Out() != 8 {
		t.Errorf("%d bytes counted", c.Out())
	}
}

// What does not fit into the kernel at once is written whole.
func TestQueueLarge(t *testing.T) {
	c, peer := pair(t)
	question := bytes.Repeat([]byte("x"), 8<<20)
	c.Queue(question)
	go func() {
		io.CopyN(io.Discard, peer, int64(len(question)))
		peer.Write([]byte("answer"))
	}()
	if b, err := c.Peek(6); err != nil || string(b) != "answer" {
		t.Fatalf("%q %v", b, err)
	}
}

// A peer that reset the connection is met by the read.
func TestQueueReset(t *testing.T) {
	c, peer := pair(t)
	peer.Abort()
	c.SetReadTimeout(Data, 5*time.Second)
	c.Queue([]byte("question"))
	if _, err := c.Peek(1); !IsReset(err) && !IsEOF(err) {
		t.Fatal(err)
	}
}
