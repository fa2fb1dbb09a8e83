package servers

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// pacer is a proxy with servers of its own that note its checks.
type pacer struct {
	*watcher
	n []*noter
}

// pace runs HAProxy 2.6 and Hawser, each with servers of its own. (3.5-dev5 begins
// with a health that it counts down below zero, so it is no model for states.)
func pace(t *testing.T, servers int, how string, text string) (all []*pacer) {
	t.Helper()
	notes := map[string][]*noter{}
	list := watchEach(t, func(bin testbed.Binary) string {
		own := text
		for i := range servers {
			n := newNoter(t, how)
			notes[bin.Name] = append(notes[bin.Name], n)
			_, port, _ := strings.Cut(n.addr, ":")
			own = strings.ReplaceAll(own, fmt.Sprintf("SERVER%d", i), n.addr)
			own = strings.ReplaceAll(own, fmt.Sprintf("PORT%d", i), port)
		}
		return own
	})
	for _, w := range list {
		if w.bin.Name != "haproxy35" {
			all = append(all, &pacer{w, notes[w.bin.Name]})
		}
	}
	return all
}

// gaps are the times between notes.
func gaps(times []time.Time) (list []time.Duration) {
	for i := 1; i < len(times); i++ {
		list = append(list, times[i].Sub(times[i-1]))
	}
	return list
}

// median of the gaps, 0 of none.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// alike tells whether two times differ by less than half of the smaller.
func alike(a, b time.Duration) bool { return a > 0 && b > 0 && 2*max(a, b) < 3*min(a, b) }

func compare(t *testing.T, what string, all []*pacer, measure func(*pacer) time.Duration) {
	t.Helper()
	var got [2]time.Duration
	for i, p := range all {
		got[i] = measure(p)
	}
	t.Logf("%s: %s %v, %s %v", what, all[0].bin.Name, got[0], all[1].bin.Name, got[1])
	if !alike(got[0], got[1]) {
		t.Errorf("%s: %s %v, %s %v", what, all[0].bin.Name, got[0], all[1].bin.Name, got[1])
	}
}

// states are the steps of health that option log-health-checks tells.
func (p *pacer) states(server string) (list []string) {
	for line := range strings.SplitSeq(p.p.Output(), "\n") {
		if strings.HasPrefix(line, "Health check for server "+server+" ") {
			_, state, _ := strings.Cut(line, "status: ")
			list = append(list, state)
		}
	}
	return list
}

func sameStates(t *testing.T, all []*pacer, server string, want ...string) {
	t.Helper()
	for _, p := range all {
		if got := p.states(server); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", p.bin.Version, got, want)
		}
	}
}

// seen waits until all are in a state.
func seen(t *testing.T, all []*pacer, server, status string) {
	t.Helper()
	for _, p := range all {
		last := ""
		if !await(func() bool { last = p.rows()[server]["status"]; return last == status }) {
			t.Fatalf("%s: %s is %s, want %s", p.bin.Version, server, last, status)
		}
	}
}

const paced = `backend be
    option httpchk
    option log-health-checks
    server s SERVER0 check inter 600ms fastinter 150ms downinter 300ms rise 3 fall 3
`

func TestIntervals(t *testing.T) {
	t.Parallel()
	all := pace(t, 1, "200", paced)
	seen(t, all, "be/s", "UP")
	time.Sleep(2500 * time.Millisecond)
	compare(t, "inter", all, func(p *pacer) time.Duration { return median(gaps(p.n[0].since(time.Time{}))) })
	for _, p := range all {
		p.n[0].say("500")
	}
	seen(t, all, "be/s", "DOWN")
	down := time.Now()
	time.Sleep(1500 * time.Millisecond)
	compare(t, "downinter", all, func(p *pacer) time.Duration { return median(gaps(p.n[0].since(down))) })
	compare(t, "fastinter", all, func(p *pacer) time.Duration { return slices.Min(gaps(p.n[0].since(time.Time{}))) })
	for _, p := range all {
		p.n[0].say("200")
	}
	seen(t, all, "be/s", "UP")
	sameStates(t, all, "be/s", "3/3 UP.", "2/3 UP.", "1/3 UP.", "0/3 DOWN.", "1/3 DOWN.", "2/3 DOWN.", "3/3 UP.")
}

func TestCheckTimeout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ line, server string }{
		"timeout check":         {"timeout check 300ms", "check inter 600ms rise 1 fall 2"},
		"without timeout check": {"timeout check 0", "check inter 600ms rise 1 fall 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := pace(t, 1, "", "backend be\n    option httpchk\n    "+tc.line+"\n    server s SERVER0 "+tc.server+"\n")
			seen(t, all, "be/s", "DOWN")
			time.Sleep(4 * time.Second)
			compare(t, "between two checks", all, func(p *pacer) time.Duration { return median(gaps(p.n[0].since(time.Time{}))) })
			compare(t, "a check", all, func(p *pacer) time.Duration {
				var d time.Duration
				await(func() bool {
					r := p.rows()["be/s"]
					ms, err := time.ParseDuration(r["check_duration"] + "ms")
					d = ms
					return err == nil && r["check_status"] == "L7TOUT"
				})
				return d
			})
		})
	}
}

