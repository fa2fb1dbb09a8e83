// Package samples holds configurations that people come from, and tests that
// run each one: on Debian's haproxy, which proves the test, and on hawser.
// Ports and addresses are moved to free loopback ports; nothing else changes.
package samples

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// lab is one sample running on one binary.
type lab struct {
	t       *testing.T
	dir     string
	plan    *testbed.Plan
	origins map[string]*testbed.Origin // by the port in the sample
	prepare func(port string, o *testbed.Origin)
	env     []string
	proc    *testbed.Process
}

func newLab(t *testing.T) *lab {
	return &lab{t: t, dir: testbed.TempDir(t), origins: map[string]*testbed.Origin{}}
}

// start rewrites the sample and runs it.
func (l *lab) start(bin testbed.Binary, sample string) {
	l.t.Helper()
	text, err := os.ReadFile(sample)
	if err != nil {
		l.t.Fatal(err)
	}
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { sink.Close() })
	l.plan, err = testbed.Rewrite(string(text), testbed.Move{Checks: true, Dir: l.dir, Sink: sink.LocalAddr().String(), Origin: l.origin})
	if err != nil {
		l.t.Fatal(err)
	}
	for i := 0; i < len(l.plan.Fronts); i++ {
		if l.plan.Fronts[i].TLS && len(l.env) == 0 { // inside .if defined(CERT)
			l.plan.Fronts = append(l.plan.Fronts[:i], l.plan.Fronts[i+1:]...)
		}
	}
	l.proc, err = testbed.Run(bin, filepath.Dir(sample), l.dir, l.plan, l.env...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if err := l.proc.Stop(); err != nil {
			l.t.Error(err)
		}
		if l.t.Failed() {
			l.t.Log(l.proc.Output())
		}
	})
}

// origin makes one origin for each port that the sample names.
func (l *lab) origin(_, _, addr, port string) string {
	if port == "" {
		_, port, _ = net.SplitHostPort(addr)
	}
	if o := l.origins[port]; o != nil {
		return o.Addr
	}
	o, err := testbed.NewOrigin(port, func(o *testbed.Origin) {
		if l.prepare != nil {
			l.prepare(port, o)
		}
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(o.Close)
	l.origins[port] = o
	return o.Addr
}

func (l *lab) addr(proxy string) string {
	l.t.Helper()
	for _, f := range l.plan.Fronts {
		if f.Proxy == proxy {
			return f.Addr
		}
	}
	l.t.Fatalf("no frontend %s", proxy)
	return ""
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) origin() string { return a.header.Get("X-Origin") }

// get sends one request on a connection of its own. Header lines are "Name: value".
func (l *lab) get(proxy, target string, headers ...string) answer {
	l.t.Helper()
	a, err := l.try(proxy, target, headers...)
	if err != nil {
		l.t.Fatalf("%s %s: %v", proxy, target, err)
	}
	return a
}

func (l *lab) try(proxy, target string, headers ...string) (answer, error) {
	c, err := net.Dial("tcp", l.addr(proxy))
	if err != nil {
		return answer{}, err
	}
	return exchange(c, target, headers...)
}

// getTLS is get over TLS.
func (l *lab) getTLS(proxy, target string, headers ...string) (answer, error) {
	c, err := tls.Dial("tcp", l.addr(proxy), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return answer{}, err
	}
	return exchange(c, target, headers...)
}

func exchange(c net.Conn, target string, headers ...string) (answer, error) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	method, path, ok := strings.Cut(target, " ")
	if !ok {
		method, path = "GET", target
	}
	text := method + " " + path + " HTTP/1.1\r\nConnection: close\r\n"
	host := "Host: www.example.com\r\n"
	for _, h := range headers {
		if strings.HasPrefix(h, "Host:") {
			host = ""
		}
		text += h + "\r\n"
	}
	if _, err := io.WriteString(c, text+host+"\r\n"); err != nil {
		return answer{}, err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// spread counts which origin answered n requests.
func (l *lab) spread(proxy string, n int, headers ...string) map[string]int {
	l.t.Helper()
	count := map[string]int{}
	for range n {
		a := l.get(proxy, "/", headers...)
		if a.status != 200 {
			count[fmt.Sprint("status ", a.status)]++
			continue
		}
		count[a.origin()]++
	}
	return count
}

// until repeats a probe until it holds: health checks take their time.
func (l *lab) until(what string, holds func() bool) {
	l.t.Helper()
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	l.t.Fatalf("never came: %s", what)
}

func (l *lab) same(what string, got, want map[string]int) {
	l.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		l.t.Errorf("%s: %v, want %v", what, got, want)
	}
}
