// Package corpus holds hawser against real configuration files: each must get
// the wanted verdict of -c, and each that HAProxy runs must answer probes as
// HAProxy does. The files lie beside the checkout (../shared/corpus); where
// they are absent, the tests are skipped and say so.
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

// file is one row of verdicts.tsv.
type file struct {
	name       string
	want       string // exit status of -c that hawser must have
	rc26, rc35 string
	note       string
}

func folder() string { return filepath.Join(testbed.Root(), "..", "shared", "corpus") }

func files(t *testing.T) []file {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder(), "verdicts.tsv"))
	if err != nil {
		t.Skip("no corpus here: ", err)
	}
	var list []file
	for i, l := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		f := strings.Split(l+"\t\t\t\t", "\t")
		if i > 0 {
			list = append(list, file{f[0], f[1], f[2], f[3], strings.TrimSpace(f[4])})
		}
	}
	return list
}

// tally counts outcomes over all files; mu guards count.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[what]++
}

// TestVerdictsOnHAProxy proves the folder: its own columns must come true.
func TestVerdictsOnHAProxy(t *testing.T) {
	bin := testbed.HAProxy(t)
	if !strings.Contains(bin.Version, "version 2.6") {
		t.Skip("verdicts.tsv speaks of 2.6")
	}
	var c tally
	each(t, func(t *testing.T, f file) {
		status, out := testbed.Check(bin, folder(), f.name)
		c.add(fmt.Sprint("exit status ", status))
		if fmt.Sprint(status) != f.rc26 {
			t.Errorf("exit status %d, want %s\n%s", status, f.rc26, out)
		}
	})
	t.Log("haproxy -c: ", c.count)
}

// TestVerdictsOnHawser: files that need Lua are counted, not judged.
func TestVerdictsOnHawser(t *testing.T) {
	bin := testbed.Hawser(t)
	var c tally
	each(t, func(t *testing.T, f file) {
		status, out := testbed.Check(bin, folder(), f.name)
		right := fmt.Sprint(status) == f.want
		switch {
		case strings.Contains(f.note, "lua"):
			c.add(fmt.Sprint("lua, right: ", right))
		case right:
			c.add("right " + f.note)
		default:
			c.add("wrong " + f.note)
			t.Errorf("exit status %d, want %s (%s)\n%s", status, f.want, f.note, head(out, 12))
		}
	})
	t.Log("hawser -c: ", c.count)
}

func head(s string, lines int) string {
	l := strings.Split(s, "\n")
	return strings.Join(l[:min(lines, len(l))], "\n")
}

// each runs f on every file, two at a time. HAWSER_CORPUS=011.cfg,013.cfg
// chooses.
func each(t *testing.T, f func(*testing.T, file)) {
	only := os.Getenv("HAWSER_CORPUS")
	places := make(chan bool, 2)
	t.Run("files", func(t *testing.T) {
		for _, one := range files(t) {
			if only != "" && !strings.Contains(only, one.name) {
				continue
			}
			t.Run(one.name, func(t *testing.T) {
				t.Parallel()
				places <- true
				defer func() { <-places }()
				f(t, one)
			})
		}
	})
}
