package logging

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/parser/unit"
)

// dgramSink sends datagrams: UDP, or to a UNIX socket such as /dev/log. Streams
// leave their lines on a stack, without a lock; one goroutine sends them. It lets
// the streams that are ready go first, so that their lines go along with one
// system call.
type dgramSink struct {
	stack atomic.Pointer[datagram] // the newest line first
	left  atomic.Int32             // lines that were not sent yet
	wake  chan struct{}
	once  sync.Once // starts run

	// The sender's own.
	sa    unix.Sockaddr
	fd    int       // -1: not connected
	tried time.Time // the last attempt to connect
	batch []*datagram
	vecs  [batchSize]unix.Iovec
	msgs  [batchSize]mmsghdr
}

const (
	batchSize = 64   // lines of one system call
	dgramRoom = 4096 // lines that wait; more are lost

	// patience is how long a receiver that takes nothing is waited for.
	patience = 100 * time.Millisecond
)

// datagram is a finished line.
type datagram struct {
	next *datagram // the line before, while it waits
	line []byte
}

var datagrams = sync.Pool{New: func() any { return &datagram{line: make([]byte, 0, 1024)} }}

// mmsghdr is one message of sendmmsg(2).
type mmsghdr struct {
	hdr  unix.Msghdr
	sent uint32
}

func newDgramSink(a *unit.Addr) *dgramSink {
	s := &dgramSink{fd: -1, wake: make(chan struct{}, 1)}
	switch {
	case a.Path != "" && a.Family == unit.Unix:
		s.sa = &unix.SockaddrUnix{Name: a.Path}
	case a.Path != "":
		s.sa = &unix.SockaddrUnix{Name: "@" + a.Path}
	case a.IP.Is4():
		s.sa = &unix.SockaddrInet4{Port: a.Port, Addr: a.IP.As4()}
	default:
		s.sa = &unix.SockaddrInet6{Port: a.Port, Addr: a.IP.As16()}
	}
	for i := range s.msgs {
		s.msgs[i].hdr.Iov = &s.vecs[i]
		s.msgs[i].hdr.SetIovlen(1)
	}
	return s
}

// Send implements engine.LogSink.
func (s *dgramSink) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	s.once.Do(func() { go s.run() })
	if s.left.Add(1) > dgramRoom {
		s.left.Add(-1)
		lost(1)
		return
	}
	d := datagrams.Get().(*datagram)
	d.line = appendLine(d.line[:0], t, level, tag, sd, msg, at)
	for {
		last := s.stack.Load()
		d.next = last
		if s.stack.CompareAndSwap(last, d) {
			if last == nil {
				s.wakeUp()
			}
			return
		}
	}
}

func (s *dgramSink) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *dgramSink) waiting() bool { return s.left.Load() > 0 }

// run sends, for as long as the process lives.
func (s *dgramSink) run() {
	for range s.wake {
		runtime.Gosched()
		s.take()
		for part := range slices.Chunk(s.batch, batchSize) {
			s.send(part)
		}
		for i, d := range s.batch {
			datagrams.Put(d)
			s.batch[i] = nil
		}
		s.left.Add(int32(-len(s.batch)))
	}
}

// take moves what waits to the batch, the oldest line first.
func (s *dgramSink) take() {
	s.batch = s.batch[:0]
	for d := s.stack.Swap(nil); d != nil; {
		s.batch = append(s.batch, d)
		next := d.next
		d.next = nil
		d = next
	}
	slices.Reverse(s.batch)
}

// send sends up to batchSize lines.
func (s *dgramSink) send(part []*datagram) {
	for i, d := range part {
		s.vecs[i].Base = unsafe.SliceData(d.line)
		s.vecs[i].SetLen(len(d.line))
	}
	for i := 0; i < len(part); {
		n, ok := s.sendSome(s.msgs[i:len(part)])
		if !ok {
			lost(len(part) - i)
			return
		}
		if n == 0 {
			lost(1)
			n = 1
		}
		i += n
	}
}

// sendSome tells how many of the messages were sent; 0: the first one is lost;
// not ok: none can be sent now. A refusal tells of a datagram before (nobody
// listened then): the second try counts. A receiver that was replaced is connected
// to anew. One that is slow (a UNIX socket with a full queue) is waited for, while
// the lines on the stack wait.
func (s *dgramSink) sendSome(msgs []mmsghdr) (n int, ok bool) {
	var full time.Time // since when the receiver takes nothing
	for refused := 0; refused < 3; {
		if s.fd < 0 && !s.connect() {
			return 0, false
		}
		n, err := sendmmsg(s.fd, msgs)
		switch err {
		case 0:
			return n, true
		case unix.EINTR:
		case unix.EAGAIN:
			if full.IsZero() {
				full = time.Now()
			}
			if !s.writable() || time.Since(full) > patience {
				return 0, false
			}
		case unix.ECONNREFUSED, unix.ENOTCONN, unix.ECONNRESET:
			refused++
			if _, local := s.sa.(*unix.SockaddrUnix); local && !s.connect() {
				return 0, false
			}
		default:
			return 0, true
		}
	}
	return 0, true
}

// sendmmsg does not block: the scheduler need not know of it.
func sendmmsg(fd int, m []mmsghdr) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(m))), uintptr(len(m)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// writable waits until the receiver takes something again.
func (s *dgramSink) writable() bool {
	p := [1]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(p[:], int(patience.Milliseconds()))
	return n == 1 || err == unix.EINTR
}

// connect makes the socket usable; at most ten attempts a second.
func (s *dgramSink) connect() bool {
	if time.Since(s.tried) < 100*time.Millisecond {
		return false
	}
	s.tried = time.Now()
	fd := s.fd
	if fd < 0 {
		var err error
		if fd, err = unix.Socket(family(s.sa), unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			return false
		}
	}
	if unix.Connect(fd, s.sa) != nil {
		if s.fd < 0 {
			unix.Close(fd)
		}
		return false
	}
	s.fd, s.tried = fd, time.Time{}
	return true
}

func family(sa unix.Sockaddr) int {
	switch sa.(type) {
	case *unix.SockaddrUnix:
		return unix.AF_UNIX
	case *unix.SockaddrInet6:
		return unix.AF_INET6
	}
	return unix.AF_INET
}
