package states

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

// No check of a server that is looked at happens: the first is that of "early", and
// the intervals are long. 192.0.2.1 is nobody's.
// 3.5-dev begins with a health below zero where there is no default-server.
const servers = `
backend early
    server early 127.0.0.1:1 check
backend b
    balance roundrobin
    server a 127.0.0.1:2 weight 10 check
    server b 127.0.0.1:2 weight 20
    server c 127.0.0.1:2 check rise 3 fall 5
    server d 127.0.0.1:2 disabled
    server e 127.0.0.1:2 track b/a
    server f 127.0.0.1:2 backup
    server g 127.0.0.1:2 check agent-check agent-addr 192.0.2.1 agent-port 9 agent-inter 4000s
    server h 127.0.0.1:2 track b/e weight 7
backend c
    server a 127.0.0.1:2 id 77
    server b 127.0.0.1:2 check port 1234 addr 127.0.0.9 inter 4000s
    server c 127.0.0.1:2 backup
    server d 127.0.0.1:2 weight 0
backend o
    retries 0
    option persist
    default-server observe layer4 error-limit 2
    server fastinter 127.0.0.1:2 check on-error fastinter
    server fail-check 127.0.0.1:2 check on-error fail-check
    server sudden-death 127.0.0.1:2 check on-error sudden-death
    server mark-down 127.0.0.1:2 check on-error mark-down
    use-server %[path,field(2,/)] if TRUE
`

// columns are those of "show stat" that tell of states.
var columns = strings.Fields("status weight uweight act bck chkdown throttle tracked check_status check_code last_chk agent_status agent_code check_desc agent_desc " +
	"check_rise check_fall check_health agent_rise agent_fall agent_health addr last_agt chkfail")

// program is one that runs on the configuration.
type program struct {
	bin      testbed.Binary
	socket   string
	addr     string
	restored bool
	*testbed.Process
}

