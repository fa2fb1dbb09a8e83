package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	reloads        = 20
	reloadClients  = 8
	reloadPatience = 5 * time.Second
)

// TestReload saves the configuration again and again under load: no request fails, no keep-alive connection is closed and no
// WebSocket notices.
func TestReload(t *testing.T) {
	h := startHawser(t)
	stop := make(chan struct{})
	var load sync.WaitGroup
	var served atomic.Int64
	failures := make(chan error, reloadClients+1)
	for range reloadClients {
		load.Add(1)
		go func() { defer load.Done(); keepAsking(h.addr, stop, &served, failures) }()
	}
	load.Add(1)
	go func() { defer load.Done(); keepEchoing(h.addr, stop, failures) }()
	for i := range reloads {
		h.save(t, i+1, "")
		h.await(t, i+1)
	}
	close(stop)
	load.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	t.Logf("%d reloads, %d requests on %d connections", reloads, served.Load(), reloadClients)
	if served.Load() < reloads*reloadClients {
		t.Errorf("only %d requests were served", served.Load())
	}
}

// TestReloadKeepsOld saves a broken file: the old configuration stays, the error is told with its place, and the mended file is taken.
func TestReloadKeepsOld(t *testing.T) {
	h := startHawser(t)
	h.save(t, 1, "")
	h.await(t, 1)
	h.save(t, 2, "\tno-such-keyword here\n")
	h.awaitLog(t, "no-such-keyword")
	if got := h.generation(t); got != "1" {
		t.Errorf("after a broken file the generation is %q, not 1", got)
	}
	h.save(t, 3, "")
	h.await(t, 3)
}

// TestReloadSignal sends SIGUSR2 and SIGHUP: each takes the file as it is then.
func TestReloadSignal(t *testing.T) {
	h := startHawser(t, "-W")
	for i, signal := range []syscall.Signal{syscall.SIGUSR2, syscall.SIGHUP} {
		h.save(t, i+1, "")
		if err := h.run.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		h.await(t, i+1)
	}
}

// running is a hawser in front of an echoing origin, on an inherited socket.
type running struct {
	run    *exec.Cmd
	addr   string
	file   string
	origin string
	log    lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	all strings.Builder // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

func startHawser(t *testing.T, args ...string) *running {
	t.Helper()
	if only := os.Getenv("HAWSER_ONLY"); only != "" && only != "hawser" {
		t.Skip("HAWSER_ONLY asks for " + only)
	}
	p := program{name: "hawser", path: build(t), subject: true}
	if !runsAtAll(p, t.TempDir()) {
		t.Skip("pending: hawser does not run the plainest configuration yet")
	}
	origin := httptest.NewServer(http.HandlerFunc(originHandler))
	t.Cleanup(origin.Close)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := socket.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	h := &running{addr: socket.Addr().String(), file: filepath.Join(t.TempDir(), "hawser.cfg"), origin: origin.Listener.Addr().String()}
	h.save(t, 0, "")
	h.run = exec.Command(p.path, append(args, "-db", "-f", h.file)...)
	h.run.ExtraFiles = []*os.File{fd} // fd 3 there
	h.run.Stdout, h.run.Stderr = &h.log, &h.log
	if err := h.run.Start(); err != nil {
		t.Fatal(err)
	}
	socket.Close()
	fd.Close()
	t.Cleanup(func() { h.end(t) })
	h.await(t, 0)
	return h
}

func (h *running) end(t *testing.T) {
	if err := h.run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error("hawser was gone before its end: ", err)
	}
	ended := make(chan struct{})
	go func() { h.run.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(reloadPatience):
		h.run.Process.Kill()
		t.Error("hawser did not end on SIGTERM")
	}
	if t.Failed() || broken.MatchString(h.log.String()) {
		t.Errorf("hawser said:\n%s", tail(h.log.String(), logLines))
	}
}

// save writes the configuration of a generation, whose number every answer carries, as an editor does: a new file in its place.
func (h *running) save(t *testing.T, generation int, extra string) {
	t.Helper()
	text := fmt.Sprintf(`defaults
	mode http
	timeout connect 2s
	timeout client 10s
	timeout server 10s
	timeout tunnel 30s
frontend fe
	bind fd@3
	http-response set-header x-generation %d
	default_backend be
backend be
%s	server s1 %s
`, generation, extra, h.origin)
	next := h.file + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, h.file); err != nil {
		t.Fatal(err)
	}
}

func (h *running) generation(t *testing.T) string {
	t.Helper()
	once := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: reloadPatience}
	res, err := once.Get("http://" + h.addr + "/")
	if err != nil {
		return err.Error()
	}
	res.Body.Close()
	return res.Header.Get("x-generation")
}

func (h *running) await(t *testing.T, generation int) {
	t.Helper()
	last := ""
	for end := time.Now().Add(reloadPatience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if last = h.generation(t); last == fmt.Sprint(generation) {
			return
		}
	}
	t.Fatalf("generation %d did not come, the last was %q", generation, last)
}

func (h *running) awaitLog(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(reloadPatience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(h.log.String(), text) {
			return
		}
	}
	t.Fatalf("hawser did not say %q", text)
}

// originHandler answers with the path; an upgrade to echo gives back every line.
func originHandler(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "echo" {
		io.WriteString(w, r.URL.Path)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	io.Copy(conn, rw)
}

// keepAsking sends requests on one connection until stop; whatever goes wrong on it is a failure.
func keepAsking(addr string, stop <-chan struct{}, served *atomic.Int64, failures chan<- error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		failures <- err
		return
	}
	defer conn.Close()
	from := bufio.NewReader(conn)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
		if err := ask(conn, from, n); err != nil {
			failures <- fmt.Errorf("request %d of a keep-alive connection: %w", n, err)
			return
		}
		served.Add(1)
	}
}

func ask(conn net.Conn, from *bufio.Reader, n int) error {
	conn.SetDeadline(time.Now().Add(reloadPatience))
	if _, err := fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", n); err != nil {
		return err
	}
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK || string(body) != fmt.Sprintf("/%d", n):
		return fmt.Errorf("status %d, body %q", res.StatusCode, body)
	case res.Close:
		return fmt.Errorf("the answer says close")
	}
	return nil
}

// keepEchoing holds one upgraded connection and has every line echoed until stop.
func keepEchoing(addr string, stop <-chan struct{}, failures chan<- error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		failures <- err
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(conn, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	from := bufio.NewReader(conn)
	res, err := http.ReadResponse(from, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		failures <- fmt.Errorf("upgrade: %v %v", res, err)
		return
	}
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
		want := fmt.Sprintf("line %d\n", n)
		io.WriteString(conn, want)
		if got, err := from.ReadString('\n'); err != nil || got != want {
			failures <- fmt.Errorf("line %d of the upgraded connection: %q, %v", n, got, err)
			return
		}
	}
}
