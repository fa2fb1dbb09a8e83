package dns

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// limit is how long a test waits for what must come.
const limit = 20 * time.Second

// TestMain has many worlds wait at the same time: they do little else.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "64")
	code := m.Run()
	testbed.Clean()
	os.Exit(code)
}

// binaries are the HAProxys that are there, and hawser.
func binaries(t *testing.T) []testbed.Binary {
	t.Helper()
	bins := []testbed.Binary{testbed.HAProxy(t), testbed.Hawser(t)}
	if b, ok := testbed.HAProxy35(); ok {
		bins = append(bins, b)
	}
	return bins
}

// onEach runs f on each of them.
func onEach(t *testing.T, f func(t *testing.T, bin testbed.Binary)) {
	t.Helper()
	t.Parallel()
	for _, b := range binaries(t) {
		t.Run(b.Name, func(t *testing.T) { t.Parallel(); f(t, b) })
	}
}

// world is a proxy with name servers of its own. Where many share the proxy, tag
// tells their sections and backends apart.
type world struct {
	t     *testing.T
	bin   testbed.Binary
	dir   string
	ns    []*NameServer
	front string // an address for a frontend
	p     *testbed.Process
	tag   string
	turn  *sync.Mutex // of the runtime socket
	flags []string    // of the command line
}

// names is how many name servers a world has; a section names those that it wants.
const names = 2

func newWorld(t *testing.T, bin testbed.Binary) *world {
	w := &world{t: t, bin: bin, dir: testbed.TempDir(t), front: frontAddr(), turn: &sync.Mutex{}}
	for range names {
		w.ns = append(w.ns, NewNameServer(t))
	}
	return w
}

var fronts atomic.Int32

// frontAddr is a loopback address that only this process uses: a port that was free
// a moment ago may be another world's name server now.
func frontAddr() string {
	return fmt.Sprintf("127.%d.%d.%d:8080", 64+os.Getpid()>>8&63, os.Getpid()&255, fronts.Add(1))
}

// neighbour is a world with the same proxy.
func (w *world) neighbour(tag string) *world {
	o := &world{t: w.t, bin: w.bin, dir: w.dir, tag: tag, turn: w.turn}
	for range names {
		o.ns = append(o.ns, NewNameServer(w.t))
	}
	return o
}

const head = `global
 stats socket DIR/s level admin
 log stdout format raw local0
 server-state-base DIR
.if version_atleast(3.3)
 dns-accept-family ipv4,ipv6
.endif
defaults
 mode http
 log global
 option dontlog-normal
 timeout client 10s
 timeout server 10s
 timeout connect 10s
`

// start runs the proxy.
func (w *world) start(resolvers, rest string) {
	w.t.Helper()
	w.write("run.cfg", head+w.text(resolvers, rest))
	w.run()
}

// text is the part of a file that is the world's own. The section dns has what is in
// resolvers and, where that names none, the first name server; N1 and N2 stand for
// the addresses of name servers, FRONT for w.front and DIR for the directory.
func (w *world) text(resolvers, rest string) string {
	if !strings.Contains(resolvers, "nameserver") && !strings.Contains(resolvers, "parse-resolv-conf") {
		resolvers = " nameserver n1 N1\n" + resolvers
	}
	return w.fill("resolvers dns\n" + resolvers + "\n" + rest + "\n")
}

func (w *world) fill(text string) string {
	pairs := []string{"DIR", w.dir, "FRONT", w.front, "resolvers dns", "resolvers dns" + w.tag, "backend be", "backend be" + w.tag,
		"backend other", "backend other" + w.tag, "be/", "be" + w.tag + "/", "'dns/", "'dns" + w.tag + "/"}
	for i, ns := range w.ns {
		pairs = append(pairs, fmt.Sprintf("N%d", i+1), ns.Addr)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// write puts a file into the world's directory.
func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(w.fill(text)), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// starting holds how many proxies start at the same time: more would take the time
// that the others' name servers have for their answers.
var starting = make(chan struct{}, 2)

// run starts the proxy on run.cfg and waits for its runtime socket.
func (w *world) run() {
	w.t.Helper()
	starting <- struct{}{}
	defer func() { <-starting }()
	p, err := testbed.Start(w.bin, w.dir, append(w.flags, "-db", "-f", filepath.Join(w.dir, "run.cfg")))
	if err != nil {
		w.t.Fatal(err)
	}
	w.p = p
	w.t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			w.t.Error(err)
		}
		if w.t.Failed() {
			w.t.Logf("it printed:\n%s", p.Output())
		}
	})
	w.await("the runtime socket answers", func() bool {
		_, err := testbed.Ask(w.dir+"/s", "show version")
		return err == nil
	})
}

