package testbed

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// The ports below those that the kernel gives to clients: none of them is taken
// between FreeAddr and the program that listens.
const firstPort, lastPort = 10_000, 32_000

var ports atomic.Uint32

func init() { ports.Store(uint32(os.Getpid()) * 257) }

// FreeAddr is a loopback address with a port that nothing listens on; a process is
// not given the same one twice.
func FreeAddr() string {
	for range lastPort - firstPort {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+ports.Add(1)%(lastPort-firstPort))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	panic("no port is free")
}

// Listen listens on addr. A port that was just closed may still be held for a moment:
// by a program that is being started, between its fork and its exec.
func Listen(addr string) (l net.Listener, err error) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if l, err = net.Listen("tcp", addr); err == nil || time.Now().After(end) {
			return l, err
		}
	}
}

// Accept gives each connection to serve, in a goroutine of its own, until l is closed.
func Accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}
