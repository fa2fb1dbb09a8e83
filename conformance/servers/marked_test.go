package servers

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestMarked has connections under way when their server goes down (on-marked-down)
// and when the server that they stood in for comes back (on-marked-up): for the
// client they end as in HAProxy, with a FIN, and the log says why. (The second
// termination flag differs from version to version.)
func TestMarked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ first, then, lines string }{
		"down": {"200", "500", "    server s SERVER0 check port PORT1 inter 200ms rise 1 fall 1 on-marked-down shutdown-sessions\n"},
		"up": {"500", "200", "    server s SERVER2 check port PORT1 inter 200ms rise 1 fall 1 on-marked-up shutdown-backup-sessions\n" +
			"    server b SERVER0 backup\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := pace(t, 3, "", "listen be\n    mode tcp\n    BIND through\n    log-format \"stream %s %B %ts\"\n    option httpchk\n"+tc.lines)
			got := make([]string, len(all))
			for i, p := range all {
				p.n[1].say(tc.first)
				got[i] = p.marked(tc.first == "200", tc.then)
			}
			t.Logf("%s", got[0])
			if got[0] != got[1] {
				t.Errorf("%s: %s\n%s: %s", all[0].bin.Version, got[0], all[1].bin.Version, got[1])
			}
		})
	}
}

// marked opens a connection, has the checks say the contrary and tells what becomes
// of the connection.
func (p *pacer) marked(up bool, then string) string {
	p.t.Helper()
	state := map[bool]string{true: "UP", false: "DOWN"}
	if !await(func() bool { return p.rows()["be/s"]["status"] == state[up] }) {
		p.t.Fatalf("%s: it is not %s", p.bin.Version, state[up])
	}
	c, err := net.Dial("tcp", p.addrs["through"])
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\n\r\n")
	if !await(func() bool { return len(p.n[0].since(time.Time{})) > 0 }) {
		p.t.Fatalf("%s: nothing reaches the server", p.bin.Version)
	}
	p.n[1].say(then)
	c.SetReadDeadline(time.Now().Add(15 * time.Second))
	text, err := io.ReadAll(c)
	log := ""
	await(func() bool {
		for l := range strings.SplitSeq(p.p.Output(), "\n") {
			if strings.HasPrefix(l, "stream ") {
				log = l[:len(l)-1]
			}
		}
		return log != ""
	})
	return fmt.Sprintf("%q %v %q", text, err, log)
}
