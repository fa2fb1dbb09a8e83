package testbed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load is traffic that notices what a reload must not do: a request that fails,
// a keep-alive connection that is closed. All counts are atomic. The proxy tells
// its generation in the response header X-Generation.
type Load struct {
	Addr                            string
	Requests, Failed, Closed, Fresh atomic.Int64
	Seen                            atomic.Int64 // highest generation

	stop atomic.Bool
	wg   sync.WaitGroup
	why  sync.Map
}

// StartLoad begins with n keep-alive clients and one that connects anew for each
// request.
func StartLoad(addr string, n int) *Load {
	l := &Load{Addr: addr}
	for range n {
		l.wg.Go(l.keepAlive)
	}
	l.wg.Go(l.fresh)
	return l
}

// Stop ends the traffic.
func (l *Load) Stop() {
	l.stop.Store(true)
	l.wg.Wait()
}

// Why lists the failures, each once.
func (l *Load) Why() (list []string) {
	l.why.Range(func(k, _ any) bool { list = append(list, k.(string)); return true })
	return list
}

// Await returns when an answer came from generation n.
func (l *Load) Await(n int, ended <-chan struct{}) error {
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); {
		if l.Seen.Load() >= int64(n) {
			return nil
		}
		select {
		case <-ended:
			return errors.New("the proxy ended")
		case <-time.After(2 * time.Millisecond):
		}
	}
	return fmt.Errorf("generation %d did not come within 8 s", n)
}

func (l *Load) keepAlive() {
	for !l.stop.Load() {
		c, err := net.Dial("tcp", l.Addr)
		if err != nil {
			l.fail("dial", err)
			return
		}
		r := bufio.NewReader(c)
		for !l.stop.Load() {
			if again, err := l.one(c, r); err != nil {
				l.fail("keep-alive", err)
				break
			} else if !again {
				l.Closed.Add(1)
				break
			}
			time.Sleep(time.Millisecond)
		}
		c.Close()
	}
}

func (l *Load) fresh() {
	for !l.stop.Load() {
		c, err := net.Dial("tcp", l.Addr)
		if err != nil {
			l.fail("dial", err)
			continue
		}
		if _, err := l.one(c, bufio.NewReader(c)); err != nil {
			l.fail("new connection", err)
		}
		l.Fresh.Add(1)
		c.Close()
		time.Sleep(2 * time.Millisecond)
	}
}

func (l *Load) fail(what string, err error) {
	l.Failed.Add(1)
	l.why.LoadOrStore(what+": "+err.Error(), true)
}

const loadRequest = "GET /a/page?x=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: testbed\r\nAccept: */*\r\n\r\n"

// one sends a request and reports whether the connection may be used again.
func (l *Load) one(c net.Conn, r *bufio.Reader) (bool, error) {
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, loadRequest); err != nil {
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
	l.Requests.Add(1)
	var n int64
	fmt.Sscan(res.Header.Get("X-Generation"), &n)
	for old := l.Seen.Load(); n > old && !l.Seen.CompareAndSwap(old, n); old = l.Seen.Load() {
	}
	return !res.Close, nil
}

// WebSocket echoes lines: the proxy sees only a tunnel.
type WebSocket struct {
	net.Conn
	r *bufio.Reader
}

// DialWebSocket opens one through a proxy in front of an EchoOrigin.
func DialWebSocket(addr string) (*WebSocket, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	ws := &WebSocket{c, bufio.NewReader(c)}
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	res, err := http.ReadResponse(ws.r, nil)
	if err == nil && res.StatusCode != 101 {
		err = errors.New(res.Status)
	}
	if err == nil {
		err = ws.Echo("hello")
	}
	return ws, err
}

// Echo sends a line and reads it back.
func (ws *WebSocket) Echo(s string) error {
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

// EchoOrigin answers requests as fast as it can, and echoes after an upgrade.
func EchoOrigin() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go Accept(l, serveEcho)
	return l
}

func serveEcho(c net.Conn) {
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
