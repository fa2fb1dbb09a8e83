// Package testbed is what conformance and sample tests stand on: it moves a
// real configuration file onto free loopback ports, gives it origins that tell
// which server was asked, runs a proxy binary on it, and cleans up.
//
// The binary is a parameter: a test first proves itself with HAProxy, then
// judges hawser. The package knows nothing of hawser's code and parses no
// configuration: Rewrite works on words and lines.
package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Binary is a program that is called as haproxy is. Version holds its first
// line of -v.
type Binary struct{ Name, Path, Version string }

// HAProxy finds the reference; it skips the test where there is none.
// HAWSER_TEST_HAPROXY names another one than the haproxy on the PATH.
func HAProxy(t testing.TB) Binary {
	t.Helper()
	name := os.Getenv("HAWSER_TEST_HAPROXY")
	if name == "" {
		name = "haproxy"
	}
	b, ok := find("haproxy", name)
	if !ok {
		t.Skip("no haproxy here")
	}
	return b
}

// HAProxy35 finds the newer reference that some machines have.
func HAProxy35() (Binary, bool) { return find("haproxy35", "haproxy35") }

func find(name, program string) (Binary, bool) {
	path, err := exec.LookPath(program)
	if err != nil {
		return Binary{}, false
	}
	v := version(path)
	return Binary{name, path, v}, v != ""
}

func version(path string) string {
	out, err := exec.Command(path, "-v").Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

var builtHawser = sync.OnceValue(func() Binary {
	if path := os.Getenv("HAWSER_TEST_BINARY"); path != "" {
		return Binary{"hawser", path, version(path)}
	}
	dir, err := os.MkdirTemp("", "hwbin")
	if err != nil {
		return Binary{}
	}
	path := filepath.Join(dir, "hawser")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/hawser")
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return Binary{}
	}
	return Binary{"hawser", path, version(path)}
})

// Hawser builds the binary of this checkout once per test process. It skips
// the test while the binary does not answer -v. HAWSER_TEST_BINARY names
// another binary.
func Hawser(t testing.TB) Binary {
	t.Helper()
	b := builtHawser()
	if b.Version == "" {
		t.Skip("hawser does not answer -v")
	}
	return b
}

// HasHawser tells whether Hawser would not skip.
func HasHawser() bool { return builtHawser().Version != "" }

// Clean removes what Hawser built; a TestMain calls it last.
func Clean() {
	if b := builtHawser(); b.Path != "" && b.Path != os.Getenv("HAWSER_TEST_BINARY") {
		os.RemoveAll(filepath.Dir(b.Path))
	}
}

// Root is the directory of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}
