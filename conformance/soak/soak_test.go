package soak

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

const (
	servers = 5
	killed  = 2 // of them
	clients = 40
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

func TestSoak(t *testing.T) {
	length := 5 * time.Second
	if s := os.Getenv("HAWSER_SOAK"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		length = d
	}
	b := begin(t, subject(t))
	l := &load{addr: b.addr}
	l.start(4) // a short while, so that what is made once is there before the count
	time.Sleep(300 * time.Millisecond)
	l.end()
	b.rest(t)
	first := b.measure(t)

	l.stop.Store(false)
	l.start(clients)
	for end := time.Now().Add(length); time.Now().Before(end); {
		some := rand.Perm(servers)[:killed]
		for _, i := range some {
			b.origins[i].kill()
		}
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		for _, i := range some {
			if err := b.origins[i].start(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(100+rand.IntN(200)) * time.Millisecond)
	}
	l.end()
	b.rest(t)
	t.Logf("%s: %d requests: %d answered whole (%d with 200, %d with 5xx), %d broken off, %d not waited for", b.bin.Version, l.sent.Load(),
		l.whole.Load(), l.status[2].Load(), l.status[5].Load(), l.broken.Load(), l.left.Load())
	b.books(t, l)
	b.accounts(t, l)
	b.slots(t)
	b.returned(t, first)
}

func subject(t *testing.T) testbed.Binary {
	if os.Getenv("HAWSER_SOAK_ON") == "haproxy" {
		return testbed.HAProxy(t)
	}
	if os.Getenv("HAWSER_RACE") == "" {
		return testbed.Hawser(t)
	}
	path := filepath.Join(testbed.TempDir(t), "hawser")
	build := exec.Command("go", "build", "-race", "-o", path, "./cmd/hawser")
	build.Dir = testbed.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return testbed.Binary{Name: "hawser", Path: path, Version: "hawser with the race detector"}
}

// bench is a proxy in front of origins.
type bench struct {
	bin          testbed.Binary
	addr, socket string
	origins      []*origin
	p            *testbed.Process
}

func begin(t *testing.T, bin testbed.Binary) *bench {
	dir := testbed.TempDir(t)
	b := &bench{bin: bin, addr: testbed.FreeAddr(), socket: filepath.Join(dir, "cli")}
	var cfg strings.Builder
	fmt.Fprintf(&cfg, `global
    stats socket %s level admin
    log stdout len 200 format raw local0
    maxconn 200
defaults
    mode http
    log global
    timeout client 5s
    timeout connect 200ms
    timeout server %dms
    timeout queue 400ms
frontend fe
    bind %s
    log-format "@ %%ST %%tsc %%s %%B"
    http-request return status 200 content-type text/plain lf-string "%%[srv_conn_free(be/s0)] %%[srv_conn_free(be/s1)] %%[srv_conn_free(be/s2)] %%[srv_conn_free(be/s3)] %%[srv_conn_free(be/s4)]" if { path /slots }
    default_backend be
backend be
    balance leastconn
    cookie SRV insert indirect
    retries 2
    retry-on conn-failure empty-response junk-response
    option redispatch 1
    option abortonclose
`, b.socket, timeoutServer.Milliseconds(), b.addr)
	for i := range servers {
		o, err := newOrigin()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(o.kill)
		b.origins = append(b.origins, o)
		fmt.Fprintf(&cfg, "    server s%d %s cookie %d maxconn 4 maxqueue 10 check inter 100ms fall 2 rise 1\n", i, o.addr, i)
	}
	file := filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte(cfg.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	b.p = p
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if strings.Contains(p.Output(), "DATA RACE") {
			t.Error(p.Output())
		}
	})
	if err := p.WaitAddrs(b.addr); err != nil {
		t.Fatal(err)
	}
	return b
}

// rows are the lines of "show stat" by service name.
func (b *bench) rows(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := testbed.Ask(b.socket, "show stat")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# "))).ReadAll()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	rows := map[string]map[string]string{}
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = l[i]
		}
		rows[l[1]] = row
	}
	return rows
}

func number(row map[string]string, name string) int64 {
	n, _ := strconv.ParseInt(row[name], 10, 64)
	return n
}

// rest waits until nothing is under way: sessions and queues end at zero.
func (b *bench) rest(t *testing.T) {
	t.Helper()
	var busy string
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		busy = ""
		for name, row := range b.rows(t) {
			if number(row, "scur") != 0 || number(row, "qcur") != 0 {
				busy += fmt.Sprintf(" %s: %s sessions, %s queued;", name, row["scur"], row["qcur"])
			}
		}
		if busy == "" {
			return
		}
	}
	t.Errorf("the load is over, but not gone:%s", busy)
}

