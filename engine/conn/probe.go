package conn

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pulse is what a probe finds of an idle connection.
type Pulse uint8

const (
	Alive    Pulse = iota // open, nothing to read
	Readable              // bytes wait to be read
	Closed                // the peer closed or reset it
	Unknown               // not a socket
)

// probe holds the stored functions of the questions to the kernel, made at their
// first use, so that asking allocates nothing.
type probe struct {
	peekFunc func(fd uintptr)
	hupFunc  func(fd uintptr)
	pulse    Pulse
	hup      bool
}

// Probe asks the kernel, without waiting and without consuming, how a connection
// is. Bytes buffered here count as Readable. Only the goroutine that owns the
// reading side may call it.
func (c *Conn) Probe() Pulse {
	if c.Buffered() > 0 || len(c.sock.pre) > 0 {
		return Readable
	}
	return c.sock.Probe()
}

// Probe peeks one byte.
func (s *Socket) Probe() Pulse {
	if s.raw == nil {
		return Unknown
	}
	if s.probe.peekFunc == nil {
		s.probe.peekFunc = s.peek
	}
	if s.raw.Control(s.probe.peekFunc) != nil {
		return Closed
	}
	return s.probe.pulse
}

func (s *Socket) peek(fd uintptr) {
	var b [1]byte
	n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), 1,
		unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	switch {
	case e == unix.EAGAIN || e == unix.EINTR:
		s.probe.pulse = Alive
	case e != 0 || n == 0:
		s.probe.pulse = Closed
	default:
		s.probe.pulse = Readable
	}
}

// PeerClosed reports whether the peer has sent its FIN or a reset, even when
// bytes that it sent before still wait. Same owner as Probe.
func (c *Conn) PeerClosed() bool { return c.sock.PeerClosed() }

// PeerClosed polls for a FIN.
func (s *Socket) PeerClosed() bool {
	if s.raw == nil {
		return false
	}
	if s.probe.hupFunc == nil {
		s.probe.hupFunc = func(fd uintptr) { s.probe.hup = hungUp(fd) }
	}
	return s.raw.Control(s.probe.hupFunc) != nil || s.probe.hup
}

func hungUp(fd uintptr) bool {
	p := unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP}
	var now unix.Timespec
	_, _, e := syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return e == 0 && p.Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}

// WaitPeerClosed blocks until the peer closes (nil), or until Interrupt ends the
// wait (ErrInterrupted). It consumes nothing, and it keeps other reads out.
func (s *Socket) WaitPeerClosed() error {
	if s.raw == nil {
		return ErrNotSocket
	}
	for {
		err := s.raw.Read(hungUp)
		if err == nil {
			return nil
		}
		if c, ok := err.(interface{ Timeout() bool }); !ok || !c.Timeout() {
			return err
		}
		if s.interrupted.Load() {
			return ErrInterrupted
		}
		// Deadlines are for reads: this wait lasts until somebody ends it.
		s.rd.armed.Store(0)
		s.nc.SetReadDeadline(time.Time{})
		s.recheckInterrupt()
	}
}

// Drain discards what the kernel holds, without waiting, up to max bytes. Closing
// a socket with unread bytes resets it, and the reset may overtake our last answer.
func (s *Socket) Drain(max int) {
	if s.raw == nil {
		return
	}
	b := GetBuffer(DefaultSize)
	defer PutBuffer(b)
	s.raw.Control(func(fd uintptr) {
		for max > 0 {
			n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])),
				uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
			if e != 0 || n == 0 {
				return
			}
			max -= int(n)
		}
	})
}
