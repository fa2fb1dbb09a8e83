package checks

import (
	"crypto/tls"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

const head = `global
    stats socket %s level admin
    log stdout len 4000 format raw local0
    node here
    ssl-server-verify none
defaults
    mode tcp
    log global
    timeout client 20s
    timeout connect 5s
    timeout server 20s
    timeout check 1200ms
`

// show is a program that plays scenes.
type show struct {
	t      testing.TB
	st     *stage
	p      *testbed.Process
	socket string
	began  time.Time
	dead   string // a port where nobody listens
}

// play runs the scenes on bin and returns what was seen of each.
func play(t testing.TB, bin testbed.Binary, scenes []*scene) [][]string {
	t.Helper()
	pem, err := testbed.PEM("checked.test")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		t.Fatal(err)
	}
	st, err := openStage(scenes, cert)
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	dir := testbed.TempDir(t)
	file := filepath.Join(dir, "run.cfg")
	sh := &show{t: t, st: st, socket: filepath.Join(dir, "cli")}
	_, sh.dead, _ = strings.Cut(testbed.FreeAddr(), ":")
	if err := os.WriteFile(file, []byte(sh.config()), 0o644); err != nil {
		t.Fatal(err)
	}
	if sh.p, err = testbed.Start(bin, dir, []string{"-db", "-f", file}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sh.p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	sh.began = time.Now()
	sh.until(14*time.Second, sh.done)
	return sh.observe()
}

// config is a file with a backend for each scene.
func (sh *show) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, head, sh.socket)
	for i, s := range sh.st.scenes {
		fmt.Fprintf(&b, "backend b%04d\n", i)
		for _, l := range s.lines {
			b.WriteString("    " + sh.fill(l, i) + "\n")
		}
		b.WriteString(sh.fill(fmt.Sprintf("    server s %s:PORT1 %s\n", place(i), s.options), i))
	}
	return b.String()
}