func start(t *testing.T, bin testbed.Binary, state string) *program {
	t.Helper()
	dir, addr := testbed.TempDir(t), testbed.FreeAddr()
	p := &program{bin: bin, socket: filepath.Join(dir, "cli"), addr: addr, restored: state != ""}
	text := fmt.Sprintf("global\n stats socket %s level admin\n server-state-file %s/state\ndefaults\n mode http\n timeout connect 5s\n timeout client 5s\n"+
		" timeout server 5s\n load-server-state-from-file global\n default-server inter 4000s\nlisten l\n bind %s\n"+
		" http-request return status 200 content-type text/plain lf-string \"%s\" if { path / }\n use_backend o\n%s", p.socket, dir, addr, values, servers)
	for name, data := range map[string]string{"state": state, "run.cfg": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if p.Process, err = testbed.Start(bin, dir, []string{"-db", "-f", filepath.Join(dir, "run.cfg")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	if err := p.WaitAddrs(addr); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) tell(t *testing.T, command string) string {
	t.Helper()
	answer, err := testbed.Ask(p.socket, command)
	if err != nil {
		t.Fatalf("%s: %v", p.bin.Name, err)
	}
	return answer
}

var since = regexp.MustCompile(`^((?:\S+ ){9})\d+ `)

// snapshot is what the program says of backends b and c, by place.
func (p *program) snapshot(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for line := range strings.Lines(p.tell(t, "show servers state")) {
		if w := strings.Fields(line); len(w) > 20 && w[1] != "early" && w[0] != "#" {
			seen[w[1]+"/"+w[3]+" state"] = strings.TrimSpace(since.ReplaceAllString(line, "${1}_ "))
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.tell(t, "show stat"), "# "))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", p.bin.Name, err)
	}
	head := rows[0]
	for _, cells := range rows[1:] {
		if len(cells[0]) != 1 || cells[0] == "l" {
			continue
		}
		for _, name := range columns {
			seen[cells[0]+"/"+cells[1]+" "+name] = cells[slices.Index(head, name)]
		}
	}
	return seen
}

var drained = regexp.MustCompile(` \(leaving (forced )?drain\)( via [a-z/]+)?`) // 2.6 says always forced

var ofState = regexp.MustCompile(`^\w+ (Backup )?([Ss]erver|backend) '?[bco]\b`)

var prefix = regexp.MustCompile(`^\[(\w+)\] *\(\d+\) : (config : )?`)

// news are the lines of standard error about servers and backends. 2.6 tells of one
// more thing that a state file brings, and Hawser of a backend that begins without a
// server.
func (p *program) news() (list []string) {
	for line := range strings.Lines(p.Output()) {
		line = drained.ReplaceAllString(prefix.ReplaceAllString(strings.TrimSpace(line), "$1 "), "")
		if ofState.MatchString(line) && !strings.Contains(line, "remains in forced drain mode") &&
			!(p.restored && strings.HasPrefix(line, "ALERT")) {
			list = append(list, line)
		}
	}
	return list
}

// compare tells the programs one thing after the other, and what they show
// differently then.
func compare(t *testing.T, state string, commands ...string) {
	t.Helper()
	references := []testbed.Binary{testbed.HAProxy(t)}
	if b, ok := testbed.HAProxy35(); ok {
		references = append(references, b)
	}
	hawser := start(t, testbed.Hawser(t), state)
	var others []*program
	for _, b := range references {
		others = append(others, start(t, b, state))
	}
	for _, command := range append([]string{"show version"}, commands...) {
		answer, got := "", map[string]string{}
		for i, p := range append([]*program{hawser}, others...) {
			said := strings.TrimSpace(p.tell(t, command))
			is := p.snapshot(t)
			if len(is) == 0 {
				t.Fatalf("%s shows nothing", p.bin.Version)
			}
			if i == 0 {
				answer, got = said, is
				continue
			}
			if said != answer && command != "show version" {
				t.Errorf("%s: answer %q, that of %s %q", command, answer, p.bin.Version, said)
			}
			for _, place := range slices.Sorted(maps.Keys(is)) {
				if got[place] != is[place] {
					t.Errorf("after %q: %s is %q, that of %s %q", command, place, got[place], p.bin.Version, is[place])
				}
			}
		}
	}
	for _, p := range others {
		got, want := "", ""
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // what was written last comes late
			if got, want = strings.Join(hawser.news(), "\n"), strings.Join(p.news(), "\n"); got == want {
				break
			}
		}
		if got != want {
			t.Errorf("standard error has\n%s\nthat of %s\n%s", got, p.bin.Version, want)
		}
	}
}

func TestCommands(t *testing.T) {
	for name, commands := range map[string][]string{
		"weights and drain": {"set server b/b weight 0", "set server b/b weight 5", "set server b/b weight 50%", "set server b/b state drain", "set server b/a state drain",
			"set server b/c state drain", "set server b/g state drain", "set server b/d state ready", "set server b/d state drain", "set server b/b state ready",
			"set server b/a state ready"},
		"maintenance": {"disable server b/a", "disable server b/b", "disable server b/c", "disable server b/g", "enable server b/d", "disable server b/f",
			"disable server b/d", "enable server b/a", "enable server b/f", "enable server b/g", "enable server b/c", "set server b/c state drain", "disable server b/c",
			"enable server b/c", "set server b/e state maint"},
		"health": {"set server b/a health down", "set server b/a health stopping", "set server b/a health up", "set server b/c health stopping", "set server b/c state drain",
			"set server b/c health down", "set server b/b health down", "set server b/b health stopping", "set server b/b health up", "set server b/e health down",
			"disable server b/a", "set server b/a health up", "enable server b/a"},
		"checks off": {"disable health b/a", "set server b/a health down", "set server b/a health up", "disable health b/g", "disable agent b/g", "enable health b/g",
			"enable agent b/g", "disable health b/b", "disable health b/c", "set server b/c state drain", "set server b/c state ready", "set server b/a state maint",
			"set server b/a state ready", "enable health b/a"},
		"agents":  {"disable health b/g", "set server b/g agent down", "set server b/g agent up", "set server b/b agent down"},
		"backups": {"disable server c/a", "disable server c/b", "set server c/c weight 5", "set server c/d weight 3", "disable server c/d", "disable server c/c", "enable server c/c"},
	} {
		t.Run(name, func(t *testing.T) { compare(t, "", commands...) })
	}
}

// line is one of a state file; id, name and weight must fit the configuration.
func line(server string, op, admin, weight, initial, status, result, health, check, agent int) string {
	return fmt.Sprintf("4 b %d %s 127.0.0.1 %d %d %d %d 100 %d %d %d %d %d 0 0 - 2 - 0 0 - - 0\n",
		strings.Index("abcdefgh", server)+1, server, op, admin, weight, initial, status, result, health, check, agent)
}

const fileHead = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status " +
	"srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr " +
	"srv_agent_addr srv_agent_port\n"

func TestStateFile(t *testing.T) {
	for name, lines := range map[string]string{
		"none":          "",
		"health":        line("a", 0, 0, 5, 10, 8, 2, 1, 6, 0) + line("b", 2, 0, 5, 20, 1, 0, 4, 0, 0) + line("c", 2, 0, 1, 1, 6, 3, 3, 6, 0) + line("g", 2, 0, 1, 1, 6, 3, 4, 6, 22),
		"stopping":      line("b", 3, 0, 5, 20, 1, 0, 4, 0, 0) + line("a", 3, 0, 5, 9, 6, 3, 2, 6, 0),
		"checks off":    line("a", 2, 0, 10, 10, 6, 3, 4, 2, 0) + line("g", 2, 0, 1, 1, 1, 0, 2, 2, 18),
		"maintenance":   line("a", 0, 1, 10, 10, 8, 2, 4, 6, 0) + line("b", 0, 1, 20, 20, 1, 0, 0, 0, 0) + line("d", 0, 5, 1, 1, 1, 0, 0, 8, 0),
		"drain":         line("a", 2, 8, 10, 10, 6, 3, 4, 6, 0) + line("b", 2, 8, 20, 20, 1, 0, 2, 0, 0) + line("c", 0, 8, 1, 1, 8, 2, 0, 6, 0),
		"of the others": line("a", 0, 0, 10, 10, 8, 2, 0, 6, 0) + line("e", 0, 0, 1, 1, 1, 0, 2, 0, 0) + line("d", 2, 4, 1, 1, 1, 0, 0, 8, 0),
		"all down":      line("a", 0, 0, 10, 10, 8, 2, 0, 6, 0) + line("b", 0, 0, 20, 20, 1, 0, 0, 0, 0) + line("c", 0, 0, 1, 1, 8, 2, 0, 6, 0) + line("f", 0, 0, 1, 1, 1, 0, 0, 0, 0) + line("g", 0, 0, 1, 1, 8, 2, 0, 6, 22),
	} {
		if lines != "" {
			lines = fileHead + lines
		}
		t.Run(name, func(t *testing.T) { compare(t, lines) })
	}
}