// slots asks how many are free of each server's four.
func (b *bench) slots(t *testing.T) {
	t.Helper()
	if b.bin.Name != "hawser" {
		return // HAProxy's idle connections count as taken
	}
	res, err := http.Get("http://" + b.addr + "/slots")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if free, _ := io.ReadAll(res.Body); string(free) != "4 4 4 4 4" {
		t.Errorf("free slots: %s, want 4 of each server", free)
	}
}

// books compares the counters with each other and with the clients'.
func (b *bench) books(t *testing.T, l *load) {
	t.Helper()
	rows := b.rows(t)
	fe, be := rows["FRONTEND"], rows["BACKEND"]
	sum := func(name string) (n int64) {
		for i := range servers {
			n += number(rows[fmt.Sprint("s", i)], name)
		}
		return n
	}
	equal := func(what string, got, want int64) {
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	answers := func(row map[string]string) (n int64) {
		for _, name := range []string{"hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"} {
			n += number(row, name)
		}
		return n
	}
	if got, sent := number(fe, "req_tot"), l.sent.Load(); got > sent || got < sent-l.left.Load() {
		t.Errorf("the frontend counts %d requests, %d were sent", got, sent)
	}
	about := func(what string, got, want int64) { // who leaves at once may leave no trace
		if got > want || got < want-l.left.Load() {
			t.Errorf("%s: %d, want %d, or up to %d less", what, got, want, l.left.Load())
		}
	}
	about("requests of the backend and of the frontend", number(be, "req_tot"), number(fe, "req_tot"))
	about("responses of the frontend and its requests", answers(fe), number(fe, "req_tot"))
	about("responses of the backend and its requests", answers(be), number(be, "req_tot"))
	for _, name := range []string{"wretr", "wredis", "eresp", "connect", "reuse"} {
		equal(name+" of the servers and of the backend", sum(name), number(be, name))
	}
	if got, most := sum("hrsp_2xx"), number(be, "hrsp_2xx"); got < most {
		t.Errorf("the servers count %d answers of 2xx, the backend %d", got, most)
	}
	if got := number(fe, "hrsp_2xx"); got < l.status[2].Load() {
		t.Errorf("the frontend counts %d answers of 2xx, the clients have %d", got, l.status[2].Load())
	}
}

// accounts reads the log: one line a request, and termination flags for each
// that did not end well.
func (b *bench) accounts(t *testing.T, l *load) {
	t.Helper()
	lines, flagged, whole := int64(0), int64(0), int64(0)
	kinds := map[string]int{}
	for line := range strings.SplitSeq(b.p.Output(), "\n") {
		at := strings.LastIndex(line, "@ ")
		if at < 0 {
			continue
		}
		w := strings.Fields(line[at+2:])
		if len(w) != 4 {
			continue
		}
		lines++
		switch flags := w[1][:2]; {
		case flags != "--":
			flagged++
			kinds[flags]++
		default:
			whole++
		}
	}
	requests := number(b.rows(t)["FRONTEND"], "req_tot")
	if lines > requests || lines < requests-l.left.Load() {
		t.Errorf("%d lines in the log, %d requests", lines, requests)
	}
	if flagged < l.broken.Load() {
		t.Errorf("%d responses broke off, %d lines have termination flags: %v", l.broken.Load(), flagged, kinds)
	}
	if whole < l.status[2].Load() || whole > l.whole.Load()+l.left.Load() {
		t.Errorf("%d lines tell of a good end; clients have %d whole answers, %d with 2xx, and did not wait for %d", whole, l.whole.Load(), l.status[2].Load(), l.left.Load())
	}
	t.Logf("termination flags: %v", kinds)
}

// usage is what a process has open.
type usage struct{ descriptors, tasks int }

func (b *bench) measure(t *testing.T) (u usage) {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", b.p.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	info, err := testbed.Ask(b.socket, "show info")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(info, "\n") {
		if n, ok := strings.CutPrefix(line, "Tasks: "); ok {
			u.tasks, _ = strconv.Atoi(strings.TrimSpace(n))
		}
	}
	return usage{len(files), u.tasks}
}

// returned waits until descriptors and goroutines are as many as before. Idle
// connections to the servers may stay, as they did then.
func (b *bench) returned(t *testing.T, first usage) {
	t.Helper()
	for _, o := range b.origins {
		o.kill() // idle connections end
	}
	var now usage
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		now = b.measure(t)
		if now.descriptors <= first.descriptors+2 && now.tasks <= first.tasks+4 {
			t.Logf("descriptors %d, then %d; tasks %d, then %d", first.descriptors, now.descriptors, first.tasks, now.tasks)
			return
		}
	}
	t.Errorf("before %d descriptors and %d tasks, after %d and %d", first.descriptors, first.tasks, now.descriptors, now.tasks)
}
