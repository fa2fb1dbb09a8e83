package dns

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"hawser/conformance/testbed"
)

// resolving is a frontend that says in X-Ip what it resolved the Host to.
const resolving = "frontend fe\n bind FRONT\n http-request do-resolve(txn.ip,dns,ipv4) hdr(host),host_only\n" +
	" http-request return status 200 hdr X-Ip %[var(txn.ip)]\n"

// get asks the frontend and returns what it resolved.
func (w *world) get(host string) string {
	w.t.Helper()
	r, err := http.NewRequest("GET", "http://"+w.front+"/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host, r.Close = host, true
	c := http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(r)
	if err != nil {
		w.t.Fatalf("%s: %v", host, err)
	}
	resp.Body.Close()
	return resp.Header.Get("X-Ip")
}

// got checks what a host is resolved to, and by how many questions.
func (w *world) got(host, ip, types string) {
	w.t.Helper()
	w.ns[0].Forget()
	if got := w.get(host); got != ip {
		w.t.Errorf("%s: %q, want %q", host, got, ip)
	}
	if got := strings.Join(w.ns[0].Types(), " "); got != types {
		w.t.Errorf("%s: asked for %q, want %q", host, got, types)
	}
}

func TestDoResolve(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		ns := w.ns[0]
		ns.Addresses("one.test", "127.0.0.3")
		ns.Addresses("six.test", "::3")
		ns.Addresses("both.test", "::3", "127.0.0.7")
		ns.Set("silent.test", "", Silence)
		ns.Set("refused.test", "", Code(5))
		ns.Set("alias.test", "", Records("alias.test. 1 IN CNAME one.test.", "one.test. 1 IN A 127.0.0.3"))
		w.start(" timeout retry 700ms\n resolve_retries 2\n hold valid 1h\n hold nx 1h\n hold timeout 1h\n", resolving)
		w.got("one.test", "127.0.0.3", "A")
		w.got("six.test", "::3", "A AAAA")
		w.got("both.test", "127.0.0.7", "A")
		w.got("alias.test", "127.0.0.3", "A")
		w.got("gone.test", "", "A AAAA A AAAA")
		w.got("refused.test", "", "A AAAA A AAAA")
		w.got("silent.test", "", "A A")
		w.got("127.0.0.1", "", "A AAAA A AAAA")
		w.got("a..b", "", "")
		if bin.Name == "haproxy" {
			return // 2.6 asks each time, and takes the letters as they are
		}
		w.got("one.test", "127.0.0.3", "")
		w.got("ONE.test:80", "127.0.0.3", "")
		w.got("gone.test", "", "A AAAA A AAAA") // failures are not kept
	})
}

// TestDoResolveTurns: rules get the addresses of a name in turn.
func TestDoResolveTurns(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		if bin.Name == "haproxy" {
			t.Skip("2.6 has no turns")
		}
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.1", "127.0.0.2", "127.0.0.3")
		w.start(" hold valid 1h\n", resolving)
		got := ""
		for range 5 {
			got += " " + w.get("app.test")
		}
		if want := " 127.0.0.2 127.0.0.1 127.0.0.3 127.0.0.2 127.0.0.1"; got != want {
			t.Errorf("got%s, want%s", got, want)
		}
	})
}

// TestDoResolveHold: hold valid ends, and what changed is seen.
func TestDoResolveHold(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.3")
		w.start(" hold valid 300ms\n", resolving)
		w.got("app.test", "127.0.0.3", "A")
		w.ns[0].Addresses("app.test", "127.0.0.5")
		w.await("the new address", func() bool { return w.get("app.test") == "127.0.0.5" })
	})
}

// TestDoResolveTogether: many who want one name cost one question.
func TestDoResolveTogether(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		w := newWorld(t, bin)
		w.ns[0].Set("app.test", "", func(q *mdns.Msg) []byte {
			time.Sleep(500 * time.Millisecond)
			return Records("app.test. 1 IN A 127.0.0.3")(q)
		})
		w.start(" timeout retry 5s\n hold valid 1h\n", resolving)
		done := make(chan string)
		for range 8 {
			go func() { done <- w.get("app.test") }()
		}
		for range 8 {
			if ip := <-done; ip != "127.0.0.3" {
				t.Errorf("got %q", ip)
			}
		}
		if got := w.ns[0].Types(); len(got) != 1 && bin.Name != "haproxy" {
			t.Errorf("asked for %v", got)
		}
	})
}

// TestDoResolveTCP: the action in tcp-request content, and the address as the
// destination of the connection.
func TestDoResolveTCP(t *testing.T) {
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		o, err := testbed.NewOrigin("o")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(o.Close)
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.1")
		w.start("", fmt.Sprintf("listen l\n mode tcp\n bind FRONT\n tcp-request inspect-delay 5s\n"+
			" tcp-request content do-resolve(sess.ip,dns) str(app.test)\n tcp-request content set-dst var(sess.ip)\n"+
			" tcp-request content set-dst-port int(%d)\n server clear 0.0.0.0:0\n", o.Port()))
		c, err := net.Dial("tcp", w.front)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(limit))
		fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
		b := make([]byte, 4096)
		n, _ := c.Read(b)
		if !strings.Contains(string(b[:n]), "X-Origin: o") {
			t.Errorf("answer %q", b[:n])
		}
	})
}

// TestDoResolveGone: a client that closes is not waited for.
func TestDoResolveGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testbed.Hawser(t))
	w.ns[0].Set("app.test", "", Silence)
	w.start(" timeout retry 1s\n resolve_retries 0\n", resolving)
	c, err := net.Dial("tcp", w.front)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
	w.asked(w.ns[0], "app.test", 1)
	c.Close()
	w.await("the connection is gone", func() bool { return strings.Contains(w.cli("show info"), "CurrConns: 0\n") })
}
