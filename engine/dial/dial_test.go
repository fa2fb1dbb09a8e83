package dial

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/engine"
)

func serverTo(addr engine.ServerAddr) *engine.Server {
	px := &engine.Proxy{Name: "b", RT: &engine.Runtime{}}
	return &engine.Server{Name: "s", Px: px, State: &engine.ServerState{}, ServerSpec: engine.ServerSpec{Addr: addr}}
}

func listen(t testing.TB, network, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func tcpAddr(ln net.Listener) engine.ServerAddr {
	ap := ln.Addr().(*net.TCPAddr).AddrPort()
	return engine.ServerAddr{IP: ap.Addr(), Port: int(ap.Port())}
}

// greet accepts one connection, reads what arrives until EOF and reports it.
func greet(t testing.TB, ln net.Listener) <-chan string {
	got := make(chan string, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		c.Write([]byte("hello"))
		b, _ := io.ReadAll(c)
		c.Close()
		got <- c.RemoteAddr().String() + "|" + string(b)
	}()
	return got
}

func talk(t *testing.T, srv *engine.Server, spec engine.DialSpec) {
	t.Helper()
	spec.Timeout = 2 * time.Second
	c, err := New(srv).Connect(&spec)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := c.Peek(5); err != nil || string(b) != "hello" {
		t.Fatalf("read %q, %v", b, err)
	}
	c.Write([]byte("bye"))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, c)
}

func TestConnectTCP(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	got := greet(t, ln)
	talk(t, serverTo(tcpAddr(ln)), engine.DialSpec{})
	if g := <-got; g[len(g)-4:] != "|bye" {
		t.Errorf("server got %q", g)
	}
}

func TestConnectUnix(t *testing.T) {
	for name, path := range map[string]string{"file": filepath.Join(t.TempDir(), "s"), "abstract": "\x00hawser-dial-test"} {
		t.Run(name, func(t *testing.T) {
			listenAt := path
			if path[0] == 0 {
				listenAt = "@" + path[1:]
			}
			got := greet(t, listen(t, "unix", listenAt))
			talk(t, serverTo(engine.ServerAddr{Path: path}), engine.DialSpec{})
			<-got
		})
	}
}

func TestRunTimeAddress(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	got := greet(t, ln)
	srv := serverTo(engine.ServerAddr{IP: netip.MustParseAddr("127.0.0.1"), Port: 1})
	a := tcpAddr(ln)
	srv.State.Addr = &a
	talk(t, srv, engine.DialSpec{})
	<-got
}

func TestClientsDestination(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	a := tcpAddr(ln)
	dst := netip.AddrPortFrom(a.IP, uint16(a.Port))
	for name, addr := range map[string]engine.ServerAddr{
		"address": {Dst: true},
		"port":    {IP: a.IP, MapPort: true},
		"offset":  {Dst: true, MapPort: true, Port: 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := greet(t, ln)
			s := &engine.Stream{Sess: &engine.Session{Dst: dst}}
			talk(t, serverTo(addr), engine.DialSpec{Strm: s})
			<-got
		})
	}
}

func TestSource(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	got := greet(t, ln)
	srv := serverTo(tcpAddr(ln))
	srv.Source = &engine.SourceSpec{IP: netip.MustParseAddr("127.0.0.7")}
	talk(t, srv, engine.DialSpec{})
	if g := <-got; g[:10] != "127.0.0.7:" {
		t.Errorf("came from %s", g)
	}
	free := listen(t, "tcp", "127.0.0.7:0")
	port := free.Addr().(*net.TCPAddr).Port
	got = greet(t, ln)
	srv.Source = &engine.SourceSpec{IP: netip.MustParseAddr("127.0.0.9"), Port: port, PortHigh: port + 3}
	talk(t, srv, engine.DialSpec{})
	if g := <-got; g[:10] != "127.0.0.9:" {
		t.Errorf("came from %s", g)
	}
}

func TestProxyHeader(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	s := &engine.Stream{Sess: &engine.Session{Src: netip.MustParseAddrPort("192.0.2.1:1000"), Dst: netip.MustParseAddrPort("192.0.2.2:80")}}
	got := greet(t, ln)
	talk(t, serverTo(tcpAddr(ln)), engine.DialSpec{Strm: s, SendProxy: 1})
	if g := <-got; !strings.HasSuffix(g, "|PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\nbye") {
		t.Errorf("server got %q", g)
	}
	got = greet(t, ln)
	talk(t, serverTo(tcpAddr(ln)), engine.DialSpec{Strm: s, SendProxy: 2})
	if g := <-got; g[len(g)-31:len(g)-19] != "\r\n\r\n\x00\r\nQUIT\n" {
		t.Errorf("server got %q", g)
	}
}

func TestFailures(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	refused := tcpAddr(ln)
	ln.Close()
	for _, tc := range []struct {
		name string
		addr engine.ServerAddr
		src  string
		want engine.ConnectError
	}{
		{"refused", refused, "", engine.ConnectError{Refused: true}},
		{"no such socket", engine.ServerAddr{Path: "/nonexistent"}, "", engine.ConnectError{}},
		{"foreign source", refused, "192.0.2.1", engine.ConnectError{}}, // as if the server were at fault
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := serverTo(tc.addr)
			if tc.src != "" {
				srv.Source = &engine.SourceSpec{IP: netip.MustParseAddr(tc.src)}
			}
			_, err := New(srv).Connect(&engine.DialSpec{Timeout: time.Second})
			var ce *engine.ConnectError
			if !errors.As(err, &ce) || ce.Refused != tc.want.Refused || ce.Local != tc.want.Local || ce.Timeout {
				t.Errorf("got %#v", err)
			}
		})
	}
}

// A listener whose queue is full does not answer: the connection times out.
func TestTimeout(t *testing.T) {
	fd, a := fullListener(t)
	defer os.NewFile(uintptr(fd), "").Close()
	began := time.Now()
	_, err := New(serverTo(a)).Connect(&engine.DialSpec{Timeout: 50 * time.Millisecond})
	var ce *engine.ConnectError
	if !errors.As(err, &ce) || !ce.Timeout {
		t.Fatalf("got %v", err)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func BenchmarkConnect(b *testing.B) {
	ln := listen(b, "tcp", "127.0.0.1:0")
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { // the client resets it
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	b.Run("dial", func(b *testing.B) {
		d := New(serverTo(tcpAddr(ln)))
		b.ReportAllocs()
		for b.Loop() {
			c, err := d.Connect(&engine.DialSpec{Timeout: time.Second})
			if err != nil {
				b.Fatal(err)
			}
			c.Abort()
		}
	})
	b.Run("net", func(b *testing.B) {
		d := net.Dialer{Timeout: time.Second}
		b.ReportAllocs()
		for b.Loop() {
			c, err := d.Dial("tcp", ln.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	})
}
