package checks

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stage is the servers of all scenes: the scene of a connection is told by the
// address that it came to, 127.1.<i/250>.<i%250+1>.
type stage struct {
	scenes []*scene
	cert   tls.Certificate
	ports  [2]int
	lists  []net.Listener

	mu   sync.Mutex
	seen [][]*visit // by scene, in the order in which they came
}

// visit is one connection of a check.
type visit struct {
	port  int
	bytes []byte
	notes string // of the TLS handshake
	how   string // "fin", "rst", "closed" by this side, or "" while it is open
}

func place(i int) string { return fmt.Sprintf("127.1.%d.%d", i/250, i%250+1) }

func openStage(scenes []*scene, cert tls.Certificate) (*stage, error) {
	st := &stage{scenes: scenes, cert: cert, seen: make([][]*visit, len(scenes))}
	for i := range st.ports {
		l, err := net.Listen("tcp4", ":0")
		if err != nil {
			return nil, err
		}
		st.lists = append(st.lists, l)
		st.ports[i] = l.Addr().(*net.TCPAddr).Port
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				st.enter(c.(*net.TCPConn), i)
			}
		}()
	}
	return st, nil
}

func (st *stage) close() {
	for _, l := range st.lists {
		l.Close()
	}
}

// enter finds the scene of a connection and plays its act.
func (st *stage) enter(c *net.TCPConn, port int) {
	ip := c.LocalAddr().(*net.TCPAddr).IP.To4()
	i := int(ip[2])*250 + int(ip[3]) - 1
	if ip[0] != 127 || ip[1] != 1 || i >= len(st.scenes) {
		c.Close()
		return
	}
	v := &visit{port: port}
	st.mu.Lock()
	n := len(st.seen[i])
	st.seen[i] = append(st.seen[i], v)
	st.mu.Unlock()
	acts := st.scenes[i].acts
	if len(acts) == 0 {
		acts = []string{""}
	}
	secure := strings.Contains(strings.Join(st.scenes[i].lines, " "), " ssl")
	go st.act(c, v, acts[min(n, len(acts)-1)], secure)
}

// actor plays one act on one connection.
type actor struct {
	st  *stage
	tcp *net.TCPConn
	c   net.Conn
	r   *bufio.Reader
	v   *visit
}

func (st *stage) act(tcp *net.TCPConn, v *visit, text string, secure bool) {
	a := &actor{st: st, tcp: tcp, c: tcp, v: v}
	tcp.SetDeadline(time.Now().Add(8 * time.Second))
	a.r = bufio.NewReader(a)
	end, ours := "", false
	for _, w := range split(text) {
		ours = ours || w == "fin" || w == "rst" || w == "close"
	}
	if secure {
		end = a.shake()
	}
	for _, w := range split(text) {
		if end = a.word(w); end != "" {
			break
		}
	}
	if end == "" {
		_, err := io.Copy(io.Discard, a.r)
		end = "fin"
		if err != nil {
			end = "rst"
		}
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			end = "left open"
		}
	}
	tcp.Close()
	if ours { // what the other side does then depends on which it learns first
		end = "closed"
	}
	st.mu.Lock()
	v.how = end
	st.mu.Unlock()
}

// Read keeps what comes.
func (a *actor) Read(p []byte) (int, error) {
	n, err := a.c.Read(p)
	a.st.mu.Lock()
	a.v.bytes = append(a.v.bytes, p[:n]...)
	a.st.mu.Unlock()
	return n, err
}

// split cuts an act into its words; what is said is a quoted Go string.
func split(text string) (words []string) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if q, err := strconv.QuotedPrefix(text); err == nil {
			words, text = append(words, q), text[len(q):]
			continue
		}
		w, rest, _ := strings.Cut(text, " ")
		words, text = append(words, w), rest
	}
	return words
}

// word does one thing and tells how the connection ended, if it did.
func (a *actor) word(w string) (end string) {
	var err error
	switch {
	case w[0] == '"':
		s, _ := strconv.Unquote(w)
		_, err = io.WriteString(a.c, s)
	case w == "line":
		_, err = a.r.ReadSlice('\n')
	case w == "head":
		for line := []byte("x"); err == nil && len(bytes.TrimSpace(line)) > 0; {
			line, err = a.r.ReadSlice('\n')
		}
	case w == "wait":
		time.Sleep(100 * time.Millisecond)
	case w == "fin":
		err = a.tcp.CloseWrite()
	case w == "close", w == "rst":
		if w == "rst" {
			a.tcp.SetLinger(0)
		}
		a.tcp.Close()
		return "closed"
	default: // a number of bytes
		n, _ := strconv.Atoi(w)
		_, err = a.r.Discard(n)
	}
	return ended(err)
}

// ended tells how a connection ended, if it did.
func ended(err error) string {
	var ne net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.EPIPE):
		return "rst"
	case errors.Is(err, io.EOF):
		return "fin"
	case errors.As(err, &ne) && ne.Timeout():
		return "left open"
	}
	return "failed"
}

// shake begins TLS if that is what the other side does, perhaps behind a PROXY line.
func (a *actor) shake() string {
	hello, err := a.peek()
	if err == nil && hello == 'P' && a.r.Buffered() > 5 {
		if line, _ := a.r.Peek(6); string(line) == "PROXY " {
			a.r.ReadSlice('\n')
			hello, err = a.peek()
		}
	}
	if err != nil || hello != 0x16 {
		if ended(err) == "left open" {
			return ""
		}
		return ended(err)
	}
	a.st.mu.Lock()
	a.v.bytes = a.v.bytes[:len(a.v.bytes)-a.r.Buffered()]
	a.st.mu.Unlock()
	t := tls.Server(&began{a.tcp, a.r}, &tls.Config{Certificates: []tls.Certificate{a.st.cert}, NextProtos: []string{"http/1.1", "x/1"}, SessionTicketsDisabled: true})
	err = t.Handshake()
	cs := t.ConnectionState()
	a.st.mu.Lock()
	a.v.notes = fmt.Sprintf("tls sni=%q alpn=%q ", cs.ServerName, cs.NegotiatedProtocol)
	a.st.mu.Unlock()
	a.c, a.r = t, bufio.NewReader(a)
	return ended(err)
}

// peek waits for a byte for a while.
func (a *actor) peek() (byte, error) {
	a.tcp.SetReadDeadline(time.Now().Add(400 * time.Millisecond))
	defer a.tcp.SetReadDeadline(time.Now().Add(8 * time.Second))
	b, err := a.r.Peek(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// began is a connection of which something was read already.
type began struct {
	*net.TCPConn
	r *bufio.Reader
}

func (b *began) Read(p []byte) (int, error) {
	if n := b.r.Buffered(); n > 0 {
		return b.r.Read(p[:min(n, len(p))])
	}
	return b.TCPConn.Read(p)
}
