package samples

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

// story is what a sample promises.
type story struct {
	sample string
	run    func(*testing.T, testbed.Binary)
}

var stories = []story{
	{"quickstart", quickstart}, {"four-nodes", fourNodes}, {"source-hash", sourceHash}, {"leastconn", leastConnections},
	{"backup", backup}, {"nginx-style", nginxStyle}, {"alb", alb}, {"nlb", nlb}, {"kubernetes", kubernetes},
	{"galera", galera}, {"postgresql", postgresql}, {"redis", redis}, {"rate-limit", rateLimit},
	{"blue-green-cookie", blueGreenCookie}, {"blue-green-weight", blueGreenWeight}, {"prometheus", prometheus},
	{"legacy-1.5", legacy},
}

func TestOnHAProxy(t *testing.T) { runAll(t, testbed.HAProxy(t)) }

func TestOnHAProxy35(t *testing.T) {
	bin, ok := testbed.HAProxy35()
	if !ok {
		t.Skip("no haproxy35 here")
	}
	runAll(t, bin)
}

func TestOnHawser(t *testing.T) { runAll(t, testbed.Hawser(t)) }

func runAll(t *testing.T, bin testbed.Binary) {
	for _, s := range stories {
		t.Run(s.sample, func(t *testing.T) {
			t.Parallel()
			hawserOnly := s.sample == "legacy-1.5"
			if hawserOnly && bin.Name != "hawser" {
				t.Skip("HAProxy refuses it")
			}
			status, out := testbed.Check(bin, ".", s.sample+".cfg")
			if status != 0 {
				t.Fatalf("-c: status %d\n%s", status, out)
			}
			if strings.Contains(out, "[WARNING]") && !hawserOnly {
				t.Errorf("-c warns:\n%s", out)
			}
			s.run(t, bin)
		})
	}
}

// TestEverySampleHasAStory keeps the folder and the table together.
func TestEverySampleHasAStory(t *testing.T) {
	files, err := filepath.Glob("*.cfg")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range stories {
		known[s.sample+".cfg"] = true
	}
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if !known[f] {
			t.Errorf("%s has no story", f)
		}
		if !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s does not begin with a comment that explains it", f)
		}
	}
}

func open(t *testing.T, bin testbed.Binary, sample string) *lab {
	l := newLab(t)
	l.start(bin, sample+".cfg")
	return l
}

func quickstart(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "quickstart")
	l.same("in turn", l.spread("web", 9), map[string]int{"9001": 3, "9002": 3, "9003": 3})
	if a := l.get("web", "/"); !strings.HasPrefix(a.header.Get("X-Served-By"), "origin") {
		t.Errorf("X-Served-By: %q", a.header.Get("X-Served-By"))
	}
	page := l.get("stats", "/")
	for _, want := range []string{"origin1", "origin3", "Statistics Report"} {
		if page.status != 200 || !strings.Contains(page.body, want) {
			t.Errorf("stats page: status %d, no %q", page.status, want)
		}
	}
	if a := l.get("stats", "/;csv"); !strings.HasPrefix(a.body, "# pxname,svname,") {
		t.Errorf("csv: %.60q", a.body)
	}
	l.origins["9001"].Fail.Store(true)
	l.until("a failing origin is left out", func() bool { return l.spread("web", 4)["9002"] == 2 })
}

func fourNodes(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "four-nodes")
	l.same("by weight", l.spread("http-in", 12), map[string]int{"9001": 4, "9002": 4, "9003": 2, "9004": 2})
	if a := l.get("stats_page", "/"); a.status != 200 || !strings.Contains(a.body, "server04") {
		t.Errorf("stats page: status %d", a.status)
	}
}

func sourceHash(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "source-hash")
	if n := len(l.spread("web", 10)); n != 1 {
		t.Errorf("one client went to %d servers", n)
	}
	used := map[string]int{}
	for i := range 30 {
		h := fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i)
		one := l.spread("web", 3, h)
		if len(one) != 1 {
			t.Errorf("%s: %v", h, one)
		}
		for name := range one {
			used[name]++
		}
	}
	if len(used) != 3 {
		t.Errorf("30 clients use %v", used)
	}
}

func leastConnections(t *testing.T, bin testbed.Binary) {
	release, busy := make(chan bool), make(chan string, 4)
	l := newLab(t)
	l.prepare = holder(release, busy)
	l.start(bin, "leastconn.cfg")
	done := make(chan bool)
	hold := func() string { // one after the other: two threads may choose at once
		go func() { l.try("web", "/hold"); done <- true }()
		return <-busy
	}
	first, second := hold(), hold()
	if first == second {
		t.Errorf("two requests on %s", first)
	}
	// A request that has just ended may still count for a moment.
	l.until("all others go to the idle one", func() bool {
		now := l.spread("web", 3)
		return len(now) == 1 && now[first] == 0 && now[second] == 0
	})
	close(release)
	<-done
	<-done
}

func backup(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "backup")
	l.same("all up", l.spread("web", 6), map[string]int{"9001": 3, "9002": 3})
	l.origins["9001"].Fail.Store(true)
	l.origins["9002"].Fail.Store(true)
	l.until("the first backup alone", func() bool { return l.spread("web", 4)["9003"] == 4 })
	l.origins["9001"].Fail.Store(false)
	l.until("back to the main server", func() bool { return l.spread("web", 4)["9001"] == 4 })
}

