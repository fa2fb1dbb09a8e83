package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hawser/engine"
	_ "hawser/engine/balance"
	"hawser/engine/build"
	_ "hawser/engine/check"
	_ "hawser/engine/dial"
	_ "hawser/engine/keyword"
)

const config = `defaults
 mode http
 timeout connect 1s
 timeout client 1s
 timeout server 1s
frontend fe
 bind 127.0.0.1:8080
 default_backend be
backend be
 server s1 127.0.0.1:8001 weight 10 maxconn 20
 server s2 192.0.2.1:80 weight 5 disabled
 server s3 127.0.0.1:8001 check inter 1h agent-check agent-port 8002 agent-inter 1h
 server s4 127.0.0.1:8001 track s3
 server s5 127.0.0.1:8001 backup
backend st
 balance static-rr
 server s1 127.0.0.1:8001
`

func load(t *testing.T, text string) build.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "h.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return build.Load([]string{file}, build.Options{})
}

// journal collects the lines of the log.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	l := j.lines
	j.lines = nil
	return l
}

func listen(t *testing.T) *journal {
	j := &journal{}
	before := engine.Log
	engine.Log = func(_ *engine.Runtime, _ []engine.LogTarget, _ string, _ int, msg string) {
		j.mu.Lock()
		j.lines = append(j.lines, msg)
		j.mu.Unlock()
	}
	t.Cleanup(func() { engine.Log = before })
	return j
}

