package servers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "10") // they wait most of the time
	status := m.Run()
	testbed.Clean()
	if n := absent.Load(); n > 0 {
		fmt.Printf("servers: %d tests were skipped: their programs are not installed, or the system does not let them\n", n)
	}
	os.Exit(status)
}

// check is one backend: what it is asked, and how a living server fares.
type check struct {
	name  string
	lines string
	word  string // check status of the living server
	fails bool   // that status means DOWN
}

// lives runs a server and all checks of it: up, stopped, started again.
func lives(t *testing.T, p *program, checks []check) {
	p.start()
	var text strings.Builder
	for _, c := range checks {
		fmt.Fprintf(&text, "backend %s\n", c.name)
		for line := range strings.SplitSeq(strings.TrimSpace(c.lines), "\n") {
			fmt.Fprintf(&text, "    %s\n", strings.TrimSpace(line))
		}
		fmt.Fprintf(&text, "    server s %s check inter 200ms rise 2 fall 3\n", p.addr)
	}
	text.WriteString("listen through\n    BIND through\n    server s " + p.addr + "\n")
	all := watch(t, text.String())
	alive := func(when string) {
		for _, c := range checks {
			ok := up
			if c.fails {
				ok = down
			}
			settled(t, all, c.name+"/s", when, func(r row) bool { return ok(r) && r["check_status"] == c.word })
		}
	}
	alive("alive")
	p.stop()
	for _, c := range checks {
		settled(t, all, c.name+"/s", "stopped", func(r row) bool { return down(r) && r["check_status"] == "L4CON" })
	}
	p.start()
	alive("alive again")
	for _, c := range checks {
		sameNews(t, all, c.name+"/s")
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	lives(t, redis(t), []check{
		{"kind", "option redis-check", "L7OK", false},
		{"script", `option tcp-check
			tcp-check send PING\r\n
			tcp-check expect string +PONG
			tcp-check send info\ replication\r\n
			tcp-check expect string role:master
			tcp-check send QUIT\r\n
			tcp-check expect string +OK`, "L7OK", false},
		{"binary", `option tcp-check
			tcp-check send-binary 50494e470d0a
			tcp-check expect binary 2b504f4e47`, "L7OK", false},
		{"slave", `option tcp-check
			tcp-check send info\ replication\r\n comment role
			tcp-check expect rstring role:slave`, "L7TOUT", true},
		{"unlike", `option tcp-check
			tcp-check send PING\r\n
			tcp-check expect string -ERR`, "L7TOUT", true},
		{"short", `option tcp-check
			tcp-check send PING\r\n
			tcp-check expect min-recv 4 string -ERR`, "L7RSP", true},
		{"enough", `option tcp-check
			tcp-check send PING\r\n
			tcp-check expect min-recv 0 string -ERR`, "L7RSP", true},
		{"leaves", `option tcp-check
			tcp-check send QUIT\r\n
			tcp-check expect string -ERR`, "L7RSP", true},
		{"without", `option tcp-check
			tcp-check send PING\r\n
			tcp-check expect !string PONG comment unwanted`, "L7RSP", true},
		{"foreign", "option pgsql-check user tester", "L7TOUT", true},
		{"connect", "", "L4OK", false},
	})
}

func TestRedisWithPassword(t *testing.T) {
	t.Parallel()
	lives(t, redis(t, "--requirepass", "secret"), []check{
		{"kind", "option redis-check", "L7TOUT", true},
		{"script", `option tcp-check
			tcp-check send AUTH\ secret\r\n
			tcp-check expect string +OK
			tcp-check send PING\r\n
			tcp-check expect string +PONG`, "L7OK", false},
	})
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	lives(t, postgres(t), []check{
		{"kind", "option pgsql-check user tester", "L7OK", false},
		{"stranger", "option pgsql-check user stranger", "L7OK", false},
		{"tls", `option tcp-check
			tcp-check connect
			tcp-check send-binary 0000000804d2162f
			tcp-check expect string N`, "L7OK", false},
		{"startup", `option tcp-check
			tcp-check send-binary 00000015000300007573657200746573746572000000
			tcp-check expect rbinary ^52000000080000000`, "L7OK", false},
	})
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	lives(t, mariadb(t), []check{
		{"greeting", "option mysql-check", "L7OK", false},
		{"user", "option mysql-check user tester", "L7OK", false},
		{"post41", "option mysql-check user tester post-41", "L7OK", false},
		{"pre41", "option mysql-check user tester pre-41", "L7OK", false},
		{"stranger", "option mysql-check user stranger", "L7STS", true},
		{"script", `option tcp-check
			tcp-check expect rbinary ^..0000000A comment greeting`, "L7OK", false},
	})
}

func TestLDAP(t *testing.T) {
	t.Parallel()
	lives(t, slapd(t, ""), []check{
		{"kind", "option ldap-check", "L7OK", false},
		{"script", `option tcp-check
			tcp-check send-binary 300c020101600702010304008000
			tcp-check expect binary 0a0100`, "L7OK", false},
	})
}

func TestLDAPWithoutAnonymous(t *testing.T) {
	t.Parallel()
	lives(t, slapd(t, "disallow bind_anon"), []check{{"kind", "option ldap-check", "L7STS", true}})
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	lives(t, smtp(t), []check{
		{"kind", "option smtpchk", "L7OK", false},
		{"helo", "option smtpchk HELO mx.example.test", "L7OK", false},
		{"ehlo", "option smtpchk EHLO mx.example.test", "L7OK", false},
		{"script", `option tcp-check
			tcp-check expect rstring ^220
			tcp-check send EHLO\ mx.example.test\r\n
			tcp-check expect rstring 250.HELP
			tcp-check send QUIT\r\n
			tcp-check expect rstring ^221`, "L7OK", false},
		{"refused", `option tcp-check
			tcp-check expect rstring ^220
			tcp-check send NONSENSE\r\n
			tcp-check expect rstring ^250 comment nonsense`, "L7TOUT", true},
	})
}
