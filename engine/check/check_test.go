package check_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/engine"
	_ "hawser/engine/balance"
	"hawser/engine/build"
	_ "hawser/engine/check"
	_ "hawser/engine/conv"
	_ "hawser/engine/dial"
	_ "hawser/engine/fetch"
	_ "hawser/engine/keyword"
)

// record collects the lines of the log.
type record struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

var lines = &record{more: make(chan struct{}, 1)}

func TestMain(m *testing.M) {
	engine.Log = func(_ *engine.Runtime, _ []engine.LogTarget, _ string, level int, msg string) {
		lines.mu.Lock()
		lines.lines = append(lines.lines, string(rune('0'+level))+" "+msg)
		lines.mu.Unlock()
		select {
		case lines.more <- struct{}{}:
		default:
		}
	}
	os.Exit(m.Run())
}

// await waits for a line that contains all parts.
func await(t *testing.T, parts ...string) {
	t.Helper()
	limit := time.After(5 * time.Second)
	for {
		lines.mu.Lock()
	next:
		for i, l := range lines.lines {
			for _, p := range parts {
				if !strings.Contains(l, p) {
					continue next
				}
			}
			lines.lines = append(lines.lines[:i], lines.lines[i+1:]...)
			lines.mu.Unlock()
			return
		}
		all := strings.Join(lines.lines, "\n")
		lines.mu.Unlock()
		select {
		case <-lines.more:
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			t.Fatalf("no line with %q among\n%s", parts, all)
		}
	}
}

// serve answers every connection on a new listener with what f makes of the first
// bytes.
func serve(t *testing.T, f func(net.Conn, string)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(3 * time.Second))
				b := make([]byte, 4096)
				n, _ := c.Read(b)
				f(c, string(b[:n]))
			}()
		}
	}()
	return ln.Addr().String()
}

func reply(text string) func(net.Conn, string) {
	return func(c net.Conn, _ string) { c.Write([]byte(text)) }
}

const page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-State: green, blue\r\n\r\nhello"

func load(t *testing.T, text string) build.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return build.Load([]string{file}, build.Options{})
}

const defaults = "defaults\n mode http\n timeout connect 300ms\n timeout server 1s\n timeout check 200ms\n option log-health-checks\n default-server inter 100ms fall 2 rise 1\n"

// run loads a configuration and starts its checks.
func run(t *testing.T, backends string) *engine.Runtime {
	t.Helper()
	res := load(t, defaults+backends)
	if res.RT == nil {
		t.Fatalf("%v", res.Diags)
	}
	engine.Commit(res.RT)
	engine.StartFeatures(res.RT, nil)
	t.Cleanup(func() { engine.StopFeatures(res.RT, nil) })
	return res.RT
}

