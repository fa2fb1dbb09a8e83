package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// load is a closed loop: conns connections, each with one request under way.
type load struct {
	conns    int
	requests int
	body     int
	once     bool // a new connection for each request
}

type result struct{ cpu, wall time.Duration }

type role uint8

const (
	client role = iota + 1
	origin
	listener
	sink
)

// peer is one descriptor of the world.
type peer struct {
	fd   int
	role role
	need int    // client: body bytes still to come; -1 in the head
	head []byte // what came of a head that is not whole yet
}

// world is everything that surrounds the proxy, in one goroutine and one epoll
// set: the load's clients, two origins and the log sink. One loop costs about
// as much as the proxy does; goroutines would cost several times that.
type world struct {
	load     load
	target   int
	epfd     int
	peers    []*peer
	ports    [3]int // origin 1, origin 2, sink
	request  []byte
	response []byte
	buf      []byte
	done     int
	logs     int
	idle     bool // no more requests are sent
	err      error
}

func newWorld(l load) (*world, error) {
	w := &world{load: l, buf: make([]byte, 256<<10), request: []byte(requestHead)}
	w.response = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s",
		l.body, strings.Repeat("x", l.body))
	var err error
	if w.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for i, kind := range []int{unix.SOCK_STREAM, unix.SOCK_STREAM, unix.SOCK_DGRAM} {
		if err := w.open(i, kind); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// open adds a listener or the sink on a port of the system's choice.
func (w *world) open(i, kind int) error {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	r := sink
	if kind == unix.SOCK_STREAM {
		r = listener
		if err := unix.Listen(fd, 1024); err != nil {
			return err
		}
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	w.ports[i] = sa.(*unix.SockaddrInet4).Port
	return w.add(&peer{fd: fd, role: r})
}

func (w *world) env() []string {
	return []string{
		fmt.Sprintf("BENCH_ORIGIN1=127.0.0.1:%d", w.ports[0]),
		fmt.Sprintf("BENCH_ORIGIN2=127.0.0.1:%d", w.ports[1]),
		fmt.Sprintf("BENCH_SINK=127.0.0.1:%d", w.ports[2]),
	}
}

func (w *world) add(p *peer) error {
	for p.fd >= len(w.peers) {
		w.peers = append(w.peers, make([]*peer, 256)...)
	}
	w.peers[p.fd] = p
	return unix.EpollCtl(w.epfd, unix.EPOLL_CTL_ADD, p.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p.fd)})
}

func (w *world) drop(p *peer) {
	w.peers[p.fd] = nil
	unix.Close(p.fd)
}

func (w *world) close() {
	for _, p := range w.peers {
		if p != nil {
			unix.Close(p.fd)
		}
	}
	unix.Close(w.epfd)
}

// measure sends a warm-up of a tenth, then the requests that count.
func (w *world) measure(px *process) (result, error) {
	for range w.load.conns {
		w.connect()
	}
	w.loopUntil(w.load.requests/10 + w.load.conns)
	cpu, wall, from := px.cpu(), time.Now(), w.done
	w.loopUntil(from + w.load.requests)
	r := result{px.cpu() - cpu, time.Since(wall)}
	if n := w.done - from; n != w.load.requests && n > 0 {
		r.cpu = r.cpu * time.Duration(w.load.requests) / time.Duration(n)
	}
	w.idle = true
	return r, w.err
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *world) loopUntil(target int) {
	events := make([]unix.EpollEvent, 256)
	for w.done < target && w.err == nil {
		n, err := unix.EpollWait(w.epfd, events, 5000)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			w.fail("epoll: %v", err)
		}
		if n == 0 {
			w.fail("nothing happened for 5 s after %d requests", w.done)
		}
		for _, e := range events[:max(n, 0)] {
			if p := w.peers[e.Fd]; p != nil {
				w.event(p)
			}
		}
	}
}

func (w *world) event(p *peer) {
	switch p.role {
	case client:
		w.clientRead(p)
	case origin:
		w.originRead(p)
	case listener:
		w.accept(p)
	case sink:
		w.recv(p.fd)
		w.logs++
	}
}

// connect blocks for the handshake, which on loopback ends inside the call.
func (w *world) connect() {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: w.target, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		p := &peer{fd: fd, role: client, need: -1}
		if err = w.add(p); err == nil {
			w.send(fd, w.request)
			return
		}
	}
	w.fail("connect: %v", err)
}

func (w *world) accept(l *peer) {
	fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC)
	if err != nil {
		return
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if w.load.body > 1000 {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 256<<10)
	}
	if err := w.add(&peer{fd: fd, role: origin}); err != nil {
		w.fail("accept: %v", err)
	}
}

var headEnd = []byte("\r\n\r\n")

// originRead answers each whole head with the prepared response.
func (w *world) originRead(p *peer) {
	n := w.recv(p.fd)
	if n <= 0 {
		w.drop(p)
		return
	}
	data := w.buf[:n]
	if len(p.head) > 0 {
		p.head = append(p.head, data...)
		data = p.head
	}
	for {
		i := bytes.Index(data, headEnd)
		if i < 0 {
			break
		}
		data = data[i+4:]
		w.send(p.fd, w.response)
	}
	p.head = append(p.head[:0], data...)
}

var lengthName = []byte("ength: ")

func (w *world) clientRead(p *peer) {
	n := w.recv(p.fd)
	if n <= 0 {
		w.fail("the proxy closed a connection after %d requests", w.done)
		return
	}
	if p.need >= 0 {
		p.need -= n
	} else if !w.clientHead(p, w.buf[:n]) {
		return
	}
	if p.need > 0 {
		return
	}
	if p.need < 0 {
		w.fail("more bytes than the body has")
		return
	}
	w.done++
	p.need = -1
	switch {
	case w.load.once:
		w.drop(p)
		w.connect()
	default:
		w.send(p.fd, w.request)
	}
}

// clientHead reports whether the head is whole, and sets need to what is left
// of the body.
func (w *world) clientHead(p *peer, data []byte) bool {
	if len(p.head) > 0 {
		p.head = append(p.head, data...)
		data = p.head
	}
	i := bytes.Index(data, headEnd)
	if i < 0 {
		p.head = append(p.head[:0], data...)
		return false
	}
	head := data[:i+2]
	if len(head) < 12 || string(head[9:12]) != "200" {
		w.fail("answer: %.80q", head)
		return false
	}
	j := bytes.Index(head, lengthName)
	if j < 0 {
		w.fail("no content-length: %.200q", head)
		return false
	}
	size := 0
	for _, c := range head[j+len(lengthName):] {
		if c < '0' || c > '9' {
			break
		}
		size = size*10 + int(c-'0')
	}
	p.need = size - (len(data) - i - 4)
	p.head = p.head[:0]
	return true
}

// recv and send are raw calls that never block, so the scheduler need not know.
func (w *world) recv(fd int) int {
	n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&w.buf[0])), uintptr(len(w.buf)), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return -1
	}
	return int(n)
}

func (w *world) send(fd int, b []byte) {
	n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if e != 0 {
		w.fail("send: %v", e)
	} else if int(n) != len(b) {
		w.fail("send: %d of %d bytes", n, len(b))
	}
}