// What HAProxy answers and logs, command by command.
func TestServerCommands(t *testing.T) {
	j := listen(t)
	res := load(t, config)
	if res.RT == nil {
		t.Fatal(res.Diags.Err())
	}
	engine.Commit(res.RT)
	const left = " sessions active, 0 requeued, 0 remaining in queue."
	for _, c := range []struct {
		in, want string
		log      []string
	}{
		{"disable server be/s1", "", []string{"Server be/s1 is going DOWN for maintenance. 2 active and 1 backup servers left. 0" + left}},
		{"disable server be/s1", "", nil},
		{"enable server be/s1", "", []string{"Server be/s1 is UP/READY (leaving forced maintenance)."}},
		{"set server be/s1 state drain", "", []string{"Server be/s1 enters drain state. 2 active and 1 backup servers online. 0 sessions requeued, 0 total in queue."}},
		{"set server be/s1 state ready", "", []string{"Server be/s1 is UP (leaving forced drain)."}},
		{"set server be/s1 state odd", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n", nil},
		{"set server be/s1", setServerUsage, nil},
		{"set server be", "Require 'backend/server'.\n", nil},
		{"set server be/x state ready", "No such server.\n", nil},
		{"set server x/s1 state ready", "No such backend.\n", nil},
		{"set server be/s2 state ready", "", []string{"Server be/s2 is UP/READY (leaving forced maintenance)."}},
		{"set server be/s2 state maint", "", []string{"Server be/s2 is going DOWN for maintenance. 3 active and 1 backup servers left. 0" + left}},
		{"set server be/s3 health down", "", []string{
			"Server be/s3 is DOWN, changed from CLI. 2 active and 1 backup servers left. 0" + left,
			"Server be/s4 is DOWN via be/s3. 1 active and 1 backup servers left. 0" + left}},
		{"set server be/s3 state drain", "", []string{
			"Server be/s3 enters drain state. 1 active and 1 backup servers left. 0" + left,
			"Server be/s4 enters drain state via be/s3. 1 active and 1 backup servers left. 0" + left}},
		{"set server be/s3 state ready", "", []string{"Server be/s3 is DOWN (leaving forced drain).", "Server be/s4 is DOWN (leaving drain) via be/s3."}},
		{"set server be/s3 state maint", "", []string{"Server be/s3 was DOWN and now enters maintenance.", "Server be/s4 was DOWN and now enters maintenance via be/s3."}},
		{"set server be/s3 state drain", "", []string{
			"Server be/s3 is UP/DRAIN (leaving forced maintenance).", "Server be/s3 remains in forced drain mode.",
			"Server be/s4 is UP/DRAIN (leaving maintenance).", "Server be/s4 remains in drain mode via be/s3."}},
		{"set server be/s3 state ready", "", []string{"Server be/s3 is UP (leaving forced drain).", "Server be/s4 is UP (leaving drain) via be/s3."}},
		{"set server be/s4 health down", "cannot change health on a tracking server.\n", nil},
		{"set server be/s1 agent up", "agent checks are not enabled on this server.\n", nil},
		{"set server be/s1 check-port 1234", "health checks are not enabled on this server\n", nil},
		{"set server be/s3 check-port 70000", "provided port is invalid\n", nil},
		{"set server be/s3 check-port 1234", "", nil},
		{"set server be/s1 weight 50%", "", nil},
		{"get weight be/s1", "5 (initial 10)\n", nil},
		{"set weight be/s1 300", "Absolute weight can only be between 0 and 256 inclusive.\n", nil},
		{"set weight be/s1 x", "Empty weight string empty or preceded by garbage\n", nil},
		{"set weight be/s1 10x", "Trailing garbage in weight string\n", nil},
		{"set weight st/s1 5", "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n", nil},
		{"set weight st/s1 0", "", []string{"backend st has no server available!"}},
		{"set server be/s1 addr 127.0.0.9 port 9999", "IP changed from '127.0.0.1' to '127.0.0.9', port changed from '8001' to '9999' by 'stats socket command'\n", nil},
		{"set server be/s1 addr 127.0.0.9 port 9999", "nothing changed\n", nil},
		{"set server be/s1 addr x", "Invalid addr 'x'\n", nil},
		{"set server be/s1 addr 127.0.0.9 port x", "problem converting port 'x' to an int\n", nil},
		{"set server be/s1 addr 127.0.0.1 port 8001", "IP changed from '127.0.0.9' to '127.0.0.1', port changed from '9999' to '8001' by 'stats socket command'\n", nil},
		{"set maxconn server be/s1 x", "maxconn string empty or preceded by garbage\n", nil},
		{"set maxconn server be/s1 3", "", nil},
		{"set maxconn frontend fe 12", "", nil},
		{"set maxconn frontend none 3", "No such frontend.\n", nil},
		{"set rate-limit sessions global 10", "", nil},
		{"set rate-limit foo global 10", rateLimits, nil},
		{"disable frontend fe", "", []string{"Paused frontend fe."}},
		{"disable frontend fe", "All sockets are already disabled.\n", nil},
		{"enable frontend fe", "", []string{"Resumed frontend fe."}},
		{"enable frontend fe", "All sockets are already enabled.\n", nil},
		{"enable health be/s1", "Health check was not configured on this server, cannot enable.\n", nil},
		{"enable agent be/s1", "Agent was not configured on this server, cannot enable.\n", nil},
		{"clear counters all", "", nil},
		{"clear counters server be/s1", "Server counters cleared.\n", nil},
		{"show servers state x", "Can't find backend.\n", nil},
		{"show backend", "# name\nbe\nst\n", nil},
		{"show sess foo", "Unsupported option 'foo', try 'help' for more info.\n", nil},
		{"shutdown session 0x1", "No such session (use 'show sess').\n", nil},
		{"shutdown session", "Session pointer expected (use 'show sess').\n", nil},
		{"wait 1 srv-removable be/s1", "Failed. Only servers in maintenance mode can be deleted.\n", nil},
		{"shutdown frontend fe", "", []string{"Proxy fe stopped (cumulated conns: FE: 0, BE: 0)."}},
		{"enable frontend fe", "Frontend was previously shut down, cannot enable.\n", nil},
	} {
		if got := ask(t, res.RT, "admin", c.in+"\n", true); got != c.want+"\n" {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
		if got := j.take(); !slices.Equal(got, c.log) {
			t.Errorf("%s: logged\n%q, want\n%q", c.in, got, c.log)
		}
	}
}

func TestServersState(t *testing.T) {
	res := load(t, config)
	if res.RT == nil {
		t.Fatal(res.Diags.Err())
	}
	got := ask(t, res.RT, "user", "show servers state be\n", true)
	want := stateHeader +
		"3 be 1 s1 127.0.0.1 2 0 10 10 0 1 0 2 0 0 0 0 - 8001 - 0 0 - - 0\n" +
		"3 be 2 s2 192.0.2.1 0 5 5 5 0 1 0 0 8 0 0 0 - 80 - 0 0 - - 0\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s want\n%s", got, want)
	}
	if got := ask(t, res.RT, "user", "disable server be/s1;set server be/s1 weight 1;show env\n", true); got != strings.Repeat("Permission denied\n\n", 3) {
		t.Errorf("as user: %q", got)
	}
}

