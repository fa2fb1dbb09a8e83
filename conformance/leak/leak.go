// Package leak finds goroutines that a test started and did not end.
//
// The test owns what it starts; Check only waits a little for the last ones to return and then fails the test with their stacks.
// It knows nothing about parallel tests: use it where the test runs alone in its process.
package leak

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long a goroutine may take to end after its test has.
const patience = 2 * time.Second

// Check remembers the goroutines of now and, when t ends, fails it for every other one that is still there.
func Check(t testing.TB) {
	t.Helper()
	before := stacks()
	t.Cleanup(func() {
		if left := wait(before); len(left) > 0 {
			t.Errorf("%d goroutines left behind:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

func wait(before map[string]string) []string {
	end := time.Now().Add(patience)
	for {
		left := since(before)
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func since(before map[string]string) []string {
	var left []string
	for id, stack := range stacks() {
		if _, old := before[id]; !old && !strings.Contains(stack, "testing.") {
			left = append(left, stack)
		}
	}
	return left
}

// stacks maps a goroutine's number to its stack.
func stacks() map[string]string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	all := make(map[string]string)
	for _, stack := range strings.Split(string(buf), "\n\n") {
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all[id] = stack
	}
	return all
}
