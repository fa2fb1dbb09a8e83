package corpus

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

// TestProbeProvesItself: HAProxy must answer as HAProxy does. It takes a
// minute, so it runs where hawser is not judged, or when asked for.
func TestProbeProvesItself(t *testing.T) {
	if !asked("self") && testbed.HasHawser() {
		t.Skip("HAWSER_CORPUS_ALSO=self runs it")
	}
	ref := testbed.HAProxy(t)
	compare(t, []testbed.Binary{ref}, ref)
}

// TestProbeOnNewerHAProxy lists what changed between the two references; a
// difference here says nothing about hawser.
func TestProbeOnNewerHAProxy(t *testing.T) {
	newer, ok := testbed.HAProxy35()
	if !ok || !asked("newer") {
		t.Skip("HAWSER_CORPUS_ALSO=newer runs it where there is a haproxy35")
	}
	compare(t, []testbed.Binary{testbed.HAProxy(t)}, newer)
}

// TestProbeOnHawser: hawser is right when it answers as either reference does.
func TestProbeOnHawser(t *testing.T) {
	refs := []testbed.Binary{testbed.HAProxy(t)}
	if newer, ok := testbed.HAProxy35(); ok {
		refs = append(refs, newer)
	}
	compare(t, refs, testbed.Hawser(t))
}

func asked(what string) bool { return strings.Contains(os.Getenv("HAWSER_CORPUS_ALSO"), what) }

// compare plays every file twice on each reference and once on bin.
func compare(t *testing.T, refs []testbed.Binary, bin testbed.Binary) {
	var c tally
	each(t, func(t *testing.T, f file) {
		s := newScene(t, f)
		if f.rc26 != "0" && (f.rc35 != "0" || len(refs) == 1) {
			alone(t, s, f, bin, &c)
			return
		}
		oracles := consult(t, s, refs)
		if len(oracles) == 0 {
			c.add("not run by haproxy")
			t.Skip("haproxy does not run it")
		}
		got, err := s.play(bin)
		if err != nil {
			c.add("does not run")
			judge(t, bin, f, fmt.Sprint(bin.Name, ": ", head(err.Error(), 12)))
			return
		}
		c.kinds(oracles[0].want)
		if os.Getenv("HAWSER_CORPUS") != "" {
			show(t, s, oracles[0].want)
		}
		bad := differences(s, oracles, got)
		if len(bad) == 0 {
			c.add("same")
			return
		}
		c.add("different")
		judge(t, bin, f, fmt.Sprintf("%d of %d probes differ\n%s", len(bad), answers(oracles[0].want), strings.Join(bad[:min(len(bad), 8)], "\n")))
	})
	t.Logf("%s beside %s: %v", bin.Name, refs[0].Version, c.count)
}

// consult leaves out a reference that does not run the file.
func consult(t *testing.T, s *scene, refs []testbed.Binary) []oracle {
	var list []oracle
	for _, ref := range refs {
		want, err := s.play(ref)
		if err != nil {
			t.Log(ref.Name, "does not run it:", head(err.Error(), 6))
			continue
		}
		again, err := s.play(ref)
		if err != nil {
			t.Fatal(ref.Name, ", second run: ", err)
		}
		list = append(list, oracle{want, again})
	}
	return list
}

// alone runs a file that HAProxy refuses: it must start, and nothing is known
// of its answers.
func alone(t *testing.T, s *scene, f file, bin testbed.Binary, c *tally) {
	if bin.Name != "hawser" || f.want != "0" || strings.Contains(f.note, "lua") {
		c.add("not compared")
		t.Skip("HAProxy refuses it")
	}
	if _, err := s.play(bin); err != nil {
		c.add("legacy, does not run")
		t.Error(head(err.Error(), 12))
		return
	}
	c.add("legacy, runs")
}

// knownDifferences are files on which hawser does not answer as HAProxy yet, with
// the reason; to be emptied.
var knownDifferences = map[string]string{}

// judge fails the test for hawser and for the self-check. The newer HAProxy is
// only told of.
func judge(t *testing.T, bin testbed.Binary, f file, what string) {
	if why := knownDifferences[f.name]; bin.Name == "hawser" && why != "" {
		t.Skip("known to differ: ", why, "\n", what)
	}
	if bin.Name == "haproxy35" || strings.Contains(f.note, "lua") {
		t.Log(what)
		return
	}
	t.Error(what)
}

// differences lists the probes whose answer is that of no reference, with what
// the first one says.
func differences(s *scene, oracles []oracle, got [][]answer) []string {
	var bad []string
	for i, f := range s.front {
		for j := range got[i] {
			if d := againstAll(s, oracles, i, j, got[i][j]); d != "" {
				bad = append(bad, fmt.Sprintf("%s (%s), %s: %s", f.Proxy, f.Orig, f.probes[j], d))
			}
		}
	}
	return bad
}

func againstAll(s *scene, oracles []oracle, i, j int, got answer) string {
	first := ""
	for _, o := range oracles {
		if j >= len(o.want[i]) || j >= len(o.again[i]) {
			return ""
		}
		d := difference(o.want[i][j], o.again[i][j], got, s.plan.Hashed)
		if d == "" {
			return ""
		}
		if first == "" {
			first = d
		}
	}
	return first
}

// kinds counts what the probes reached, to see that they reach something.
func (c *tally) kinds(all [][]answer) {
	for _, front := range all {
		for _, a := range front {
			switch {
			case a.failure != "":
				c.add("probe: " + a.failure)
			case a.header["x-origin"] != "":
				c.add("probe: origin")
			default:
				c.add(fmt.Sprintf("probe: own %d", a.status))
			}
		}
	}
}

// show prints each answer of the reference, for one who looks at one file.
func show(t *testing.T, s *scene, all [][]answer) {
	for i, front := range all {
		for j, a := range front {
			t.Log(s.front[i].Proxy, s.front[i].Orig, s.front[i].probes[j], "->", orStatus(a), a.header["x-origin"], a.header["location"])
		}
	}
}

func answers(all [][]answer) int {
	n := 0
	for _, a := range all {
		n += len(a)
	}
	return n
}
