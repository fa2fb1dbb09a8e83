package logging

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/parser/unit"
)

// proc is told of what could not be sent, of all generations.
var proc atomic.Pointer[engine.ProcState]

func lost(n int) {
	if p := proc.Load(); p != nil {
		p.Dropped.Add(int64(n))
	}
}

// Sinks live as long as the process: a reload finds the one of the same target
// again, and what streams of an older generation still log has where to go.
var (
	sinkMu sync.Mutex
	sinks  = map[string]engine.LogSink{}
)

func sharedSink(key string, make func() engine.LogSink) engine.LogSink {
	sinkMu.Lock()
	defer sinkMu.Unlock()
	s := sinks[key]
	if s == nil {
		s = make()
		sinks[key] = s
	}
	return s
}

// writer is what a sink does with a finished line.
type writer interface {
	// write sends one line without waiting; false: it is lost.
	write(line []byte) bool
}

// send adds the header of the target's format and hands the line to w.
func send(w writer, t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) bool {
	b := lines.Get().(*buffer)
	b.line = appendLine(b.line[:0], t, level, tag, sd, msg, at)
	ok := w.write(b.line)
	lines.Put(b)
	return ok
}

// buffer keeps the memory of one line under construction.
type buffer struct{ line, msg, sd []byte }

var lines = sync.Pool{New: func() any { return &buffer{line: make([]byte, 0, 2048), msg: make([]byte, 0, 2048)} }}

// fdSink writes to a descriptor that was open at the start: stdout, stderr, fd@.
type fdSink struct{ fd int }

// Send implements engine.LogSink.
func (s *fdSink) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	if !send(s, t, level, tag, sd, msg, at) {
		lost(1)
	}
}

// write asks first whether the descriptor takes a line at once: its flags are
// shared with other processes and stay as they are.
func (s *fdSink) write(line []byte) bool {
	p := [1]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
	if n, err := unix.Poll(p[:], 0); err == nil && n == 0 {
		return false
	}
	for len(line) > 0 { // a signal may cut a write into a pipe short
		n, err := unix.Write(s.fd, line)
		if err != nil && err != unix.EINTR {
			return false
		}
		line = line[max(n, 0):]
	}
	return true
}

// dgramSink sends datagrams: UDP, or to a UNIX socket such as /dev/log.
type dgramSink struct {
	sa    unix.Sockaddr
	mu    sync.Mutex // guards connecting
	fd    atomic.Int64
	tried atomic.Int64 // time of the last attempt to connect, ns
}

func newDgramSink(a *unit.Addr) *dgramSink {
	s := &dgramSink{}
	s.fd.Store(-1)
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
	return s
}

// Send implements engine.LogSink.
func (s *dgramSink) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	if !send(s, t, level, tag, sd, msg, at) {
		lost(1)
	}
}

// write sends a datagram. A refusal tells of the one before (nobody listened
// then): the second try counts. A receiver that was replaced is connected to anew.
func (s *dgramSink) write(line []byte) bool {
	for range 3 {
		fd := int(s.fd.Load())
		if fd >= 0 {
			switch sendNow(fd, line) {
			case 0:
				return true
			case unix.EAGAIN, unix.ENOBUFS, unix.EMSGSIZE:
				return false
			case unix.ECONNREFUSED, unix.ENOTCONN, unix.ECONNRESET:
			default:
				return false
			}
			if _, local := s.sa.(*unix.SockaddrUnix); !local {
				continue
			}
		}
		if !s.connect(fd) {
			return false
		}
	}
	return false
}

// sendNow is send(2) on a socket that does not block: the scheduler need not know.
func sendNow(fd int, p []byte) syscall.Errno {
	_, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return e
}

// connect makes the socket usable; at most ten attempts a second.
func (s *dgramSink) connect(was int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UnixNano()
	if now-s.tried.Load() < int64(100*time.Millisecond) {
		return was < 0 && s.fd.Load() >= 0
	}
	s.tried.Store(now)
	fd := int(s.fd.Load())
	if fd < 0 {
		var err error
		if fd, err = unix.Socket(family(s.sa), unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			return false
		}
	}
	if unix.Connect(fd, s.sa) != nil {
		if s.fd.Load() < 0 {
			unix.Close(fd)
		}
		return false
	}
	s.fd.Store(int64(fd))
	s.tried.Store(0)
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

// streamSink keeps lines for a stream connection that one goroutine serves.
type streamSink struct {
	network, addr string
	once          sync.Once
	mu            sync.Mutex // guards what follows
	wait          []byte
	count         int
	wake          chan struct{}
}

// streamRoom is how many bytes wait for a slow or absent receiver.
const streamRoom = 1 << 20

func newStreamSink(network, addr string) *streamSink {
	return &streamSink{network: network, addr: addr, wake: make(chan struct{}, 1)}
}

// Send implements engine.LogSink.
func (s *streamSink) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	if !send(s, t, level, tag, sd, msg, at) {
		lost(1)
	}
}

func (s *streamSink) write(line []byte) bool {
	s.once.Do(func() { go s.run() })
	s.mu.Lock()
	if len(s.wait)+len(line) > streamRoom {
		s.mu.Unlock()
		return false
	}
	s.wait = append(s.wait, line...)
	s.count++
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// run connects and writes, for as long as the process lives.
func (s *streamSink) run() {
	var c net.Conn
	var out []byte
	for range s.wake {
		for {
			s.mu.Lock()
			out, s.wait = s.wait, out[:0]
			s.count = 0
			s.mu.Unlock()
			if len(out) == 0 {
				break
			}
			for c == nil {
				var err error
				if c, err = net.DialTimeout(s.network, s.addr, 2*time.Second); err != nil {
					c = nil
					time.Sleep(500 * time.Millisecond)
				}
			}
			c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			if _, err := c.Write(out); err != nil {
				c.Close()
				c = nil
				lost(1)
			}
		}
	}
}
