package persistence

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

// number reads a setting of the environment.
func number(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// now are dates that a program sets: those of two programs are not the same.
var now = regexp.MustCompile(`\|[A-Za-z0-9+/]{5}`)

// TestCookies sends random requests to random backends; the seed and how many there
// are can be set.
func TestCookies(t *testing.T) {
	r := rand.New(rand.NewPCG(uint64(number("PERSISTENCE_SEED", 1)), 4))
	n, each := number("PERSISTENCE_BACKENDS", 40), number("PERSISTENCE_REQUESTS", 15)
	var backends [][]string
	for range n {
		backends = append(backends, backend(r))
	}
	var requests []string
	for i := range n {
		for range each {
			requests = append(requests, request(r, i))
		}
	}
	compare(t, backends, requests)
}

// TestStickiness does so with stick tables.
func TestStickiness(t *testing.T) {
	r := rand.New(rand.NewPCG(uint64(number("PERSISTENCE_SEED", 1)), 5))
	n, each := number("PERSISTENCE_BACKENDS", 40), number("PERSISTENCE_REQUESTS", 15)
	newest := oracle(t).Name == "haproxy35"
	var backends [][]string
	var requests []string
	for i := range n {
		backends = append(backends, sticky(r))
		for range each {
			requests = append(requests, stickyRequest(r, i, newest))
		}
	}
	compare(t, backends, requests)
}

// TestCases sends what was found to matter.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	backends, requests := cases(string(text))
	compare(t, backends, requests)
}

// oracle is the HAProxy to be asked, the newer one where it is there. Both do the same
// with what the tests send.
func oracle(t *testing.T) testbed.Binary {
	t.Helper()
	if bin, ok := testbed.HAProxy35(); ok && os.Getenv("PERSISTENCE_ORACLE") != "2.6" {
		return bin
	}
	return testbed.HAProxy(t)
}

// compare has HAProxy and Hawser serve the requests.
func compare(t *testing.T, backends [][]string, requests []string) {
	t.Helper()
	oracle := oracle(t)
	hawser := testbed.Hawser(t)
	o := startOrigin(t)
	want, got := play(t, oracle, o, backends, requests), play(t, hawser, o, backends, requests)
	bad := 0
	requests = append(requests, make([]string, len(want)-len(requests))...)
	for i := range requests {
		if now.ReplaceAllString(want[i], "|.....") == now.ReplaceAllString(got[i], "|.....") {
			continue
		}
		if bad++; bad < 20 {
			t.Errorf("%s\n%s\n--- %s %s\n--- hawser %s", linesOf(requests[i], backends), show(requests[i]), oracle.Name, show(want[i]), show(got[i]))
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d differ", bad, len(requests))
	}
}

// linesOf are those of the backend that a request is for.
func linesOf(request string, backends [][]string) string {
	var n int
	if f := strings.Split(request, "/"); len(f) > 1 {
		n, _ = strconv.Atoi(f[1])
	}
	return strings.Join(backends[n], "\n")
}

func show(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(fmt.Sprintf("%q", s), `\r\n`, "\n  "), `\"`, `"`)
}
