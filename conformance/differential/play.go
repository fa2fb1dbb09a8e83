package differential

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// place is an expression's place: group and number in it.
type place struct{ group, ask int }

// answers holds what a program said: the value as rendered, "-" for a missing one;
// refused holds the sentence for those that it does not load.
type answers struct {
	value   map[place]string
	refused map[place]string
}

// scene writes the configuration of all groups but for the refused expressions
// and remembers which line asks what.
type config struct {
	lines []string
	asked map[int]place
	whole map[int]int // lines that ask all of a group
	addrs []string
}

func (c *config) line(format string, a ...any) { c.lines = append(c.lines, fmt.Sprintf(format, a...)) }

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func makeConfig(groups []group, refused map[place]string, addrs, servers []string) *config {
	c := &config{asked: map[int]place{}, whole: map[int]int{}, addrs: addrs}
	c.line("global")
	c.line("    tune.bufsize 65536")
	c.line("    log stdout len 65000 format raw local0")
	if slices.ContainsFunc(groups, func(g group) bool { return g.bind != "" }) {
		c.line("    tune.ssl.keylog on")
		c.line("    tune.ssl.capture-buffer-size 2048")
	}
	c.line("defaults")
	c.line("    timeout client 5s")
	c.line("    timeout connect 5s")
	c.line("    timeout server 5s")
	for i := range groups {
		if !groups[i].idle(i, refused) {
			c.group(i, &groups[i], refused, servers[i])
		}
	}
	return c
}

// alias marks an alias on the log line, whose value comes as it is.
const alias = "alias"

var rule = map[string]string{"request": "http-request", "response": "http-response", "session": "tcp-request session", "tcp": "tcp-request content", "answer": "tcp-response content"}

func (c *config) group(i int, g *group, refused map[place]string, server string) {
	section := "frontend"
	if g.scene == "answer" {
		section = "listen"
	}
	c.line("%s g%d", section, i)
	c.line("    bind %s %s", c.addrs[i], withCerts(g.bind))
	c.line("    log global")
	switch g.scene {
	case "tcp":
		c.line("    mode tcp")
		c.line("    tcp-request inspect-delay 5s")
		c.line("    tcp-request content reject unless { req.len ge %d }", len(g.input))
	case "answer":
		c.line("    mode tcp")
		c.line("    tcp-response inspect-delay 5s")
		c.line("    tcp-response content reject unless { res.len ge %d }", len(g.response))
		c.line("    server s %s", server)
		server = ""
	default:
		c.line("    mode http")
	}
	for _, l := range g.front {
		c.line("    %s", l)
	}
	var log strings.Builder
	fmt.Fprintf(&log, "@g%d", i)
	for k := range g.asks {
		if refused[place{i, k}] == "" {
			c.ask(g, place{i, k}, &log)
		}
	}
	switch g.scene {
	case "request", "session":
		c.line("    http-request return status 200")
	case "tcp":
		c.line("    tcp-request content reject")
	case "answer":
		c.line("    tcp-response content reject")
		log.WriteString(" %B") // without it the line comes when the server is reached
	}
	c.line("    log-format %s", quote(log.String()+" ."))
	c.whole[len(c.lines)] = i
	if g.client.fails() {
		c.line("    error-log-format %s", quote(log.String()+" ."))
		c.whole[len(c.lines)] = i
	}
	if server != "" {
		c.line("    default_backend b%d", i)
		c.line("backend b%d", i)
		c.line("    mode http")
		c.line("    server s %s %s", server, withCerts(g.server))
	}
}

func (c *config) ask(g *group, at place, log *strings.Builder) {
	a := g.asks[at.ask]
	scope := "txn"
	if g.scene == "session" {
		scope = "sess"
	}
	name := fmt.Sprintf("%s.v%d", scope, at.ask)
	switch {
	case g.scene == "log" && a.text[0] == '%':
		fmt.Fprintf(log, " %d:%s:%s", at.ask, alias, a.text)
		return
	case g.scene == "log":
		fmt.Fprintf(log, " %d:1:%%[%s,hex]", at.ask, a.text)
		return
	case a.cond:
		c.line("    %s set-var(%s) int(1) if { %s }", rule[g.scene], name, a.text)
	default:
		c.line("    %s set-var(%s) %s", rule[g.scene], name, quote(a.text))
	}
	c.asked[len(c.lines)] = at
	found := strings.Replace(name, ".v", ".f", 1)
	c.line("    %s set-var(%s) int(1) if { var(%s) -m found }", rule[g.scene], found, name)
	fmt.Fprintf(log, " %d:%%[var(%s)]:%%[var(%s),hex]", at.ask, found, name)
}

var errorLine = regexp.MustCompile(`(?m)^(?:\[ALERT\].*|\s+parsing )\[[^\]]*run\.cfg:(\d+)\][ :]*(.*)`)

