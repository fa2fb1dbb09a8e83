// Package names compares the registered names with HAProxy's own listing.
package names

import (
	"os"
	"strings"
	"testing"

	"hawser/engine"
	_ "hawser/engine/daemon"
)

// lists is where HAProxy's listings are kept beside the repository.
const lists = "../../../shared/keywords/"

func rows(t *testing.T, file string) (out [][]string) {
	t.Helper()
	data, err := os.ReadFile(lists + file)
	if err != nil {
		t.Skip("no keyword listings here: ", err)
	}
	for _, l := range strings.Split(string(data), "\n") {
		if l != "" && l[0] != '#' {
			out = append(out, strings.Split(l, "\t"))
		}
	}
	return out[1:]
}

var argText = map[engine.ArgType]string{
	engine.ArgInt: "integer", engine.ArgStr: "string", engine.ArgVar: "string", engine.ArgIntStr: "string", engine.ArgBack: "backend",
	engine.ArgFront: "frontend", engine.ArgServer: "server", engine.ArgTable: "table", engine.ArgUser: "user list", engine.ArgIPv4: "IPv4 address",
	engine.ArgIPv6: "IPv6 address", engine.ArgMask4: "IPv4 mask", engine.ArgMask6: "IPv6 mask", engine.ArgRegex: "regex", engine.ArgMap: "string",
	engine.ArgID: "Protocol buffers field number", engine.ArgTime: "delay", engine.ArgSize: "size",
}

// signature writes a row's name and arguments as HAProxy lists them.
func signature(name string, spec engine.ArgSpec) string {
	if len(spec.Types) == 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name + "(")
	for i, t := range spec.Types {
		if i == spec.Min {
			b.WriteByte('[')
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(argText[t])
	}
	if spec.Min < len(spec.Types) {
		b.WriteByte(']')
	}
	return b.String() + ")"
}

func usable(w engine.Where) string {
	b := []byte(strings.Repeat(".", 22))
	for i := range b {
		if w&(1<<i) != 0 {
			b[i] = 'Y'
		}
	}
	return string(b)
}

func name(sig string) string {
	n, _, _ := strings.Cut(sig, "(")
	return n
}

func TestFetches(t *testing.T) {
	have := 0
	var lacking []string
	list := rows(t, "fetches.tsv")
	for _, r := range list {
		f, ok := engine.Fetches.Get(name(r[0]))
		if !ok {
			lacking = append(lacking, name(r[0]))
			continue
		}
		have++
		if got := signature(f.Name, f.Args); got != r[0] {
			t.Errorf("%s: arguments of %s", got, r[0])
		}
		if f.Out.String() != r[1] {
			t.Errorf("%s: gives %s, not %s", f.Name, f.Out, r[1])
		}
		if got := usable(f.Where); got != r[2] {
			t.Errorf("%s: usable in\n%s, not\n%s", f.Name, got, r[2])
		}
		if f.Usage == "" {
			t.Errorf("%s: no usage text", f.Name)
		}
	}
	t.Logf("%d of %d fetches; without %s", have, len(list), strings.Join(lacking, " "))
}

func TestConverters(t *testing.T) {
	have := 0
	var lacking []string
	list := rows(t, "converters.tsv")
	for _, r := range list {
		c, ok := engine.Convs.Get(name(r[0]))
		if !ok {
			lacking = append(lacking, name(r[0]))
			continue
		}
		have++
		if got := signature(c.Name, c.Args); got != r[0] {
			t.Errorf("%s: arguments of %s", got, r[0])
		}
		in, out := c.In.String(), c.Out.String()
		if out != r[1] || in != r[2] {
			t.Errorf("%s: %s to %s, not %s to %s", c.Name, in, out, r[2], r[1])
		}
		if c.Usage == "" {
			t.Errorf("%s: no usage text", c.Name)
		}
	}
	t.Logf("%d of %d converters; without %s", have, len(list), strings.Join(lacking, " "))
}

func TestCriteria(t *testing.T) {
	have, list := 0, rows(t, "acl.tsv")
	var lacking []string
	for _, r := range list {
		want := strings.Split(r[1], " -m ")
		c, ok := engine.Criteria.Get(r[0])
		if _, isFetch := engine.Fetches.Get(r[0]); !ok && isFetch {
			have++
			continue
		}
		if !ok {
			lacking = append(lacking, r[0])
			continue
		}
		have++
		if c.Fetch != want[0] || c.Method != want[1] {
			t.Errorf("%s: %s -m %s, not %s", r[0], c.Fetch, c.Method, r[1])
		}
	}
	t.Logf("%d of %d criteria; without %s", have, len(list), strings.Join(lacking, " "))
}

func TestActions(t *testing.T) {
	have, list := 0, rows(t, "actions.tsv")
	var lacking []string
	for _, r := range list {
		for set, n := range engine.RulesetName {
			if n != r[0] {
				continue
			}
			if a, ok := engine.Actions[set].Get(r[1]); ok {
				have++
				if a.Usage == "" {
					t.Errorf("%s: no usage text", a.Name)
				}
			} else {
				lacking = append(lacking, r[0]+" "+r[1])
			}
		}
	}
	t.Logf("%d of %d actions; without %s", have, len(list), strings.Join(lacking, ", "))
}
