package listen

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// acceptor makes the accept4 calls of a socket. Its fields belong to the loop.
type acceptor struct {
	sa   unix.RawSockaddrAny
	fd   int
	err  syscall.Errno
	read func(fd uintptr) bool // tryAccept, made once
	poll func(fd uintptr)
}

func (a *acceptor) begin() {
	a.read = a.tryAccept
	a.poll = func(fd uintptr) {
		if !a.tryAccept(fd) {
			a.fd, a.err = -1, unix.EAGAIN
		}
	}
}

// tryAccept takes a connection, if there is one, without blocking.
func (a *acceptor) tryAccept(fd uintptr) bool {
	for {
		n := uint32(unix.SizeofSockaddrAny)
		a.sa.Addr.Family = unix.AF_UNSPEC
		c, _, e := syscall.RawSyscall6(unix.SYS_ACCEPT4, fd, uintptr(unsafe.Pointer(&a.sa)), uintptr(unsafe.Pointer(&n)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch e {
		case 0:
			a.fd, a.err = int(c), 0
			return true
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return false
		default:
			a.fd, a.err = -1, e
			return true
		}
	}
}

// peer is the address of the connection just taken; invalid for UNIX sockets.
func (a *acceptor) peer() netip.AddrPort {
	switch a.sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.sa))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), port(&in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.sa))
		return netip.AddrPortFrom(netip.AddrFrom16(in.Addr).Unmap(), port(&in.Port))
	}
	return netip.AddrPort{}
}

func port(p *uint16) uint16 { return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:]) }

// next waits for a connection and returns its descriptor.
func (sk *Socket) next() (int, error) {
	if err := sk.raw.Read(sk.acceptor.read); err != nil {
		return -1, err
	}
	if sk.acceptor.err != 0 {
		return -1, sk.acceptor.err
	}
	return sk.acceptor.fd, nil
}

// ready takes a connection if there is one.
func (sk *Socket) ready() (int, error) {
	if err := sk.raw.Control(sk.acceptor.poll); err != nil {
		return -1, err
	}
	if sk.acceptor.err != 0 {
		return -1, sk.acceptor.err
	}
	return sk.acceptor.fd, nil
}
