package conn

import (
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A question that is asked before its answer is waited for costs one system call
// too many: the read that finds nothing yet. Queue puts the question off until the
// read: it is sent once the poller listens for the answer, and the read waits at
// once. An event from before that is not seen (bytes that nobody asked for, a FIN):
// the caller bounds its wait and reads again.

// queue is what the next read sends first; owned by the goroutine that reads.
type queue struct {
	p    []byte
	err  syscall.Errno // of the attempt to send
	more bool          // the kernel did not take all of p
}

// Queue makes the next read send p, which must not change until then. False: it
// cannot, write instead. Errors of the writing come from that read.
func (c *Conn) Queue(p []byte) bool {
	if c.secure || c.sock.raw == nil || c.w > c.r || len(c.sock.pre) > 0 {
		return false
	}
	c.sock.queue.p = p
	return true
}

// sendQueued is the callback of a read with something queued: it sends, then waits
// for what the peer answers. True without bytes read: readQueued goes on.
func (s *Socket) sendQueued(fd uintptr) bool {
	q := &s.queue
	if q.p == nil {
		return s.tryRead(fd)
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&q.p[0])), uintptr(len(q.p)), unix.MSG_NOSIGNAL, 0, 0)
		switch e {
		case unix.EINTR:
			continue
		case 0:
			s.wrote(int(n))
			if q.p = q.p[n:]; len(q.p) == 0 {
				q.p = nil
				return false
			}
			q.more = true
		case unix.EAGAIN:
			q.more = true
		default:
			q.err, q.p = e, nil
		}
		return true
	}
}

// readQueued reads with something queued.
func (s *Socket) readQueued() (int, error) {
	if s.queueFunc == nil {
		s.queueFunc = s.sendQueued
	}
	q := &s.queue
	q.err, q.more, s.rn, s.rerr = 0, false, 0, 0
	if err := s.raw.Read(s.queueFunc); err != nil {
		return 0, err
	}
	switch {
	case q.more: // the rest is written as any write is
		p := q.p
		q.p = nil
		if _, err := s.send(p, 0); err != nil {
			return 0, err
		}
		return s.readOnce()
	case q.err == unix.ECONNRESET || q.err == unix.EPIPE: // what the peer said before may be there
		return s.readOnce()
	case q.err != 0:
		return 0, &net.OpError{Op: "write", Net: "socket", Err: os.NewSyscallError("send", q.err)}
	}
	return s.readResult()
}
