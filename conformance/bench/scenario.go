package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed configs
var configs embed.FS

// scenario is one row of the report. limit is the ratio hawser / haproxy that
// the project promises, 0 where it promises none.
type scenario struct {
	name, title string
	config      func(dir string) ([]byte, error)
	load        load
	limit       float64
	run         func(*bench) error
}

// bench is one scenario on its way.
type bench struct {
	o       options
	sc      *scenario
	dir     string
	proxies []proxy
}

const requestHead = "GET /index.html HTTP/1.1\r\n" +
	"Host: www.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Referer: https://www.example.com/start\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef\r\n" +
	"Cache-Control: no-cache\r\n" +
	"X-Request-Id: 4bf92f3577b34da6a3ce929d0e0e4736\r\n\r\n"

var scenarios = []scenario{
	{name: "plain", title: "keep-alive forwarding, 9 request headers, 100 byte body", limit: 1.15,
		config: embedded("plain"), load: load{conns: 32, requests: 25_000, body: 100}, run: measureTraffic},
	{name: "production", title: "UDP httplog, 4 ACLs, tracked rate, 5 header rules, cookie, checks", limit: 1.0,
		config: embedded("production"), load: load{conns: 32, requests: 20_000, body: 100}, run: measureTraffic},
	{name: "tcp", title: "TCP mode, request and response over long connections", limit: 1.15,
		config: embedded("tcp"), load: load{conns: 32, requests: 25_000, body: 100}, run: measureTraffic},
	{name: "connection", title: "a client connection per request", limit: 1.5,
		config: embedded("connection"), load: load{conns: 16, requests: 5_000, body: 100, once: true}, run: measureTraffic},
	{name: "body14k", title: "keep-alive, 14 kB response bodies",
		config: embedded("plain"), load: load{conns: 32, requests: 15_000, body: 14 << 10}, run: measureTraffic},
	{name: "rules", title: "200 ACLs and a 1,000-entry map on every request",
		config: rulesConfig, load: load{conns: 32, requests: 8_000, body: 100}, run: measureTraffic},
	{name: "load50k", title: "-c on a file of 50,000 lines (CPU milliseconds)", limit: 2.0,
		config: bigConfig, run: measureLoad},
	{name: "reload", title: "100 reloads under load (hawser only)", run: measureReload},
}

func embedded(name string) func(string) ([]byte, error) {
	return func(string) ([]byte, error) { return configs.ReadFile("configs/" + name + ".cfg") }
}

func (b *bench) writeConfig() (string, error) {
	text, err := b.sc.config(b.dir)
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, b.sc.name+".cfg")
	return file, os.WriteFile(file, text, 0o644)
}