func closedPort(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// The lines are those that HAProxy writes in the same situations.
func TestLines(t *testing.T) {
	shut := closedPort(t)
	ok := serve(t, reply(page))
	bad := serve(t, reply("HTTP/1.0 500 Internal Server Error\r\n\r\n"))
	gone := serve(t, reply("HTTP/1.0 404 Not Found\r\n\r\n"))
	mute := serve(t, func(c net.Conn, _ string) { time.Sleep(600 * time.Millisecond) })
	redis := serve(t, reply("+PONG\r\n"))
	for _, tc := range []struct {
		name, rules, addr, want string
	}{
		{"refused", "", shut, `failed, reason: Layer4 connection problem, info: "ECONNREFUSED returned by OS (Connection refused)", check duration: `},
		{"connected", "", ok, "succeeded, reason: Layer4 check passed, check duration: "},
		{"http", "option httpchk GET /", ok, "succeeded, reason: Layer7 check passed, code: 200, check duration: "},
		{"500", "option httpchk", bad, `failed, reason: Layer7 wrong status, code: 500, info: "Internal Server Error", check duration: `},
		{"404", "option httpchk\n http-check disable-on-404", gone, "conditionally succeeded, reason: Layer7 check conditionally passed, code: 404, check duration: "},
		{"string", "option httpchk\n http-check expect string hell", ok, "succeeded, reason: Layer7 check passed, code: 200, check"},
		{"no string", "option httpchk\n http-check expect ! string hell", ok, `failed, reason: Layer7 invalid response, info: "HTTP check matched unwanted content`},
		{"wrong string", "option httpchk\n http-check expect string xxx", ok, `failed, reason: Layer7 invalid response, info: "HTTP content check did not match", check`},
		{"hdr", "option httpchk\n http-check expect hdr name x-state value blue", ok, "succeeded, reason: Layer7 check passed, code: 200"},
		{"fhdr", "option httpchk\n http-check expect fhdr name x-state value blue", ok, "failed, reason: Layer7 wrong status"},
		{"rstatus", "option httpchk\n http-check expect rstatus ^2", ok, "succeeded, reason: Layer7 check passed, code: 200"},
		{"mute", "option httpchk", mute, "failed, reason: Layer7 timeout, check duration: "},
		{"tcp", "option tcp-check\n tcp-check send x\n tcp-check expect string hello", ok, `succeeded, reason: Layer7 check passed, code: 0, info: "(tcp-check)", check`},
		{"tcp string", "option tcp-check\n tcp-check send x\n tcp-check expect string nothere comment look", ok, `failed, reason: Layer7 invalid response, info: "TCPCHK did not match content 'nothere' at step 2 comment: look", check`},
		{"tcp regex", "option tcp-check\n tcp-check send x\n tcp-check expect string hello\n tcp-check expect rstring fo+", ok, `failed, reason: Layer7 invalid response, info: "TCPCHK did not match content (regex) at step 3", check`},
		{"tcp binary", "option tcp-check\n tcp-check send-binary 78\n tcp-check expect binary 68656c6c6f", ok, `succeeded, reason: Layer7 check passed`},
		{"tcp refused", "option tcp-check\n tcp-check connect comment \"my comment\"\n tcp-check send a", shut, `info: "ECONNREFUSED returned by OS (Connection refused) at step 1 of tcp-check (connect) comment: 'my comment'", check`},
		{"tcp mute", "option tcp-check\n tcp-check send x\n tcp-check expect string foo", mute, `failed, reason: Layer7 timeout, info: " at step 2 of tcp-check (expect string 'foo')", check`},
		{"redis", "option redis-check", redis, `succeeded, reason: Layer7 check passed, code: 0, info: "Redis server is ok", check`},
		{"not redis", "option redis-check", ok, `failed, reason: Layer7 wrong status, code: 0, info: "HTTP/1.1 200 OK", check`},
		{"not ldap", "option ldap-check", ok, `failed, reason: Layer7 invalid response, info: "Not LDAPv3 protocol", check`},
		{"not pgsql", "option pgsql-check user x", ok, `failed, reason: Layer7 wrong status, code: 0, info: "PostgreSQL unknown error", check`},
		{"not ssl", "option ssl-hello-chk", ok, `failed, reason: Layer6 invalid response, check`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			name := "b-" + strings.ReplaceAll(tc.name, " ", "-")
			run(t, "backend "+name+"\n "+tc.rules+"\n server s "+tc.addr+" check\n")
			await(t, "5 Health check for server "+name+"/s ", tc.want)
		})
	}
}

// A server that goes down and comes back tells the log, its followers and its
// backend.
func TestDownAndUp(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	rt := run(t, "backend du\n no option log-health-checks\n server s "+addr+" check\nbackend tr\n server t 127.0.0.1:1 track du/s\n")
	srv := rt.Backend("du").Servers[0]
	for !(srv.State.Health.Load() == 2) {
		time.Sleep(5 * time.Millisecond)
	}
	ln.Close()
	await(t, `1 Server du/s is DOWN, reason: Layer4 connection problem, info: "ECONNREFUSED returned by OS (Connection refused)", check duration: `, `ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.`)
	await(t, "0 backend du has no server available!")
	await(t, "1 Server tr/t is DOWN via du/s. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.")
	if srv.State.Usable() || rt.Backend("du").State.Active.Load() != 0 {
		t.Error("the server is still used")
	}
	if ln, err = net.Listen("tcp", addr); err != nil {
		t.Skip("the port is taken")
	}
	defer ln.Close()
	await(t, "5 Server du/s is UP, reason: Layer4 check passed, check duration: ")
	await(t, "5 Server tr/t is UP via du/s. 1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.")
}

