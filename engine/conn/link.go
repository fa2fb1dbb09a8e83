package conn

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Link is a connected socket that was made by system calls of our own. Package
// net would ask the kernel for addresses that are rarely wanted and set options
// again that a socket has from its listener: Link costs two system calls less.
type Link struct {
	f      *os.File
	remote net.Addr // nil: not asked for yet
	local  net.Addr
	peer   netip.AddrPort
}

// NewLink takes over fd, a connected non-blocking stream socket. peer is the
// other end where it is an internet address.
func NewLink(fd int, peer netip.AddrPort) *Link {
	return &Link{f: os.NewFile(uintptr(fd), "socket"), peer: peer}
}

// Peer is the other end's address, invalid for UNIX sockets.
func (l *Link) Peer() netip.AddrPort { return l.peer }

// SyscallConn gives the descriptor to those who make their own system calls.
func (l *Link) SyscallConn() (syscall.RawConn, error) { return l.f.SyscallConn() }

func (l *Link) Read(p []byte) (int, error)         { return l.f.Read(p) }
func (l *Link) Write(p []byte) (int, error)        { return l.f.Write(p) }
func (l *Link) Close() error                       { return l.f.Close() }
func (l *Link) SetDeadline(t time.Time) error      { return l.f.SetDeadline(t) }
func (l *Link) SetReadDeadline(t time.Time) error  { return l.f.SetReadDeadline(t) }
func (l *Link) SetWriteDeadline(t time.Time) error { return l.f.SetWriteDeadline(t) }

func (l *Link) control(f func(fd int) error) error {
	raw, err := l.f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// CloseWrite sends a FIN.
func (l *Link) CloseWrite() error {
	return l.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

// SetLinger has Close wait, or with 0 reset the connection.
func (l *Link) SetLinger(sec int) error {
	on := unix.Linger{Linger: int32(sec)}
	if sec >= 0 {
		on.Onoff = 1
	}
	return l.control(func(fd int) error { return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &on) })
}

// RemoteAddr is the other end's address. Not for concurrent first use, nor is LocalAddr.
func (l *Link) RemoteAddr() net.Addr {
	if l.remote == nil {
		if l.peer.IsValid() {
			l.remote = net.TCPAddrFromAddrPort(l.peer)
		} else {
			l.remote = l.ask(unix.Getpeername)
		}
	}
	return l.remote
}

// LocalAddr is this end's address.
func (l *Link) LocalAddr() net.Addr {
	if l.local == nil {
		l.local = l.ask(unix.Getsockname)
	}
	return l.local
}

func (l *Link) ask(name func(int) (unix.Sockaddr, error)) net.Addr {
	var addr net.Addr = &net.UnixAddr{Net: "unix"}
	l.control(func(fd int) error {
		sa, err := name(fd)
		switch a := sa.(type) {
		case *unix.SockaddrInet4:
			addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)))
		case *unix.SockaddrInet6:
			addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)))
		case *unix.SockaddrUnix:
			addr = &net.UnixAddr{Name: a.Name, Net: "unix"}
		}
		return err
	})
	return addr
}

var _ net.Conn = (*Link)(nil)
