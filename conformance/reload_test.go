package conformance

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// What a reload must keep (README, "Reload"): traffic, connections, state.

// subject is a running hawser whose file the test rewrites.
type subject struct {
	t    *testing.T
	dir  string
	file string
	p    *testbed.Process
	env  []string
	n    int
}

// serveHawser starts hawser on text; @NAME@ in it stands for env's NAME.
func serveHawser(t *testing.T, text string, env map[string]string, flags ...string) *subject {
	t.Helper()
	s := &subject{t: t, dir: testbed.TempDir(t)}
	s.file = filepath.Join(s.dir, "haproxy.cfg")
	var wait []string
	for k, v := range env {
		s.env = append(s.env, k+"="+v)
		if strings.HasPrefix(k, "BIND") {
			wait = append(wait, v)
		}
	}
	s.env = append(s.env, "DIR="+s.dir)
	s.write(text)
	p, err := testbed.Start(testbed.Hawser(t), s.dir, append(flags, "-f", s.file), s.env...)
	if err != nil {
		t.Fatal(err)
	}
	s.p = p
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("hawser said:\n%s", p.Output())
		}
	})
	if err := p.WaitAddrs(wait...); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *subject) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.file, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// said waits until hawser has printed text n times.
func (s *subject) said(text string, n int) {
	s.t.Helper()
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if strings.Count(s.p.Output(), text) >= n {
			return
		}
	}
	s.t.Fatalf("%q was not said %d times", text, n)
}

// reload has the file read again and waits for its success.
func (s *subject) reload(text string) {
	s.t.Helper()
	s.n = strings.Count(s.p.Output(), "Loading success.") + 1
	s.write(text)
	s.p.Signal(syscall.SIGUSR2)
	s.said("Loading success.", s.n)
}

// reloadFails does the same for a file that is refused.
func (s *subject) reloadFails(text string) {
	s.t.Helper()
	n := strings.Count(s.p.Output(), "Loading failure!") + 1
	s.write(text)
	s.p.Signal(syscall.SIGUSR2)
	s.said("Loading failure!", n)
}

const plainFile = `global
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 30s
frontend fe
    bind "${BIND}"
    http-response set-header X-Generation GEN
    default_backend be
backend be
    balance roundrobin
    server s1 "${ORIGIN}"
`

func generation(text string, n int) string {
	return strings.ReplaceAll(text, "GEN", fmt.Sprint(n))
}

