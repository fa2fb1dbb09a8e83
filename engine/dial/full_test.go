package dial

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"hawser/engine"
)

// fullListener listens with a queue of one and fills it.
func fullListener(t *testing.T) (int, engine.ServerAddr) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, _ := unix.Getsockname(fd)
	for range 4 {
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Connect(c, sa)
		t.Cleanup(func() { unix.Close(c) })
	}
	return fd, engine.ServerAddr{IP: netip.MustParseAddr("127.0.0.1"), Port: sa.(*unix.SockaddrInet4).Port}
}
