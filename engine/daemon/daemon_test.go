package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/parser"
	"hawser/parser/diag"
)

const small = `defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend fe
    bind "${BIND}"
    default_backend be
    http-request deny if { path /deny }
backend be
    server s1 "${ORIGIN}" weight 10 maxconn 50
    server s2 "${ORIGIN}" weight 10
`

type bench struct {
	*Daemon
	t    *testing.T
	file string
	addr string
}

func start(t *testing.T, text string) *bench {
	t.Helper()
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })}
	go srv.Serve(origin)
	t.Cleanup(func() { srv.Close() })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	env := parser.NewEnv([]string{"BIND=" + addr, "ORIGIN=" + origin.Addr().String()})
	b := &bench{t: t, file: filepath.Join(t.TempDir(), "h.cfg"), addr: addr}
	b.write(text)
	b.Daemon = New([]string{b.file}, func() build.Options { return build.Options{Parser: parser.Options{Env: env}} })
	b.Daemon.Report = func(res build.Result) bool {
		if res.Diags.Failed() {
			(&diag.Printer{W: t.Output(), Sources: res.Sources}).PrintList(res.Diags)
		}
		return !res.Diags.Failed()
	}
	if err := b.Load(); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.HardStop(); <-b.Done() })
	return b
}

func (b *bench) write(text string) {
	if err := os.WriteFile(b.file, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) must(text string) {
	b.t.Helper()
	b.write(text)
	if out, err := b.Reload(); err != nil || !strings.HasPrefix(out, "Success=1\n") {
		b.t.Fatalf("reload: %v\n%s", err, out)
	}
}

func (b *bench) get(c net.Conn, path string) int {
	b.t.Helper()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func (b *bench) dial() net.Conn {
	b.t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// An old generation becomes garbage once its last stream has ended, and neither
// goroutines nor descriptors pile up.
func TestOldGenerationsGo(t *testing.T) {
	b := start(t, small)
	c := b.dial()
	b.get(c, "/")
	b.must(small)
	b.get(c, "/")
	var old []weak.Pointer[engine.Runtime]
	goroutines := runtime.NumGoroutine()
	for range 20 {
		old = append(old, weak.Make(b.Runtime()))
		b.must(small)
		b.get(c, "/")
	}
	eventually(t, "goroutines pile up", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	alive := 0
	defer func() { t.Logf("%d of %d old generations are in memory", alive, len(old)) }()
	eventually(t, "old generations stay in memory", func() bool {
		runtime.GC()
		alive = 0
		for _, w := range old {
			if w.Value() != nil {
				alive++
			}
		}
		return alive <= 3 // an idle server connection remembers the one that it was used in
	})
}

func TestStateSurvives(t *testing.T) {
	b := start(t, small)
	c := b.dial()
	for range 3 {
		b.get(c, "/")
	}
	be := b.Runtime().Backend("be")
	s1, s2 := be.Servers[0], be.Servers[1]
	s1.State.UWeight.Store(3)
	s1.State.MaxConn.Store(7)
	s2.State.Admin.Store(uint32(engine.AdmFMaint))
	b.Runtime().Frontend("fe").State.MaxConn.Store(123)

	b.must(small + "# nothing new\n")
	be = b.Runtime().Backend("be")
	if be.Servers[0] == s1 {
		t.Fatal("the reload did not replace the server")
	}
	n1, n2 := be.Servers[0].State, be.Servers[1].State
	if n1 != s1.State || n1.UWeight.Load() != 3 || n1.MaxConn.Load() != 7 {
		t.Errorf("weight %d, maxconn %d after a reload that changes nothing", n1.UWeight.Load(), n1.MaxConn.Load())
	}
	if engine.AdminState(n2.Admin.Load()) != engine.AdmFMaint {
		t.Error("maintenance was forgotten")
	}
	if fe := b.Runtime().Frontend("fe").State; fe.MaxConn.Load() != 123 || fe.FE.Requests.Load() != 3 {
		t.Errorf("frontend: maxconn %d, %d requests", fe.MaxConn.Load(), fe.FE.Requests.Load())
	}

	b.must(strings.NewReplacer("weight 10 maxconn 50", "weight 20 maxconn 60").Replace(small))
	n1 = b.Runtime().Backend("be").Servers[0].State
	if n1.UWeight.Load() != 20 || n1.MaxConn.Load() != 60 {
		t.Errorf("weight %d, maxconn %d: what the file changed did not win", n1.UWeight.Load(), n1.MaxConn.Load())
	}
}

func TestFailedReloadChangesNothing(t *testing.T) {
	b := start(t, small)
	before := b.Runtime()
	for _, tc := range []struct{ name, from, to, want string }{
		{"unknown keyword", "default_backend", "defualt_backend", "unknown keyword 'defualt_backend'"},
		{"bind", "bind \"${BIND}\"", "bind \"${BIND}\"\n    bind 192.0.2.1:1", "cannot bind socket (Cannot assign requested address) for [192.0.2.1:1]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.write(strings.Replace(small, tc.from, tc.to, 1))
			out, err := b.Reload()
			if err == nil || !strings.HasPrefix(out, "Success=0\n") || !strings.Contains(out, tc.want) {
				t.Errorf("%v: %s", err, out)
			}
			if b.Runtime() != before || before.Proc.Current.Load() != before {
				t.Error("the generation in force was replaced")
			}
			if got := b.get(b.dial(), "/"); got != 200 {
				t.Errorf("status %d", got)
			}
		})
	}
	if n := before.Proc.FailedReloads.Load(); n != 2 {
		t.Errorf("%d failed reloads were counted", n)
	}
}

func init() {
	engine.AddHook(engine.Hook{
		Name: "panic on purpose", Phase: engine.PhaseReqRules, Enabled: func(*engine.Proxy) bool { return true },
		Run: func(s *engine.Stream) engine.Verdict {
			if string(s.Req.Bytes(s.Req.Target)) == "/panic" {
				panic("on purpose")
			}
			return engine.Continue
		},
	})
}

// A panic in a stream ends that stream alone, and is counted and told.
func TestPanicEndsOneStream(t *testing.T) {
	tell := make(chan string, 1)
	engine.ReportPanic = func(text string) { tell <- text }
	t.Cleanup(func() { engine.ReportPanic = nil })
	b := start(t, small)
	fe := b.Runtime().Frontend("fe")
	stays := b.dial()
	b.get(stays, "/")
	c := b.dial()
	fmt.Fprint(c, "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")
	io.ReadAll(c)
	if got := b.get(stays, "/"); got != 200 {
		t.Errorf("status %d on another connection", got)
	}
	if n := b.Runtime().Proc.Panics.Load(); n != 1 {
		t.Errorf("%d panics counted", n)
	}
	if told := <-tell; !strings.Contains(told, "on purpose") {
		t.Errorf("told: %.80q", told)
	}
	eventually(t, "its session is still counted", func() bool { return fe.State.FE.Conns.Load() == 1 })
}

func TestSoftStop(t *testing.T) {
	b := start(t, small)
	idle := b.dial()
	b.get(idle, "/")
	busy := b.dial()
	fmt.Fprint(busy, "GET / HTTP/1.1\r\n") // half a request
	eventually(t, "no session", func() bool { return b.Listeners().Sessions() == 2 })
	b.SoftStop()
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the idle connection: %v", err)
	}
	eventually(t, "the listener is still open", func() bool {
		nc, err := net.Dial("tcp", b.addr)
		if err == nil {
			nc.Close()
		}
		return err != nil
	})
	select {
	case <-b.Done():
		t.Fatal("the process ends while a request is under way")
	default:
	}
	fmt.Fprint(busy, "Host: a\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil || res.StatusCode != 200 || !res.Close {
		t.Fatalf("the request under way: %v %v", res, err)
	}
	select {
	case <-b.Done():
	case <-time.After(3 * time.Second):
		t.Fatal("the soft stop does not end")
	}
}

func TestHardStopAfter(t *testing.T) {
	b := start(t, "global\n    hard-stop-after 50ms\n"+small)
	busy := b.dial()
	fmt.Fprint(busy, "GET / HTTP/1.1\r\n")
	eventually(t, "no session", func() bool { return b.Listeners().Sessions() == 1 })
	begun := time.Now()
	b.SoftStop()
	<-b.Done()
	if d := time.Since(begun); d < 50*time.Millisecond || d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
}

// hard-stop-after bounds what a reload leaves on the old generation.
func TestHardStopAfterReload(t *testing.T) {
	text := "global\n    hard-stop-after 50ms\n" + small
	b := start(t, text)
	idle, busy := b.dial(), b.dial()
	b.get(idle, "/")
	fmt.Fprint(busy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
	eventually(t, "no request", func() bool { return b.Runtime().Frontend("fe").State.FE.Requests.Load() == 2 })
	b.must(text)
	io.WriteString(busy, "x")
	if _, err := io.Copy(io.Discard, busy); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a request of the old generation: %v", err)
	}
	if got := b.get(idle, "/"); got != 200 {
		t.Errorf("status %d on the idle connection", got)
	}
}

func TestPause(t *testing.T) {
	b := start(t, small)
	b.Pause()
	eventually(t, "connections are still taken", func() bool {
		nc, err := net.Dial("tcp", b.addr)
		if err == nil {
			nc.Close()
		}
		return err != nil
	})
	b.Resume()
	eventually(t, "no connection is taken after the pause", func() bool {
		nc, err := net.Dial("tcp", b.addr)
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
	if got := b.get(b.dial(), "/"); got != 200 {
		t.Errorf("status %d", got)
	}
}

// Connections above a limit wait in the kernel's queue until there is room.
func TestLimits(t *testing.T) {
	for _, tc := range []struct{ name, from, to string }{
		{"frontend", "frontend fe\n", "frontend fe\n    maxconn 2\n"},
		{"bind", "bind \"${BIND}\"", "bind \"${BIND}\" maxconn 2"},
		{"global", "defaults\n", "global\n    maxconn 2\ndefaults\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := start(t, strings.Replace(small, tc.from, tc.to, 1))
			first, second := b.dial(), b.dial()
			b.get(first, "/")
			b.get(second, "/")
			third := b.dial()
			fmt.Fprint(third, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			third.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if n, err := third.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a third connection is served: %v", err)
			}
			first.Close()
			third.SetReadDeadline(time.Now().Add(500 * time.Millisecond)) // less than the accept loop's safety net
			if _, err := third.Read(make([]byte, 1)); err != nil {
				t.Errorf("it is not served when there is room: %v", err)
			}
			b.must(strings.Replace(small, tc.from, strings.Replace(tc.to, " 2", " 3", 1), 1))
			fourth := b.dial()
			fourth.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			if got := b.get(fourth, "/"); got != 200 {
				t.Errorf("status %d after the limit was raised", got)
			}
		})
	}
}

// A dual-stack socket takes IPv4 clients, one with v6only does not.
func TestFamilies(t *testing.T) {
	if ln, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here")
	} else {
		ln.Close()
	}
	for _, tc := range []struct {
		bind string
		v4   bool
	}{{":::%s v4v6", true}, {":::%s v6only", false}, {":::%s", true}, {"[::1]:%s", false}} {
		t.Run(tc.bind, func(t *testing.T) {
			ln, _ := net.Listen("tcp", "127.0.0.1:0")
			_, port, _ := net.SplitHostPort(ln.Addr().String())
			ln.Close()
			start(t, strings.Replace(small, "bind \"${BIND}\"", "bind "+fmt.Sprintf(tc.bind, port), 1))
			if nc, err := net.Dial("tcp", "[::1]:"+port); err != nil {
				t.Error(err)
			} else {
				nc.Close()
			}
			nc, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				nc.Close()
			}
			if (err == nil) != tc.v4 {
				t.Errorf("IPv4: %v", err)
			}
		})
	}
}
