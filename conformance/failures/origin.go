package failures

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// origin is a server that follows a script: each request is met by the next word,
// and all later ones by the last.
type origin struct {
	name   string
	addr   string
	script []string

	mu   sync.Mutex
	n    int
	held []chan struct{}
}

func newOrigin(t testing.TB, name string, script []string) *origin {
	o := &origin{name: name, addr: testbed.FreeAddr(), script: script}
	if script[0] == "refuse" {
		return o
	}
	l, err := testbed.Listen(o.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go testbed.Accept(l, o.serve)
	return o
}

func (o *origin) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for o.exchange(c, r) {
	}
}

// exchange reads a request and does what the script says; false ends the connection.
func (o *origin) exchange(c net.Conn, r *bufio.Reader) bool {
	length, first := 0, true
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		if v, ok := strings.CutPrefix(strings.ToLower(line), "content-length: "); ok {
			length, _ = strconv.Atoi(v)
		}
		first = false
	}
	if first {
		return false
	}
	if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
		return false
	}
	return o.act(c, r, o.next())
}

func (o *origin) next() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	word := o.script[min(o.n, len(o.script)-1)]
	o.n++
	return word
}

func (o *origin) act(c net.Conn, r *bufio.Reader, word string) bool {
	answer := func(status, more string) {
		fmt.Fprintf(c, "HTTP/1.1 %s Said\r\nx-s: %s\r\n%s\r\n", status, o.name, more)
	}
	switch word {
	case "empty":
		return false
	case "reset":
		c.(*net.TCPConn).SetLinger(0)
		return false
	case "half":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nx-s: ")
		return false
	case "junk":
		io.WriteString(c, "nonsense\r\n\r\n")
		return false
	case "stall":
		io.Copy(io.Discard, c)
		return false
	case "cut":
		answer("200", "content-length: 100\r\n")
		io.WriteString(c, "0123456789")
		return false
	case "bye":
		answer("200", "content-length: 0\r\nconnection: close\r\n")
		return false
	case "hold":
		if !o.hold(c, r) {
			return false
		}
		word = "200"
	}
	answer(word, "content-length: 0\r\n")
	return true
}

// hold waits for release; false: the proxy hung up.
func (o *origin) hold(c net.Conn, r *bufio.Reader) bool {
	ready, left := make(chan struct{}), make(chan struct{})
	o.mu.Lock()
	o.held = append(o.held, ready)
	o.mu.Unlock()
	go func() {
		r.Peek(1)
		close(left)
	}()
	select {
	case <-ready:
		c.SetReadDeadline(time.Now())
		<-left
		c.SetReadDeadline(time.Time{})
		return true
	case <-left:
		o.mu.Lock()
		defer o.mu.Unlock()
		if i := slices.Index(o.held, ready); i >= 0 {
			o.held = slices.Delete(o.held, i, i+1)
		}
		return false
	}
}

// holds tells how many requests wait for release.
func (o *origin) holds() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.held)
}

// release answers the request that has been held longest.
func (o *origin) release() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.held) == 0 {
		return false
	}
	close(o.held[0])
	o.held = o.held[1:]
	return true
}
