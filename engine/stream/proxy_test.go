package stream_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/h1"
	"hawser/engine/stream"
)

// The smallest proxy: one frontend, one backend with one server, made by hand.

type direct struct{ addr string }

func (d direct) Connect(*engine.DialSpec) (*conn.Conn, error) {
	nc, err := net.Dial("tcp", d.addr)
	if err != nil {
		return nil, &engine.ConnectError{Err: err, Refused: true}
	}
	return conn.New(nc, 0), nil
}

type only struct{ srv *engine.Server }

func (o only) Pick(*engine.Stream, *engine.Server) *engine.Server { return o.srv }
func (only) Changed(*engine.Server)                               {}
func (only) Taken(*engine.Server)                                 {}
func (only) Dropped(*engine.Server)                               {}

func startProxy(t testing.TB, origin string, edit func(fe, be *engine.Proxy)) string {
	t.Helper()
	rt := &engine.Runtime{Proc: &engine.ProcState{}, ProcVars: &engine.ProcVars{}}
	engine.SetGlobalDefaults(&rt.Global)
	fe := &engine.Proxy{Name: "fe", Side: engine.Front, RT: rt, State: &engine.ProxyState{}}
	be := &engine.Proxy{Name: "be", Side: engine.Back, RT: rt, State: &engine.ProxyState{}}
	for _, px := range []*engine.Proxy{fe, be} {
		engine.SetProxyDefaults(px)
		px.Mode = engine.ModeHTTP
		px.Timeout.Client, px.Timeout.Server, px.Timeout.Connect = 5*time.Second, 5*time.Second, time.Second
	}
	srv := &engine.Server{ServerSpec: engine.DefaultServerSpec(), Name: "s1", Px: be, State: &engine.ServerState{}, Dial: direct{origin}}
	srv.State.EWeight.Store(1)
	srv.State.Op.Store(uint32(engine.OpRunning))
	be.Servers, be.Balancer = []*engine.Server{srv}, only{srv}
	fe.Default = be
	rt.Proxies = []*engine.Proxy{fe, be}
	rt.Index()
	if edit != nil {
		edit(fe, be)
	}
	engine.Make(nil, fe)
	rt.Proc.Current.Store(rt)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	bind := &engine.Bind{Px: fe, State: &engine.BindState{}}
	fe.Binds = []*engine.Bind{bind}
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			sess := &engine.Session{RT: rt, Front: fe, Bind: bind, Conn: conn.New(nc, 0), Accept: time.Now(), Src: netip.MustParseAddrPort("127.0.0.1:1")}
			go h1.Serve(sess, stream.HTTP)
		}
	}()
	return ln.Addr().String()
}

func origin(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

func talk(t *testing.T, addr, send string) *bufio.Reader {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, send)
	return bufio.NewReader(c)
}

func TestForward(t *testing.T) {
	o := origin(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/big":
			w.Write([]byte(strings.Repeat("x", 300000)))
		case "/stream":
			for i := range 3 {
				fmt.Fprintf(w, "part %d\n", i)
				w.(http.Flusher).Flush()
			}
		case "/none":
			w.WriteHeader(204)
		default:
			fmt.Fprintf(w, "%s %s %d %s", r.Method, r.URL.Path, len(body), r.Header.Get("X-A"))
		}
	})
	addr := startProxy(t, o, nil)
	for _, tc := range []struct{ name, send, want string }{
		{"get", "GET /a HTTP/1.1\r\nHost: h\r\nX-A: v\r\n\r\n", "GET /a 0 v"},
		{"post", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "POST /a 5 "},
		{"chunked", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "POST /a 5 "},
		{"large body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("y", 200000), "POST /a 200000 "},
		{"big", "GET /big HTTP/1.1\r\nHost: h\r\n\r\n", strings.Repeat("x", 300000)},
		{"stream", "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", "part 0\npart 1\npart 2\n"},
		{"1.0", "GET /stream HTTP/1.0\r\n\r\n", "part 0\npart 1\npart 2\n"},
		{"none", "GET /none HTTP/1.1\r\nHost: h\r\n\r\n", ""},
		{"head", "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := talk(t, addr, tc.send+tc.send)
			rounds := 2
			if tc.name == "1.0" {
				rounds = 1
			}
			for range rounds { // the second one was pipelined
				req, _ := http.NewRequest(strings.Fields(tc.send)[0], "/", nil)
				res, err := http.ReadResponse(r, req)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || string(body) != tc.want {
					t.Fatalf("body %.60q (%d), want %.60q, err %v", body, len(body), tc.want, err)
				}
			}
		})
	}
}

func TestLocalReplies(t *testing.T) {
	addr := startProxy(t, "127.0.0.1:1", func(fe, be *engine.Proxy) { be.Retries = 0 })
	for _, tc := range []struct{ name, send, want string }{
		{"refused", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 503 Service Unavailable\r\n"},
		{"bad", "GET / HTTP/9.x\r\n\r\n", "HTTP/1.1 400 Bad request\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := talk(t, addr, tc.send)
			line, err := r.ReadString('\n')
			if line != tc.want {
				t.Fatalf("%q, want %q (%v)", line, tc.want, err)
			}
		})
	}
}
