package daemon

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hawser/engine"
	"hawser/engine/backend"
)

// flaky is a server that behaves at random, and can be closed and opened again.
type flaky struct {
	addr string
	calm atomic.Bool // behaves well

	mu   sync.Mutex
	l    net.Listener
	open map[net.Conn]bool
}

func (f *flaky) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.l != nil {
		return
	}
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		return // the port is still in use: another try comes
	}
	f.addr, f.l = l.Addr().String(), l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.open[c] = true
			f.mu.Unlock()
			go f.serve(c)
		}
	}()
}

func (f *flaky) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.l == nil {
		return
	}
	f.l.Close()
	f.l = nil
	for c := range f.open {
		c.Close()
	}
	clear(f.open)
}

func (f *flaky) serve(c net.Conn) {
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		n := rand.IntN(40)
		if f.calm.Load() {
			n = 40
		}
		switch {
		case n == 0:
			return // without a word
		case n == 1:
			io.WriteString(c, "junk\r\n\r\n")
			return
		case n == 2:
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut")
			return
		case n == 3:
			time.Sleep(200 * time.Millisecond) // longer than timeout server
		case n < 8:
			time.Sleep(time.Duration(n*5) * time.Millisecond)
		case n < 12:
			io.WriteString(c, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
			continue
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}

const slotsFile = `global
    stats timeout 1m
defaults
    mode http
    timeout connect 200ms
    timeout client 1s
    timeout server 120ms
    timeout queue 60ms
    retries 2
    option abortonclose
frontend fe
    bind "${BIND}"
    http-request set-priority-class rand(3)
    use_backend least if { path /least }
    use_backend hash if { path_beg /hash }
    default_backend turn
frontend tcp
    mode tcp
    bind TCP
    default_backend stream
backend least
    balance leastconn
    cookie SRV insert
    option redispatch 1
    timeout queue 400ms
    retry-on all-retryable-errors
    default-server maxconn 1 maxqueue 3 check inter 20ms fall 1 rise 1 slowstart 200ms
SERVERS
backend turn
    fullconn 8
    option redispatch
    retry-on conn-failure empty-response
    default-server minconn 1 maxconn 3
SERVERS
    server spare S0 backup maxconn 1
backend hash
    balance uri
    http-reuse never
    default-server maxconn 1 maxqueue 1 on-marked-down shutdown-sessions check inter 30ms fall 1 rise 1 observe layer7 error-limit 2 on-error mark-down
SERVERS
backend stream
    mode tcp
    default-server maxconn 2
SERVERS
`

func slotsText(servers []*flaky) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ln.Close()
	lines := ""
	for i, f := range servers {
		lines += fmt.Sprintf("    server s%d %s cookie c%d\n", i, f.addr, i)
	}
	return strings.NewReplacer("SERVERS\n", lines, "S0", servers[0].addr, "TCP", ln.Addr().String()).Replace(slotsFile)
}

// TestNoSlotLeaks runs streams that queue, expire, abort, retry, are redispatched
// and killed, while servers go down and up, their limits change and the file is read
// again; then every slot, queue and count must be free. HAWSER_SEED repeats the
// choices of clients and commands, HAWSER_STREAMS makes it longer.
func TestNoSlotLeaks(t *testing.T) {
	seed, streams := time.Now().UnixNano(), 1000
	if n, err := strconv.ParseInt(os.Getenv("HAWSER_SEED"), 10, 64); err == nil {
		seed = n
	}
	if n, err := strconv.Atoi(os.Getenv("HAWSER_STREAMS")); err == nil {
		streams = n
	}
	t.Logf("HAWSER_SEED=%d", seed)
	var servers []*flaky
	for range 3 {
		f := &flaky{addr: "127.0.0.1:0", open: map[net.Conn]bool{}}
		f.start()
		t.Cleanup(f.stop)
		servers = append(servers, f)
	}
	text := slotsText(servers)
	b := start(t, text)
	_, tcp, _ := strings.Cut(text, "mode tcp\n    bind ")
	tcp, _, _ = strings.Cut(tcp, "\n")

	var left atomic.Int64
	left.Store(int64(streams))
	var clients sync.WaitGroup
	for i := range 80 {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		clients.Go(func() {
			for left.Add(-1) >= 0 {
				someStream(r, b.addr, tcp)
			}
		})
	}
	over := make(chan bool)
	go func() { clients.Wait(); close(over) }()
	b.trouble(rand.New(rand.NewPCG(uint64(seed), 1000)), servers, text, over)
	for _, f := range servers {
		f.calm.Store(true)
	}
	what := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if what = b.remains(); what == "" {
			break
		}
	}
	if what != "" {
		t.Errorf("not free:\n%s", what)
	}
	b.allSlots(servers)
}

