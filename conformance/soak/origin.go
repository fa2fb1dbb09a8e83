package soak

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"hawser/conformance/testbed"
)

// timeoutServer is what the proxy waits for a server.
const timeoutServer = 250 * time.Millisecond

// origin is a server that can be killed and comes back on the same port.
type origin struct {
	addr string

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
}

func newOrigin() (*origin, error) {
	o := &origin{addr: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	err := o.start()
	return o, err
}

func (o *origin) start() error {
	l, err := testbed.Listen(o.addr)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.l, o.addr = l, l.Addr().String()
	o.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.mu.Lock()
			if o.l != l {
				o.mu.Unlock()
				c.Close()
				return
			}
			o.conns[c] = true
			o.mu.Unlock()
			go o.serve(c)
		}
	}()
	return nil
}

// kill closes the port and all connections.
func (o *origin) kill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.l == nil {
		return
	}
	o.l.Close()
	o.l = nil
	for c := range o.conns {
		if rand.IntN(2) == 0 {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
	clear(o.conns)
}

func (o *origin) serve(c net.Conn) {
	defer func() {
		c.Close()
		o.mu.Lock()
		delete(o.conns, c)
		o.mu.Unlock()
	}()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil || !behave(c) {
			return
		}
	}
}

// behave answers a request, mostly well; false: the connection is over.
func behave(c net.Conn) bool {
	switch rand.IntN(60) {
	case 0: // closes without a word
		return false
	case 1:
		io.WriteString(c, "-ERR not HTTP\r\n\r\n")
		return false
	case 2:
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Len")
		return false
	case 3:
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbroken off")
		return false
	case 4:
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		return false
	case 5: // longer than timeout server
		time.Sleep(2 * timeoutServer)
		return false
	case 6:
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nstalls")
		time.Sleep(2 * timeoutServer)
		return false
	case 7:
		_, err := io.WriteString(c, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
		return err == nil
	case 8, 9:
		time.Sleep(20 * time.Millisecond)
	case 10, 11:
		body := strings.Repeat("x", 1000)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 20 {
			if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", len(body), body); err != nil {
				return false
			}
		}
		_, err := io.WriteString(c, "0\r\n\r\n")
		return err == nil
	}
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	return err == nil
}
