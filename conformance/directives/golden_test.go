// Package directives holds small configurations with what is said of them: one
// loop loads each in this process and compares the diagnostics. -update writes
// what is said now; look at the difference before you commit it.
package directives

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/engine/build"
	_ "hawser/engine/daemon" // links all features in
	"hawser/parser/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden runs the cases of testdata/*.txtar: file "name.cfg" is loaded, file
// "name.want" is what it says; other files lie beside them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runFile(t, file) })
	}
}

func runFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	comment, files := parseArchive(string(text))
	dir := t.TempDir()
	want := map[string]string{}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.name, ".want"); ok {
			want[name] = f.data
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out []member
	for _, f := range files {
		name, isCfg := strings.CutSuffix(f.name, ".cfg")
		if !strings.HasSuffix(f.name, ".want") {
			out = append(out, f)
		}
		if !isCfg {
			continue
		}
		got := say(f.name)
		out = append(out, member{name + ".want", got})
		if !*update && got != want[name] {
			t.Errorf("%s:\n%s--- is now\n%s--- should be\n%s", f.name, f.data, got, want[name])
		}
	}
	if *update {
		save(t, file, []byte(formatArchive(comment, out)))
	}
}

func save(t *testing.T, file string, data []byte) {
	back := os.Getenv("PWD_OF_TEST")
	if err := os.WriteFile(filepath.Join(back, file), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	wd, _ := os.Getwd()
	os.Setenv("PWD_OF_TEST", wd)
	os.Exit(m.Run())
}

// say loads a file and returns the diagnostics as they print, without notices
// of the process and its number.
func say(file string) string {
	res := build.Load([]string{file}, build.Options{CheckOnly: true})
	var b bytes.Buffer
	p := diag.Printer{W: &b, PID: 1, Sources: res.Sources, Min: diag.Notice}
	p.PrintList(res.Diags)
	if res.RT == nil && b.Len() == 0 {
		b.WriteString("refused without a word\n")
	}
	return b.String()
}
