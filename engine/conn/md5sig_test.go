package conn

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// Both ends sign with the same key; without a signature nobody gets through.
func TestSignTCP(t *testing.T) {
	sign := func(peer netip.Addr) func(string, string, syscall.RawConn) error {
		return func(_, _ string, raw syscall.RawConn) (err error) {
			raw.Control(func(fd uintptr) { err = SignTCP(int(fd), peer, "secret") })
			return err
		}
	}
	for _, at := range []string{"127.0.0.1", "::1"} {
		ip := netip.MustParseAddr(at)
		all := netip.IPv4Unspecified()
		if ip.Is6() {
			all = netip.IPv6Unspecified()
		}
		lc := net.ListenConfig{Control: sign(all)}
		ln, err := lc.Listen(context.Background(), "tcp", netip.AddrPortFrom(ip, 0).String())
		if err != nil {
			t.Skipf("the system signs no TCP: %v", err)
		}
		defer ln.Close()
		d := net.Dialer{Timeout: 10 * time.Second, Control: sign(ip)}
		c, err := d.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		c.Close()
		d = net.Dialer{Timeout: 50 * time.Millisecond}
		if c, err := d.Dial("tcp", ln.Addr().String()); err == nil {
			c.Close()
			t.Errorf("%s: without a signature a connection comes about", at)
		}
	}
}
