package servers

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// noter is an HTTP server that notes when each connection came, and answers as it
// is told: "200", "500", "" for never. It closes after each answer.
type noter struct {
	t     *testing.T
	addr  string
	mu    sync.Mutex
	how   string
	times []time.Time
	l     net.Listener
}

func newNoter(t *testing.T, how string) *noter {
	n := &noter{t: t, addr: "127.0.0.1:0", how: how}
	n.open()
	t.Cleanup(n.close)
	return n
}

func (n *noter) open() {
	l, err := testbed.Listen(n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.addr, n.l = l.Addr().String(), l
	go testbed.Accept(l, func(c net.Conn) {
		n.mu.Lock()
		n.times = append(n.times, time.Now())
		how := n.how
		n.mu.Unlock()
		answer(c, how)
	})
}

func (n *noter) close() { n.l.Close() }

// answer serves one request: of a check, or of a client.
func answer(c net.Conn, how string) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	if how == "" {
		io.Copy(io.Discard, c)
		return
	}
	io.WriteString(c, "HTTP/1.1 "+how+" Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

func (n *noter) say(how string) {
	n.mu.Lock()
	n.how = how
	n.mu.Unlock()
}

// since are the notes after a moment.
func (n *noter) since(t time.Time) (list []time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, at := range n.times {
		if at.After(t) {
			list = append(list, at)
		}
	}
	return list
}
