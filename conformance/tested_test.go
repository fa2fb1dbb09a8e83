package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"hawser/engine"
)

// TestEveryNameIsTested looks for each name of the language in the stories, the unit
// tests, the inputs of the differential tests and the golden files, writes what it
// finds to COVERAGE.md (-update) and fails for a name that stands nowhere, unless
// untested.txt lists it: a name on a line, with ": reason" behind it where no test can
// show its value to be HAProxy's.
func TestEveryNameIsTested(t *testing.T) {
	found := testedNames(t)
	var out strings.Builder
	out.WriteString("# Where each name is tested\n\nWritten by `go test ./conformance -run TestEveryNameIsTested -update`.\n")
	reasons := untested(t)
	var missing []string
	for _, f := range languageNames() {
		fmt.Fprintf(&out, "\n## %s\n\n| name | stories | unit tests | differential | golden |\n| --- | --- | --- | --- | --- |\n", f.title)
		for _, n := range f.names {
			at := found[strings.TrimSuffix(n, "*")]
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", n, at.first(0), at.first(1), at.first(2), at.first(3))
			if at == nil && reasons[n] == "" {
				missing = append(missing, n)
			}
		}
	}
	missing = slices.Compact(slices.Sorted(slices.Values(missing)))
	if *update {
		writeAll(t, "COVERAGE.md", out.String())
		writeUntested(t, reasons, missing)
		return
	}
	for _, n := range missing {
		if _, listed := reasons[n]; !listed {
			t.Errorf("%s is tested nowhere", n)
		}
	}
	for n, why := range reasons {
		if why == "" && !slices.Contains(missing, n) {
			t.Logf("%s is tested now: -update takes it off untested.txt", n)
		}
	}
	t.Logf("%d names without a test, %d that cannot have one", len(missing), len(reasons)-len(missing))
}

// untested reads untested.txt: names and reasons.
func untested(t *testing.T) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(readAll(t, "untested.txt")) {
		if name, why, _ := strings.Cut(strings.TrimSpace(line), ":"); name != "" {
			out[name] = strings.TrimSpace(why)
		}
	}
	return out
}

func writeUntested(t *testing.T, reasons map[string]string, missing []string) {
	lines := slices.Clone(missing)
	for n, why := range reasons {
		if why != "" {
			lines = append(lines, n+": "+why)
		}
	}
	slices.Sort(lines)
	writeAll(t, "untested.txt", strings.Join(lines, "\n")+"\n")
}

// places is where a name occurs: stories, unit tests, differential inputs, golden files.
type places [4][]string

func (p *places) first(i int) string {
	switch {
	case p == nil || len(p[i]) == 0:
		return ""
	case len(p[i]) == 1:
		return p[i][0]
	}
	return fmt.Sprintf("%s and %d more", p[i][0], len(p[i])-1)
}

// testedNames reads all tests and returns where each word occurs.
func testedNames(t *testing.T) map[string]*places {
	out := map[string]*places{}
	globs := [len(places{})][]string{{"stories/*/*.vtc"}, {"../engine/*/*_test.go"}, {"differential/testdata/*.txt", "dns/*_test.go"}, {"directives/testdata/*.txtar"}}
	for i, list := range globs {
		var files []string
		for _, glob := range list {
			more, err := filepath.Glob(glob)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, more...)
		}
		sort.Strings(files)
		for _, file := range files {
			name := strings.TrimPrefix(strings.TrimPrefix(file, "../engine/"), "stories/")
			name = strings.TrimPrefix(strings.TrimPrefix(name, "differential/testdata/"), "directives/testdata/")
			for w := range words(readAll(t, file)) {
				p := out[w]
				if p == nil {
					p = &places{}
					out[w] = p
				}
				p[i] = append(p[i], name)
			}
		}
	}
	return out
}

// words splits a text as names of the language are written; "%ci" and "%[…]" count
// for the alias behind the percent sign, flags left out.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-+%", r))
	}) {
		set[strings.Trim(w, ".-%")] = true
		if i := strings.LastIndexByte(w, '%'); i >= 0 {
			set["%"+w[i+1:]] = true
		}
		for _, part := range strings.Split(w, "-") {
			set[part] = true
		}
	}
	return set
}

func languageNames() []family {
	all := func(title string, names []string) family { return family{title: title, names: names} }
	var actions, aliases []string
	for set := range engine.Actions {
		actions = append(actions, engine.Actions[set].Names()...)
	}
	slices.Sort(actions)
	for _, n := range engine.LogAliases.Names() {
		aliases = append(aliases, "%"+n)
	}
	return []family{all("Sample fetches", engine.Fetches.Names()), all("Converters", engine.Convs.Names()), all("Actions", slices.Compact(actions)),
		all("ACL criteria", engine.Criteria.Names()), all("Log-format aliases", aliases), all("Match methods", engine.MatchMethods.Names())}
}

func readAll(t *testing.T, file string) string {
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

func writeAll(t *testing.T, file, text string) {
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
