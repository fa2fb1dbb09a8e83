package testbed

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Origin is a server behind the proxy. It takes plain HTTP/1, HTTP/2 and TLS
// on one port, with or without a PROXY header before, and tells in its answer
// who it is and what it got.
type Origin struct {
	Name string
	Addr string
	// Answer, where set, comes before the default answer; true: it answered.
	Answer func(http.ResponseWriter, *http.Request) bool
	// Raw takes the whole connection instead: another protocol.
	Raw func(net.Conn, *bufio.Reader)
	// Fail makes every answer a 500. Hits counts what Answer left over; PROXYs
	// counts connections with a PROXY header. Atomic.
	Fail         atomic.Bool
	Hits, PROXYs atomic.Int64

	l      net.Listener
	ready  chan net.Conn
	closed chan struct{}
	srv    *http.Server
}

// NewOrigin listens on a free loopback port. The functions set its fields
// before it accepts.
func NewOrigin(name string, set ...func(*Origin)) (*Origin, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &Origin{Name: name, Addr: l.Addr().String(), l: l, ready: make(chan net.Conn), closed: make(chan struct{})}
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	o.srv = &http.Server{Handler: http.HandlerFunc(o.serve), Protocols: &p, ErrorLog: log.New(io.Discard, "", 0)}
	for _, f := range set {
		f(o)
	}
	go o.accept()
	go o.srv.Serve(&opened{o})
	return o, nil
}

// Close ends the listener and all connections.
func (o *Origin) Close() {
	o.l.Close()
	close(o.closed)
	o.srv.Close()
}

// Port is the port as the file would write it.
func (o *Origin) Port() int { return portOf(o.Addr) }

// opened hands connections whose first bytes are known to net/http.
type opened struct{ o *Origin }

func (l *opened) Accept() (net.Conn, error) {
	select {
	case c := <-l.o.ready:
		return c, nil
	case <-l.o.closed:
		return nil, net.ErrClosed
	}
}
func (l *opened) Close() error   { return nil }
func (l *opened) Addr() net.Addr { return l.o.l.Addr() }

func (o *Origin) accept() {
	for {
		c, err := o.l.Accept()
		if err != nil {
			return
		}
		go o.open(c)
	}
}

// open looks at the first bytes: PROXY header, then TLS or not.
func (o *Origin) open(c net.Conn) {
	r := bufio.NewReader(c)
	if o.Raw != nil {
		defer c.Close()
		o.Raw(c, r)
		return
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := o.skipPROXY(r); err != nil {
		c.Close()
		return
	}
	first, err := r.Peek(1)
	c.SetReadDeadline(time.Time{})
	if err != nil || first[0] != 0x16 && (first[0] < 'A' || first[0] > 'Z') {
		c.Close() // another protocol: nothing to wait for
		return
	}
	var conn net.Conn = &peeked{c, r}
	if first[0] == 0x16 {
		conn = tls.Server(conn, serverTLS())
	}
	select {
	case o.ready <- conn:
	case <-o.closed:
		c.Close()
	}
}

type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p *peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

var proxyV2 = []byte("\r\n\r\n\x00\r\nQUIT\n")

func (o *Origin) skipPROXY(r *bufio.Reader) error {
	b, err := r.Peek(1)
	if err != nil {
		return err
	}
	switch b[0] {
	case 'P':
		if b, err = r.Peek(6); err == nil && string(b) == "PROXY " {
			o.PROXYs.Add(1)
			_, err = r.ReadString('\n')
		}
	case '\r':
		if b, err = r.Peek(16); err == nil && bytes.HasPrefix(b, proxyV2) {
			o.PROXYs.Add(1)
			_, err = r.Discard(16 + int(binary.BigEndian.Uint16(b[14:])))
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// serve says who answers in X-Origin, and in the body what came.
func (o *Origin) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Origin", o.Name)
	if o.Answer != nil && o.Answer(w, r) {
		return
	}
	o.Hits.Add(1)
	if o.Fail.Load() {
		http.Error(w, "failing", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Server", "testbed")
	fmt.Fprintf(w, "%s %s %s\nhost: %s\n", r.Method, r.RequestURI, r.Proto, r.Host)
	var names []string
	for n := range r.Header {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(w, "%s: %s\n", strings.ToLower(n), strings.Join(r.Header[n], " | "))
	}
	n, _ := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "body %d\n", n)
}
