package listen

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"hawser/engine"
	"hawser/parser/unit"

	"golang.org/x/sys/unix"
)

// listenTCP opens an IP socket with the options of its bind line.
func (sk *Socket) listenTCP(b *engine.Bind) error {
	lc := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, rc syscall.RawConn) error { return control(rc, b) }}
	network, host := "tcp4", hostOf(&b.Addr)
	if b.Addr.IP.Is6() {
		network = "tcp6"
		if !b.V6Only && (b.V4V6 || b.Addr.Any) && b.Addr.IP.IsUnspecified() && b.V4V6 {
			network = "tcp"
		}
	}
	ln, err := lc.Listen(context.Background(), network, net.JoinHostPort(host, strconv.Itoa(b.Addr.Port)))
	sk.ln = ln
	return err
}

func control(rc syscall.RawConn, b *engine.Bind) error {
	var failed error
	set := func(fd, level, opt, v int, name string) {
		if err := unix.SetsockoptInt(fd, level, opt, v); err != nil && failed == nil {
			failed = fmt.Errorf("cannot set %s: %w", name, err)
		}
	}
	err := rc.Control(func(u uintptr) {
		fd := int(u)
		set(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, "SO_REUSEADDR")
		set(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1, "SO_REUSEPORT")
		if b.Transparent {
			set(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1, "IP_TRANSPARENT")
		}
		if b.Interface != "" {
			if err := unix.BindToDevice(fd, b.Interface); err != nil && failed == nil {
				failed = fmt.Errorf("cannot bind listener to device %s: %w", b.Interface, err)
			}
		}
		if b.V6Only {
			set(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1, "IPV6_V6ONLY")
		}
		if b.MSS != 0 {
			set(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, max(b.MSS, -b.MSS), "MSS")
		}
		if b.TFO {
			set(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 256, "TCP_FASTOPEN")
		}
		if b.DeferAccept {
			set(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1, "TCP_DEFER_ACCEPT")
		}
		if b.TCPUserTimeout > 0 {
			set(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(b.TCPUserTimeout.Milliseconds()), "TCP_USER_TIMEOUT")
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// listenUnix opens a UNIX socket. A path is bound beside its place and moved
// there, so that clients of an older process never find it missing.
func (sk *Socket) listenUnix(b *engine.Bind) error {
	a := &b.Addr
	if a.Family != unit.Unix {
		name := "@" + a.Path
		if a.Family == unit.Abns { // padded to the full length of sun_path
			name += strings.Repeat("\x00", max(107-len(a.Path), 0))
		}
		ln, err := net.Listen("unix", name)
		sk.ln = ln
		return err
	}
	tmp := fmt.Sprintf("%s.%d.tmp", a.Path, os.Getpid())
	os.Remove(tmp)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: tmp, Net: "unix"})
	if err != nil {
		return err
	}
	ln.SetUnlinkOnClose(false)
	if b.Mode != 0 {
		err = os.Chmod(tmp, os.FileMode(b.Mode))
	}
	if err == nil && (b.UID >= 0 || b.GID >= 0) {
		err = os.Chown(tmp, b.UID, b.GID)
	}
	if err == nil {
		err = os.Rename(tmp, a.Path)
	}
	if err != nil {
		ln.Close()
		os.Remove(tmp)
		return err
	}
	sk.ln, sk.path = ln, a.Path
	return nil
}
