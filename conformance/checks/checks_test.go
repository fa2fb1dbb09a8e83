package checks

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

var (
	record   = flag.Bool("record", false, "play the scenes on HAProxy 3.5 and rewrite what was seen")
	invented = flag.Uint64("invent", 0, "with -record: make new scenes from this seed first")
	many     = flag.Int("many", 150, "with -invent: how many of each kind")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	testbed.Clean()
	os.Exit(code)
}

// TestScenes plays every file.
func TestScenes(t *testing.T) {
	if ref, ok := reference(); ok && *record && *invented > 0 {
		for kind, list := range invent(*invented, *many) {
			if err := writeScenes("testdata/"+kind+".txt", sieve(t, ref, list)); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(cmp.Or(os.Getenv("HAWSER_SCENES"), "testdata/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scenes")
	}
	bin := testbed.Hawser(t)
	if *record {
		ref, ok := reference()
		if !ok {
			t.Fatal("no haproxy35 to record")
		}
		bin = ref
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			scenes, err := readScenes(file)
			if err != nil {
				t.Fatal(err)
			}
			if *record {
				rewrite(t, bin, file, scenes)
				return
			}
			odd := judge(play(t, bin, scenes), scenes)
			for again := 0; again < 2 && len(odd) > 0; again++ { // on a busy machine a wait may be too long
				odd = judge(play(t, bin, odd), odd)
			}
			for _, s := range odd {
				if s.differs != "" {
					t.Errorf("%s: is as HAProxy's, though %s", s.name, s.differs)
					continue
				}
				t.Errorf("%s: %s @ %s\n\t! %s\n got\t%s\nwant\t%s", s.name, strings.Join(s.lines, "\n\t"), s.options, strings.Join(s.acts, "\n\t! "), strings.Join(s.got, "\n\t"), strings.Join(s.seen, "\n\t"))
			}
		})
	}
}

// judge returns the scenes that were not played as they should.
func judge(got [][]string, scenes []*scene) (odd []*scene) {
	for i, s := range scenes {
		s.got = got[i]
		if slices.Equal(s.got, s.seen) == (s.differs != "") {
			odd = append(odd, s)
		}
	}
	return odd
}

// rewrite keeps what is seen of the scenes now.
func rewrite(t *testing.T, bin testbed.Binary, file string, scenes []*scene) {
	got := play(t, bin, scenes)
	if *invented > 0 {
		scenes, got = steady(t, bin, scenes, got)
	}
	for i, s := range scenes {
		s.seen = got[i]
	}
	if err := writeScenes(file, scenes); err != nil {
		t.Fatal(err)
	}
}

// steady keeps the scenes of which the same is seen each time.
func steady(t *testing.T, bin testbed.Binary, scenes []*scene, seen [][]string) (kept []*scene, got [][]string) {
	other, third := play(t, bin, scenes), play(t, bin, scenes)
	for i, s := range scenes {
		if slices.Equal(seen[i], other[i]) && slices.Equal(seen[i], third[i]) {
			kept, got = append(kept, s), append(got, seen[i])
		} else {
			t.Logf("unsteady: %s: %s\n\t! %s\n\t%s\n\t%s", s.name, strings.Join(s.lines, "\n\t"), strings.Join(s.acts, "\n\t! "), strings.Join(seen[i], "\n\t"), strings.Join(other[i], "\n\t"))
		}
	}
	return kept, got
}

// reference is the HAProxy that -record asks.
func reference() (testbed.Binary, bool) {
	if p := os.Getenv("HAWSER_CHECKS_REFERENCE"); p != "" {
		return testbed.Binary{Name: p, Path: p, Version: p}, true
	}
	return testbed.HAProxy35()
}
