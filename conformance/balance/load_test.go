package balance

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// loaded is a backend whose choices depend on the requests that are under way.
type loaded struct {
	lines   []string
	servers []string
	oneKey  bool
}

func loads() (all []loaded) {
	sets := [][]string{{"1", "1"}, {"1", "3"}, {"3", "1"}, {"1", "1", "1"}, {"2", "5", "1"}}
	for _, set := range sets {
		all = append(all, loaded{lines: []string{"balance leastconn"}, servers: weighted(set)})
		for _, factor := range []string{"101", "125", "150", "200", "300"} {
			lines := []string{"balance hdr(k)", "hash-type consistent", "hash-balance-factor " + factor}
			all = append(all, loaded{lines, weighted(set), true}, loaded{lines, weighted(set), false})
		}
	}
	return append(all, loaded{lines: []string{"balance first"}, servers: []string{"maxconn 5", "maxconn 30 id 1000", "maxconn 10 id 50"}},
		loaded{lines: []string{"balance roundrobin"}, servers: []string{"weight 3 maxconn 4", "weight 2 maxconn 9", "weight 1"}},
		loaded{lines: []string{"balance static-rr"}, servers: []string{"weight 3 maxconn 4", "weight 2 maxconn 9", "weight 1"}})
}

// TestLoaded holds requests open and lets some of them end between.
func TestLoaded(t *testing.T) {
	reference, hawser := testbed.HAProxy(t), testbed.Hawser(t)
	all := loads()
	want, got := hold(t, reference, all), hold(t, hawser, all)
	for i, l := range all {
		if got[i] != want[i] {
			t.Errorf("%s, %s: got %s, want %s", strings.Join(l.lines, ", "), strings.Join(l.servers, ", "), got[i], want[i])
		}
	}
}

// hold returns the letters of the servers that got each request, by backend.
func hold(t *testing.T, bin testbed.Binary, all []loaded) (out []string) {
	t.Helper()
	dir, addr := testbed.TempDir(t), testbed.FreeAddr()
	socket := filepath.Join(dir, "cli")
	var cfg strings.Builder
	fmt.Fprintf(&cfg, "global\n nbthread 1\n stats socket %s level admin\ndefaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 5s\n"+
		"frontend f\n bind %s\n use_backend %%[req.hdr(backend)]\n", socket, addr)
	arrivals := make(chan arrival)
	for i, l := range all {
		fmt.Fprintf(&cfg, "backend b%d\n option httpclose\n", i)
		for _, line := range l.lines {
			fmt.Fprintf(&cfg, " %s\n", line)
		}
		for k, options := range l.servers {
			fmt.Fprintf(&cfg, " server %c unix@%s %s\n", 'a'+k, catcher(t, dir, i, k, arrivals), options)
		}
	}
	file := filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte(cfg.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if err := p.WaitAddrs(addr); err != nil {
		t.Fatal(err)
	}
	for i, l := range all {
		out = append(out, holdOne(t, addr, socket, i, l, arrivals))
	}
	return out
}

type arrival struct {
	letter byte
	conn   net.Conn
}

// catcher listens as a server and passes on the connections that it gets.
func catcher(t *testing.T, dir string, backend, server int, arrivals chan arrival) string {
	path := filepath.Join(dir, fmt.Sprintf("%d-%d", backend, server))
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go testbed.Accept(l, func(c net.Conn) { arrivals <- arrival{byte('a' + server), c} })
	return path
}

func holdOne(t *testing.T, addr, socket string, backend int, l loaded, arrivals chan arrival) string {
	t.Helper()
	var order []byte
	var clients, servers []net.Conn
	lot := rand.New(rand.NewPCG(1, uint64(backend)))
	for i := range 40 {
		key := i * 7919
		if l.oneKey {
			key = 7
		}
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nhost: h\r\nbackend: b%d\r\nk: %d\r\n\r\n", backend, key)
		select {
		case a := <-arrivals:
			order = append(order, a.letter)
			clients, servers = append(clients, c), append(servers, a.conn)
		case <-time.After(5 * time.Second):
			t.Fatalf("backend %d: request %d reached no server", backend, i)
		}
		if i%3 == 2 {
			k := lot.IntN(len(clients))
			io.WriteString(servers[k], "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
			servers[k].Close()
			clients[k].Read(make([]byte, 4096))
			clients[k].Close()
			clients = append(clients[:k], clients[k+1:]...)
			servers = append(servers[:k], servers[k+1:]...)
			settle(t, socket, backend, len(clients))
		}
	}
	for i := range clients {
		clients[i].Close()
		servers[i].Close()
	}
	return string(order)
}

// settle waits until a backend counts so many sessions.
func settle(t *testing.T, socket string, backend, sessions int) {
	t.Helper()
	row, last := fmt.Sprintf("b%d,BACKEND,", backend), ""
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		text, err := testbed.Ask(socket, fmt.Sprintf("show stat b%d 2 -1", backend))
		if err != nil {
			t.Fatal(err)
		}
		last = text
		if i := strings.Index(text, row); i >= 0 {
			if w := strings.Split(text[i:], ","); len(w) > 4 && w[4] == strconv.Itoa(sessions) {
				return
			}
		}
	}
	t.Fatalf("backend %d does not come to %d sessions: %s", backend, sessions, last)
}