// measureTraffic runs every proxy in turn, round by round, so that a slow
// phase of the machine falls on all of them.
func measureTraffic(b *bench) error {
	file, err := b.writeConfig()
	if err != nil {
		return err
	}
	l := b.sc.load
	if b.o.quick {
		l.requests /= 3
	}
	if b.o.conns > 0 {
		l.conns = b.o.conns
	}
	if b.o.requests > 0 {
		l.requests = b.o.requests
	}
	cost := map[string][]float64{}
	rate := map[string][]float64{}
	failed := map[string]error{}
	for range b.o.rounds {
		for _, p := range b.proxies {
			if failed[p.name] != nil {
				continue
			}
			r, err := b.oneRound(p, file, l)
			if err != nil {
				failed[p.name] = err
				continue
			}
			cost[p.name] = append(cost[p.name], r.cpu.Seconds()*1e6/float64(l.requests))
			rate[p.name] = append(rate[p.name], float64(l.requests)/r.wall.Seconds())
		}
	}
	printRow(b, "µs", cost, rate)
	for _, p := range b.proxies {
		if err := failed[p.name]; err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (b *bench) oneRound(p proxy, file string, l load) (result, error) {
	w, err := newWorld(l)
	if err != nil {
		return result{}, err
	}
	defer w.close()
	port, err := freePort()
	if err != nil {
		return result{}, err
	}
	w.target = port
	env := append(w.env(), fmt.Sprintf("BENCH_BIND=127.0.0.1:%d", port), "BENCH_DIR="+b.dir)
	if p.name == "hawser" && b.o.profile != "" {
		if err := os.MkdirAll(b.o.profile, 0o755); err != nil {
			return result{}, err
		}
		dir, _ := filepath.Abs(b.o.profile)
		env = append(env, "HAWSER_CPUPROFILE="+filepath.Join(dir, b.sc.name+".prof"))
	}
	px, err := p.start(env, file)
	if err != nil {
		return result{}, err
	}
	defer px.stop()
	if err := px.waitPort(port); err != nil {
		return result{}, err
	}
	return w.measure(px)
}

// rulesConfig writes the map beside the configuration: 200 conditions that
// never hold, each asked for every request, and one map look-up.
func rulesConfig(dir string) ([]byte, error) {
	var m bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&m, "host%03d.example.net be%d\n", i, i%7)
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts.map"), m.Bytes(), 0o644); err != nil {
		return nil, err
	}
	plain, err := configs.ReadFile("configs/plain.cfg")
	if err != nil {
		return nil, err
	}
	var r strings.Builder
	for i := range 200 {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&r, "    acl a%d path_beg /app%d/\n", i, i)
		case 1:
			fmt.Fprintf(&r, "    acl a%d hdr(host) -i h%d.example.org\n", i, i)
		case 2:
			fmt.Fprintf(&r, "    acl a%d path_end .t%d\n", i, i)
		case 3:
			fmt.Fprintf(&r, "    acl a%d hdr_sub(user-agent) bot%d/\n", i, i)
		}
	}
	r.WriteString("    http-request set-var(txn.be) req.hdr(host),lower,map(\"${BENCH_DIR}/hosts.map\",none)\n")
	for i := range 200 {
		fmt.Fprintf(&r, "    use_backend be if a%d\n", i)
	}
	return bytes.Replace(plain, []byte("    default_backend"), append([]byte(r.String()), "    default_backend"...), 1), nil
}

// bigConfig is 500 frontends and 500 backends: 50,000 lines.
func bigConfig(string) ([]byte, error) {
	var w bytes.Buffer
	w.WriteString("global\n    nbthread 1\n    maxconn 4000\ndefaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n")
	for i := range 500 {
		fmt.Fprintf(&w, "frontend fe%d\n    bind 127.0.0.1:%d\n", i, 10000+i)
		for j := range 12 {
			fmt.Fprintf(&w, "    acl host%d hdr(host) -i h%d-%d.example.com www.h%d-%d.example.com\n", j, i, j, i, j)
			fmt.Fprintf(&w, "    acl path%d path_beg /a%d/ /b%d/\n", j, j, j)
		}
		for j := range 10 {
			fmt.Fprintf(&w, "    http-request set-header X-Rule-%d %%[src]-%d if host%d path%d\n", j, i, j, j)
		}
		for j := range 10 {
			fmt.Fprintf(&w, "    use_backend be%d if host%d path%d\n", (i+j)%500, j, j)
		}
		fmt.Fprintf(&w, "    default_backend be%d\n", i)
		fmt.Fprintf(&w, "backend be%d\n    balance roundrobin\n    option httpchk GET /status\n", i)
		for j := range 8 {
			fmt.Fprintf(&w, "    http-response set-header X-Out-%d value-%d if { status 200 }\n", j, i)
		}
		for j := range 42 {
			fmt.Fprintf(&w, "    server s%d 10.%d.%d.%d:8080 check inter 5s weight %d maxconn 100\n", j, 1+i/250, i%250, j+1, 1+j%5)
		}
	}
	return w.Bytes(), nil
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