// await waits until ok is true.
func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// cli gives one command to the runtime socket.
func (w *world) cli(command string) string {
	w.t.Helper()
	w.turn.Lock()
	out, err := testbed.Ask(w.dir+"/s", command)
	w.turn.Unlock()
	if err != nil {
		w.t.Fatalf("%s: %v", command, err)
	}
	return strings.TrimSpace(out)
}

// servers tells where they are: "name=address:port" or, for one that the
// resolution took out, "name=-".
func (w *world) servers() string {
	w.t.Helper()
	var list []string
	for _, f := range w.state() {
		list = append(list, f[3]+"="+place(f))
	}
	return strings.Join(list, " ")
}

// state is what "show servers state" has, by server and column.
func (w *world) state() (list [][]string) {
	w.t.Helper()
	for _, l := range strings.Split(w.cli("show servers state"), "\n") {
		if f := strings.Fields(l); len(f) > 19 && (f[1] == "be"+w.tag || f[1] == "other"+w.tag) {
			list = append(list, f)
		}
	}
	return list
}

func place(f []string) string {
	if f[4] == "-" {
		return "-"
	}
	return f[4] + ":" + f[18]
}

// want waits until the servers are there.
func (w *world) want(servers string) {
	w.t.Helper()
	got := ""
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if got = w.servers(); got == servers {
			return
		}
	}
	w.t.Errorf("servers are %s, want %s", got, servers)
}

// keep sees to it that the servers stay there for a while.
func (w *world) keep(servers string, d time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got := w.servers(); got != servers {
			w.t.Fatalf("servers are %s, want them to stay %s", got, servers)
		}
	}
}

// asked waits until a name server was asked for a name this often, and returns the
// types of the first n questions for it.
func (w *world) asked(ns *NameServer, name string, n int) string {
	w.t.Helper()
	var list []string
	w.await(fmt.Sprintf("%d questions for %s", n, name), func() bool {
		list = nil
		for _, q := range ns.Asked() {
			if q.Name == name {
				list = append(list, q.Type)
			}
		}
		return len(list) >= n
	})
	return strings.Join(list[:n], " ")
}

// counters are the figures of a name server in "show resolvers" that are not 0, but
// for those of what was sent and of what came too late, which depend on time.
func (w *world) counters(ns string) string {
	w.t.Helper()
	_, text, _ := strings.Cut(w.cli("show resolvers dns"+w.tag), " nameserver "+ns+":\n")
	text, _, _ = strings.Cut(text, " nameserver")
	var list []string
	for _, l := range strings.Split(text, "\n") {
		f := strings.Fields(l)
		if len(f) == 2 && f[1] != "0" && f[0] != "sent:" && f[0] != "outdated:" {
			list = append(list, strings.TrimSuffix(f[0], ":"))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// logged waits until the log has all of these lines.
func (w *world) logged(lines ...string) {
	w.t.Helper()
	for _, l := range lines {
		l = w.fill(l)
		if w.bin.Name == "haproxy" {
			l = old(l)
		}
		w.await("the log has: "+l, func() bool { return strings.Contains("\n"+w.p.Output(), "\n"+l) })
	}
}

// old words a change of an address as HAProxy 2.6 did.
func old(l string) string {
	who, rest, ok := strings.Cut(l, ": IP changed from ")
	if !ok {
		return l
	}
	return who + " changed its IP from " + strings.ReplaceAll(rest, "'", "")
}
