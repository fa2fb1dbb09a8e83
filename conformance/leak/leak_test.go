package leak

import (
	"testing"
	"time"
)

func TestSinceNamesOnlyNewGoroutines(t *testing.T) {
	before := stacks()
	stop := make(chan struct{})
	go func() { <-stop }()
	if left := since(before); len(left) != 1 {
		t.Errorf("one goroutine was started, %d were found", len(left))
	}
	close(stop)
	if left := wait(before); len(left) != 0 {
		t.Errorf("still there after its end: %v", left)
	}
}

func TestCheckPassesWhenAllEnd(t *testing.T) {
	Check(t)
	go time.Sleep(20 * time.Millisecond)
}
