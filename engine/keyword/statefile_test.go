package keyword_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/engine"
	_ "hawser/engine/balance"
	"hawser/engine/build"
	_ "hawser/engine/dial"
	_ "hawser/engine/keyword"
)

// The states are those that HAProxy shows after it read the same file, but for
// "enabled since", which it leaves down.
func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	state := "1\n# be_id be_name srv_id ...\n" +
		"3 be 1 s1 127.0.0.9 0 1 3 10 100 1 0 0 0 0 0 0 - 9999 - 0 0 - - 0\n" +
		"3 be 2 disabled-since 127.0.0.1 2 0 5 5 100 1 0 0 8 0 0 0 - 80 - 0 0 - - 0\n" +
		"3 be 4 other-weight 127.0.0.1 2 8 2 9 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n" +
		"3 be 5 enabled-since 127.0.0.1 0 5 2 9 100 1 0 0 8 0 0 0 - 80 - 0 0 - - 0\n" +
		"3 be 7 made-ready 127.0.0.1 2 4 5 5 100 1 0 0 8 0 0 0 - 80 - 0 0 - - 0\n" +
		"3 be 9 down 127.0.0.1 0 0 5 5 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n" +
		"3 be 10 nosuch 127.0.0.1 3 0 1 1 100 6 3 2 6 0 0 0 - 80 - 0 0 - - 0\nshort line\n"
	if err := os.WriteFile(filepath.Join(dir, "state"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "global\n server-state-base " + dir + "\n server-state-file state\ndefaults\n load-server-state-from-file global\n timeout connect 1s\n timeout server 1s\nbackend be\n" +
		" server s1 127.0.0.1:80 weight 10\n server disabled-since 127.0.0.1:80 weight 5 disabled\n server other-weight 127.0.0.1:80 weight 5\n" +
		" server enabled-since 127.0.0.1:80 weight 5\n server made-ready 127.0.0.1:80 weight 6 disabled\n server down 127.0.0.1:80 weight 5\n server new 127.0.0.1:80 weight 5\n"
	res := loadText(t, dir, text)
	if res.RT == nil {
		t.Fatal(res.Diags.Err())
	}
	engine.Commit(res.RT)
	for _, c := range []struct {
		name   string
		op     engine.OpState
		admin  engine.AdminState
		weight int32
		port   int
	}{
		{"s1", engine.OpStopped, 1, 3, 9999},
		{"disabled-since", engine.OpStopped, 5, 5, 80},
		{"other-weight", engine.OpRunning, 8, 5, 80},
		{"enabled-since", engine.OpRunning, 0, 5, 80},
		{"made-ready", engine.OpRunning, 4, 6, 80},
		{"down", engine.OpStopped, 0, 5, 80},
		{"new", engine.OpRunning, 0, 5, 80},
	} {
		srv := res.RT.Backend("be").Server(c.name)
		st := srv.State
		op, adm, w, port := engine.OpState(st.Op.Load()), engine.AdminState(st.Admin.Load()), st.UWeight.Load(), st.Address(srv).Port
		if op != c.op || adm != c.admin || w != c.weight || port != c.port {
			t.Errorf("%s: op %d admin %d weight %d port %d, want %+v", c.name, op, adm, w, port, c)
		}
		if usable := c.op == engine.OpRunning && c.admin&(engine.AdmMaint|engine.AdmDrain) == 0; st.Usable() != usable {
			t.Errorf("%s: usable %t", c.name, st.Usable())
		}
	}
	os.WriteFile(filepath.Join(dir, "state"), []byte("garbage\n"), 0o600)
	res = loadText(t, dir, text)
	if n := len(res.Diags.Items); n == 0 || !strings.Contains(res.Diags.Items[n-1].Message, "Can't get version of the global server state file") {
		t.Errorf("garbage: %v", res.Diags.Items)
	}
}

func loadText(t *testing.T, dir, text string) build.Result {
	t.Helper()
	file := filepath.Join(dir, "h.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return build.Load([]string{file}, build.Options{})
}
