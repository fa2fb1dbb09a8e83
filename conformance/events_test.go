package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

const eventsFile = `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind "${BIND}"
    http-request set-header X-Added later
    http-request return status 204 if { path /own }
    default_backend be
backend be
    http-response set-header X-Added later
    server s1 "${ORIGIN}"
frontend origin
    bind "${ORIGIN}"
    http-request return status 200 content-type text/plain string hi
`

// numbers are those of streams, descriptors and ports.
var numbers = regexp.MustCompile(`^[0-9a-f]{8}|\([0-9a-f]+\)=[0-9a-f]+|\[[0-9a-f]{4}:[0-9a-f]{4,8}\]|127\.0\.0\.1:[0-9]+`)

// TestEvents: -d tells heads and ends of streams as HAProxy does.
func TestEvents(t *testing.T) {
	var said [][]string
	for _, bin := range both(t) {
		dir, addr := testbed.TempDir(t), testbed.FreeAddr()
		file := filepath.Join(dir, "h.cfg")
		if err := os.WriteFile(file, []byte(eventsFile), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := testbed.Start(bin, dir, []string{"-d", "-f", file}, "BIND="+addr, "ORIGIN="+testbed.FreeAddr())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Stop()
		if err := p.WaitAddrs(addr); err != nil {
			t.Fatal(err)
		}
		c := dial(t, addr)
		c.get("/one?x")
		c.get("/own")
		for end := time.Now().Add(10 * time.Second); strings.Count(p.Output(), ".closed[") < 3 && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		var lines []string
		for line := range strings.Lines(p.Output()) {
			if numbers.MatchString(line) && strings.Contains(line, ":") && strings.Contains(line[:min(len(line), 20)], ".") {
				lines = append(lines, numbers.ReplaceAllString(strings.TrimSpace(line), "#"))
			}
		}
		slices.Sort(lines) // who closes first differs from run to run
		said = append(said, lines)
	}
	if !slices.Equal(said[0], said[1]) || len(said[0]) < 15 {
		t.Errorf("haproxy:\n%s\nhawser:\n%s", strings.Join(said[0], "\n"), strings.Join(said[1], "\n"))
	}
}

const debugFile = `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind "${BIND}"
    http-request set-var(txn.a) src,debug(addr,stderr)
    http-request set-var(txn.b) path,debug(,stdout),length,debug(len,stdout),add(1),debug(more,stderr)
    http-request set-var(txn.c) bool(true),debug(b,stderr)
    http-request set-var(txn.c) str(a),base64,b64dec,debug(bin,stderr)
    http-request set-var(txn.c) method,debug(m,stderr)
    http-request set-var(txn.c) req.hdr(absent),debug(none,stderr)
    http-request return status 200
`

// TestDebugConverter: values are printed as HAProxy prints them.
func TestDebugConverter(t *testing.T) {
	var said []string
	for _, bin := range both(t) {
		dir, addr := testbed.TempDir(t), testbed.FreeAddr()
		file := filepath.Join(dir, "h.cfg")
		if err := os.WriteFile(file, []byte(debugFile), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := testbed.Start(bin, dir, []string{"-db", "-f", file}, "BIND="+addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.WaitAddrs(addr); err != nil {
			t.Fatal(err)
		}
		dial(t, addr).get("/path")
		p.Stop()
		var lines []string
		for line := range strings.Lines(p.Output()) {
			if strings.HasPrefix(line, "[debug]") {
				lines = append(lines, line)
			}
		}
		slices.Sort(lines)
		said = append(said, strings.Join(lines, ""))
	}
	if said[0] != said[1] || strings.Count(said[0], "\n") < 7 {
		t.Errorf("haproxy:\n%s\nhawser:\n%s", said[0], said[1])
	}
}
