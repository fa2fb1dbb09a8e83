package conn

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const maxIov = 64

// writev writes all of bufs with as few system calls as it can. bufs is not changed.
func (s *Socket) writev(bufs [][]byte) (int, error) {
	if s.raw == nil {
		return s.writeEach(bufs)
	}
	total := 0
	for len(bufs) > 0 {
		k := min(len(bufs), maxIov)
		n, err := s.writevSome(bufs[:k])
		total += n
		if err != nil {
			return total, err
		}
		bufs = bufs[k:]
	}
	return total, nil
}

func (s *Socket) writevSome(bufs [][]byte) (int, error) {
	if s.writevFunc == nil {
		s.writevFunc = s.tryWritev
	}
	s.iov = s.iov[:0]
	total := 0
	for _, b := range bufs {
		if len(b) > 0 {
			v := unix.Iovec{Base: &b[0]}
			v.SetLen(len(b))
			s.iov = append(s.iov, v)
			total += len(b)
		}
	}
	err := s.drive(s.writevFunc)
	rest := 0
	for i := range s.iov {
		rest += int(s.iov[i].Len)
		s.iov[i].Base = nil
	}
	return total - rest, err
}

func (s *Socket) tryWritev(fd uintptr) bool {
	for len(s.iov) > 0 {
		n, _, e := syscall.RawSyscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&s.iov[0])), uintptr(len(s.iov)))
		switch e {
		case 0:
			s.wrote(int(n))
			s.advance(int(n))
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

// advance drops n written bytes from the front of the vector.
func (s *Socket) advance(n int) {
	i := 0
	for i < len(s.iov) && n >= int(s.iov[i].Len) {
		n -= int(s.iov[i].Len)
		i++
	}
	s.iov = s.iov[:copy(s.iov, s.iov[i:])]
	if n > 0 {
		v := &s.iov[0]
		v.Base = (*byte)(unsafe.Add(unsafe.Pointer(v.Base), n))
		v.SetLen(int(v.Len) - n)
	}
}

func (s *Socket) writeEach(bufs net.Buffers) (int, error) {
	total := 0
	for _, b := range bufs {
		n, err := s.writePlain(b)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