func TestRequest(t *testing.T) {
	got := make(chan string, 8)
	addr := serve(t, func(c net.Conn, in string) { got <- in; c.Write([]byte(page)) })
	for _, tc := range []struct{ rules, want string }{
		{"option httpchk", "OPTIONS / HTTP/1.0\r\n\r\n"},
		{"option httpchk HEAD /x HTTP/1.1 www.example", "HEAD /x HTTP/1.1\r\nhost: www.example\r\nconnection: close\r\n\r\n"},
		{"option httpchk GET /x HTTP/1.1\\r\\nHost:\\ www", "GET /x HTTP/1.1\r\nhost: www\r\nconnection: close\r\n\r\n"},
		{"option httpchk\n http-check send meth POST uri /p ver HTTP/1.1 hdr Host foo hdr X-A b body hello",
			"POST /p HTTP/1.1\r\nhost: foo\r\nx-a: b\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"},
	} {
		t.Run(tc.rules, func(t *testing.T) {
			run(t, "backend q\n "+tc.rules+"\n server s "+addr+" check\n")
			if in := <-got; in != tc.want {
				t.Errorf("sent %q, want %q", in, tc.want)
			}
		})
	}
}

func TestAgent(t *testing.T) {
	addr := serve(t, func(c net.Conn, in string) {
		if in == "hi\n" {
			c.Write([]byte("up 50%\n"))
		}
	})
	_, port, _ := net.SplitHostPort(addr)
	rt := run(t, "backend ag\n server s "+addr+" weight 10 agent-check agent-inter 50ms agent-port "+port+" agent-send \"hi\\n\"\n")
	st := rt.Backend("ag").Servers[0].State
	for end := time.Now().Add(3 * time.Second); st.UWeight.Load() != 5; {
		if time.Now().After(end) {
			t.Fatalf("weight %d, want 5", st.UWeight.Load())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestObserve(t *testing.T) {
	addr := serve(t, reply(page))
	rt := run(t, "backend ob\n no option log-health-checks\n server s "+addr+" check inter 60s observe layer7 error-limit 3 on-error mark-down\n")
	srv := rt.Backend("ob").Servers[0]
	for range 3 {
		engine.Observe(srv, engine.ObserveResponse, false)
	}
	await(t, `1 Server ob/s is DOWN, reason: Health analyze, info: "Detected 3 consecutive errors, last one was: Wrong http response".`)
}

// A reload goes on with the health that was found.
func TestReload(t *testing.T) {
	addr := serve(t, reply(page))
	text := defaults + "backend rl\n server s " + addr + " check rise 3 init-state fully-down\n"
	file := filepath.Join(t.TempDir(), "c.cfg")
	os.WriteFile(file, []byte(text), 0o600)
	first := build.Load([]string{file}, build.Options{}).RT
	engine.Commit(first)
	engine.StartFeatures(first, nil)
	await(t, "Server rl/s is UP")
	second := build.Load([]string{file}, build.Options{Old: first}).RT
	engine.Commit(second)
	engine.StartFeatures(second, first)
	engine.StopFeatures(first, second)
	defer engine.StopFeatures(second, nil)
	if st := second.Backend("rl").Servers[0].State; !st.Usable() || st != first.Backend("rl").Servers[0].State {
		t.Error("the reload forgot the server's health")
	}
}

// What is wrong is said in HAProxy's words.
func TestErrors(t *testing.T) {
	back := func(rule string) string { return "backend b\n " + rule + "\n server s 127.0.0.1:1\n" }
	srv := func(options string) string {
		return "backend b\n server s 127.0.0.1:1\n server x 127.0.0.1:2 " + options + "\n"
	}
	for text, want := range map[string]string{
		back("http-check foo"):                                             "'http-check' only supports 'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'. but got 'foo'",
		back("http-check send foo"):                                        "'http-check send' : expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got 'foo' as argument.",
		back("http-check send hdr a"):                                      "'http-check send' : 'hdr' expects <name> and <value> as arguments.",
		back("http-check expect"):                                          "'http-check expect' : expects at least a matching pattern as arguments.",
		back("http-check expect foo bar"):                                  "[!]hdr, [!]fhdr or comment but got 'foo' as argument.",
		back("http-check expect status abc"):                               "'http-check expect' : invalid character 'a' in the list of status codes.",
		back("http-check expect status 200-100"):                           "'http-check expect' : invalid range of status codes '200-100'.",
		back("http-check connect port 0"):                                  "expects a valid TCP port (from range 1 to 65535) or a sample expression, got 0.",
		back("http-check disable-on-404 foo"):                              "'http-check' cannot handle unexpected argument 'foo'.",
		back("http-check expect status 200"):                               "backend 'b' uses http-check rules without 'option httpchk', so the rules are ignored.",
		back("tcp-check foo"):                                              "'tcp-check' only supports 'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'. but got 'foo'",
		back("tcp-check send-binary 012"):                                  "invalid binary string (an even number of hex digit is expected)",
		back("tcp-check expect foo x"):                                     "but got 'foo' as argument.",
		back("tcp-check comment"):                                          "'tcp-check comment' : expects a string as argument.",
		back("option mysql-check foo"):                                     "'option mysql-check' only supports optional values: 'user' (got 'foo').",
		back("option mysql-check user x foo"):                              "keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got 'foo').",
		back("option pgsql-check"):                                         "'option pgsql-check' expects 'user <username>' as argument.",
		back("external-check foo"):                                         "'external-check' only supports 'command' and 'path'. but got 'foo'.",
		srv("check inter 0"):                                               "invalid value 0 for argument 'inter' of server x",
		srv("check rise 0"):                                                "'rise' has to be > 0.",
		srv("check track s"):                                               "unable to enable checks and tracking at the same time!",
		srv("track nosuch"):                                                "unable to find required server 'nosuch' for tracking.",
		srv("track b2/s"):                                                  "unable to find required proxy 'b2' for tracking.",
		srv("track s"):                                                     "unable to use b/s for tracking as it does not have any check nor agent enabled.",
		srv("check observe foo"):                                           "'observe' expects one of 'none', 'layer4', 'layer7' but got 'foo'.",
		srv("check on-error foo"):                                          "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got 'foo'.",
		srv("check on-marked-down foo"):                                    "'on-marked-down' expects 'shutdown-sessions' but got 'foo'.",
		srv("check init-state foo"):                                        "'init-state' expects one of 'none', 'fully-up', 'up', 'down', or 'fully-down' but got 'foo'.",
		srv("check healthcheck foo"):                                       "healthcheck section '",
		srv("agent-check"):                                                 "server x does not have agent port. Agent check has been disabled.",
		"backend b\n server s 127.0.0.1 check\n":                           "backend 'b': server 's' has neither service port nor check port.",
		"backend b\n option external-check\n server s 127.0.0.1:1 check\n": "'option external-check' unable to find required 'global.external-check'.",
	} {
		t.Run(text, func(t *testing.T) {
			res := load(t, "defaults\n mode http\n timeout connect 1s\n timeout server 1s\n"+text)
			var all strings.Builder
			for _, d := range res.Diags.Items {
				all.WriteString(d.Message + "\n")
			}
			if !strings.Contains(all.String(), want) {
				t.Errorf("got %q, want %q", all.String(), want)
			}
		})
	}
}
