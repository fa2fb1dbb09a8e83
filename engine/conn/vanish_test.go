package conn

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// TestVanish: nothing arrives at the peer where the system lets us forget the
// connection, and a reset with a limited number of hops otherwise.
func TestVanish(t *testing.T) {
	for _, ttl := range []int{0, 5} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		peer, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		New(nc, 4096).Vanish(ttl)
		peer.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err = peer.Read(make([]byte, 1))
		timeout := errors.Is(err, os.ErrDeadlineExceeded)
		if ttl > 0 && !IsReset(err) || !timeout && !IsReset(err) {
			t.Errorf("ttl %d: the peer got %v", ttl, err)
		}
		peer.Close()
	}
}
