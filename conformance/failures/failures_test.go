package failures

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"hawser/conformance/testbed"
)

var (
	seed   = flag.Uint64("seed", 1, "of the random scenes; others than the first need haproxy35")
	count  = flag.Int("count", 20, "scenes of each kind")
	record = flag.Bool("record", false, "write down what haproxy35 does")
)

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

func scenes() (all []scene) {
	d := dice{rand.New(rand.NewPCG(*seed, 7))}
	for i := range *count {
		all = append(all, d.failing(i))
	}
	for i := range *count {
		all = append(all, d.waiting(i))
	}
	return all
}

// late is what depends on how fast the last request of a queue comes before the first
// expires.
var late = regexp.MustCompile(` qmax=\d+`)

// twice is what newer HAProxy counts twice, or not each time.
var twice = regexp.MustCompile(` (eresp|srv_abrt)=\d+`)

// TestNewer compares with what haproxy35 did when testdata/newer.txt was written,
// or does now where the scenes are others.
func TestNewer(t *testing.T) {
	t.Parallel()
	all := scenes()
	const file = "testdata/newer.txt"
	if *record {
		theirs, ok := testbed.HAProxy35()
		if !ok {
			t.Fatal("no haproxy35 here")
		}
		if err := write(file, theirs.Version, all, play(t, theirs, all)); err != nil {
			t.Fatal(err)
		}
	}
	want, version, err := read(file, all)
	if err != nil {
		theirs, ok := testbed.HAProxy35()
		if !ok {
			t.Skip(err)
		}
		version, want = theirs.Version, play(t, theirs, all)
	}
	t.Log(version)
	compare(t, all, func() [][]string { return want }, func(line string) string { return twice.ReplaceAllString(line, "") })
}

func TestOlder(t *testing.T) {
	t.Parallel()
	all := slices.DeleteFunc(scenes(), func(s scene) bool { return !s.older() })
	theirs := testbed.HAProxy(t)
	compare(t, all, func() [][]string { return play(t, theirs, all) }, func(line string) string { return late.ReplaceAllString(line, "") })
}

func compare(t *testing.T, all []scene, theirs func() [][]string, clean func(string) string) {
	ours := testbed.Hawser(t)
	var want, got [][]string
	var wg sync.WaitGroup
	wg.Go(func() { want = theirs() })
	wg.Go(func() { got = play(t, ours, all) })
	wg.Wait()
	if len(want) < len(all) || len(got) < len(all) {
		t.FailNow() // it told why
	}
	n := 0
	for i := range all {
		if want[i] == nil {
			continue
		}
		for _, lines := range [][]string{want[i], got[i]} {
			for k := range lines {
				lines[k] = clean(lines[k])
				if all[i].expires {
					lines[k] = late.ReplaceAllString(lines[k], "")
				}
			}
		}
		if !slices.Equal(want[i], got[i]) {
			n++
			t.Errorf("%v%s", &all[i], differ(want[i], got[i]))
		}
	}
	t.Logf("%d scenes, %d differ", len(all), n)
}

func differ(want, got []string) string {
	var b strings.Builder
	for i := range max(len(want), len(got)) {
		w, g := "", ""
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w == g {
			fmt.Fprintf(&b, "      %s\n", w)
		} else {
			fmt.Fprintf(&b, "    - %s\n    + %s\n", w, g)
		}
	}
	return b.String()
}
