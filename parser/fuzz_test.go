package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse checks what holds for any bytes: no panic, every word's place is inside its line, a line has words.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		a := readArchive(string(data))
		for _, name := range a.names {
			if strings.HasSuffix(name, ".cfg") {
				f.Add(unraw(name, a.parts[name]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, list := ParseText("f.cfg", text, testOptions("A=one two\nLIST= a b \nE="))
		for _, s := range cfg.Sections {
			if !IsSection(s.Kind.Text) {
				t.Errorf("%q starts no section", s.Kind.Text)
			}
			for _, l := range s.Lines {
				for _, w := range l.Words {
					checkWord(t, cfg, w)
				}
			}
		}
		for _, d := range list.Items {
			if d.Message == "" {
				t.Error("a diagnostic without a message")
			}
		}
	})
}

func checkWord(t *testing.T, cfg *Config, w Word) {
	t.Helper()
	line, ok := cfg.Sources.Line(w.Pos.File, w.Pos.Line)
	if !ok || w.Pos.Col < 1 || w.Pos.End <= w.Pos.Col || w.Pos.End > len(line)+1 || w.Text == "" {
		t.Errorf("word %q at %+v of %q", w.Text, w.Pos, line)
	}
	if p := w.Sub(0, len(w.Text)); p.Col < w.Pos.Col || p.End > w.Pos.End {
		t.Errorf("word %q at %+v is placed at %+v", w.Text, w.Pos, p)
	}
}
