package parser

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/parser/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// archive is a txtar file: a comment and named parts.
type archive struct {
	comment string
	names   []string
	parts   map[string]string
}

func readArchive(text string) *archive {
	a := &archive{parts: make(map[string]string)}
	name := ""
	for _, line := range strings.SplitAfter(text, "\n") {
		if n, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(n, " --\n") {
			name = strings.TrimSuffix(n, " --\n")
			a.names = append(a.names, name)
			a.parts[name] = ""
			continue
		}
		if name == "" {
			a.comment += line
		} else {
			a.parts[name] += line
		}
	}
	return a
}

func (a *archive) String() string {
	var b strings.Builder
	b.WriteString(a.comment)
	for _, name := range a.names {
		b.WriteString("-- " + name + " --\n" + a.parts[name])
	}
	return b.String()
}

func (a *archive) set(name, text string) {
	if _, ok := a.parts[name]; !ok {
		a.names = append(a.names, name)
	}
	a.parts[name] = text
}

// TestGolden parses the "*.cfg" parts of every archive and compares "tree" and "diag". "\xNN" in them stands for that
// byte in a part called "raw.cfg".
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := readArchive(string(data))
	var inputs []string
	for _, name := range a.names {
		if strings.HasSuffix(name, ".cfg") {
			inputs = append(inputs, name)
		}
	}
	opt := testOptions(a.parts["env"])
	opt.ReadFile = func(path string) ([]byte, error) { return []byte(unraw(path, a.parts[path])), nil }
	cfg, list := Parse(inputs, opt)
	var out strings.Builder
	p := diag.Printer{W: &out, PID: 1, Sources: cfg.Sources}
	p.PrintList(list)
	check(t, a, "tree", dump(cfg))
	check(t, a, "diag", out.String())
	if *update {
		if err := os.WriteFile(file, []byte(a.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, a *archive, part, got string) {
	t.Helper()
	if want := a.parts[part]; want != got && !*update {
		t.Errorf("%s differs\n--- got\n%s--- want\n%s", part, got, want)
	}
	if *update {
		a.set(part, got)
	}
}

func testOptions(env string) Options {
	return Options{Env: NewEnv(strings.Split(env, "\n")), Facts: Facts{
		Version: "3.5-dev5", SSLLib: "OpenSSL 3.0.17", OpenSSLVersion: "3.0.17",
		Feature: func(name string) bool { return name == "OPENSSL" },
		Enabled: func(name string) bool { return name == "SPLICE" },
	}}
}

// unraw resolves "<NN>" in parts that need bytes which a text file should not hold.
func unraw(name, text string) string {
	if !strings.HasPrefix(name, "raw") {
		return text
	}
	return strings.NewReplacer("<00>", "\x00", "<0d>", "\r", "<0b>", "\v", "<bom>", "\ufeff", "<ff>", "\xff", "<eof>\n", "").Replace(text)
}

// dump writes the tree, each word in Go's quotes with its columns where it does not stand as it is.
func dump(cfg *Config) string {
	var b strings.Builder
	for _, s := range cfg.Sections {
		fmt.Fprintf(&b, "%s:%d %s%s\n", s.Pos.File, s.Pos.Line, s.Kind.Text, dumpWords(s.Args))
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "  %d", l.Pos.Line)
			if l.No || l.Default {
				b.WriteString(" <" + l.Prefix.Text + ">")
			}
			b.WriteString(dumpWords(l.Words) + "\n")
		}
	}
	return b.String()
}

func dumpWords(words []Word) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, " %q@%d-%d", w.Text, w.Pos.Col, w.Pos.End)
	}
	return b.String()
}