func echoOrigin(t *testing.T) string {
	l := testbed.EchoOrigin()
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	s := serveHawser(t, generation(plainFile, 0), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	ws, err := testbed.DialWebSocket(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	l := testbed.StartLoad(addr, 8)
	for n := 1; n <= 20; n++ {
		s.write(generation(plainFile, n)) // nothing but the save tells hawser
		if err := l.Await(n, s.p.Ended()); err != nil {
			t.Error(err)
			break
		}
		if err := ws.Echo(fmt.Sprint("generation ", n)); err != nil {
			t.Errorf("after reload %d: %v", n, err)
			break
		}
	}
	l.Stop()
	if f, c := l.Failed.Load(), l.Closed.Load(); f > 0 || c > 0 {
		t.Errorf("of %d requests %d failed, %d keep-alive connections were closed: %q", l.Requests.Load(), f, c, l.Why())
	}
	if l.Fresh.Load() == 0 {
		t.Error("no new connections were made")
	}
}

func TestReloadBrokenFile(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	s := serveHawser(t, generation(plainFile, 1), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	s.write(strings.Replace(generation(plainFile, 2), "balance roundrobin", "balence roundrobin", 1))
	s.said("Loading failure!", 1)
	if out := s.p.Output(); !strings.Contains(out, "haproxy.cfg:14] : unknown keyword 'balence' in 'backend' section") {
		t.Errorf("it does not say where: %s", out)
	}
	if got := header(t, addr, "X-Generation"); got != "1" {
		t.Errorf("generation %q answers after a broken file", got)
	}
	s.write(generation(plainFile, 3))
	s.said("Loading success.", 1)
	if got := header(t, addr, "X-Generation"); got != "3" {
		t.Errorf("generation %q answers after the file was mended", got)
	}
}

// client speaks HTTP over one connection.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) get(path string) *http.Response {
	c.t.Helper()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
	return c.answer()
}

func (c *client) answer() *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res
}

// closed reports whether the peer closes within a while.
func (c *client) closed(within time.Duration) bool {
	c.SetReadDeadline(time.Now().Add(within))
	_, err := c.r.ReadByte()
	return err == io.EOF
}

func header(t *testing.T, addr, name string) string {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	return c.get("/").Header.Get(name)
}

func TestReloadMovesIdleConnections(t *testing.T) {
	t.Parallel()
	a, b := testbed.FreeAddr(), testbed.FreeAddr()
	text := plainFile + `frontend two
    bind "${BIND2}"
    default_backend be
`
	s := serveHawser(t, generation(text, 1), map[string]string{"BIND": a, "BIND2": b, "ORIGIN": echoOrigin(t)}, "-db")
	stays, goes := dial(t, a), dial(t, b)
	stays.get("/")
	goes.get("/")
	s.reload(generation(plainFile, 2)) // frontend two is gone
	if !goes.closed(3 * time.Second) {
		t.Error("an idle connection of a removed frontend stays open")
	}
	if got := stays.get("/").Header.Get("X-Generation"); got != "2" {
		t.Errorf("an idle connection is served by generation %q", got)
	}
	if c, err := net.DialTimeout("tcp", b, time.Second); err == nil {
		c.Close()
		t.Error("the removed frontend's port is still open")
	}
}

func TestReloadStreamInFlight(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	o, err := testbed.NewOrigin("slow", func(o *testbed.Origin) {
		o.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/slow" {
				<-release
			}
			return false
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	addr := testbed.FreeAddr()
	s := serveHawser(t, generation(plainFile, 1), map[string]string{"BIND": addr, "ORIGIN": o.Addr}, "-db")
	c := dial(t, addr)
	fmt.Fprint(c, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	time.Sleep(50 * time.Millisecond) // the request is at the origin, or nothing is proved
	s.reload(generation(plainFile, 2))
	close(release)
	if got := c.answer().Header.Get("X-Generation"); got != "1" {
		t.Errorf("a stream in flight ended on generation %q", got)
	}
	if got := c.get("/").Header.Get("X-Generation"); got != "2" {
		t.Errorf("the next request of its connection was served by generation %q", got)
	}
}

func TestReloadBinds(t *testing.T) {
	t.Parallel()
	a, b, c := testbed.FreeAddr(), testbed.FreeAddr(), testbed.FreeAddr()
	one := plainFile + `frontend two
    bind "${BINDB}"
    http-response set-header X-Front two
    default_backend be
`
	moved := strings.Replace(plainFile, "    http-response", "    bind \"${BINDB}\"\n    http-response set-header X-Front one\n    http-response", 1)
	s := serveHawser(t, generation(one, 1), map[string]string{"BIND": a, "BINDB": b, "C": c, "ORIGIN": echoOrigin(t)}, "-db")
	l := testbed.StartLoad(b, 0) // only new connections
	s.reload(generation(moved, 2))
	if got := header(t, b, "X-Front"); got != "one" {
		t.Errorf("the moved port answers as frontend %q", got)
	}
	s.reload(generation(one, 3))
	l.Stop()
	if n := l.Failed.Load(); n > 0 {
		t.Errorf("%d of %d connections failed while the port moved: %q", n, l.Fresh.Load(), l.Why())
	}

	s.reload(strings.Replace(generation(one, 4), "bind \"${BIND}\"", "bind \"${BIND}\",\"${C}\"", 1))
	if got := header(t, c, "X-Generation"); got != "4" {
		t.Errorf("the new bind answers with generation %q", got)
	}

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	d := testbed.FreeAddr()
	s.reloadFails(strings.Replace(generation(plainFile, 5), "bind \"${BIND}\"", fmt.Sprintf("bind %s,%s", d, taken.Addr()), 1))
	if out := s.p.Output(); !strings.Contains(out, "cannot bind socket (Address already in use) for ["+taken.Addr().String()+"]") {
		t.Error("the failed bind is not told")
	}
	for _, addr := range []string{a, b, c} {
		if got := header(t, addr, "X-Generation"); addr != b && got != "4" {
			t.Errorf("after a failed bind %s answers with generation %q", addr, got)
		}
	}
	if nc, err := net.Dial("tcp", d); err == nil {
		nc.Close()
		t.Error("a failed reload left a new socket open")
	}
}

func TestReloadFollowsFiles(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	text := `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind "${BIND}"
    errorfile 503 "${DIR}/503.http"
    http-request deny deny_status 429 if { path,map("${DIR}/paths.map") -m str two }
    http-request deny deny_status 403 if { path -f "${DIR}/paths.acl" }
`
	dir := testbed.TempDir(t)
	put := func(name, content string) {
		tmp := filepath.Join(dir, name+".new")
		os.WriteFile(tmp, []byte(content), 0o644)
		if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil { // as editors and deployments do
			t.Fatal(err)
		}
	}
	put("paths.map", "/x one\n")
	put("paths.acl", "/x\n")
	put("503.http", "HTTP/1.1 503 First\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	serve := strings.ReplaceAll(text, "${DIR}", dir)
	s := serveHawser(t, serve, map[string]string{"BIND": addr}, "-db")
	if got := dial(t, addr).get("/x").StatusCode; got != 403 {
		t.Fatalf("status %d", got)
	}
	for i, step := range []struct {
		file, content, path, want string
	}{
		{"paths.map", "/x two\n", "/x", "429 Too Many Requests"},
		{"paths.acl", "/x\n/y\n", "/y", "403 Forbidden"},
		{"503.http", "HTTP/1.1 503 Second\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "/z", "503 Second"},
	} {
		put(step.file, step.content)
		s.said("Loading success.", i+1)
		res := dial(t, addr).get(step.path)
		if got := res.Status; got != step.want {
			t.Errorf("after a change of %s: %q, want %q", step.file, got, step.want)
		}
	}
}

// TestReloadLeavesNothing counts descriptors and threads before and after many reloads.
func TestReloadLeavesNothing(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	s := serveHawser(t, generation(plainFile, 0), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	c := dial(t, addr)
	c.get("/")
	s.reload(generation(plainFile, 1))
	c.get("/")
	before := descriptors(t, s.p.Pid())
	for n := 2; n <= 51; n++ {
		s.reload(generation(plainFile, n))
		if got := c.get("/").Header.Get("X-Generation"); got != fmt.Sprint(n) {
			t.Fatalf("generation %q answers after reload %d", got, n)
		}
	}
	if after := descriptors(t, s.p.Pid()); after > before+1 {
		t.Errorf("%d descriptors before 50 reloads, %d after", before, after)
	}
}

func descriptors(t *testing.T, pid int) int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestReloadKeepsState: what was set at run time stays; what the file changes wins.
func TestReloadKeepsState(t *testing.T) {
	t.Parallel()
	addr := testbed.FreeAddr()
	sock := filepath.Join(testbed.TempDir(t), "cli")
	text := "global\n    stats socket " + sock + " level admin\n" + strings.Replace(plainFile, "global\n", "", 1) +
		"    server s2 \"${ORIGIN}\" weight 10 maxconn 100\n    server s3 \"${ORIGIN}\"\n"
	s := serveHawser(t, generation(text, 1), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	ask := func(command string) string {
		t.Helper()
		out, err := testbed.Ask(sock, command)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	for range 6 {
		dial(t, addr).get("/")
	}
	for _, c := range []string{
		"set server be/s1 state maint", "set server be/s3 state drain", "set server be/s2 weight 7",
		"set maxconn server be/s2 33", "set maxconn frontend fe 444",
	} {
		if out := ask(c); out != "" {
			t.Fatalf("%s: %s", c, out)
		}
	}
	state := func() map[string]string {
		m := map[string]string{"weight": ask("get weight be/s2")}
		rows := strings.Split(ask("show stat"), "\n")
		names := strings.Split(strings.TrimPrefix(rows[0], "# "), ",")
		for _, row := range rows[1:] {
			f := strings.Split(row, ",")
			for i, name := range names {
				switch name {
				case "status", "slim", "weight", "stot":
					if i < len(f) {
						m[f[0]+"/"+f[1]+" "+name] = f[i]
					}
				}
			}
		}
		return m
	}
	before := state()
	if before["be/s1 status"] != "MAINT" || before["be/s2 slim"] != "33" || before["fe/FRONTEND slim"] != "444" {
		t.Fatalf("before the reload: %v", before)
	}
	s.reload(generation(text, 2))
	for k, v := range state() {
		if before[k] != v {
			t.Errorf("%s was %q, is %q after the reload", k, before[k], v)
		}
	}
	s.reload(strings.Replace(generation(text, 3), "weight 10 maxconn 100", "weight 20 maxconn 50", 1))
	after := state()
	if after["be/s2 weight"] != "20" || after["be/s2 slim"] != "50" || after["be/s1 status"] != "MAINT" {
		t.Errorf("after a change of the file: %v", after)
	}
	if got := dial(t, addr).get("/").StatusCode; got != 200 {
		t.Errorf("status %d", got)
	}
}

// TestReloadTLS: a new certificate is for new connections; those that are open
// stay and move.
func TestReloadTLS(t *testing.T) {
	t.Parallel()
	dir := testbed.TempDir(t)
	pem := filepath.Join(dir, "site.pem")
	put := func(name string) {
		text, err := testbed.PEM(name)
		if err == nil {
			err = os.WriteFile(pem, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("one.test")
	addr := testbed.FreeAddr()
	text := strings.Replace(plainFile, "bind \"${BIND}\"", "bind \"${BIND}\" ssl crt "+pem, 1)
	s := serveHawser(t, generation(text, 1), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	connect := func() (*client, string) {
		t.Helper()
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(10 * time.Second))
		return &client{t, c, bufio.NewReader(c)}, c.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	old, name := connect()
	old.get("/")
	if name != "one.test" {
		t.Fatalf("the certificate is for %s", name)
	}
	put("two.test")
	s.said("Loading success.", 1)
	s.reload(generation(text, 2))
	if _, name := connect(); name != "two.test" {
		t.Errorf("after the change a new connection gets the certificate of %s", name)
	}
	if got := old.get("/").Header.Get("X-Generation"); got != "2" {
		t.Errorf("the open connection is served by generation %q", got)
	}
	os.WriteFile(pem, []byte("not a certificate\n"), 0o600)
	s.said("Loading failure!", 1)
	if _, name := connect(); name != "two.test" {
		t.Errorf("after a bad file a connection gets the certificate of %s", name)
	}
}

// TestReloadKeepsTables: entries of stick tables, maps changed at run time and
// variables of the process outlive a reload that does not touch them.
func TestReloadKeepsTables(t *testing.T) {
	t.Parallel()
	dir := testbed.TempDir(t)
	sock, addr, file := filepath.Join(dir, "cli"), testbed.FreeAddr(), filepath.Join(dir, "m.map")
	if err := os.WriteFile(file, []byte("/k one\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := "global\n    stats socket " + sock + " level admin\n" + strings.Replace(plainFile, "global\n", "", 1) +
		"backend st\n    stick-table type ip size 1k expire 10m store gpc0,http_req_cnt\n"
	text = strings.Replace(text, "    default_backend be\n", `    http-request track-sc0 src table st
    http-request set-var(proc.seen) int(42) if { path /set }
    http-response set-header X-Seen %[var(proc.seen)]
    http-response set-header X-Map %[str(/k),map(`+file+`)]
    default_backend be
`, 1)
	s := serveHawser(t, generation(text, 1), map[string]string{"BIND": addr, "ORIGIN": echoOrigin(t)}, "-db")
	dial(t, addr).get("/set")
	for _, c := range []string{"set table st key 192.0.2.1 data.gpc0 5", "set map " + file + " /k two"} {
		if out, err := testbed.Ask(sock, c); err != nil || strings.TrimSpace(out) != "" {
			t.Fatalf("%s: %v %s", c, err, out)
		}
	}
	s.reload(generation(text, 2))
	res := dial(t, addr).get("/")
	if got := res.Header.Get("X-Seen") + " " + res.Header.Get("X-Map"); got != "42 two" {
		t.Errorf("variable and map after a reload: %q", got)
	}
	out, err := testbed.Ask(sock, "show table st")
	if err != nil || !strings.Contains(out, "key=192.0.2.1 ") || !strings.Contains(out, "gpc0=5") || !strings.Contains(out, "http_req_cnt=2") {
		t.Errorf("the table after a reload: %v\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte("/k three\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.said("Loading success.", 2)
	if got := dial(t, addr).get("/").Header.Get("X-Map"); got != "three" {
		t.Errorf("after a change of the map's file it gives %q", got)
	}
}

// TestReloadFollowsLinks: a file that is reached through a link whose aim changes
// (as Kubernetes and deployment tools do), that is replaced, that goes and comes back.
func TestReloadFollowsLinks(t *testing.T) {
	t.Parallel()
	addr, dir := testbed.FreeAddr(), testbed.TempDir(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(file string, n int) {
		t.Helper()
		text := strings.Replace(processFile, "429", fmt.Sprint(n), 1)
		must(os.WriteFile(filepath.Join(dir, "new"), []byte(strings.ReplaceAll(text, "\"${BIND}\"", addr)), 0o644))
		must(os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, file)))
	}
	for _, d := range []string{"v1", "v2"} {
		must(os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	put("v1/haproxy.cfg", 403)
	put("v2/haproxy.cfg", 404)
	must(os.Symlink("v1", filepath.Join(dir, "data")))
	must(os.Symlink("data/haproxy.cfg", filepath.Join(dir, "haproxy.cfg")))
	p, err := testbed.Start(testbed.Hawser(t), dir, []string{"-db", "-f", filepath.Join(dir, "haproxy.cfg")})
	must(err)
	s := &subject{t: t, p: p}
	defer p.Stop()
	must(p.WaitAddrs(addr))
	status := func(want int) {
		t.Helper()
		if got := dial(t, addr).get("/").StatusCode; got != want {
			t.Errorf("status %d, want %d\n%s", got, want, p.Output())
		}
	}
	status(403)
	must(os.Symlink("v2", filepath.Join(dir, "tmp")))
	must(os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "data")))
	s.said("Loading success.", 1)
	status(404)
	put("v2/haproxy.cfg", 405)
	s.said("Loading success.", 2)
	status(405)
	must(os.Remove(filepath.Join(dir, "v2/haproxy.cfg")))
	s.said("Loading failure!", 1)
	status(405)
	put("v2/haproxy.cfg", 410)
	s.said("Loading success.", 3)
	status(410)
}
