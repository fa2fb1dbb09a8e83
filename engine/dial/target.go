package dial

import (
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"hawser/engine"
)

// target is where one connection goes.
type target struct {
	ip   netip.AddrPort
	path string // UNIX; abstract ones begin with NUL
}

// resolve finds the address of a connection: the caller's, the one set at run
// time, or the configured one, with what the client's destination fills in.
func (d *dialer) resolve(spec *engine.DialSpec) target {
	a := spec.Addr
	if a == nil {
		a = d.addr()
	}
	if a.Path != "" {
		return target{path: a.Path}
	}
	ip, port := a.IP, a.Port
	if spec.Strm != nil && (a.Dst || a.MapPort) {
		dst := spec.Strm.Sess.Dst
		if a.Dst && dst.IsValid() {
			ip = dst.Addr()
		}
		if a.MapPort {
			port += int(dst.Port())
		}
		if a.Dst && port == 0 {
			port = int(dst.Port())
		}
	}
	return target{ip: netip.AddrPortFrom(ip, uint16(port))}
}

// addr is the server's address in force.
func (d *dialer) addr() *engine.ServerAddr {
	st := d.srv.State
	st.Mu.Lock()
	a := st.Addr
	st.Mu.Unlock()
	if a != nil {
		return a
	}
	return &d.srv.Addr
}

func (t *target) family() int {
	switch {
	case t.path != "":
		return unix.AF_UNIX
	case t.ip.Addr().Unmap().Is4():
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// addr is the target in the form of package net.
func (t *target) addr() net.Addr {
	if t.path != "" {
		return &net.UnixAddr{Name: t.path, Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(t.ip.Addr().Unmap(), t.ip.Port()))
}

// connect starts the connection of a socket.
func (t *target) connect(fd int) error {
	switch {
	case t.path == "":
		return unix.Connect(fd, sockaddr(t.ip))
	case t.path[0] == 0:
		return connectAbstract(fd, t.path)
	}
	return unix.Connect(fd, &unix.SockaddrUnix{Name: t.path})
}

// connectAbstract takes all of the address for the name, which unix.Connect does
// not: abns names are as long as that.
func connectAbstract(fd int, name string) error {
	sa := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	if len(name) > len(sa.Path) {
		return unix.ENAMETOOLONG
	}
	for i := range len(name) {
		sa.Path[i] = int8(name[i])
	}
	if _, _, e := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(2+len(name))); e != 0 {
		return e
	}
	return nil
}

func sockaddr(ap netip.AddrPort) unix.Sockaddr {
	a := ap.Addr().Unmap()
	if a.Is4() {
		return &unix.SockaddrInet4{Port: int(ap.Port()), Addr: a.As4()}
	}
	return &unix.SockaddrInet6{Port: int(ap.Port()), Addr: a.As16(), ZoneId: zone(a)}
}
