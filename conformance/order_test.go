package conformance

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// levels is the order of packages: each imports only what stands on a lower level. The longest matching path decides; a package
// below engine/ that is not named here is a feature and stands with the features.
var levels = map[string]int{
	"parser/diag": 0, "engine/registry": 0, "engine/clock": 0, "engine/htx": 0, "engine/recent": 0,
	"parser/unit": 1, "parser/expr": 1, "engine/counter": 1, "engine/conn": 1, "engine/proxyproto": 1, "engine/rx": 1, "engine/hash": 1,
	"parser":  2,
	"engine":  3,
	"engine/": 4, "stats": 4,
	"engine/backend":  5,
	"engine/stream":   6,
	"engine/listen":   7,
	"engine/daemon":   8,
	"cmd":             9,
	"cmd/hawser/demo": 0, // toy origins: they know nothing of the proxy
}

// testOnly are the trees that nothing of the product may import.
var testOnly = []string{"conformance", "samples"}

type goPackage struct {
	ImportPath   string
	Dir          string
	Doc          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
}

func TestImportOrder(t *testing.T) {
	for _, p := range packages(t) {
		from := local(p.ImportPath)
		if isTestOnly(from) {
			continue
		}
		own, known := level(from)
		if !known {
			t.Errorf("%s has no level: give it a row in levels, and in the table of the README", from)
			continue
		}
		for _, imported := range p.Imports {
			checkImport(t, from, own, imported)
		}
	}
}

func checkImport(t *testing.T, from string, own int, imported string) {
	t.Helper()
	if !strings.HasPrefix(imported, "hawser/") {
		return
	}
	to := local(imported)
	if isTestOnly(to) {
		t.Errorf("%s imports %s, which is for tests only", from, to)
		return
	}
	if strings.HasPrefix(to, from+"/internal") || strings.HasPrefix(from, "cmd/") && strings.HasPrefix(to, "cmd/") {
		return
	}
	if other, _ := level(to); other >= own {
		t.Errorf("%s (level %d) imports %s (level %d): imports go to lower levels only", from, own, to, other)
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		switch words := len(strings.Fields(p.Doc)); {
		case words == 0:
			t.Errorf("%s has no package comment: purpose, who owns what, what it does not do", local(p.ImportPath))
		case words < 8:
			t.Errorf("%s: the package comment says too little: %q", local(p.ImportPath), p.Doc)
		}
	}
}

func TestLevelOfPackages(t *testing.T) {
	for path, want := range map[string]int{"engine/htx": 0, "parser": 2, "parser/expr": 1, "engine": 3, "engine/tls": 4,
		"engine/tls/crtlist": 4, "stats": 4, "engine/daemon": 8, "cmd/hawser": 9} {
		if got, _ := level(path); got != want {
			t.Errorf("level(%q) = %d, want %d", path, got, want)
		}
	}
	if _, known := level("elsewhere"); known {
		t.Error("a package at an unknown place has a level")
	}
}

// level of a package by its longest named path; false when its place is not part of the order.
func level(path string) (int, bool) {
	for p := path; ; {
		if n, ok := levels[p]; ok && (p == path || p != "engine") {
			return n, true
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			break
		}
		p = p[:i]
	}
	n, feature := levels["engine/"]
	return n, feature && strings.HasPrefix(path, "engine/")
}

func local(importPath string) string { return strings.TrimPrefix(importPath, "hawser/") }

func isTestOnly(path string) bool {
	for _, tree := range testOnly {
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return true
		}
	}
	return false
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,GoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}
