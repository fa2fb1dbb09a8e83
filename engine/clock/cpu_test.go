package clock

import (
	"testing"
	"time"
)

// A busy process uses some of its processors.
func TestCPU(t *testing.T) {
	CPU()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		for begin := time.Now(); time.Since(begin) < 50*time.Millisecond; {
		}
		if n := CPU(); n > 100 {
			t.Fatalf("%d percent", n)
		} else if n > 0 {
			return
		}
	}
	t.Error("a busy process uses nothing")
}
