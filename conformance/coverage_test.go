package conformance

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"hawser/engine"
	known "hawser/engine/build"
	_ "hawser/engine/daemon" // links every feature
)

var update = flag.Bool("update", false, "rewrite the README's table of coverage")

const (
	coverageBegin = "<!-- coverage: go test ./conformance -run TestCoverage -update -->"
	coverageEnd   = "<!-- end of coverage -->"
)

// TestCoverage counts the names of HAProxy 3.5 that Hawser has, family by family, and holds the README's table to it.
func TestCoverage(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "keywords")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the list of HAProxy's names is not here")
	}
	var table strings.Builder
	table.WriteString("| family | of HAProxy 3.5 | with effect | accepted, with a notice | missing |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, f := range families(t, dir) {
		var missing, idle []string
		for _, name := range f.names {
			switch {
			case !f.has(name):
				missing = append(missing, name)
			case f.idle != nil && f.idle(name):
				idle = append(idle, name)
			}
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d |\n", f.title, len(f.names), len(f.names)-len(missing)-len(idle), len(idle), len(missing))
		sort.Strings(missing)
		sort.Strings(idle)
		t.Logf("%s: %d; missing: %s; without effect: %s", f.title, len(f.names), strings.Join(missing, " "), strings.Join(idle, " "))
	}
	checkReadme(t, table.String())
}

type family struct {
	title string
	names []string
	has   func(string) bool
	idle  func(string) bool // accepted, without effect; nil: none is
}

func families(t *testing.T, dir string) []family {
	column := func(file string, i int) []string { return readColumn(t, filepath.Join(dir, file), i) }
	base := func(name string) string {
		name, _, _ = strings.Cut(name, "(")
		return name
	}
	return []family{
		{"global keywords", column("global.tsv", 0), func(n string) bool { _, ok := engine.GlobalKeywords.Get(n); return ok },
			func(n string) bool { k, _ := engine.GlobalKeywords.Get(n); return k.Flags&engine.NoEffect != 0 }},
		{"keywords of proxies", column("proxy.tsv", 0), hasKeyword,
			func(n string) bool { k, ok := engine.Keywords.Get(n); return ok && k.Flags&engine.NoEffect != 0 }},
		{"`bind` options", column("bind.tsv", 0), func(n string) bool { _, ok := engine.BindKeywords.Get(strings.TrimPrefix(n, "ssl ")); return ok },
			func(n string) bool {
				k, _ := engine.BindKeywords.Get(strings.TrimPrefix(n, "ssl "))
				return k.Flags&engine.NoEffect != 0
			}},
		{"`server` options", column("server.tsv", 0), func(n string) bool { _, ok := engine.ServerKeywords.Get(n); return ok },
			func(n string) bool { k, _ := engine.ServerKeywords.Get(n); return k.Flags&engine.NoEffect != 0 }},
		{"actions", pairs(t, filepath.Join(dir, "actions.tsv")), func(p string) bool { return action(p) != nil },
			func(p string) bool { return action(p).Idle }},
		{"sample fetches", column("fetches.tsv", 0), func(n string) bool { _, ok := engine.Fetches.Get(base(n)); return ok },
			func(n string) bool { f, _ := engine.Fetches.Get(base(n)); return f.Idle }},
		{"converters", column("converters.tsv", 0), func(n string) bool { _, ok := engine.Convs.Get(base(n)); return ok }, nil},
		{"ACL criteria", column("acl.tsv", 0), hasCriterion, nil},
		{"log-format aliases", column("logformat.tsv", 0), hasAlias, nil},
		{"runtime commands", commands(t, filepath.Join(dir, "cli.txt")), func(n string) bool { _, ok := engine.Commands.Get(n); return ok }, nil},
	}
}

// hasKeyword: a name of two words may be read by the row of the first one ("capture
// cookie", "http-check send"), unless it is told as not supported.
func hasKeyword(n string) bool {
	if _, ok := engine.Keywords.Get(n); ok {
		return true
	}
	head, _, two := strings.Cut(n, " ")
	k, ok := engine.Keywords.Get(head)
	return two && ok && k.Max != 0 && known.KnownKeyword(engine.InListen, head, n) == ""
}

func hasCriterion(n string) bool {
	_, derived := engine.Criteria.Get(n)
	_, fetch := engine.Fetches.Get(n)
	return derived || fetch
}

func hasAlias(n string) bool {
	n = strings.TrimPrefix(n, "%")
	_, ok := engine.LogAliases.Get(n)
	return ok || n == "o"
}

// action finds the row of a pair of ruleset and name, or nil.
func action(pair string) *engine.ActionKeyword {
	set, name, _ := strings.Cut(pair, "\t")
	for id, s := range engine.RulesetName {
		if s != set {
			continue
		}
		for _, n := range []string{strings.TrimSuffix(name, "*"), name} {
			if row, ok := engine.Actions[id].Get(n); ok {
				return row
			}
		}
	}
	return nil
}

func readColumn(t *testing.T, file string, i int) []string {
	var out []string
	for _, line := range readLines(t, file) {
		cols := strings.Split(line, "\t")
		out = append(out, cols[i])
	}
	return out
}

func pairs(t *testing.T, file string) []string { return readLines(t, file) }

func commands(t *testing.T, file string) []string {
	var out []string
	for _, line := range readLines(t, file) {
		name, _, _ := strings.Cut(line, " [")
		out = append(out, name)
	}
	return out
}

// readLines returns the lines of a list without its comments and, in .tsv files, its heading.
func readLines(t *testing.T, file string) []string {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	heading := strings.HasSuffix(file, ".tsv")
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if heading {
			heading = false
			continue
		}
		out = append(out, line)
	}
	return out
}

func checkReadme(t *testing.T, table string) {
	readme := filepath.Join("..", "README.md")
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	from, to := strings.Index(text, coverageBegin), strings.Index(text, coverageEnd)
	if from < 0 || to < 0 {
		t.Fatalf("the README lacks the marks of the table of coverage")
	}
	want := text[:from+len(coverageBegin)] + "\n" + table + text[to:]
	if text == want {
		return
	}
	if !*update {
		t.Errorf("the README's table of coverage is old: run go test ./conformance -run TestCoverage -update")
		return
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
