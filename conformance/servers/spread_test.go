package servers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSpreadChecks sees that the times between checks vary by the percentage, and
// hardly without one.
func TestSpreadChecks(t *testing.T) {
	t.Parallel()
	for percent, vary := range map[string]bool{"0": false, "50": true} {
		t.Run(percent, func(t *testing.T) {
			t.Parallel()
			all := pace(t, 1, "200", "global\n    spread-checks "+percent+"\nbackend be\n    option httpchk\n    server s SERVER0 check inter 300ms\n")
			for _, p := range all {
				if !await(func() bool { return len(p.n[0].since(time.Time{})) > 30 }) {
					t.Fatalf("%s: too few checks", p.bin.Version)
				}
				g := gaps(p.n[0].since(time.Time{}))[1:]
				slices.Sort(g)
				low, mid, high := g[len(g)/10], median(g), g[len(g)*9/10]
				t.Logf("%s: from %v over %v to %v", p.bin.Name, low, mid, high)
				if early := low < 260*time.Millisecond; early != vary || low < 140*time.Millisecond { // load makes none earlier
					t.Errorf("%s: spread-checks %s: from %v over %v to %v", p.bin.Version, percent, low, mid, high)
				}
			}
		})
	}
}

// TestMaxSpreadChecks sees that the first checks of servers with long intervals come
// within max-spread-checks.
func TestMaxSpreadChecks(t *testing.T) {
	t.Parallel()
	text := "global\n    max-spread-checks 1600ms\nbackend be\n    option httpchk\n"
	for i := range 4 {
		text += fmt.Sprintf("    server s%d SERVER%d check inter 20s\n", i, i)
	}
	all := pace(t, 4, "200", strings.TrimSuffix(text, "\n")+"\n")
	for _, p := range all {
		for _, n := range p.n {
			if !await(func() bool { return len(n.since(time.Time{})) > 0 }) {
				t.Fatalf("%s: a server is not checked", p.bin.Version)
			}
		}
	}
	compare(t, "from the first to the last", all, func(p *pacer) time.Duration { return p.firstAfter(3) })
	compare(t, "from the first to the third", all, func(p *pacer) time.Duration { return p.firstAfter(2) })
}
