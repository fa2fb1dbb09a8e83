package dial

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/conn"
)

// The ports of a range go round, each with one connection at a time; one that somebody
// else has is passed over, and none left is a failure of the connection.
func TestPortRange(t *testing.T) {
	pid := os.Getpid()
	own := fmt.Sprintf("127.%d.%d.%d", 2+pid>>16&0x3f, pid>>8&0xff, 1+pid&0x7f) // nobody else's
	const low = 19920
	taken := listen(t, "tcp", net.JoinHostPort(own, fmt.Sprint(low+1)))
	defer taken.Close()
	ln := listen(t, "tcp", "127.0.0.1:0")
	srv := serverTo(tcpAddr(ln))
	srv.Source = &engine.SourceSpec{IP: netip.MustParseAddr(own), Port: low, PortHigh: low + 3}
	dialer := New(srv)
	connect := func() (*conn.Conn, int, error) {
		c, err := dialer.Connect(&engine.DialSpec{Timeout: 2 * time.Second})
		if err != nil {
			return nil, 0, err
		}
		return c, c.Socket().LocalAddr().(*net.TCPAddr).Port, nil
	}
	var open []*conn.Conn
	for _, want := range []int{low, low + 2, low + 3} {
		c, port, err := connect()
		if err != nil || port != want {
			t.Fatalf("port %d, %v; want %d", port, err, want)
		}
		open = append(open, c)
	}
	_, _, err := connect()
	var ce *engine.ConnectError
	if !errors.As(err, &ce) || ce.Local || !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("with all ports in use: %v", err)
	}
	open[1].Abort()
	for range 2 { // a reload makes another connector of the same range
		c, port, err := connect()
		if err != nil || port != low+2 {
			t.Fatalf("port %d, %v; want %d", port, err, low+2)
		}
		c.Abort()
		dialer = New(srv)
	}
	open[0].Abort()
	open[2].Abort()
}
