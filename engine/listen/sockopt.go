package listen

import (
	"fmt"
	"net/netip"
	"os"
	"unsafe"

	"hawser/engine"
	"hawser/engine/dial"
	"hawser/parser/unit"

	"golang.org/x/sys/unix"
)

// backlog is the length of the accept queue: bind, frontend, maxconn; the kernel
// cuts it down to its own limit.
func backlog(b *engine.Bind) int {
	for _, n := range [...]int{b.Backlog, b.Px.Backlog, b.Px.MaxConn} {
		if n > 0 {
			return n
		}
	}
	if rt := b.Px.RT; rt != nil && rt.Global.MaxConn > 0 {
		return rt.Global.MaxConn
	}
	return 1024
}

// listenIP opens a TCP socket with the options of its bind line, and tells which of
// those the kernel refused.
func listenIP(b *engine.Bind, tuning []knob) (fd int, untaken []string, err error) {
	family, sa := sockaddr(b)
	proto := unix.IPPROTO_TCP
	if b.Addr.MPTCP {
		proto = unix.IPPROTO_MPTCP
	}
	if fd, err = dial.NewSocket(b.Namespace, family, proto); err != nil {
		return -1, nil, err
	}
	if err = options(fd, family, b); err == nil {
		untaken = tune(fd, nil, tuning)
		err = unix.Bind(fd, sa)
	}
	if err == nil {
		err = unix.Listen(fd, backlog(b))
	}
	if err != nil {
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, untaken, nil
}

func sockaddr(b *engine.Bind) (family int, sa unix.Sockaddr) {
	ip := b.Addr.IP
	if !ip.IsValid() {
		ip = netip.IPv4Unspecified()
	}
	if ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Addr: ip.As4(), Port: b.Addr.Port}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Addr: ip.As16(), Port: b.Addr.Port}
}

// options sets what the bind line asks of a new socket; the first that fails ends it.
func options(fd, family int, b *engine.Bind) error {
	var failed error
	set := func(on bool, level, opt, v int, name string) {
		if !on || failed != nil {
			return
		}
		if err := unix.SetsockoptInt(fd, level, opt, v); err != nil {
			failed = fmt.Errorf("cannot set %s: %w", name, err)
		}
	}
	set(true, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, "SO_REUSEADDR")
	set(!b.Px.RT.Global.NoReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1, "SO_REUSEPORT")
	v6 := family == unix.AF_INET6
	set(b.Transparent && !v6, unix.SOL_IP, unix.IP_TRANSPARENT, 1, "IP_TRANSPARENT")
	set(b.Transparent && v6, unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1, "IPV6_TRANSPARENT")
	set(v6 && b.V6Only, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1, "IPV6_V6ONLY")
	set(v6 && b.V4V6 && !b.V6Only, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0, "IPV6_V6ONLY")
	if b.Interface != "" && failed == nil {
		if err := unix.BindToDevice(fd, b.Interface); err != nil {
			failed = fmt.Errorf("cannot bind listener to device %s: %w", b.Interface, err)
		}
	}
	return failed
}

// listenPath opens a UNIX socket. It is bound beside its place and moved there, so
// that clients of an older process never find it missing.
func listenPath(b *engine.Bind) (int, error) {
	path := b.Addr.Path
	if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSocket == 0 {
		return -1, unix.EADDRINUSE
	}
	tmp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	os.Remove(tmp)
	fd, err := bindUnix(tmp, b)
	if err != nil {
		return -1, err
	}
	if b.Mode != 0 {
		err = unix.Chmod(tmp, b.Mode)
	}
	if err == nil && (b.UID >= 0 || b.GID >= 0) {
		err = unix.Chown(tmp, b.UID, b.GID)
	}
	if err == nil {
		err = unix.Rename(tmp, path)
	}
	if err != nil {
		unix.Close(fd)
		os.Remove(tmp)
		return -1, err
	}
	return fd, nil
}

// listenAbstract opens a socket of the abstract name space. The name of abns is
// padded to the full length of sun_path.
func listenAbstract(b *engine.Bind) (int, error) {
	sa := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	name := b.Addr.Path
	if len(name) > len(sa.Path)-1 {
		return -1, unix.ENAMETOOLONG
	}
	for i := range len(name) {
		sa.Path[1+i] = int8(name[i])
	}
	size := uintptr(unix.SizeofSockaddrUnix)
	if b.Addr.Family == unit.AbnsZ {
		size = uintptr(2 + 1 + len(name))
	}
	return unixSocket(b, func(fd int) error {
		if _, _, e := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&sa)), size); e != 0 {
			return e
		}
		return nil
	})
}

func bindUnix(name string, b *engine.Bind) (int, error) {
	return unixSocket(b, func(fd int) error { return unix.Bind(fd, &unix.SockaddrUnix{Name: name}) })
}

func unixSocket(b *engine.Bind, bind func(fd int) error) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = bind(fd); err == nil {
		err = unix.Listen(fd, backlog(b))
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
