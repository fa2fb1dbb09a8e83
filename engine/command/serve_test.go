package command

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
)

// ask sends text over a real UNIX socket and returns the whole answer.
func ask(t *testing.T, rt *engine.Runtime, level, text string, halfClose bool) string {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		px := &engine.Proxy{Name: engine.CLIProxy}
		px.Timeout.Client = 5 * time.Second
		Serve(&engine.Session{RT: rt, Front: px, Bind: &engine.Bind{Level: level}, Conn: conn.New(nc, 0), SrcPath: "unix"})
	}()
	c, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, text)
	if halfClose {
		c.(*net.UnixConn).CloseWrite()
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	return string(got)
}

func newRuntime() *engine.Runtime {
	rt := &engine.Runtime{Proc: &engine.ProcState{Started: time.Now()}, ProcVars: &engine.ProcVars{}, Env: []string{"A=1", "AB=2"}}
	rt.Global.Tune.BufSize = 16384
	return rt
}

// What HAProxy answers to the same lines, but for the version.
func TestServe(t *testing.T) {
	v := engine.Compatible
	for _, c := range []struct{ name, in, want string }{
		{"one", "show version\n", v + "\n\n"},
		{"several", "show version;show version\n", v + "\n\n" + v + "\n\n"},
		{"first line only", "show version\nshow version\n", v + "\n\n"},
		{"empty", "\n", "\n"},
		{"carriage return", "show version\r\n", v + "\n\n\n"},
		{"unfinished", "show version", ""},
		{"escape", `echo a\;b \\` + "\n", "a;b \\\n\n"},
		{"prompt", "prompt\nshow version\n\nquit\n", "\n> " + v + "\n\n> \n> "},
		{"interactive", "prompt i\nshow version\nshow version\n", "\n" + v + "\n\n" + v + "\n\n"},
		{"prompt twice", "prompt\nprompt\nshow version\n", "\n> \n"},
		{"quit", "quit\n", ""},
		{"payload", "echo a <<\nx\n\n", "a\n\n"},
		{"payload with a pattern", "echo a <<EOF\nx\n\ny\nEOF\n", "a\n\n"},
		{"payload without an end", "prompt\necho a <<\nx\n", "\n> + "},
		{"severity", "prompt\nset severity-output number\nshow env X\nset severity-output string\nshow env X\n", "\n> \n> [3]: Variable not found\n\n> \n> [err]: Variable not found\n\n> "},
		{"levels", "show cli level;operator;show cli level;user;show cli level;show env\n", "admin\n\n\noperator\n\n\nuser\n\nPermission denied\n\n"},
		{"expert", "expert-mode;expert-mode on;expert-mode\n", "expert-mode is OFF\n\n\nexpert-mode is ON\n\n"},
		{"env", "show env A;show env\n", "A=1\n\nA=1\nAB=2\n\n"},
		{"process", "@1 show cli level\n", "admin\n\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, newRuntime(), "admin", c.in, true); got != c.want {
				t.Errorf("%q: got %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestClosesWithoutHalfClose(t *testing.T) {
	if got := ask(t, newRuntime(), "user", "show cli level\n", false); got != "user\n\n" {
		t.Errorf("got %q", got)
	}
}

func TestUnknown(t *testing.T) {
	got := ask(t, newRuntime(), "admin", "bogus\n", true)
	if !strings.HasPrefix(got, "Unknown command: 'bogus', but maybe one of the following ones is a better match:\n  ") || !strings.HasSuffix(got, "  quit                                    : disconnect\n\n") {
		t.Errorf("got %q", got)
	}
	got = ask(t, newRuntime(), "admin", "help show ver\n", true)
	if !strings.Contains(got, "  show version                            : show version of the current process\n") {
		t.Errorf("got %q", got)
	}
}

func TestLongLine(t *testing.T) {
	got := ask(t, newRuntime(), "admin", "echo "+strings.Repeat("a", 20000)+"\n", true)
	if got != "Input is too long.\n\n" {
		t.Errorf("got %.60q", got)
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", ";", "a b;c", `a\;b \`, "x <<", "x <<E", "\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cutPayload(s)
		if len(split(s)) == 0 {
			t.Error("no command")
		}
	})
}
