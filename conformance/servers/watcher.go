package servers

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

// watcher is a proxy that checks the servers of a test.
type watcher struct {
	t      testing.TB
	bin    testbed.Binary
	p      *testbed.Process
	file   string
	socket string
	addrs  map[string]string // of its listeners, by name
}

const head = `global
    stats socket %s level admin
    log stdout len 900 format raw local0
defaults
    mode tcp
    log global
    timeout client 20s
    timeout connect 5s
    timeout server 20s
    timeout check 2s
`

// watch starts HAProxy and Hawser on one file.
func watch(t testing.TB, text string) []*watcher {
	t.Helper()
	return watchEach(t, func(testbed.Binary) string { return text })
}

// watchEach starts HAProxy and Hawser, each on its own file; "BIND name" in it
// stands for a bind line with a free address.
func watchEach(t testing.TB, file func(testbed.Binary) string) (all []*watcher) {
	t.Helper()
	bins := []testbed.Binary{testbed.HAProxy(t), testbed.Hawser(t)}
	if newer, ok := testbed.HAProxy35(); ok {
		bins = append(bins, newer)
	}
	for _, bin := range bins {
		dir := testbed.TempDir(t)
		w := &watcher{t: t, bin: bin, file: filepath.Join(dir, "run.cfg"), socket: filepath.Join(dir, "cli"), addrs: map[string]string{}}
		var wait []string
		own := bindWord.ReplaceAllStringFunc(file(bin), func(s string) string {
			a := testbed.FreeAddr()
			w.addrs[strings.Fields(s)[1]] = a
			wait = append(wait, a)
			return "bind " + a
		})
		if err := os.WriteFile(w.file, fmt.Appendf(nil, head+"%s", w.socket, own), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := testbed.Start(bin, dir, []string{"-db", "-f", w.file})
		if err != nil {
			t.Fatal(err)
		}
		w.p = p
		t.Cleanup(func() {
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Logf("%s said:\n%s", bin.Version, p.Output())
			}
		})
		if err := p.WaitAddrs(wait...); err != nil {
			t.Fatal(err)
		}
		answers := await(func() bool { _, err := testbed.Ask(w.socket, "show info"); return err == nil })
		if !answers {
			t.Fatalf("%s does not answer: %s", bin.Version, p.Output())
		}
		all = append(all, w)
	}
	return all
}

var bindWord = regexp.MustCompile(`BIND \w+`)

// row is a server's line of "show stat", by column.
type row map[string]string

// rows are the servers' lines by backend and server.
func (w *watcher) rows() map[string]row {
	w.t.Helper()
	text, err := testbed.Ask(w.socket, "show stat")
	if err != nil {
		w.t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# "))).ReadAll()
	if err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
	rows := map[string]row{}
	for _, l := range lines[1:] {
		r := row{}
		for i, name := range lines[0] {
			r[name] = l[i]
		}
		rows[l[0]+"/"+l[1]] = r
	}
	return rows
}

// report is what the statistics tell of the last check of a server.
func (r row) report() string {
	return r["check_status"] + "|" + r["check_code"] + "|" + r["check_desc"] + "|" + plain(r["last_chk"])
}

// news are the lines of the log about a server's state, without what differs from
// run to run.
func (w *watcher) news(server string) (list []string) {
	for line := range strings.SplitSeq(w.p.Output(), "\n") {
		if strings.HasPrefix(line, "Server "+server+" is ") {
			list = append(list, plain(line))
		}
	}
	return list
}

var (
	took   = regexp.MustCompile(`check duration: \d+ms`)
	osWord = regexp.MustCompile(`E[A-Z]+ returned by OS \(([^)]*)\)`) // as 3.5 has it,
	noWord = strings.NewReplacer("ECONNREFUSED returned by OS", "Connection refused",
		"ECONNRESET returned by OS", "Connection reset by peer") // or, when another socket's error came between, this
	counts = regexp.MustCompile(`\d+ (active|backup|sessions|requeued|remaining|total)`)
)

func plain(s string) string {
	s = took.ReplaceAllString(s, "check duration: _ms")
	return counts.ReplaceAllString(noWord.Replace(osWord.ReplaceAllString(s, "$1")), "_ $1")
}

// settled waits until every watcher reports the state of a server that ok wants,
// twice in a row with the same words, and compares the words.
func settled(t *testing.T, all []*watcher, server, what string, ok func(row) bool) {
	t.Helper()
	said := make([]string, len(all))
	for i, w := range all {
		seen := ""
		reached := await(func() bool {
			r := w.rows()[server]
			said[i] = r.report()
			switch {
			case r == nil || !ok(r):
				seen = ""
				return false
			case strings.HasPrefix(r["check_status"], "* "): // HAProxy empties last_chk meanwhile
				return false
			}
			before := seen
			seen = said[i]
			return before == seen
		})
		if !reached {
			t.Fatalf("%s: %s, %s: it stays with %s", w.bin.Version, server, what, said[i])
		}
	}
	for i := range all[1:] {
		if said[i+1] != said[0] {
			t.Errorf("%s, %s: %s says\n\t%s\n%s says\n\t%s", server, what, all[0].bin.Version, said[0], all[i+1].bin.Version, said[i+1])
		}
	}
	t.Logf("%s, %s: %s", server, what, said[0])
}

func up(r row) bool   { return r["status"] == "UP" && strings.HasSuffix(r["check_status"], "OK") }
func down(r row) bool { return r["status"] == "DOWN" && r["check_status"] != "" }

// sameNews compares the log's lines about a server.
func sameNews(t *testing.T, all []*watcher, server string) {
	t.Helper()
	want := all[0].news(server)
	for _, w := range all[1:] {
		if got := w.news(server); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %s logs\n\t%s\n%s logs\n\t%s", server, all[0].bin.Version, strings.Join(want, "\n\t"), w.bin.Version, strings.Join(got, "\n\t"))
		}
	}
}