func TestSocketLines(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ line, want string }{
		{"stats socket " + dir + "/a mode 600 level admin expose-fd listeners", ""},
		{"stats socket ipv4@127.0.0.1:9999,ipv4@127.0.0.1:9998 level user", ""},
		{"stats socket fd@3 level admin", ""},
		{"stats timeout 2m", ""},
		{"stats maxconn 20", ""},
		{"stats socket", "'stats socket' in global section expects an address or a path to a UNIX socket"},
		{"stats socket 127.0.0.1", "'stats socket' : missing port specification in '127.0.0.1'"},
		{"stats socket " + dir + "/a level foo", "'stats socket' : ''level' only supports 'user', 'operator', and 'admin' (got 'foo')'"},
		{"stats socket " + dir + "/a nosuch", "'stats socket' : unknown keyword 'nosuch'"},
		{"stats timeout 1x", "'stats timeout' : unexpected character 'x'"},
		{"stats timeout 0", "'stats timeout' expects a positive value"},
		{"stats maxconn x", "'stats maxconn' expects a positive value"},
		{"stats foo", "'stats' only supports 'socket', 'maxconn', 'bind-process', 'calculate-max-counters'  and 'timeout' (got 'foo')"},
	} {
		res := load(t, "global\n "+c.line+"\n"+config)
		if c.want == "" {
			if res.RT == nil {
				t.Errorf("%s: %v", c.line, res.Diags.Err())
			}
			continue
		}
		if res.RT != nil || !strings.Contains(res.Diags.Items[0].Message, c.want) {
			t.Errorf("%s: %v, want %s", c.line, res.Diags.Err(), c.want)
		}
	}
	res := load(t, "global\n stats socket "+dir+"/a level admin\n stats timeout 7s\n stats maxconn 3\n"+config)
	if b := res.RT.Global.StatsBinds; len(b) != 1 || b[0].Px.Name != engine.CLIProxy || b[0].Px.Timeout.Client.Seconds() != 7 || b[0].Px.MaxConn != 3 {
		t.Errorf("binds: %+v", b)
	}
}

func TestShowErrors(t *testing.T) {
	res := load(t, config)
	if res.RT == nil {
		t.Fatal(res.Diags.Err())
	}
	sess := &engine.Session{RT: res.RT, Front: res.RT.Frontend("fe")}
	record(&engine.Stream{Sess: sess}, engine.Req, []byte("GET /a b c HTTP/1.1\r\nX: "+strings.Repeat("a", 100)+"\t\x1bb\xff\r\n\r\n"), 7, nil)
	got := ask(t, res.RT, "admin", "show errors fe request\n", true)
	for _, want := range []string{
		"] frontend fe (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), event #",
		", error at position 7\n",
		"  H1 msg state MSG_RQVER(6), ",
		":\n  \n  00000  GET /a b c HTTP/1.1\\r\\n\n  00021  X: " + strings.Repeat("a", 67) + "\n  00091+ " + strings.Repeat("a", 33) + "\\t\\eb\\xFF\\r\\n\n  00130  \\r\\n\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if got := ask(t, res.RT, "admin", "show errors nowhere\n", true); got != "No such proxy.\n\n" {
		t.Errorf("got %q", got)
	}
}

func TestClearCounters(t *testing.T) {
	var c engine.SideCounters
	c.Conns.Add(3)
	c.Conns.Add(-2)
	c.CumSess.Add(5)
	c.Responses[2].Add(4)
	reset(&c, false)
	if c.Conns.Load() != 1 || c.Conns.Max() != 1 || c.CumSess.Load() != 5 || c.Responses[2].Load() != 4 {
		t.Error("maxima only")
	}
	reset(&c, true)
	if c.Conns.Load() != 1 || c.CumSess.Load() != 0 || c.Responses[2].Load() != 0 {
		t.Error("all")
	}
}