// someStream is one client: it sends a request or two, and may leave at any moment.
func someStream(r *rand.Rand, http1, tcp string) {
	addr := http1
	if r.IntN(6) == 0 {
		addr = tcp
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for range 1 + r.IntN(3) {
		path := [...]string{"/least", "/turn", fmt.Sprintf("/hash%d", r.IntN(9))}[r.IntN(3)]
		cookie := ""
		if r.IntN(2) == 0 {
			cookie = fmt.Sprintf("Cookie: SRV=c%d\r\n", r.IntN(3))
		}
		req := "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + cookie + "\r\n"
		if r.IntN(3) == 0 {
			req = fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: 2000\r\n\r\n%s", path, cookie, strings.Repeat("b", 2000-r.IntN(2)*1000))
		}
		c.SetDeadline(time.Now().Add(3 * time.Second))
		io.WriteString(c, req)
		if r.IntN(4) == 0 { // leaves, perhaps while it waits in a queue
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
			return
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return
		}
		io.Copy(io.Discard, res.Body)
		if res.Close {
			return
		}
	}
}

// trouble gives commands and closes servers until the clients are done; then all is
// as the file has it.
func (b *bench) trouble(r *rand.Rand, servers []*flaky, text string, over chan bool) {
	actions := []string{"maint", "ready", "drain", "ready", "hdown", "hrunn", "hrunn", "hnolb", "shutdown", "shutdown"}
	for n := 0; ; n++ {
		select {
		case <-over:
			for _, f := range servers {
				f.start()
			}
			for _, srv := range b.everyServer() {
				engine.ServerAction(srv, "ready")
				engine.ServerAction(srv, "hrunn")
			}
			return
		case <-time.After(time.Duration(1+r.IntN(8)) * time.Millisecond):
		}
		all := b.everyServer()
		srv := all[r.IntN(len(all))]
		switch f := servers[r.IntN(len(servers))]; r.IntN(8) {
		case 0:
			f.stop()
		case 1, 2:
			f.start()
		case 3:
			srv.State.MaxConn.Store(int32(1 + r.IntN(3)))
			engine.WakeServer(srv)
		default:
			engine.ServerAction(srv, actions[r.IntN(len(actions))])
		}
		if n%50 == 49 {
			b.must(text)
		}
	}
}

func (b *bench) everyServer() (list []*engine.Server) {
	for _, px := range b.Runtime().All() {
		list = append(list, px.All()...)
	}
	return list
}

// remains tells what is not free.
func (b *bench) remains() string {
	var s strings.Builder
	note := func(what string, n int64) {
		if n != 0 {
			fmt.Fprintf(&s, "%s: %d\n", what, n)
		}
	}
	queue := func(what string, q *engine.Queue) {
		q.Mu.Lock()
		note(what+": in the queue", int64(len(q.Wait)))
		q.Mu.Unlock()
	}
	for _, px := range b.Runtime().All() {
		st := px.State
		note(px.Name+": pending", st.Pending.Load())
		note(px.Name+": sessions", st.BE.Conns.Load()+st.FE.Conns.Load())
		note(px.Name+": queue", st.BE.Queue.Load())
		queue(px.Name, &st.Queue)
		for _, srv := range px.All() {
			name, st := px.Name+"/"+srv.Name, srv.State
			note(name+": slots", st.Served.Load())
			note(name+": queued", st.Queued.Load())
			note(name+": sessions", st.C.Conns.Load())
			note(name+": queue", st.C.Queue.Load())
			queue(name, &st.Queue)
			backend.DropIdle(st)
			note(name+": idle", st.Idle.Load())
		}
	}
	return s.String()
}

// allSlots uses every slot of a backend at once.
func (b *bench) allSlots(servers []*flaky) {
	b.must(slotsText(servers)) // limits as configured
	be := b.Runtime().Backend("least")
	want := int64(0)
	for _, srv := range be.Servers {
		srv.State.MaxConn.Store(1)
		eventually(b.t, srv.Name+" is up", func() bool { return engine.OpState(srv.State.Op.Load()) == engine.OpRunning })
		want++
	}
	var good atomic.Int64
	var wg sync.WaitGroup
	for range want {
		wg.Go(func() {
			res, err := http.Get("http://" + b.addr + "/least")
			if err == nil && res.StatusCode == 200 {
				good.Add(1)
				res.Body.Close()
			}
		})
	}
	wg.Wait()
	if good.Load() != want {
		b.t.Errorf("%d of %d requests find a slot", good.Load(), want)
	}
}
