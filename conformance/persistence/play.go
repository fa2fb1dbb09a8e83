package persistence

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// configuration writes a backend for each list of lines.
func configuration(o *origin, addr, log, socket string, backends [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `global
    log %s len 4096 local0
    stats socket %s level admin
defaults
    mode http
    log global
    option dontlognull
    log-format "%%b/%%s %%ST %%tsc %%rc"
    timeout connect 50ms
    timeout client 10s
    timeout server 10s
    timeout queue 1s
    retries 1
    http-reuse never
backend watch
    server e %s check inter 100ms fall 1
frontend f
    bind %s
    use_backend b%%[path,field(2,/)]
`, log, socket, o.addr['e'], addr)
	for i, lines := range backends {
		fmt.Fprintf(&b, "backend b%d\n    balance hdr(k)\n    hash-type map-based djb2\n    option redispatch\n", i)
		for _, l := range lines {
			fmt.Fprintf(&b, "    %s\n", l)
		}
		for _, s := range letters {
			name := strings.ToUpper(string(s))
			options := " cookie " + name
			switch s {
			case 'c':
				options += " disabled"
			case 'd':
				options += " weight 0"
			case 'e':
				options += " track watch/e"
			case 'k':
				options += " backup"
			case 'n':
				options = ""
			}
			if strings.Contains(strings.Join(lines, " "), " dynamic") {
				options = strings.Replace(options, " cookie "+name, "", 1)
			}
			fmt.Fprintf(&b, "    server %c %s%s\n", s, o.addr[byte(s)], options)
		}
	}
	return b.String()
}

// player is a program that runs the configuration.
type player struct {
	t    *testing.T
	o    *origin
	addr string
	log  net.PacketConn
	buf  []byte
}

// play has bin serve the requests, and tells what came of each, and what the stick
// tables hold at the end.
func play(t *testing.T, bin testbed.Binary, o *origin, backends [][]string, requests []string) (came []string) {
	t.Helper()
	log, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	dir := testbed.TempDir(t)
	p := &player{t: t, o: o, addr: testbed.FreeAddr(), log: log, buf: make([]byte, 8192)}
	socket, file := filepath.Join(dir, "cli"), filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte(configuration(o, p.addr, log.LocalAddr().String(), socket, backends)), 0o644); err != nil {
		t.Fatal(err)
	}
	proc, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Stop()
	if err := proc.WaitAddrs(p.addr); err != nil {
		t.Fatalf("%s: %v\n%.4000s", bin.Name, err, proc.Output())
	}
	p.awaitDown(socket)
	for _, q := range requests {
		came = append(came, p.send(q))
	}
	for i, lines := range backends {
		if strings.Contains(strings.Join(lines, "\n"), "stick-table") {
			came = append(came, entries(t, socket, i))
		}
	}
	return came
}

var unequal = regexp.MustCompile(`0x[0-9a-f]+: | (exp|shard)=\d+|(used|gpc0_rate.*)=\d+`)

// entries is the table of a backend without what two programs need not have in common.
func entries(t *testing.T, socket string, backend int) string {
	t.Helper()
	out, err := testbed.Ask(socket, fmt.Sprintf("show table b%d", backend))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(unequal.ReplaceAllString(out, "")), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// awaitDown waits until the server that does not listen is down everywhere.
func (p *player) awaitDown(socket string) {
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		out, err := testbed.Ask(socket, "show stat")
		if err == nil && strings.Contains(out, "watch,e,") {
			up := 0
			for line := range strings.Lines(out) {
				if f := strings.Split(line, ","); len(f) > 18 && f[1] == "e" && !strings.HasPrefix(f[17], "DOWN") {
					up++
				}
			}
			if up == 0 {
				break
			}
		}
		if time.Now().After(until) {
			p.t.Fatal("a server that does not listen is not down")
		}
	}
	for p.logged(200*time.Millisecond) != "" { // what was said of servers
	}
}

// logged is the next line of the log, "" for none.
func (p *player) logged(limit time.Duration) string {
	p.log.SetReadDeadline(time.Now().Add(limit))
	n, _, err := p.log.ReadFrom(p.buf)
	if err != nil {
		return ""
	}
	_, text, _ := strings.Cut(string(p.buf[:n]), "]: ")
	return strings.TrimSpace(text)
}

// send sends a request and tells all that came of it.
func (p *player) send(request string) string {
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request)
	var head strings.Builder
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			fmt.Fprintf(&head, "(%v)", err)
			break
		}
		if line == "\r\n" {
			break
		}
	}
	log := p.logged(10 * time.Second)
	c.(*net.TCPConn).SetLinger(0)
	return "to " + p.o.take() + "client got " + head.String() + "log " + log + "\n"
}