// TestFirstChecks sees that the first checks are spread over the interval.
func TestFirstChecks(t *testing.T) {
	t.Parallel()
	for name, inter := range map[string][4]string{
		"long":  {"2400ms", "2400ms", "2400ms", "2400ms"},
		"short": {"800ms", "800ms", "800ms", "800ms"},
		"mixed": {"2400ms", "300ms", "3s", "300ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "backend be\n    option httpchk\n"
			for i, d := range inter {
				text += fmt.Sprintf("    server s%d SERVER%d check inter %s\n", i, i, d)
			}
			all := pace(t, 4, "200", text)
			time.Sleep(3500 * time.Millisecond)
			compare(t, "from the first to the last", all, func(p *pacer) time.Duration { return p.firstAfter(3) })
			compare(t, "from the first to the third", all, func(p *pacer) time.Duration { return p.firstAfter(2) })
		})
	}
}

// firstAfter is how long after the first server's first check another's comes.
func (p *pacer) firstAfter(i int) time.Duration {
	first, other := p.n[0].since(time.Time{}), p.n[i].since(time.Time{})
	if len(first) == 0 || len(other) == 0 {
		return 0
	}
	return other[0].Sub(first[0])
}

// TestAgentInterval counts questions to an agent, which follow agent-inter, not inter.
func TestAgentInterval(t *testing.T) {
	t.Parallel()
	all := pace(t, 2, "200", "backend be\n    server s SERVER0 check inter 3s agent-check agent-inter 300ms agent-port PORT1 agent-send ?\\n\\n\n")
	time.Sleep(2500 * time.Millisecond)
	compare(t, "agent-inter", all, func(p *pacer) time.Duration { return median(gaps(p.n[1].since(time.Time{}))) })
}

// TestObserve has the traffic of a server fail, whose checks pass.
func TestObserve(t *testing.T) {
	t.Parallel()
	for _, act := range []string{"fastinter", "fail-check", "sudden-death", "mark-down"} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			all := pace(t, 2, "200", `listen be
    mode http
    BIND through
    option log-health-checks
    option httpchk
    http-reuse never
    server s SERVER0 addr 127.0.0.1 port PORT1 check inter 60s fastinter 500ms rise 2 fall 4 observe layer7 error-limit 3 on-error `+act+"\n")
			observed(t, all, act)
		})
	}
}

func observed(t *testing.T, all []*pacer, act string) {
	for _, p := range all {
		if !await(func() bool { return up(p.rows()["be/s"]) }) {
			t.Fatalf("%s: the first check does not pass", p.bin.Version)
		}
		p.n[0].say("500")
		first := time.Now()
		for range 3 {
			res, err := http.Get("http://" + p.addrs["through"])
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		if !await(func() bool { return len(p.n[1].since(first)) > 0 }) {
			t.Fatalf("%s: no check follows before inter is over", p.bin.Version)
		}
	}
	var said [2]string
	for i, p := range all {
		for line := range strings.SplitSeq(p.p.Output(), "\n") {
			if strings.HasPrefix(line, "Health check for server be/s") && strings.Contains(line, "Health analyze") {
				said[i] += plain(line) + "\n"
			}
		}
	}
	t.Logf("%s: %s", act, said[0])
	if said[0] != said[1] {
		t.Errorf("%s: HAProxy logs\n%sHawser logs\n%s", act, said[0], said[1])
	}
}

// TestSlowStart compares when a server that came back has half of its weight, and
// half of its slots, and when all.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	all := pace(t, 2, "500", `listen be
    mode http
    BIND through
    option httpchk
    timeout queue 20s
    http-reuse never
    server s SERVER0 port PORT1 weight 100 maxconn 8 slowstart 4s check inter 200ms rise 1 fall 1
`)
	seen(t, all, "be/s", "DOWN")
	for _, p := range all {
		p.n[0].say("") // clients hold their slots
		p.n[1].say("200")
	}
	seen(t, all, "be/s", "UP")
	for _, p := range all {
		for range 12 {
			client := http.Client{Timeout: 8 * time.Second}
			go client.Get("http://" + p.addrs["through"])
		}
	}
	type half struct{ weight, slots, whole time.Duration }
	reached := [2]half{}
	began := time.Now()
	await(func() bool {
		done := true
		for i, p := range all {
			r, at := p.rows()["be/s"], time.Since(began)
			var weight, slots int
			fmt.Sscan(r["weight"], &weight)
			fmt.Sscan(r["scur"], &slots)
			for _, m := range []struct {
				at *time.Duration
				ok bool
			}{{&reached[i].weight, weight >= 50}, {&reached[i].slots, slots >= 4}, {&reached[i].whole, weight >= 100}} {
				if *m.at == 0 && m.ok {
					*m.at = at
				}
				done = done && *m.at > 0
			}
		}
		return done
	})
	for i, p := range all {
		t.Logf("%s: %+v", p.bin.Name, reached[i])
	}
	a, b := reached[0], reached[1]
	for what, d := range map[string][2]time.Duration{"half of the weight": {a.weight, b.weight}, "half of the slots": {a.slots, b.slots}, "all of the weight": {a.whole, b.whole}} {
		if far := d[0] - d[1]; d[0] == 0 || d[1] == 0 || far.Abs() > 1500*time.Millisecond {
			t.Errorf("%s after %v and %v", what, d[0], d[1])
		}
	}
}