// ask runs a program on the groups and returns what it says. Expressions that it
// refuses are taken out first.
func play(t testing.TB, bin testbed.Binary, groups []group, leaveOut map[place]string) answers {
	t.Helper()
	got := answers{map[place]string{}, map[place]string{}}
	for at, why := range leaveOut {
		got.refused[at] = why
	}
	dir := testbed.TempDir(t)
	file := filepath.Join(dir, "run.cfg")
	addrs, servers := make([]string, len(groups)), make([]string, len(groups))
	ends := make([]*tlsOrigin, len(groups))
	for i, g := range groups {
		addrs[i] = testbed.FreeAddr()
		switch {
		case g.origin != nil:
			ends[i] = newTLSOrigin(t, &groups[i])
			servers[i] = ends[i].addr
		case g.scene == "response" || g.scene == "log" || g.scene == "answer":
			servers[i] = origin(t, g.response)
		}
	}
	var said string
	for range 600 {
		c := makeConfig(groups, got.refused, addrs, servers)
		if err := os.WriteFile(file, []byte(strings.Join(c.lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		status, out := testbed.Check(bin, "testdata", file)
		if status == 0 {
			run(t, bin, file, groups, c, ends, &got)
			return got
		}
		said = out
		if !got.refuse(c, groups, out) {
			t.Fatalf("%s does not load: %s", bin.Name, out[:min(len(out), 2000)])
		}
	}
	t.Fatalf("%s refuses more and more: %s", bin.Name, said[:min(len(said), 2000)])
	return got
}

var unknownName = regexp.MustCompile(`unknown (converter|fetch method) '([^']+)'`)

// refuse notes what a program says no to. A name that it does not know is refused
// wherever it stands, for HAProxy stops at the first.
func (got *answers) refuse(c *config, groups []group, out string) (any bool) {
	add := func(at place, why string) {
		if got.refused[at] == "" {
			got.refused[at], any = why, true
		}
	}
	for _, m := range errorLine.FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(m[1])
		if at, ok := c.asked[n]; ok {
			add(at, m[2])
			if u := unknownName.FindStringSubmatch(m[2]); u != nil {
				for p, why := range users(groups, u[1] == "converter", u[2], m[2]) {
					add(p, why)
				}
			}
		} else if i, ok := c.whole[n]; ok && groups[i].scene == "log" {
			for k := range groups[i].asks {
				add(place{i, k}, m[2])
			}
		}
	}
	return any
}

func answer(c net.Conn, r *bufio.Reader, response string) {
	for {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
		}
		if _, err := c.Write([]byte(response)); err != nil {
			return
		}
	}
}

// users are the expressions that use a fetch, or a converter.
func users(groups []group, conv bool, name, why string) map[place]string {
	out := map[place]string{}
	for i := range groups {
		for k, a := range groups[i].asks {
			w := strings.FieldsFunc(a.text, func(r rune) bool { return strings.ContainsRune(",() ", r) })
			if at := slices.Index(w, name); at == 0 && !conv || at > 0 && conv && strings.Contains(a.text, ","+name) {
				out[place{i, k}] = why
			}
		}
	}
	return out
}

// origin answers every request of a connection with the same bytes.
func origin(t testing.TB, response string) string {
	o, err := testbed.NewOrigin("s", func(o *testbed.Origin) {
		o.Raw = func(c net.Conn, r *bufio.Reader) { answer(c, r, response) }
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o.Addr
}

func run(t testing.TB, bin testbed.Binary, file string, groups []group, c *config, ends []*tlsOrigin, got *answers) {
	t.Helper()
	p, err := testbed.Start(bin, "testdata", []string{"-db", "-f", file}, "DIFFERENTIAL=some value")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var used []string
	for i := range groups {
		if !groups[i].idle(i, got.refused) {
			used = append(used, c.addrs[i])
		}
	}
	if err := p.WaitAddrs(used...); err != nil {
		t.Fatal(err)
	}
	for i := range groups {
		g := &groups[i]
		if g.idle(i, got.refused) {
			continue
		}
		// One after the other: a log line that meets a full pipe is lost.
		ask := func(n int) string { return waitLine(t, p, bin, fmt.Sprintf("@g%d ", i), n) }
		var line string
		var known func(string) string
		if g.bind != "" {
			line, known = playTLS(t, bin, g, c.addrs[i], ends[i], ask)
		} else {
			line = playPlain(t, g, c.addrs[i], ask)
		}
		for _, word := range strings.Fields(line) {
			f := strings.SplitN(word, ":", 3)
			if len(f) != 3 {
				continue
			}
			k, _ := strconv.Atoi(f[0])
			if f[1] == alias {
				got.value[place{i, k}] = strconv.Quote(f[2])
				continue
			}
			got.value[place{i, k}] = render(g.asks[k], f[1] == "1", f[2], known)
		}
	}
}

func playPlain(t testing.TB, g *group, addr string, line func(int) string) string {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte(g.input)); err != nil {
		t.Fatal(err)
	}
	return line(1)
}

// waitLine waits for the n-th line with a mark.
func waitLine(t testing.TB, p *testbed.Process, bin testbed.Binary, mark string, n int) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		left := n
		for line := range strings.SplitSeq(p.Output(), "\n") {
			if i := strings.Index(line, mark); i >= 0 && strings.HasSuffix(line, " .") {
				if left--; left == 0 {
					return line[i:]
				}
			}
		}
	}
	out := p.Output()
	t.Fatalf("%s: no line %sin %s", bin.Name, mark, out[:min(len(out), 3000)])
	return ""
}

var digits = regexp.MustCompile(`[0-9]+`)

// render makes a value readable: what known has a name for by that, text as it is,
// eight other bytes as a number, the rest in hexadecimal.
func render(a ask, found bool, text string, known func(string) string) string {
	switch {
	case !found:
		return "-"
	case a.cond:
		return "yes"
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		b = nil
		if text != "-" {
			return "?" + text
		}
	}
	if known != nil {
		if name := known(string(b)); name != "" {
			return name
		}
	}
	printable := true
	for _, c := range b {
		printable = printable && c >= ' ' && c < 0x7f
	}
	out := "x" + text
	switch {
	case printable:
		out = strconv.Quote(string(b))
	case len(b) == 8:
		n, _ := strconv.ParseUint(text, 16, 64)
		out = strconv.FormatInt(int64(n), 10)
	}
	if a.shape {
		out = digits.ReplaceAllString(out, "0")
	}
	return out
}
