package dial

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
)

// What a server line and its backend ask of sockets is there once connected.
func TestSocketOptions(t *testing.T) {
	const tcp, socket = unix.IPPROTO_TCP, unix.SOL_SOCKET
	for _, o := range []struct {
		name       string
		set        func(srv *engine.Server)
		level, opt int
		want       int
	}{
		{"nothing asked", func(*engine.Server) {}, socket, unix.SO_KEEPALIVE, 0},
		{"no delay", func(*engine.Server) {}, tcp, unix.TCP_NODELAY, 1},
		{"srvtcpka", func(srv *engine.Server) { srv.Px.Options |= engine.OptServerKA }, socket, unix.SO_KEEPALIVE, 1},
		{"srvtcpka-cnt", probing(probeConf{count: 3}), tcp, unix.TCP_KEEPCNT, 3},
		{"srvtcpka-idle", probing(probeConf{idle: 41 * time.Second}), tcp, unix.TCP_KEEPIDLE, 41},
		{"srvtcpka-intvl", probing(probeConf{interval: 7 * time.Second}), tcp, unix.TCP_KEEPINTVL, 7},
		{"tcp-ut", func(srv *engine.Server) { srv.TCPUserTimeout = 5 * time.Second }, tcp, unix.TCP_USER_TIMEOUT, 5000},
		{"tfo", func(srv *engine.Server) { sockets.Edit(srv).tfo = true }, tcp, unix.TCP_FASTOPEN_CONNECT, 1},
	} {
		t.Run(o.name, func(t *testing.T) {
			ln := listen(t, "tcp", "127.0.0.1:0")
			srv := serverTo(tcpAddr(ln))
			o.set(srv)
			c, err := New(srv).Connect(&engine.DialSpec{Timeout: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got := -1
			c.Lower().Control(func(fd int) (err error) {
				got, err = unix.GetsockoptInt(fd, o.level, o.opt)
				return err
			})
			if got != o.want {
				t.Errorf("got %d, want %d", got, o.want)
			}
		})
	}
}

func probing(p probeConf) func(*engine.Server) {
	return func(srv *engine.Server) {
		srv.Px.Options |= engine.OptServerKA
		*probes.Edit(srv.Px) = p
	}
}

// A smart connection has sent its SYN only; the acknowledgement waits for data, or for
// 40 ms, which a slow machine may take.
func TestSmartConnect(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	srv := serverTo(tcpAddr(ln))
	sent := func() uint32 {
		c, err := New(srv).Connect(&engine.DialSpec{Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var info *unix.TCPInfo
		c.Lower().Control(func(fd int) (err error) {
			info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
			return err
		})
		return info.Segs_out
	}
	if n := sent(); n != 2 {
		t.Errorf("%d segments without the option", n)
	}
	srv.Px.Options |= engine.OptSmartConnect
	for range 50 {
		if sent() == 1 {
			return
		}
	}
	t.Error("each time the acknowledgement went out alone")
}
