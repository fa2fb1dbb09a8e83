package differential

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

var record = flag.Bool("record", false, "ask HAProxy 3.5 again and rewrite what it said")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	cleanCertificates()
	testbed.Clean()
	os.Exit(code)
}

// TestTables plays every table.
func TestTables(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			groups, err := readTable(file)
			if err != nil {
				t.Fatal(err)
			}
			judge(t, name, groups)
		})
	}
}

// TestRandom plays random inputs of a fixed seed.
func TestRandom(t *testing.T) { judge(t, "random", randomGroups()) }

// TestRandomFormats plays messages of many formats, sound and damaged.
func TestRandomFormats(t *testing.T) { judge(t, "formats", formatGroups()) }

func judge(t *testing.T, name string, groups []group) {
	file := filepath.Join("testdata", name+".want")
	if *record {
		recordAnswers(t, file, groups)
	}
	want := readAnswers(t, file, groups)
	got := play(t, testbed.Hawser(t), groups, nil)
	bad := 0
	for i := range groups {
		for k, a := range groups[i].asks {
			at := place{i, k}
			v := got.value[at]
			if why := got.refused[at]; why != "" {
				v = "refused"
				if want[at].value != v {
					v += ": " + why
				}
			}
			if v != want[at].value {
				bad++
				t.Errorf("%s: is %s, should be %s", a, v, want[at].value)
			}
		}
	}
	t.Logf("%d values, %d differ", len(want), bad)
	beside(t, groups, want, got)
}

// beside compares Hawser with the haproxy of this machine, where both HAProxys
// said the same when the table was recorded.
func beside(t *testing.T, groups []group, want map[place]wanted, got answers) {
	ref := testbed.HAProxy(t)
	if !strings.Contains(ref.Version, " 2.6.") {
		t.Skip("haproxy is not 2.6")
	}
	leaveOut := map[place]string{}
	for at, w := range want {
		if w.mark != ' ' {
			leaveOut[at] = "differs"
		}
	}
	theirs := play(t, ref, groups, leaveOut)
	same := 0
	for at, w := range want {
		if w.mark != ' ' {
			continue
		}
		if theirs.value[at] == got.value[at] {
			same++
			continue
		}
		t.Errorf("%s: %s says %q, hawser %q", groups[at.group].asks[at.ask], ref.Version, theirs.value[at], got.value[at])
	}
	t.Logf("%d of them as on %s", same, ref.Version)
}

// wanted is a recorded value; mark is ' ', '+' where 2.6 does not know the
// expression, '!' where it answers otherwise.
type wanted struct {
	mark  byte
	value string
}

func recordAnswers(t *testing.T, file string, groups []group) {
	newer, ok := testbed.HAProxy35()
	if !ok {
		t.Fatal("no haproxy35 here")
	}
	recorded, older := play(t, newer, groups, nil), play(t, testbed.HAProxy(t), groups, notForOlder(groups))
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n# +: not known to, !: different on %s\n", newer.Version, testbed.HAProxy(t).Version)
	for i, g := range groups {
		fmt.Fprintf(&b, "= %d %s\n", i, g.scene)
		for k, a := range g.asks {
			at, mark := place{i, k}, ' '
			v := recorded.value[at]
			if recorded.refused[at] != "" {
				v = "refused"
				t.Logf("%s: refused: %s", a, recorded.refused[at])
			}
			switch {
			case older.refused[at] != "":
				mark = '+'
			case older.value[at] != v:
				mark = '!'
				t.Logf("%s: 2.6 %s, 3.5 %s", a, older.value[at], v)
			}
			fmt.Fprintf(&b, "%c %s\t%s\n", mark, a, v)
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readAnswers(t *testing.T, file string, groups []group) map[place]wanted {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[place]wanted{}
	at := place{-1, 0}
	for line := range strings.SplitSeq(string(data), "\n") {
		if strings.HasPrefix(line, "= ") {
			at = place{at.group + 1, 0}
			continue
		}
		i := strings.LastIndexByte(line, '\t')
		if i < 0 {
			continue
		}
		if at.group >= len(groups) || at.ask >= len(groups[at.group].asks) || groups[at.group].asks[at.ask].String() != line[2:i] {
			t.Fatalf("%s is not of this table any more: %s", file, line)
		}
		out[at] = wanted{line[0], line[i+1:]}
		at.ask++
	}
	return out
}
