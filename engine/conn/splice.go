package conn

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// splice is the state of moving bytes from one socket to another inside the
// kernel. The source side owns the pipe while a move runs.
type splice struct {
	pipe     *pipe
	inFunc   func(fd uintptr) bool
	outFunc  func(fd uintptr) bool // writes to to
	to       *Socket
	readFunc func(fd uintptr) bool // Socket.readFunc while it is replaced
	want     int                   // most bytes to take in
	left     int                   // bytes in the pipe
}

// The move starts by copying. A full buffer says that much is coming: then it
// splices. Several small splices in a row say that copying is cheaper again.
const (
	smallSplice = 4096
	smallInARow = 3
)

// SpliceTo moves n bytes inside the kernel where that pays; MoveTo does the same by
// copying alone.
func (c *Conn) SpliceTo(dst *Conn, n int64, note func(int)) (moved int64, rerr, werr error) {
	return c.moveTo(dst, n, !c.secure && !dst.secure && c.sock.raw != nil && dst.sock.raw != nil, note)
}

// MoveTo copies n bytes (-1: until the end) to dst, buffered ones first, and
// returns how many were moved and which side failed. The end of the stream is no
// error when n is -1, and io.ErrUnexpectedEOF otherwise. note, if given, is told
// of every piece once it is written.
func (c *Conn) MoveTo(dst *Conn, n int64, note func(int)) (moved int64, rerr, werr error) {
	return c.moveTo(dst, n, false, note)
}

func (c *Conn) moveTo(dst *Conn, n int64, direct bool, note func(int)) (moved int64, rerr, werr error) {
	for n < 0 || moved < n {
		if c.Buffered() == 0 {
			if _, rerr = c.ReadMore(); rerr != nil {
				return moved, endOf(rerr, n), nil
			}
		}
		full := c.Buffered() == c.size
		k, err := c.copyTo(dst, n-moved, n < 0, note)
		moved += int64(k)
		if err != nil {
			return moved, nil, err
		}
		if direct && full && c.Buffered() == 0 && (n < 0 || n-moved > smallSplice) {
			var k int64
			k, rerr, werr = c.spliceTo(dst, n-moved, n < 0, note)
			moved += k
			if rerr != nil || werr != nil {
				return moved, endOf(rerr, n), werr
			}
		}
	}
	return moved, nil, nil
}

func endOf(err error, n int64) error {
	if err == io.EOF {
		if n < 0 {
			return nil
		}
		return io.ErrUnexpectedEOF
	}
	return err
}

// copyTo writes what is buffered, at most left bytes of it.
func (c *Conn) copyTo(dst *Conn, left int64, all bool, note func(int)) (int, error) {
	b := c.Bytes()
	if !all && int64(len(b)) > left {
		b = b[:left]
	}
	k, err := dst.Write(b)
	c.Discard(k)
	if k > 0 && note != nil {
		note(k)
	}
	return k, err
}

// spliceTo splices until left bytes are moved, an error, or small pieces. The end
// of the stream is io.EOF here.
func (c *Conn) spliceTo(dst *Conn, left int64, all bool, note func(int)) (moved int64, rerr, werr error) {
	p, err := getPipe()
	if err != nil {
		return 0, nil, nil // out of pipes or descriptors: copying still works
	}
	c.Release()
	s := &c.sock
	s.beginSplice(p)
	defer func() {
		s.endSplice()
		putPipe(p, s.splice.left == 0)
	}()
	for small := 0; small < smallInARow && (all || moved < left); {
		s.splice.want = p.size
		if !all {
			s.splice.want = int(min(int64(p.size), left-moved))
		}
		n, err := s.read()
		if err != nil {
			return moved, err, nil
		}
		s.splice.left = n
		err = dst.sock.drainPipe(s)
		moved += int64(n - s.splice.left)
		if note != nil && n > s.splice.left {
			note(n - s.splice.left)
		}
		if err != nil {
			return moved, nil, err
		}
		if small++; n > smallSplice {
			small = 0
		}
	}
	return moved, nil, nil
}

func (s *Socket) beginSplice(p *pipe) {
	if s.splice.inFunc == nil {
		s.splice.inFunc = s.trySpliceIn
	}
	s.splice.pipe, s.splice.left = p, 0
	s.splice.readFunc, s.readFunc = s.readFunc, s.splice.inFunc
}

func (s *Socket) endSplice() { s.readFunc, s.splice.pipe = s.splice.readFunc, nil }

const spliceFlags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

// trySpliceIn takes bytes from the socket into the pipe, which is empty.
func (s *Socket) trySpliceIn(fd uintptr) bool {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SPLICE, fd, 0, uintptr(s.splice.pipe.w), 0, uintptr(s.splice.want), spliceFlags)
		switch e {
		case 0:
			s.rn, s.rerr = int(n), 0
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			s.rn, s.rerr = 0, e
			return true
		}
	}
}

// drainPipe writes what from has in its pipe to s.
func (s *Socket) drainPipe(from *Socket) error {
	// The function is stored on the source, whose pipe it reads; it is made anew
	// only when the source meets another destination.
	if from.splice.outFunc == nil || from.splice.to != s {
		from.splice.to = s
		from.splice.outFunc = func(fd uintptr) bool { return s.trySpliceOut(from, fd) }
	}
	return s.drive(from.splice.outFunc)
}

func (s *Socket) trySpliceOut(from *Socket, fd uintptr) bool {
	for from.splice.left > 0 {
		n, _, e := syscall.RawSyscall6(unix.SYS_SPLICE, uintptr(from.splice.pipe.r), 0, fd, 0, uintptr(from.splice.left), spliceFlags)
		switch e {
		case 0:
			from.splice.left -= int(n)
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
