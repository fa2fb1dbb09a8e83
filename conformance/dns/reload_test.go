package dns

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// TestReload: what was resolved outlives a reload: addresses and places stay, nothing
// is logged, nothing is asked for but in its turn. HAProxy starts anew.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testbed.Hawser(t))
	ns := w.ns[0]
	ns.Addresses("app.test", "127.0.0.3", "127.0.0.4")
	ns.Addresses("gone.test", "127.0.0.9")
	ns.Services("_h._tcp.test", "1 10 8001 a.test", "1 300 8002 b.test")
	ns.Addresses("a.test", "127.0.0.5")
	ns.Addresses("b.test", "127.0.0.6")
	const rest = "backend be\n server-template s 1-3 app.test:80 resolvers dns init-addr none\n" +
		" server-template v 1-3 _h._tcp.test resolvers dns init-addr none\n server g gone.test:80 resolvers dns init-addr none\n"
	conf := strings.ReplaceAll(brisk, "timeout 0", "timeout 1h") // silence changes nothing
	w.start(conf, rest)
	w.want("s1=127.0.0.3:80 s2=127.0.0.4:80 s3=- v1=127.0.0.5:8001 v2=127.0.0.6:8002 v3=- g=127.0.0.9:80")
	ns.Set("gone.test", "", Code(3))
	ns.Services("_h._tcp.test", "1 300 8002 b.test")
	const want = "s1=127.0.0.3:80 s2=127.0.0.4:80 s3=- v1=- v2=127.0.0.6:8002 v3=- g=-"
	w.want(want)
	ns.Set("other.test", "", Silence)
	w.cli("set server be/s1 fqdn other.test") // the address stays until there is another
	for _, name := range []string{"app.test", "gone.test", "_h._tcp.test", "b.test"} {
		ns.Set(name, "", Silence)
	}
	logged := strings.Count(w.p.Output(), "Server be/")
	for i := range 3 {
		w.write("run.cfg", head+w.text(conf, rest+fmt.Sprintf(" server new%d 127.0.0.1:1\n", i)))
		w.reload(fmt.Sprintf("new%d=127.0.0.1:1", i))
		if got := w.servers(); !strings.HasPrefix(got, want) {
			t.Fatalf("after reload %d servers are %s, want %s", i+1, got, want)
		}
	}
	if n := strings.Count(w.p.Output(), "Server be/"); n != logged {
		t.Errorf("servers changed their state: %s", w.p.Output())
	}
	if f := w.state()[0]; f[17] != "other.test" {
		t.Errorf("the name is %s, want other.test", f[17])
	}
	// It goes on where it was: the place that is free longest, the address that is there.
	for _, name := range []string{"a.test", "b.test"} {
		ns.Addresses(name, "127.0.0."+map[string]string{"a.test": "5", "b.test": "6"}[name])
	}
	ns.Services("_h._tcp.test", "1 300 8002 b.test", "1 10 8001 a.test")
	ns.Addresses("app.test", "127.0.0.4")
	ns.Addresses("other.test", "127.0.0.7")
	w.want("s1=127.0.0.7:80 s2=127.0.0.4:80 s3=- v1=- v2=127.0.0.6:8002 v3=127.0.0.5:8001 g=- new2=127.0.0.1:1")
	// Another name server, then none.
	w.ns[1].Addresses("other.test", "127.0.0.8") // s1 was told to follow that
	w.write("run.cfg", head+w.text(" nameserver n2 N2\n"+conf, "backend be\n server s1 app.test:80 resolvers dns init-addr none\n server s2 127.0.0.2:80\n server other 127.0.0.1:2"))
	w.reload("other=127.0.0.1:2")
	w.want("s1=127.0.0.8:80 s2=127.0.0.2:80 other=127.0.0.1:2")
	w.write("run.cfg", head+"backend be\n server s1 127.0.0.1:80\n server s2 127.0.0.2:80\n")
	w.reload("s1=127.0.0.1:80")
	w.want("s1=127.0.0.1:80 s2=127.0.0.2:80")
}

// reload has hawser read its file again and waits until a server is there.
func (w *world) reload(server string) {
	w.t.Helper()
	w.cli("reload")
	w.await("the reload that brings "+server, func() bool { return slices.Contains(strings.Fields(w.servers()), server) })
}

// TestSteadyClient: addresses come and go under load, and no request fails.
func TestSteadyClient(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		var origins []*testbed.Origin
		for i := range 3 {
			o, err := testbed.NewOrigin(fmt.Sprint("o", i))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(o.Close)
			origins = append(origins, o)
		}
		places := func(of ...int) {
			var list, extra []string
			for _, i := range of {
				list = append(list, fmt.Sprintf("1 256 %d h%d.test", origins[i].Port(), i))
				extra = append(extra, fmt.Sprintf("h%d.test. 1 IN A 127.0.0.1", i))
			}
			w.ns[0].Set("_h._tcp.test", "SRV", Full(srvRecords("_h._tcp.test", list), extra))
		}
		places(0)
		w.start(brisk, "frontend fe\n bind FRONT\n default_backend be\nbackend be\n balance roundrobin\n server-template s 4 _h._tcp.test resolvers dns init-addr none\n")
		up := func(of ...int) {
			t.Helper()
			places(of...)
			w.await(fmt.Sprintf("origins %v", of), func() bool {
				got := w.servers()
				for i, o := range origins {
					if strings.Contains(got+" ", fmt.Sprintf("=127.0.0.1:%d ", o.Port())) != slices.Contains(of, i) {
						return false
					}
				}
				return true
			})
		}
		up(0)
		stop, done, failed := atomic.Bool{}, atomic.Int32{}, atomic.Int32{}
		var clients sync.WaitGroup
		for range 2 {
			clients.Go(func() {
				c := http.Client{Timeout: limit}
				for !stop.Load() {
					resp, err := c.Get("http://" + w.front + "/")
					if err != nil || resp.StatusCode != 200 {
						failed.Add(1)
					}
					if err == nil {
						resp.Body.Close()
					}
					done.Add(1)
					time.Sleep(2 * time.Millisecond)
				}
			})
		}
		for _, of := range [][]int{{0, 1}, {1}, {1, 2}, {0, 2}, {0, 1, 2}, {2}, {2, 0}} {
			up(of...)
			n := done.Load()
			w.await("some requests more", func() bool { return done.Load() > n+20 })
		}
		stop.Store(true)
		clients.Wait()
		if failed.Load() > 0 {
			t.Errorf("%d of %d requests failed", failed.Load(), done.Load())
		}
		for _, o := range origins {
			if o.Hits.Load() == 0 {
				t.Errorf("%s got no request", o.Name)
			}
		}
	})
}
