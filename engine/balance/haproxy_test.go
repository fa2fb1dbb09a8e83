package balance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/htx"
)

// haproxy starts one HAProxy with a backend for each list of lines, and returns a
// function that sends a request to the n-th from a source address and tells the
// server that got it.
func haproxy(t *testing.T, backends [][]string) func(n int, src, target, header string) string {
	t.Helper()
	bin, err := exec.LookPath("haproxy35")
	if err != nil {
		if bin, err = exec.LookPath("haproxy"); err != nil {
			t.Skip("no haproxy to compare with")
		}
	}
	dir := t.TempDir()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // haproxy inherits it
	if err != nil {
		t.Fatal(err)
	}
	f, _ := ln.(*net.TCPListener).File()
	addr := ln.Addr().String()
	ln.Close()
	cfg := "global\n nbthread 1\ndefaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n" +
		"frontend f\n bind fd@3\n use_backend %[req.hdr(backend)]\nfrontend o\n bind unix@" + dir + "/o\n http-request return status 200\n"
	for n, lines := range backends {
		cfg += fmt.Sprintf("backend b%d\n http-response set-header X-S %%s\n", n)
		for _, l := range lines {
			cfg += " " + strings.ReplaceAll(l, "@O", "unix@"+dir+"/o") + "\n"
		}
	}
	file := filepath.Join(dir, "c.cfg")
	if err := os.WriteFile(file, []byte(cfg), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-db", "-f", file)
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	conns := map[string]net.Conn{}
	readers := map[string]*bufio.Reader{}
	return func(n int, src, target, header string) string {
		if conns[src] == nil {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(src)}}
			c, err := d.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			t.Cleanup(func() { c.Close() })
			conns[src], readers[src] = c, bufio.NewReader(c)
		}
		fmt.Fprintf(conns[src], "GET %s HTTP/1.1\r\nhost: h\r\nbackend: b%d\r\n%s\r\n", target, n, header)
		res, err := http.ReadResponse(readers[src], nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		return res.Header.Get("X-S")
	}
}

type request struct{ src, target, header string }

func (r request) stream() *engine.Stream {
	s := &engine.Stream{Sess: &engine.Session{Src: netip.AddrPortFrom(netip.MustParseAddr(r.src), 1)}, Req: &htx.Msg{}, HasReq: true}
	s.Req.StartRequest("GET", r.target)
	s.Req.AddStr("host", "h")
	if name, value, ok := strings.Cut(strings.TrimSpace(r.header), ": "); ok {
		s.Req.AddStr(strings.ToLower(name), value)
	}
	return s
}

func requests(n int, make func(i int) request) (out []request) {
	for i := range n {
		r := request{src: "127.0.0.1", target: "/"}
		made := make(i)
		if made.src != "" {
			r.src = made.src
		}
		if made.target != "" {
			r.target = made.target
		}
		r.header = made.header
		out = append(out, r)
	}
	return out
}

// The hash algorithms must send every key where HAProxy sends it.
func TestHashesEqualHAProxy(t *testing.T) {
	const keys = 300
	hdr := requests(keys, func(i int) request { return request{header: fmt.Sprintf("K: key-%d-%x\r\n", i, i*7919)} })
	num := requests(keys, func(i int) request { return request{header: fmt.Sprintf("K: %d\r\n", i*14316557+i)} })
	host := requests(keys, func(i int) request { return request{header: fmt.Sprintf("K: www%d.site%d.example\r\n", i%7, i)} })
	uri := requests(keys, func(i int) request {
		return request{target: fmt.Sprintf("/d%d/e%d/f%d?x=%d&id=%d", i%17, i%5, i, i*3, i*i)}
	})
	src := requests(40, func(i int) request { return request{src: fmt.Sprintf("127.0.%d.%d", i%5, i+1)} })
	cases := []struct {
		balance string
		types   []string
		keys    []request
	}{
		{"hdr(k)", []string{"", "map-based djb2", "map-based wt6", "map-based crc32", "map-based sdbm avalanche", "map-based crc32 avalanche",
			"consistent", "consistent djb2", "consistent wt6 avalanche", "consistent crc32"}, hdr},
		{"hdr(k)", []string{"map-based none", "consistent none"}, num},
		{"hdr(k) use_domain_only", []string{"", "consistent"}, host},
		{"uri", []string{"", "consistent"}, uri},
		{"uri whole", []string{""}, uri},
		{"uri depth 2", []string{""}, uri},
		{"uri len 9", []string{"consistent"}, uri},
		{"url_param id", []string{"", "consistent"}, uri},
		{"source", []string{"", "map-based wt6", "map-based djb2 avalanche", "consistent", "consistent none"}, src},
	}
	weights := []int{1, 1, 3, 2, 10}
	var backends [][]string
	for _, tc := range cases {
		for _, typ := range tc.types {
			lines := []string{"balance " + tc.balance}
			if typ != "" {
				lines = append(lines, "hash-type "+typ)
			}
			backends = append(backends, append(lines, serverLines(weights)...))
		}
	}
	ask, n := haproxy(t, backends), 0
	for _, tc := range cases {
		for _, typ := range tc.types {
			t.Run(tc.balance+" "+typ, func(t *testing.T) {
				px := farmOf(t, "roundrobin", weights...)
				px.Mode = engine.ModeHTTP
				for _, w := range strings.Fields(typ) {
					px.Balance.HashType = append(px.Balance.HashType, engine.Word{Text: w})
				}
				setBalance(t, px, strings.Fields(tc.balance)...)
				bad := 0
				for _, r := range tc.keys {
					want := ask(n, r.src, r.target, r.header)
					if got := px.Balancer.Pick(r.stream(), nil).Name; got != want {
						if bad++; bad < 4 {
							t.Errorf("%+v went to %s, HAProxy sends it to %s", r, got, want)
						}
					}
				}
				if bad > 0 {
					t.Errorf("%d of %d differ", bad, len(tc.keys))
				}
			})
			n++
		}
	}
}

func serverLines(weights []int) (lines []string) {
	for i, w := range weights {
		lines = append(lines, fmt.Sprintf("server %c @O weight %d", 'a'+i, w))
	}
	return lines
}

// Round robin gives the same order.
func TestTurnsEqualHAProxy(t *testing.T) {
	sets := [][]int{{1, 2, 3, 1, 7}, {100, 50, 3, 5, 3, 256}, {50, 10, 256, 50, 5, 10}, {7, 3, 1, 10}}
	algorithms := []string{"roundrobin", "static-rr"}
	var backends [][]string
	for _, weights := range sets {
		for _, alg := range algorithms {
			backends = append(backends, append([]string{"balance " + alg}, serverLines(weights)...))
		}
	}
	ask, n := haproxy(t, backends), 0
	for _, weights := range sets {
		for _, alg := range algorithms {
			t.Run(fmt.Sprint(alg, weights), func(t *testing.T) {
				var want strings.Builder
				for range 200 {
					want.WriteString(ask(n, "127.0.0.1", "/", ""))
				}
				if got := picks(farmOf(t, alg, weights...), 200); got != want.String() {
					t.Errorf("got  %s\nwant %s", got, want.String())
				}
			})
			n++
		}
	}
}
