package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// reloadText carries its generation in a response header, so that a reload is
// known to have happened when the header changes.
const reloadText = `global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend fe
    bind "${BENCH_BIND}"
    http-response set-header X-Generation %d
    default_backend be
backend be
    balance roundrobin
    server s1 "${BENCH_ORIGIN1}"
    server s2 "${BENCH_ORIGIN2}"
`

// reloadTally counts what a reload must not do; atomic.
type reloadTally struct {
	requests, failed, closed, fresh atomic.Int64
	seen                            atomic.Int64 // highest generation seen
	stop                            atomic.Bool
	why                             sync.Map
}

func measureReload(b *bench) error {
	p := b.proxies[len(b.proxies)-1]
	if p.name != "hawser" {
		fmt.Printf("%-11s %13s\n", b.sc.name, "no hawser")
		return nil
	}
	reloads := 100
	if b.o.quick {
		reloads = 15
	}
	file := filepath.Join(b.dir, "reload.cfg")
	if err := writeGeneration(file, 0); err != nil {
		return err
	}
	o1, o2 := newOrigin(), newOrigin()
	defer o1.Close()
	defer o2.Close()
	port, err := freePort()
	if err != nil {
		return err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	px, err := p.start([]string{"BENCH_BIND=" + addr, "BENCH_ORIGIN1=" + o1.Addr().String(), "BENCH_ORIGIN2=" + o2.Addr().String()}, file)
	if err != nil {
		return err
	}
	defer px.stop()
	if err := px.waitPort(port); err != nil {
		return err
	}
	return reloadRun(b, px, addr, file, reloads)
}

func writeGeneration(file string, n int) error {
	return os.WriteFile(file, fmt.Appendf(nil, reloadText, n), 0o644)
}

func reloadRun(b *bench, px *process, addr, file string, reloads int) error {
	ws, err := dialWebSocket(addr)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	defer ws.Close()
	var t reloadTally
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { t.keepAlive(addr) })
	}
	wg.Go(func() { t.freshConnections(addr) })
	begun, cpu := time.Now(), px.cpu()
	done, lost := 0, 0
	for n := 1; n <= reloads && err == nil; n++ {
		if err = writeGeneration(file, n); err == nil {
			err = t.await(px, n)
		}
		if err == nil {
			done++
			if werr := ws.echo(fmt.Sprintf("generation %d", n)); werr != nil {
				lost++
			}
		}
	}
	t.stop.Store(true)
	wg.Wait()
	fmt.Printf("%-11s %d reloads in %.1f s (%.1f ms CPU each with its traffic), %d requests: %d failed, %d keep-alive closed, %d new connections, websocket lost %d\n",
		b.sc.name, done, time.Since(begun).Seconds(), (px.cpu()-cpu).Seconds()*1000/float64(max(done, 1)),
		t.requests.Load(), t.failed.Load(), t.closed.Load(), t.fresh.Load(), lost)
	t.why.Range(func(k, _ any) bool { fmt.Println("            ", k); return true })
	if err == nil && (t.failed.Load() > 0 || t.closed.Load() > 0 || lost > 0) {
		err = errors.New("a reload lost something")
	}
	return err
}

// await returns when an answer came from generation n.
func (t *reloadTally) await(px *process, n int) error {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if t.seen.Load() >= int64(n) {
			return nil
		}
		select {
		case <-px.ended:
			return fmt.Errorf("the proxy ended: %.300s", px.out.String())
		case <-time.After(2 * time.Millisecond):
		}
	}
	return fmt.Errorf("generation %d did not come within 5 s", n)
}

func (t *reloadTally) keepAlive(addr string) {
	for !t.stop.Load() {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.fail("dial", err)
			return
		}
		r := bufio.NewReader(c)
		for !t.stop.Load() {
			if again, err := t.one(c, r); err != nil {
				t.fail("keep-alive", err)
				break
			} else if !again {
				t.closed.Add(1)
				break
			}
			time.Sleep(time.Millisecond)
		}
		c.Close()
	}
}

func (t *reloadTally) freshConnections(addr string) {
	for !t.stop.Load() {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.fail("dial", err)
			continue
		}
		if _, err := t.one(c, bufio.NewReader(c)); err != nil {
			t.fail("new connection", err)
		}
		t.fresh.Add(1)
		c.Close()
		time.Sleep(2 * time.Millisecond)
	}
}

func (t *reloadTally) fail(what string, err error) {
	t.failed.Add(1)
	t.why.LoadOrStore(what+": "+err.Error(), true)
}

// one sends a request and reports whether the connection may be used again.
func (t *reloadTally) one(c net.Conn, r *bufio.Reader) (bool, error) {
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, requestHead); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return false, err
	}
	if res.StatusCode != 200 {
		return false, errors.New(res.Status)
	}
	t.requests.Add(1)
	var n int64
	fmt.Sscan(res.Header.Get("X-Generation"), &n)
	for old := t.seen.Load(); n > old && !t.seen.CompareAndSwap(old, n); old = t.seen.Load() {
	}
	return !res.Close, nil
}

// webSocket echoes lines: the proxy sees only a tunnel.
type webSocket struct {
	net.Conn
	r *bufio.Reader
}

func dialWebSocket(addr string) (*webSocket, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	ws := &webSocket{c, bufio.NewReader(c)}
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	res, err := http.ReadResponse(ws.r, nil)
	if err == nil && res.StatusCode != 101 {
		err = errors.New(res.Status)
	}
	if err == nil {
		err = ws.echo("hello")
	}
	return ws, err
}

func (ws *webSocket) echo(s string) error {
	ws.SetDeadline(time.Now().Add(3 * time.Second))
	if _, err := io.WriteString(ws, s+"\n"); err != nil {
		return err
	}
	back, err := ws.r.ReadString('\n')
	if err == nil && strings.TrimSpace(back) != s {
		err = fmt.Errorf("websocket: %q came back as %q", s, back)
	}
	return err
}

// newOrigin answers requests, and echoes lines after an upgrade.
func newOrigin() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveOrigin(c)
		}
	}()
	return l
}

func serveOrigin(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.Header.Get("Upgrade") != "" {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
			io.Copy(c, r)
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	}
}
