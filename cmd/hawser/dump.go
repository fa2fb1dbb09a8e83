package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"hawser/engine"
	"hawser/parser"
)

// dumpClasses are the classes of -dK, in HAProxy's order and form.
var dumpClasses = []struct {
	name, what string
	dump       func(w io.Writer)
}{
	{"acl", "ACL keywords", dumpACL},
	{"cfg", "configuration keywords", dumpCfg},
	{"cli", "CLI keywords", dumpCLI},
	{"cnv", "sample converter keywords", dumpConvs},
	{"flt", "filter names", func(w io.Writer) { fmt.Fprintln(w, "# List of registered filter names:") }},
	{"smp", "sample fetch functions", dumpFetches},
	{"svc", "service names", dumpServices},
}

// dumpKeywords is -dK.
func dumpKeywords(w io.Writer, classes string) {
	want := map[string]bool{}
	for _, c := range strings.Split(classes, ",") {
		want[c] = true
	}
	if want["help"] {
		fmt.Fprintln(w, "# List of supported keyword classes:\nall: list all keywords")
		for _, c := range dumpClasses {
			fmt.Fprintf(w, "%s: %s\n", c.name, c.what)
		}
		return
	}
	for _, c := range dumpClasses {
		if want["all"] || want[c.name] {
			c.dump(w)
		}
	}
}

func dumpACL(w io.Writer) {
	fmt.Fprintln(w, "# List of registered ACL keywords:")
	for _, name := range engine.Criteria.Names() {
		c, _ := engine.Criteria.Get(name)
		fmt.Fprintf(w, "%s = %s -m %s\n", name, c.Fetch, c.Method)
	}
}

func dumpCfg(w io.Writer) {
	fmt.Fprintln(w, "# List of registered configuration keywords:\nglobal")
	indented(w, engine.GlobalKeywords.Names())
	var names []string
	for _, name := range engine.BindKeywords.Names() {
		k, _ := engine.BindKeywords.Get(name)
		names = append(names, "bind <addr> "+name+arity(k.Args))
	}
	for _, name := range engine.ServerKeywords.Names() {
		k, _ := engine.ServerKeywords.Get(name)
		names = append(names, "server <name> <addr> "+name+arity(k.Args))
	}
	names = append(names, engine.Keywords.Names()...)
	for set, table := range engine.Actions {
		for _, name := range table.Names() {
			names = append(names, engine.RulesetName[set]+" "+name)
		}
	}
	sort.Strings(names)
	fmt.Fprintln(w, "listen")
	indented(w, names)
	for _, name := range parser.SectionNames() {
		if _, ok := engine.Sections.Get(name); ok {
			fmt.Fprintln(w, name)
		}
	}
}

func indented(w io.Writer, names []string) {
	for _, n := range names {
		fmt.Fprintf(w, "\t%s\n", n)
	}
}

func arity(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" +%d", n)
}

func dumpCLI(w io.Writer) {
	fmt.Fprintln(w, "# List of registered CLI keywords:")
	for _, name := range engine.Commands.Names() {
		k, _ := engine.Commands.Get(name)
		fmt.Fprint(w, name, " ")
		for _, tag := range []struct {
			on   bool
			text string
		}{{k.Master, "[MASTER] "}, {k.Worker, "[WORKER] "}, {k.Expert, "[EXPERT] "}} {
			if tag.on {
				fmt.Fprint(w, tag.text)
			}
		}
		fmt.Fprintln(w)
	}
}

func dumpConvs(w io.Writer) {
	fmt.Fprintln(w, "# List of registered sample converter functions:")
	for _, name := range engine.Convs.Names() {
		c, _ := engine.Convs.Get(name)
		out := c.Out.String()
		if c.Out == engine.TSame {
			out = c.In.String()
		}
		fmt.Fprintf(w, "%s%s: %s => %s\n", name, signature(c.Args), c.In, out)
	}
}

// placeNames head the columns of the list of fetches.
var placeNames = []string{
	"frontend tcp-request connection rule", "frontend tcp-request session rule", "frontend tcp-request content rule",
	"frontend http-request header rule", "frontend http-request body rule", "frontend use-backend rule",
	"backend tcp-request content rule", "backend http-request header rule", "backend http-request body rule",
	"backend use-server, balance or stick-match rule", "server source selection", "backend tcp-response content rule",
	"backend http-response header rule", "backend http-response body rule", "backend stick-store rule",
	"frontend tcp-response content rule", "frontend http-response header rule", "frontend http-response body rule",
	"logs", "backend tcp-check rule", "configuration parser", "CLI parser",
}

func dumpFetches(w io.Writer) {
	fmt.Fprintln(w, "# List of registered sample fetch functions:")
	n := len(placeNames)
	for i, name := range placeNames {
		fmt.Fprintf(w, "# %s%s_.%s %s\n", strings.Repeat(" ", n-1-i), strings.Repeat("/ ", i), strings.Repeat("-", n-i), name)
	}
	fmt.Fprintf(w, "# %s\n# %s\n", strings.Repeat("/ ", n), strings.Repeat("| ", n))
	for _, name := range engine.Fetches.Names() {
		f, _ := engine.Fetches.Get(name)
		fmt.Fprint(w, "[ ")
		for i := range n {
			if f.Where&(1<<i) != 0 {
				fmt.Fprint(w, "Y ")
			} else {
				fmt.Fprint(w, ". ")
			}
		}
		fmt.Fprintf(w, "] %s%s: %s\n", name, signature(f.Args), f.Out)
	}
}

func dumpServices(w io.Writer) {
	fmt.Fprintln(w, "# List of registered service names:")
	for _, name := range engine.Services.Names() {
		fmt.Fprintln(w, name)
	}
}

// signature writes the arguments as HAProxy does: (integer,string[,string]).
func signature(spec engine.ArgSpec) string {
	if len(spec.Types) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('(')
	for i, t := range spec.Types {
		if i >= spec.Min {
			b.WriteByte('[')
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(t.Label())
	}
	if n := len(spec.Types) - spec.Min; n > 0 {
		b.WriteByte(']')
	}
	b.WriteByte(')')
	return collapse(b.String())
}

// collapse turns "[,a[,b]" into HAProxy's "[,a,b]".
func collapse(s string) string {
	i := strings.IndexByte(s, '[')
	if i < 0 {
		return s
	}
	return s[:i+1] + strings.ReplaceAll(s[i+1:], "[", "")
}
