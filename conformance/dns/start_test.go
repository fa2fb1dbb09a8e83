package dns

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// TestInitAddr: where servers are before any answer came.
func TestInitAddr(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Set("app.test", "", Silence)
		w.start(" timeout retry 1h\n", "backend be\n default-server resolvers dns\n server none app.test:80 init-addr none\n server ip app.test:80 init-addr 127.0.0.9\n"+
			" server libc localhost:80 init-addr libc resolve-prefer ipv4\n server list app.test:80 init-addr last,127.0.0.8,none\n server last app.test:80 init-addr last,none\n"+
			" server six app.test:80 init-addr ::1\n")
		const want = "none=- ip=127.0.0.9:80 libc=127.0.0.1:80 list=127.0.0.8:80 last=- six=::1:80"
		w.want(want)
		w.keep(want, time.Second)
	})
}

// TestStateFile: addresses that an earlier process found are there at once.
func TestStateFile(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		ns := w.ns[0]
		ns.Addresses("app.test", "127.0.0.3", "127.0.0.4")
		ns.Addresses("a.test", "127.0.0.5")
		ns.Addresses("b.test", "127.0.0.6")
		ns.Services("_h._tcp.test", "1 10 8001 a.test", "1 10 8002 b.test")
		const rest = "backend be\n load-server-state-from-file local\n server-state-file-name state\n server-template s 1-3 app.test:80 resolvers dns init-addr last,none\n" +
			" server-template v 1-3 _h._tcp.test resolvers dns init-addr last,none\n"
		w.start(brisk, rest)
		const want = "s1=127.0.0.3:80 s2=127.0.0.4:80 s3=- v1=127.0.0.5:8001 v2=127.0.0.6:8002 v3=-"
		w.want(want)
		if err := os.WriteFile(filepath.Join(w.dir, "state"), []byte(w.cli("show servers state be")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		w.p.Stop()
		for _, name := range []string{"app.test", "a.test", "b.test", "_h._tcp.test"} {
			ns.Set(name, "", Silence)
		}
		w.start(" timeout retry 1h\n", rest)
		w.keep(want, time.Second)
		if strings.Contains(w.p.Output(), "going DOWN") {
			t.Error("a server went down")
		}
		for _, f := range w.state() {
			if up := f[5] == "2"; up != (f[4] != "-") {
				t.Errorf("%s has address %s and operational state %s", f[3], f[4], f[5])
			}
		}
	})
}

// TestSystemServers: parse-resolv-conf and the section "default" have the name
// servers of the system.
func TestSystemServers(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.start(" parse-resolv-conf\n", "backend be\n server a 127.0.0.1:80\n")
		system := w.cli("show resolvers default")
		if own := w.cli("show resolvers dns"); len(system) > 100 && own[len("Resolvers section dns"):] != system[len("Resolvers section default"):] {
			t.Errorf("parse-resolv-conf gives\n%s\ndefault has\n%s", own, system)
		}
	})
}