func nginxStyle(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "nginx-style")
	if a := l.get("nginx", "/x"); !strings.Contains(a.body, "x-real-ip: 127.0.0.1") {
		t.Errorf("what the server got:\n%s", a.body)
	}
	a := l.get("nginx", "/static/a.css")
	if a.origin() != "9003" || !strings.HasPrefix(a.body, "GET /a.css ") || a.header.Get("Cache-Control") == "" {
		t.Errorf("static: %+v", a)
	}
	if a := l.get("nginx", "/x", "Content-Length: 9000000"); a.status != 413 {
		t.Errorf("a body too large: status %d", a.status)
	}
	l.origins["9001"].Fail.Store(true)
	l.until("errors take a server out", func() bool { return l.spread("nginx", 8)["9002"] == 8 })
}

func alb(t *testing.T, bin testbed.Binary) {
	l := newLab(t)
	pem, err := testbed.PEM("www.example.com", "api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	cert := filepath.Join(l.dir, "site.pem")
	if err := os.WriteFile(cert, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	l.env = []string{"CERT=" + cert}
	l.start(bin, "alb.cfg")
	if a := l.get("http", "/a?b=1"); a.status != 301 || a.header.Get("Location") != "https://www.example.com/a?b=1" {
		t.Errorf("redirect: %d %q", a.status, a.header.Get("Location"))
	}
	for _, c := range []struct {
		name, host, path, origin, body string
		status                         int
	}{
		{"fixed response", "www.example.com", "/ping", "", "pong", 200},
		{"unknown host", "other.example.com", "/", "", "no such host", 404},
		{"host and path", "api.example.com", "/orders/7", "9004", "x-forwarded-proto: https", 200},
		{"host", "API.example.com", "/users", "9003", "x-forwarded-port: 443", 200},
		{"default", "www.example.com", "/", "9001", "x-forwarded-for: 127.0.0.1", 200},
	} {
		a, err := l.getTLS("https", c.path, "Host: "+c.host)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.status != c.status || a.origin() != c.origin || !strings.Contains(a.body, c.body) {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
	a, err := l.getTLS("https", "/")
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	for range 4 {
		if b, err := l.getTLS("https", "/", "Cookie: "+cookie); err != nil || b.origin() != a.origin() {
			t.Errorf("with cookie %q: %s, then %s (%v)", cookie, a.origin(), b.origin(), err)
		}
	}
}

func rateLimit(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "rate-limit")
	l.same("the first 20", l.spread("web", 20), map[string]int{"9001": 20})
	if a := l.get("web", "/"); a.status != 429 || a.header.Get("Retry-After") != "10" || a.body != "slow down" {
		t.Errorf("the next: %+v", a)
	}
	l.same("another key", l.spread("web", 3, "X-Api-Key: abc"), map[string]int{"9001": 3})
}

func blueGreenCookie(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "blue-green-cookie")
	for _, c := range []struct{ name, target, cookie, origin, set string }{
		{"all", "/", "", "9001", ""},
		{"by link", "/?release=green", "", "9002", "release=green; Path=/; HttpOnly"},
		{"by cookie", "/", "a=1; release=green", "9002", ""},
		{"back", "/?release=blue", "release=green", "9001", "release=blue; Path=/; HttpOnly"},
	} {
		a := l.get("web", c.target, "Cookie: "+c.cookie)
		if a.origin() != c.origin || a.header.Get("Set-Cookie") != c.set || a.header.Get("X-Release") == "" {
			t.Errorf("%s: %s, %q", c.name, a.origin(), a.header)
		}
	}
}

func blueGreenWeight(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "blue-green-weight")
	l.same("as written", l.spread("web", 20), map[string]int{"9001": 18, "9002": 2})
	for _, cmd := range []string{"set weight app/green 90", "set weight app/blue 0"} {
		if out, err := testbed.Ask(l.plan.Socket, cmd); err != nil || strings.TrimSpace(out) != "" {
			t.Errorf("%s: %q %v", cmd, out, err)
		}
	}
	l.same("moved", l.spread("web", 10), map[string]int{"9002": 10})
}

func prometheus(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "prometheus")
	l.spread("web", 4)
	for _, want := range []string{
		"# TYPE haproxy_frontend_http_requests_total counter",
		`haproxy_frontend_http_requests_total{proxy="web"} 4`,
		`haproxy_server_status{proxy="app",server="app1",state="UP"} 1`,
		`haproxy_backend_http_responses_total{proxy="app",code="2xx"} 4`,
	} {
		l.until(want, func() bool { return strings.Contains(l.get("metrics", "/metrics").body, want) })
	}
	if a := l.get("metrics", "/stats"); a.status != 200 {
		t.Errorf("stats page: %d", a.status)
	}
}

func legacy(t *testing.T, bin testbed.Binary) {
	l := open(t, bin, "legacy-1.5")
	a := l.get("webfarm", "/", "X-Secret: 1")
	if a.header.Get("X-Frame-Options") != "DENY" || a.header.Get("Server") != "" || a.header.Get("Set-Cookie") == "" {
		t.Errorf("answer: %q", a.header)
	}
	if !strings.Contains(a.body, "x-proto: http") || strings.Contains(a.body, "x-secret") {
		t.Errorf("what the server got:\n%s", a.body)
	}
	if a := l.get("webfarm", "/admin"); a.status != 403 {
		t.Errorf("blocked: %d", a.status)
	}
}
