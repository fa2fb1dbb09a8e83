package servers

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"hawser/conformance/testbed"
)

// agent says the same line to all who ask, until it is told another.
type agent struct {
	t    *testing.T
	addr string
	mu   sync.Mutex
	line string
	l    net.Listener
}

func (a *agent) start() {
	l, err := testbed.Listen(a.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	a.addr, a.l = l.Addr().String(), l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			a.mu.Lock()
			io.WriteString(c, a.line)
			a.mu.Unlock()
			c.(*net.TCPConn).CloseWrite()
			go func() { io.Copy(io.Discard, c); c.Close() }()
		}
	}()
}

func (a *agent) say(line string) {
	a.mu.Lock()
	a.line = line
	a.mu.Unlock()
}

// TestAgent lets an agent say each of its words, leave and come back.
func TestAgent(t *testing.T) {
	t.Parallel()
	server := testbed.EchoOrigin()
	defer server.Close()
	a := &agent{t: t, addr: "127.0.0.1:0", line: "up\n"}
	a.start()
	_, port, _ := net.SplitHostPort(a.addr)
	all := watch(t, fmt.Sprintf(`backend be
    server s %s weight 40 maxconn 20 check inter 200ms agent-check agent-inter 200ms agent-port %s
    server alone %s weight 40 agent-check agent-inter 200ms agent-port %s
`, server.Addr(), port, server.Addr(), port))
	report := func(r row) string {
		return fmt.Sprintf("%s weight %s of %s, limit %s; %s %s: %s", r["status"], r["weight"], r["uweight"], r["slim"], r["agent_status"], r["agent_desc"], plain(r["last_agt"]))
	}
	both := []string{"be/s", "be/alone"}
	for _, step := range []struct{ line, want string }{
		{"up\n", "L7OK Layer7 check passed: via agent : up"},
		{"50%\n", "weight 20 of 20"},
		{"100%\n", "weight 40 of 40"},
		{"maxconn:7\n", "limit 7; CHECKED No status change: "},
		{"down #out for lunch\n", "DOWN (agent)"},
		{"nonsense\n", "agent reports an error : nonsense"},
		{"up\n", "via agent : up"},
		{"drain\n", "DRAIN (agent)"},
		{"500%\n", "DRAIN (agent) weight 200 of 200"},
		{"ready\n", "!DRAIN"},
		{"maint\n", "MAINT"},
		{"ready up\n", "via agent : up"},
		{"stopped\n", "via agent : stopped"},
		{"fail #broken\n", "via agent : fail (broken)"},
		{"up 75% maxconn:9\n", "weight 30 of 30, limit 9"},
		{"", "TCPCHK got an empty response"}, // the server stays as it is
		{"up\n", "via agent : up"},
	} {
		a.say(step.line)
		for _, server := range both {
			sameReport(t, all, server, fmt.Sprintf("agent says %q", step.line), step.want, report)
		}
	}
	a.l.Close() // gone: the server stays as it is
	for _, server := range both {
		sameReport(t, all, server, "agent gone", "L4CON", report)
	}
	a.start()
	a.say("down\n")
	for _, server := range both {
		sameReport(t, all, server, "agent back", "DOWN (agent)", report)
		sameNews(t, all, server)
	}
}

// sameReport waits until all watchers report the same of a server, with what is
// wanted in it (or, behind "!", is not), twice in a row.
func sameReport(t *testing.T, all []*watcher, server, when, want string, report func(row) string) {
	t.Helper()
	said := make([]string, len(all))
	last := ""
	same := await(func() bool {
		for i, w := range all {
			said[i] = report(w.rows()[server])
		}
		now := fmt.Sprint(said)
		alike := now == last
		last = now
		for _, s := range said {
			not, without := strings.CutPrefix(want, "!")
			alike = alike && s == said[0] && strings.Contains(s, not) != without
		}
		return alike
	})
	if !same {
		for i, w := range all {
			t.Errorf("%s, %s: %s says\n\t%s", server, when, w.bin.Version, said[i])
		}
	}
	t.Logf("%s, %s: %s", server, when, said[0])
}
