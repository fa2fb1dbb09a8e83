package conn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"hawser/engine/clock"

	"golang.org/x/sys/unix"
)

// Socket is the operating system's side of a connection: deadlines, counters,
// system calls. It is a net.Conn, so that TLS can be run over it.
type Socket struct {
	nc  net.Conn
	raw syscall.RawConn // nil when nc is not a socket

	rd, wr      side
	interrupted atomic.Bool
	lastWrite   atomic.Int64 // Tick of the last bytes written
	lastRead    atomic.Int64 // Tick of the last bytes read
	in, out     atomic.Int64

	pre []byte // bytes that were read before TLS took over; owned by the reader

	// Arguments and results of the stored functions below: a RawConn calls back,
	// and a closure per call would allocate. Reader's, writer's, and probe's.
	rp         []byte
	rlazy      *Conn // when set, rp is taken from its buffer once bytes are there
	rn         int
	rerr       syscall.Errno
	wp         []byte
	wflags     int
	werr       syscall.Errno
	iov        []unix.Iovec
	readFunc   func(fd uintptr) bool // tryRead, or trySpliceIn while splicing
	writeFunc  func(fd uintptr) bool
	writevFunc func(fd uintptr) bool
	queueFunc  func(fd uintptr) bool
	queue      queue
	probe      probe
	splice     splice
}

func (s *Socket) init(nc net.Conn) {
	s.nc = nc
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw = raw
			s.readFunc, s.writeFunc = s.tryRead, s.tryWrite
		}
	}
}

// NetConn returns the operating system's connection.
func (s *Socket) NetConn() net.Conn { return s.nc }

// In and Out are the bytes read from and written to the wire.
func (s *Socket) In() int64  { return s.in.Load() }
func (s *Socket) Out() int64 { return s.out.Load() }

// LastRead and LastWrite tell when bytes last moved, zero if they never did.
func (s *Socket) LastRead() clock.Tick  { return clock.Tick(s.lastRead.Load()) }
func (s *Socket) LastWrite() clock.Tick { return clock.Tick(s.lastWrite.Load()) }

// Read reads once from the wire.
func (s *Socket) Read(p []byte) (int, error) {
	if len(s.pre) > 0 {
		n := copy(p, s.pre)
		s.pre = s.pre[n:]
		return n, nil
	}
	s.rp = p
	return s.read()
}

// read fills s.rp, or the buffer of s.rlazy, with one successful system call.
func (s *Socket) read() (int, error) {
	s.rd.since = clock.Now()
	s.armRead(s.rd.since)
	for {
		n, err := s.readOnce()
		if n > 0 {
			s.in.Add(int64(n))
			s.lastRead.Store(int64(clock.Now()))
			return n, nil
		}
		if err == nil || err == io.EOF {
			return 0, io.EOF
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		if err := s.readExpired(); err != nil {
			return 0, err
		}
	}
}

func (s *Socket) readOnce() (int, error) {
	if s.raw == nil {
		if s.rlazy != nil {
			s.rp = s.rlazy.free()
		}
		return s.nc.Read(s.rp)
	}
	if s.queue.p != nil {
		return s.readQueued()
	}
	if err := s.raw.Read(s.readFunc); err != nil {
		return 0, err
	}
	return s.readResult()
}

// readResult is what tryRead left.
func (s *Socket) readResult() (int, error) {
	if s.rerr != 0 {
		return 0, &net.OpError{Op: "read", Net: "socket", Err: os.NewSyscallError("recv", s.rerr)}
	}
	return s.rn, nil
}

// tryRead is one recv on a non-blocking socket. It does not tell the scheduler
// about the call, since it cannot block.
func (s *Socket) tryRead(fd uintptr) bool {
	p := s.rp
	if s.rlazy != nil {
		p = s.rlazy.free()
	}
	if len(p) == 0 {
		s.rn, s.rerr = 0, 0
		return true
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), 0, 0, 0)
		switch e {
		case 0:
			s.rn, s.rerr = int(n), 0
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			if s.rlazy != nil {
				s.rlazy.parkBuffer()
			}
			return false
		default:
			s.rn, s.rerr = 0, e
			return true
		}
	}
}

// Write writes all of p.
func (s *Socket) Write(p []byte) (int, error) { return s.send(p, 0) }

// send writes all of p; flags may be unix.MSG_MORE.
func (s *Socket) send(p []byte, flags int) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.raw == nil {
		return s.writePlain(p)
	}
	s.wp, s.wflags = p, flags|unix.MSG_NOSIGNAL
	err := s.drive(s.writeFunc)
	done := len(p) - len(s.wp)
	s.wp = nil
	return done, err
}

// drive runs a write function until it is done or a deadline ends it.
func (s *Socket) drive(f func(uintptr) bool) error {
	s.werr = 0
	s.wr.since = clock.Now()
	s.armWrite(s.wr.since)
	for {
		err := s.raw.Write(f)
		if err == nil {
			if s.werr == 0 {
				return nil
			}
			return &net.OpError{Op: "write", Net: "socket", Err: os.NewSyscallError("send", s.werr)}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err := s.writeExpired(); err != nil {
			return err
		}
	}
}

func (s *Socket) tryWrite(fd uintptr) bool {
	for len(s.wp) > 0 {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&s.wp[0])), uintptr(len(s.wp)), uintptr(s.wflags), 0, 0)
		switch e {
		case 0:
			s.wp = s.wp[n:]
			s.wrote(int(n))
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			s.werr = e
			return true
		}
	}
	return true
}

// wrote notes progress of a write.
func (s *Socket) wrote(n int) {
	now := clock.Now()
	s.out.Add(int64(n))
	s.wr.since = now
	s.lastWrite.Store(int64(now))
}

func (s *Socket) writePlain(p []byte) (int, error) {
	s.wr.since = clock.Now()
	s.armWrite(s.wr.since)
	for done := 0; ; {
		n, err := s.nc.Write(p[done:])
		done += n
		if n > 0 {
			s.wrote(n)
		}
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return done, err
		}
		if err := s.writeExpired(); err != nil {
			return done, err
		}
	}
}

// Close closes the connection.
func (s *Socket) Close() error { return s.nc.Close() }

// LocalAddr and RemoteAddr are the real addresses.
func (s *Socket) LocalAddr() net.Addr  { return s.nc.LocalAddr() }
func (s *Socket) RemoteAddr() net.Addr { return s.nc.RemoteAddr() }
