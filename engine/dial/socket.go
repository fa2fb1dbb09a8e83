package dial

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a connected socket as a net.Conn. The os.File registers it with Go's
// poller without the duplicate descriptor and the half dozen system calls that
// package net would spend on it; addresses are asked for only when somebody
// wants them.
type socket struct {
	*os.File
	raw    syscall.RawConn
	once   sync.Once
	local  net.Addr
	remote net.Addr // where it was told to go

	ports  *portRange // that port is of; nil: none
	port   uint16
	closed sync.Once
}

// newSocket takes the descriptor over; it must be non-blocking.
func newSocket(fd int) (*socket, error) {
	f := os.NewFile(uintptr(fd), "")
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &socket{File: f, raw: raw}, nil
}

// Close closes the socket and gives its port back.
func (s *socket) Close() error {
	err := s.File.Close()
	if s.ports != nil {
		s.closed.Do(func() { s.ports.give(s.port) })
	}
	return err
}

// SyscallConn returns the same RawConn each time.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

func (s *socket) addrs() {
	s.once.Do(func() {
		s.local = noAddr
		s.raw.Control(func(fd uintptr) {
			if sa, err := unix.Getsockname(int(fd)); err == nil {
				s.local = netAddr(sa)
			}
		})
	})
}

var noAddr net.Addr = &net.TCPAddr{}

// LocalAddr is our end's address.
func (s *socket) LocalAddr() net.Addr { s.addrs(); return s.local }

// RemoteAddr is the server's.
func (s *socket) RemoteAddr() net.Addr { return s.remote }

// CloseWrite sends a FIN.
func (s *socket) CloseWrite() error {
	var err error
	if e := s.raw.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), unix.SHUT_WR) }); e != nil {
		return e
	}
	return err
}

// SetLinger is as of net.TCPConn.
func (s *socket) SetLinger(sec int) error {
	l := unix.Linger{Onoff: 1, Linger: int32(sec)}
	if sec < 0 {
		l = unix.Linger{}
	}
	var err error
	if e := s.raw.Control(func(fd uintptr) { err = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &l) }); e != nil {
		return e
	}
	return err
}

func netAddr(sa unix.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)))
	case *unix.SockaddrInet6:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)))
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return noAddr
}