// sieve returns the scenes whose files bin takes.
func sieve(t testing.TB, bin testbed.Binary, scenes []*scene) (good []*scene) {
	dir := testbed.TempDir(t)
	file := filepath.Join(dir, "run.cfg")
	for _, s := range scenes {
		if s.hurries() {
			continue
		}
		sh := &show{st: &stage{scenes: []*scene{s}, ports: [2]int{8001, 8002}}, socket: filepath.Join(dir, "cli"), dead: "8003"}
		if err := os.WriteFile(file, []byte(sh.config()), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, out := testbed.Check(bin, dir, file); code != 0 {
			t.Logf("%s: %s", strings.Join(s.lines, "\n\t"), out)
			continue
		}
		good = append(good, s)
	}
	return good
}

// fill puts ports and addresses in the place of their names.
func (sh *show) fill(text string, i int) string {
	return strings.NewReplacer("PORT1", fmt.Sprint(sh.st.ports[0]), "PORT2", fmt.Sprint(sh.st.ports[1]), "DEADPORT", sh.dead, "PLACE", place(i)).Replace(text)
}

// hide is the way back.
func (sh *show) hide(text string, i int) string {
	text = strings.NewReplacer(fmt.Sprint(sh.st.ports[0]), "PORT1", fmt.Sprint(sh.st.ports[1]), "PORT2", sh.dead, "DEADPORT", place(i), "PLACE",
		fmt.Sprintf("b%04d", i), "b").Replace(text)
	text = firstState.ReplaceAllString(text, "state: UP")
	text = proxyLine.ReplaceAllString(text, "$1 _ $2")
	text = bareWord.ReplaceAllStringFunc(text, func(s string) string { return osTexts[strings.Fields(s)[0]] })
	text = poller.ReplaceAllString(text, "$1")
	text = osWord.ReplaceAllString(took.ReplaceAllString(text, "check duration: _ms"), "$1")
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

var (
	took       = regexp.MustCompile(`check duration: \d+ms`)
	bareWord   = regexp.MustCompile(`E[A-Z]+ returned by OS$`)
	osWord     = regexp.MustCompile(`E[A-Z]+ returned by OS \(([^)]*)\)`)
	firstState = regexp.MustCompile(`state: UP -?\d+/\d+`)                 // 3.5-dev counts from -1
	poller     = regexp.MustCompile(`Poller reported POLLERR \(([^)]*)\)`) // as 3.5 has it at times
	proxyLine  = regexp.MustCompile(`(PROXY TCP4 \S+ \S+) \d+ (\S+)`)
)

// osTexts are those of errors that 3.5 names without their text at times.
var osTexts = map[string]string{"ECONNRESET": "Connection reset by peer", "ECONNREFUSED": "Connection refused", "EPIPE": "Broken pipe"}

// until polls.
func (sh *show) until(limit time.Duration, ok func() bool) {
	for end := time.Now().Add(limit); time.Now().Before(end) && !ok(); {
		time.Sleep(50 * time.Millisecond)
	}
}

// done tells whether each scene has seen two checks and the beginning of a third,
// as far as its checks reach its server.
func (sh *show) done() bool {
	sh.st.mu.Lock()
	defer sh.st.mu.Unlock()
	if time.Since(sh.began) < 5*time.Second { // for those that reach nothing
		return false
	}
	for i, s := range sh.st.scenes {
		if !s.known(2*s.connections()) && len(sh.st.seen[i]) < 2*s.connections()+1 {
			return false
		}
	}
	return true
}

// observe tells what was sent, logged and counted.
func (sh *show) observe() [][]string {
	n := len(sh.st.scenes)
	out := make([][]string, n)
	stats := make([]string, n)
	sh.until(4*time.Second, func() bool {
		whole := true
		for i, r := range sh.rows() {
			if i >= n || stats[i] != "" {
				continue
			}
			if strings.HasPrefix(r["check_status"], "* ") || r["check_status"] == "" {
				whole = false
				continue
			}
			stats[i] = fmt.Sprintf("%s: %s|%s|%s|%s|health %s of %s+%s", r["status"], r["check_status"], r["check_code"], r["check_desc"], sh.hide(r["last_chk"], i), r["check_health"], r["check_rise"], r["check_fall"])
		}
		return whole
	})
	log := map[string][]string{}
	for line := range strings.SplitSeq(sh.p.Output(), "\n") {
		if strings.HasPrefix(line, "[") { // HAProxy tells it on stderr, too
			continue
		}
		if b, _, ok := strings.Cut(line[strings.LastIndex(line[:strings.IndexByte(line+"/", '/')], " ")+1:], "/s "); ok {
			log[b] = append(log[b], line)
		}
	}
	sh.st.mu.Lock()
	defer sh.st.mu.Unlock()
	for i, s := range sh.st.scenes {
		for k, v := range sh.st.seen[i] {
			if k < 2*s.connections() && !s.leaves() {
				out[i] = append(out[i], sh.hide(fmt.Sprintf("PORT%d %s%q %s", v.port+1, v.notes, v.bytes, v.how), i))
			}
		}
		for k, line := range log[fmt.Sprintf("b%04d", i)] {
			if k < 3 {
				out[i] = append(out[i], sh.hide(line, i))
			}
		}
		out[i] = append(out[i], stats[i])
	}
	return out
}

// rows are the servers' lines of the statistics, by scene.
func (sh *show) rows() map[int]map[string]string {
	text, err := testbed.Ask(sh.socket, "show stat")
	if err != nil {
		sh.t.Fatalf("%v\n%s", err, sh.p.Output())
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# "))).ReadAll()
	if err != nil {
		sh.t.Fatal(err)
	}
	rows := map[int]map[string]string{}
	for _, l := range lines[1:] {
		var i int
		if k, _ := fmt.Sscanf(l[0], "b%d", &i); k != 1 || l[1] != "s" {
			continue
		}
		r := map[string]string{}
		for c, name := range lines[0] {
			r[name] = l[c]
		}
		rows[i] = r
	}
	return rows
}
