package dns

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// says gives a command and checks the answer.
func (w *world) says(command, want string) {
	w.t.Helper()
	if got := w.cli(command); got != want {
		w.t.Errorf("%s: %q, want %q", command, got, want)
	}
}

func TestSetFQDN(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.3")
		w.ns[0].Addresses("b.test", "127.0.0.4")
		w.start(brisk, one+"\n server b 127.0.0.1:80\n server c 127.0.0.1:82 resolvers dns")
		w.want("a=127.0.0.3:80 b=127.0.0.1:80 c=127.0.0.1:82")
		const by = " by 'stats socket command'"
		w.says("set server be/a fqdn b.test", "be/a changed its FQDN from app.test to b.test"+by)
		w.want("a=127.0.0.4:80 b=127.0.0.1:80 c=127.0.0.1:82")
		w.says("set server be/a fqdn b.test", "no need to change the FDQN"+by)
		w.says("set server be/b fqdn b.test", "set server <b>/<s> fqdn failed because no resolution is configured.")
		w.says("set server be/a fqdn a_b.c..d", "could not update be/a FQDN"+by)
		w.says("set server be/a fqdn", "set server <b>/<s> fqdn requires a FQDN.")
		w.says("set server be/c fqdn b.test", "be/c changed its FQDN from (null) to b.test"+by)
		w.want("a=127.0.0.4:80 b=127.0.0.1:80 c=-") // the address is taken
		w.says("set server be/a fqdn gone.test", "be/a changed its FQDN from b.test to gone.test"+by)
		w.want("a=- b=127.0.0.1:80 c=127.0.0.4:82")
		w.says("set server be/a fqdn app.test", "be/a changed its FQDN from gone.test to app.test"+by)
		w.want("a=127.0.0.3:80 b=127.0.0.1:80 c=127.0.0.4:82")
		if f := w.state()[0]; f[6] != "64" || f[17] != "app.test" {
			t.Errorf("administrative state %s, name %s; want 64, app.test", f[6], f[17])
		}
		w.cli("set server be/a addr 127.0.0.99")
		w.keep("a=127.0.0.99:80 b=127.0.0.1:80 c=127.0.0.4:82", time.Second) // until the answer changes
		w.ns[0].Addresses("app.test", "127.0.0.5")
		w.want("a=127.0.0.5:80 b=127.0.0.1:80 c=127.0.0.4:82")
	})
}

// TestAdmin: what the administrator wants comes before what name servers say.
func TestAdmin(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.3")
		w.start(brisk, one)
		w.want("a=127.0.0.3:80")
		state := func(name, want string) {
			t.Helper()
			w.await(name+" has state "+want, func() bool {
				for _, f := range w.state() {
					if f[3] == name {
						return f[5]+"/"+f[6] == want
					}
				}
				return false
			})
		}
		w.cli("set server be/a state maint")
		w.ns[0].Set("app.test", "", Code(3))
		state("a", "0/33")
		w.cli("set server be/a state ready")
		state("a", "0/32")
		w.ns[0].Addresses("app.test", "127.0.0.4")
		state("a", "2/0")
		w.cli("set server be/a state drain")
		w.ns[0].Set("app.test", "", Code(3))
		state("a", "0/40")
		w.ns[0].Addresses("app.test", "127.0.0.4")
		state("a", "2/8")
		w.logged("Server be/a ('app.test') is UP/DRAIN (resolves again).", "Server be/a remains in forced drain mode.",
			"Server be/a administratively READY thanks to valid DNS answer.")
	})
}

const exporter = "frontend fe\n bind FRONT\n http-request use-service prometheus-exporter if { path /metrics }\n"

// body asks the frontend for a path.
func (w *world) body(path string) string {
	w.t.Helper()
	resp, err := http.Get("http://" + w.front + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func TestShowResolvers(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.3")
		w.ns[1].Set("app.test", "", Silence)
		w.start(" nameserver n1 N1\n nameserver quiet N2\n timeout resolve 1h\n timeout retry 1h\n", one+" resolve-prefer ipv4\n"+exporter+"resolvers two\n nameserver other 127.0.0.1:1\n")
		w.want("a=127.0.0.3:80")
		const zeros = "  timeout:     0\n  refused:     0\n  other:       0\n  invalid:     0\n  too_big:     0\n  truncated:   0\n"
		n1 := " nameserver n1:\n  sent:        1\n  snd_error:   0\n  valid:       1\n  update:      1\n  cname:       0\n  cname_error: 0\n  any_err:     0\n  nx:          0\n" +
			zeros + "  outdated:    0"
		quiet := strings.NewReplacer("n1", "quiet", "valid:       1", "valid:       0", "update:      1", "update:      0").Replace(n1)
		w.says("show resolvers dns", "Resolvers section dns\n"+n1+"\n"+quiet)
		all := w.cli("show resolvers")
		if !strings.HasPrefix(all, "Resolvers section dns\n"+n1+"\n"+quiet+"\nResolvers section two\n nameserver other:\n  sent:        0\n") {
			t.Errorf("show resolvers: %q", all)
		}
		w.says("show resolvers three", "Can't find that resolvers section")
		w.says("clear counters", "")
		w.says("show resolvers dns", "Resolvers section dns\n"+n1+"\n"+quiet)
		if bin.Name == "haproxy" {
			return
		}
		stat := w.cli("show stat domain resolvers")
		if want := "# id,pid,sent,send_error,valid,update,cname,cname_error,any_err,nx,timeout,refused,other,invalid,too_big,truncated,outdated,\n" +
			"n1,dns,1,0,1,1,0,0,0,0,0,0,0,0,0,0,0,\nquiet,dns,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,\nother,two,0,"; !strings.HasPrefix(stat, want) {
			t.Errorf("show stat domain resolvers: %q, want %q", stat, want)
		}
		metrics := w.body("/metrics?scope=resolver")
		for _, l := range []string{`haproxy_resolver_valid{resolver="dns",nameserver="n1"} 1`, `haproxy_resolver_valid{resolver="dns",nameserver="quiet"} 0`,
			"# HELP haproxy_resolver_too_big Too big", "# TYPE haproxy_resolver_too_big gauge"} {
			if !strings.Contains(metrics, l+"\n") {
				t.Errorf("no %s in the metrics: %s", l, metrics)
			}
		}
		if strings.Contains(metrics, "haproxy_process") {
			t.Error("scope=resolver gives other metrics")
		}
		w.says("clear counters all", "")
		if out := w.cli("show resolvers dns"); strings.ContainsAny(strings.NewReplacer("n1", "").Replace(out), "123456789") {
			t.Errorf("after clear counters all: %s", out)
		}
	})
}
