package daemon

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// askAPI sends one line to a stats socket and returns the answer.
func askAPI(t *testing.T, path, line string) string {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, line+"\n")
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// A stream that waits for its server is listed, and ends when it is shut down;
// a server's streams end with on-marked-down.
func TestStreamsAreListedAndKilled(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	path := filepath.Join(t.TempDir(), "s")
	b := start(t, "global\n stats socket "+path+" level admin\n"+
		strings.Replace(small, `server s1 "${ORIGIN}" weight 10 maxconn 50`, "server s1 "+mute.Addr().String()+" on-marked-down shutdown-sessions\n    server s2b 127.0.0.1:1 disabled", 1)+
		"    server s3 127.0.0.1:1 disabled\n")
	askAPI(t, path, "disable server be/s2")
	for _, kill := range []func(id string){
		func(id string) { askAPI(t, path, "shutdown session "+id) },
		func(string) { askAPI(t, path, "shutdown sessions server be/s1") },
		func(string) { askAPI(t, path, "disable server be/s1") },
	} {
		c := b.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		id := ""
		eventually(t, "the stream is listed", func() bool {
			for l := range strings.Lines(askAPI(t, path, "show sess")) {
				if strings.Contains(l, " fe=fe be=be srv=s1 ") {
					id, _, _ = strings.Cut(l, ":")
				}
			}
			return id != ""
		})
		if got := askAPI(t, path, "show sess "+id); !strings.Contains(got, "\n  frontend=fe (id=2 mode=http)") {
			t.Errorf("show sess %s: %s", id, got)
		}
		kill(id)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if got, err := io.ReadAll(c); err != nil {
			t.Errorf("the client waits on: %q %v", got, err)
		}
		eventually(t, "the stream is gone", func() bool { return !strings.Contains(askAPI(t, path, "show sess"), id) })
		c.Close()
	}
}

// The runtime API's "disable frontend" keeps clients waiting, "enable" serves them.
func TestPausedFrontend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	b := start(t, "global\n stats socket "+path+" level admin\n"+small)
	for range 3 {
		askAPI(t, path, "disable frontend fe")
		askAPI(t, path, "enable frontend fe")
		c := b.dial()
		if code := b.get(c, "/"); code != 200 {
			t.Errorf("status %d", code)
		}
		c.Close()
	}
}
