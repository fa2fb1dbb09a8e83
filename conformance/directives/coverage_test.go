package directives

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/parser"
)

const shared = "../../../shared/keywords/"

// rows reads the first columns of a table of the denominators.
func rows(t *testing.T, name string) [][]string {
	f, err := os.Open(shared + name)
	if err != nil {
		t.Skip("the denominators are not here")
	}
	defer f.Close()
	var out [][]string
	sc := bufio.NewScanner(f)
	for n := 0; sc.Scan(); n++ {
		if n > 0 && sc.Text() != "" {
			out = append(out, strings.Split(sc.Text(), "\t"))
		}
	}
	return out
}

// TestKnownOrSupported holds that every name of HAProxy is either a row or on the
// list of what is not supported yet, and never on both.
func TestKnownOrSupported(t *testing.T) {
	supported, known := 0, 0
	var missing []string
	judge := func(kind, name string, has, lacks bool) {
		switch {
		case has && lacks:
			t.Errorf("%s '%s' is supported and on the list of what is not", kind, name)
		case has:
			supported++
		case lacks:
			known++
		default:
			missing = append(missing, kind+" "+name)
		}
	}
	for _, r := range rows(t, "global.tsv") {
		judge("global keyword", r[0], globalRow(r[0]), build.KnownKeyword(engine.InGlobal, r[0], "") != "")
	}
	for _, r := range rows(t, "proxy.tsv") {
		judge("keyword", r[0], proxyRow(r[0]), build.KnownKeyword(engine.InListen, strings.Fields(r[0])[0], r[0]) != "")
	}
	for _, r := range rows(t, "bind.tsv") {
		name := strings.TrimPrefix(r[0], "ssl ")
		_, ok := engine.BindKeywords.Get(name)
		judge("bind option", name, ok, engine.KnownBind(name))
	}
	for _, r := range rows(t, "server.tsv") {
		_, ok := engine.ServerKeywords.Get(r[0])
		judge("server option", r[0], ok, false)
	}
	for _, name := range parser.SectionNames() {
		_, ok := engine.Sections.Get(name)
		switch name {
		case "global", "defaults", "frontend", "backend", "listen":
			ok = true
		}
		judge("section", name, ok, build.KnownSection(name))
	}
	if len(missing) > 0 {
		t.Errorf("neither supported nor known: %s", strings.Join(missing, ", "))
	}
	t.Logf("%d supported, %d known", supported, known)
}

func globalRow(name string) bool {
	if _, ok := engine.GlobalKeywords.Get(name); ok {
		return true
	}
	for n := range engine.GlobalKeywords.All() {
		if strings.HasPrefix(n, name+" ") {
			return true
		}
	}
	return false
}

func proxyRow(name string) bool {
	if _, ok := engine.Keywords.Get(name); ok {
		return true
	}
	head, _, two := strings.Cut(name, " ")
	if !two {
		for n := range engine.Keywords.All() {
			if strings.HasPrefix(n, name+" ") {
				return true
			}
		}
		return false
	}
	k, ok := engine.Keywords.Get(head)
	return ok && k.Max != 0 // the row of the first word reads the second one
}
