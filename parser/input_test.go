package parser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestInputs gives files and a directory, of which only regular, not hidden *.cfg files count, in byte order.
func TestInputs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.cfg", "a.cfg", "B.cfg", ".hidden.cfg", "note.conf", "z.cfg/inner.cfg"} {
		path := filepath.Join(dir, "conf.d", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("backend "+strings.ReplaceAll(name, "/", "-")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	single := filepath.Join(dir, "main.txt")
	if err := os.WriteFile(single, []byte("global\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, list := Parse([]string{single, filepath.Join(dir, "conf.d")}, Options{})
	var names []string
	for _, s := range cfg.Sections {
		names = append(names, s.Kind.Text+" "+s.Name())
	}
	if list.Failed() || !slices.Equal(names, []string{"global ", "backend B.cfg", "backend a.cfg", "backend b.cfg"}) {
		t.Errorf("%v, %v", names, list.Err())
	}
	if len(cfg.Files) != 4 || len(cfg.Inputs) != 2 {
		t.Errorf("files %v of inputs %v", cfg.Files, cfg.Inputs)
	}
	_, list = Parse([]string{"no/such.cfg"}, Options{})
	if err := list.Err(); err == nil || err.Error() != "Cannot open configuration file/directory no/such.cfg : No such file or directory" {
		t.Errorf("%v", err)
	}
}

func TestEvalCondition(t *testing.T) {
	tests := []struct {
		text string
		want bool
		err  string
	}{
		{"1", true, ""}, {"0", false, ""}, {"", false, ""}, {`"1"`, true, ""},
		{`streq("$A",one)`, true, ""}, {"streq(a b,a b)", true, ""}, {"feature(OPENSSL) && !feature(X)", true, ""},
		{"foo(", false, "Failed to evaluate condition: unparsable conditional expression 'foo('"},
		{"1 # x", false, "Failed to evaluate condition: unexpected character '#' at the end of conditional expression '1 # x'"},
		{`1 "`, false, "Syntax Error in condition: Unmatched quote."},
	}
	for _, tt := range tests {
		got, err := EvalCondition(tt.text, testOptions("A=one"))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != tt.want || message != tt.err {
			t.Errorf("%q = %v, %q", tt.text, got, message)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	order := []string{"2.4-dev19", "2.4-rc1", "2.4", "2.4.1", "2.4.1-46", "3.5-dev5", "3.5-dev5-50872daa6", "3.5-dev10", "3.5"}
	for i := range order[1:] {
		if CompareVersions(order[i], order[i+1]) >= 0 {
			t.Errorf("%s must be before %s", order[i], order[i+1])
		}
	}
	if CompareVersions("2.4", "2.4.0") != 0 {
		t.Error("missing parts are zero")
	}
}
