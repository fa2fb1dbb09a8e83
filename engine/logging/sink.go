package logging

import (
	"bytes"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
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

// Flush waits until what streams logged has left the process, at most as long as d.
func Flush(d time.Duration) {
	sinkMu.Lock()
	defer sinkMu.Unlock()
	end := time.Now().Add(d)
	for _, s := range sinks {
		if w, ok := s.(interface{ waiting() bool }); ok {
			for w.waiting() && time.Now().Before(end) {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// streamSink keeps lines for a stream connection that one goroutine serves.
type streamSink struct {
	network, addr string
	room          int  // bytes that may wait
	counted       bool // each line behind its length, without newline (RFC 6587, 3.4.1)
	once          sync.Once
	left          atomic.Int32 // lines that were not written yet
	mu            sync.Mutex   // guards what follows
	wait          []byte
	count         int // lines in wait
	wake          chan struct{}
}

// streamRoom is how many bytes wait for a slow or absent receiver, unless log-bufsize
// says it.
const streamRoom = 1 << 20

func newStreamSink(network, addr string) *streamSink {
	return &streamSink{network: network, addr: addr, room: streamRoom, wake: make(chan struct{}, 1)}
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
	if len(s.wait)+len(line) > s.room {
		s.mu.Unlock()
		return false
	}
	if s.counted {
		line = bytes.TrimSuffix(line, []byte("\n"))
		s.wait = append(strconv.AppendInt(s.wait, int64(len(line)), 10), ' ')
	}
	s.wait = append(s.wait, line...)
	s.count++
	s.left.Add(1)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

func (s *streamSink) waiting() bool { return s.left.Load() > 0 }

// run connects and writes, for as long as the process lives.
func (s *streamSink) run() {
	var c net.Conn
	var out []byte
	for range s.wake {
		for {
			s.mu.Lock()
			out, s.wait = s.wait, out[:0]
			n := s.count
			s.count = 0
			s.mu.Unlock()
			if n == 0 {
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
				lost(n)
			}
			s.left.Add(int32(-n))
		}
	}
}
