package check

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
)

// straight connects without anything around it.
type straight struct{}

func (straight) Connect(spec *engine.DialSpec) (*conn.Conn, error) {
	c, err := net.Dial("tcp", netip.AddrPortFrom(spec.Addr.IP, uint16(spec.Addr.Port)).String())
	if err != nil {
		return nil, &engine.ConnectError{Err: err, Refused: true}
	}
	return conn.New(c, 0), nil
}

func plainServer(addr string) *engine.Server {
	ap := netip.MustParseAddrPort(addr)
	px := &engine.Proxy{Name: "be", RT: &engine.Runtime{}}
	return &engine.Server{Name: "s", Px: px, Dial: straight{}, State: &engine.ServerState{},
		ServerSpec: engine.ServerSpec{Addr: engine.ServerAddr{IP: ap.Addr(), Port: int(ap.Port())}}}
}

// health is a gRPC server with one method; state by service.
func health(t *testing.T, state map[string]byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		msg, _ := io.ReadAll(q.Body)
		service := ""
		if len(msg) > 7 {
			service = string(msg[7:])
		}
		h := w.Header()
		h.Set("Content-Type", "application/grpc")
		h.Set("Trailer", "grpc-status, grpc-message")
		n, known := state[service]
		if q.URL.Path != "/grpc.health.v1.Health/Check" || q.Header.Get("Te") != "trailers" || !known {
			h.Set("grpc-status", "5")
			h.Set("grpc-message", "unknown service")
			return
		}
		w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, 2), 8, n))
		h.Set("grpc-status", "0")
	})}
	srv.Protocols.SetUnencryptedHTTP2(true)
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

func TestGRPC(t *testing.T) {
	addr := health(t, map[string]byte{"": 1, "shop": 1, "sick": 2})
	for _, c := range []struct{ service, status, desc string }{
		{"", "L7OK", "SERVING"}, {"shop", "L7OK", "SERVING"}, {"sick", "L7STS", "NOT_SERVING"}, {"nobody", "L7STS", "unknown service"},
	} {
		p := &plan{steps: []step{&connect{implicit: true}, grpcAsk{c.service}}, connect: time.Second, timeout: time.Second}
		res := p.check(context.Background(), plainServer(addr))
		if res.status != c.status || res.desc != c.desc {
			t.Errorf("service %q: %s %q, want %s %q", c.service, res.status, res.desc, c.status, c.desc)
		}
	}
}

func TestGRPCOfNothing(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			c.Close()
		}
	}()
	p := &plan{steps: []step{&connect{implicit: true}, grpcAsk{}}, connect: time.Second, timeout: time.Second}
	if res := p.check(context.Background(), plainServer(ln.Addr().String())); res.status != "L7RSP" {
		t.Errorf("an HTTP/1 server: %s %q", res.status, res.desc)
	}
}

func TestPing(t *testing.T) {
	f, err := pingSocket(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Skip("ping sockets are not allowed here: ", err)
	}
	f.Close()
	p := &plan{steps: icmpCheck(), connect: time.Second, timeout: time.Second}
	if res := p.check(context.Background(), plainServer("127.0.0.1:0")); res.status != "L4OK" || !res.ok {
		t.Errorf("127.0.0.1: %s %q", res.status, res.desc)
	}
	if res := p.check(context.Background(), plainServer("[::1]:0")); res.status != "L4OK" && !strings.Contains(res.desc, "EADDRNOTAVAIL") {
		t.Errorf("::1: %s %q", res.status, res.desc)
	}
}
