package parser

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCorpus reads every real file of the shared corpus: none may give a diagnostic here, since HAProxy's own complaints
// about them are all about keywords.
func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob("../../shared/corpus/*.cfg")
	if len(files) == 0 {
		t.Skip("no shared corpus beside the repository")
	}
	for _, file := range files {
		cfg, list := Parse([]string{file}, Options{Env: NewEnv(os.Environ())})
		for _, d := range list.Items {
			t.Errorf("%s", d.Error())
		}
		if len(cfg.Sections) == 0 {
			t.Errorf("%s: no section", file)
		}
	}
}
