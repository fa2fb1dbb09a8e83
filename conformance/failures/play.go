package failures

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// player runs scenes on one program.
type player struct {
	t      testing.TB
	bin    testbed.Binary
	scenes []scene
	socket string
	addrs  []string
	farms  [][]*origin

	died <-chan struct{}

	mu   sync.Mutex
	logs map[string]string // by request
}

// batch is how many scenes share a process.
const batch = 24

// play returns what was seen of each scene, line by line; nil where the program died.
func play(t testing.TB, bin testbed.Binary, scenes []scene) (out [][]string) {
	t.Helper()
	for part := range slices.Chunk(scenes, batch) {
		out = append(out, playPart(t, bin, part)...)
	}
	return out
}

func playPart(t testing.TB, bin testbed.Binary, scenes []scene) [][]string {
	t.Helper()
	dir := testbed.TempDir(t)
	p := &player{t: t, bin: bin, scenes: scenes, socket: filepath.Join(dir, "cli"), logs: map[string]string{}}
	logs := p.listen()
	file := filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte(p.configuration(logs)), 0o644); err != nil {
		t.Fatal(err)
	}
	proc, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Stop()
	if err := proc.WaitAddrs(p.addrs...); err != nil {
		t.Errorf("%s: %v: %s", bin.Name, err, proc.Output())
		return make([][]string, len(scenes))
	}
	p.died = proc.Ended()
	p.awaitDown()
	out := make([][]string, len(scenes))
	var wg sync.WaitGroup
	for i := range scenes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out[i] = p.run(i)
		}()
	}
	wg.Wait()
	if p.dead() {
		t.Logf("%s died: %s", bin.Name, proc.Output())
		return make([][]string, len(scenes))
	}
	p.counters(out)
	return out
}

func (p *player) dead() bool {
	select {
	case <-p.died:
		return true
	default:
		return false
	}
}

// listen takes the log lines and tells where.
func (p *player) listen() string {
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { l.Close() })
	l.SetReadBuffer(4 << 20)
	go func() {
		b := make([]byte, 8192)
		for {
			n, err := l.Read(b)
			if err != nil {
				return
			}
			_, line, _ := strings.Cut(string(b[:n]), "@")
			id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			p.mu.Lock()
			p.logs[id] = rest
			p.mu.Unlock()
		}
	}()
	return l.LocalAddr().String()
}

func (p *player) configuration(logs string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global\n nbthread 1\n maxconn 2000\n log %s len 4096 format raw local0\n stats socket %s level admin\n stats maxconn 200\ndefaults\n mode http\n log global\n"+
		" log-format '@%%[var(txn.id)] %%ST %%s %%tsc retries=%%rc sq=%%sq bq=%%bq'\n"+
		" timeout client 30s\n timeout server 20s\n timeout connect 300ms\n", logs, p.socket)
	for i := range p.scenes {
		s := &p.scenes[i]
		p.addrs = append(p.addrs, testbed.FreeAddr())
		fmt.Fprintf(&b, "frontend f%d\n bind %s\n http-request set-var(txn.id) req.hdr(id)\n default_backend b%d\n", i, p.addrs[i], i)
		for _, l := range s.front {
			fmt.Fprintf(&b, " %s\n", l)
		}
		fmt.Fprintf(&b, "backend b%d\n", i)
		var farm []*origin
		for n, v := range s.servers {
			if slices.Contains(v.script, "stall") {
				fmt.Fprintf(&b, " timeout server 1s\n")
			}
			farm = append(farm, newOrigin(p.t, string(rune('a'+n)), v.script))
		}
		p.farms = append(p.farms, farm)
		for _, l := range s.lines {
			fmt.Fprintf(&b, " %s\n", l)
		}
		for n, v := range s.servers {
			fmt.Fprintf(&b, " server %s %s%s\n", farm[n].name, farm[n].addr, v.options)
		}
	}
	return b.String()
}

// awaitDown waits until the checks found all those servers down that they will.
func (p *player) awaitDown() {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		up := false
		for i, s := range p.scenes {
			for n, v := range s.servers {
				if strings.Contains(v.options, " check ") && !strings.HasPrefix(p.stat()[fmt.Sprintf("b%d/%s", i, p.farms[i][n].name)]["status"], "DOWN") {
					up = true
				}
			}
		}
		if !up {
			return
		}
	}
	p.t.Errorf("%s: servers do not go down", p.bin.Name)
}

// stat returns the columns of statistics by proxy and server.
func (p *player) stat() map[string]map[string]string {
	text, err := testbed.Ask(p.socket, "show stat")
	if err != nil {
		return nil
	}
	all := map[string]map[string]string{}
	var names []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		f := strings.Split(line, ",")
		if names == nil {
			names = f
			names[0] = "pxname"
			continue
		}
		row := map[string]string{}
		for i, v := range f {
			row[names[i]] = v
		}
		all[f[0]+"/"+f[1]] = row
	}
	return all
}

var columns = strings.Fields("qcur qmax scur stot econ eresp wretr wredis cli_abrt srv_abrt hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other lbtot used")

func (p *player) counters(out [][]string) {
	stat := p.stat()
	for i, s := range p.scenes {
		rows := []string{"BACKEND"}
		for n := range s.servers {
			rows = append(rows, p.farms[i][n].name)
		}
		for _, name := range rows {
			line := name
			row := stat[fmt.Sprintf("b%d/%s", i, name)]
			if row == nil {
				p.t.Errorf("%s: no statistics of %s", p.bin.Name, name)
				continue
			}
			// HAProxy counts the connection of a retry behind a reused one as reused
			connects, _ := strconv.Atoi(row["connect"])
			reuses, _ := strconv.Atoi(row["reuse"])
			row["used"] = strconv.Itoa(connects + reuses)
			for _, c := range columns {
				if v := row[c]; v != "" && v != "0" {
					line += " " + c + "=" + v
				}
			}
			out[i] = append(out[i], line)
		}
	}
}

// client is one client connection.
type client struct {
	c    net.Conn
	r    *bufio.Reader
	done chan string // the outcome of the request under way
	id   string
}

// act is one scene while it is played.
type act struct {
	*player
	i       int
	s       *scene
	clients map[int]*client
	open    map[int]bool      // clients whose request is under way
	seen    map[string]string // outcomes by request
	ids     []string
	left    int // streams under way whose client hung up
	lost    bool
}

// run plays one scene.
func (p *player) run(i int) []string {
	a := &act{player: p, i: i, s: &p.scenes[i], clients: map[int]*client{}, open: map[int]bool{}, seen: map[string]string{}}
	for n, m := range a.s.steps {
		if p.dead() {
			return nil
		}
		a.take(n, m)
		a.settle()
	}
	a.drain()
	for _, c := range a.clients {
		c.c.Close()
	}
	var out []string
	for n, id := range a.ids {
		out = append(out, fmt.Sprintf("%d: %s | %s", n, a.seen[id], p.logged(id)))
	}
	return out
}

// take sends a request, releases a server or closes a client.
func (a *act) take(n int, m step) {
	switch m.kind {
	case 's':
		if a.open[m.client] {
			return
		}
		id := fmt.Sprintf("%d.%d", a.i, n)
		a.ids = append(a.ids, id)
		if c := a.send(a.i, a.clients[m.client], m, id); c != nil {
			a.clients[m.client], a.open[m.client] = c, true
		}
	case 'r':
		if a.farms[a.i][m.server].release() {
			a.rest(150 * time.Millisecond)
		}
	case 'c':
		if c := a.clients[m.client]; c != nil && a.open[m.client] {
			c.c.Close()
			delete(a.open, m.client)
			a.seen[c.id] = "closed"
			delete(a.clients, m.client)
			a.rest(700 * time.Millisecond)
		}
	}
}

// collect takes the outcomes that there are.
func (a *act) collect() {
	for n := range a.open {
		select {
		case got := <-a.clients[n].done:
			a.seen[a.clients[n].id] = got
			delete(a.open, n)
		default:
		}
	}
}

// current tells how many streams the backend has, and how many of them wait.
func (a *act) current() (sessions, queued int) {
	stat := a.stat()
	for ; stat == nil && !a.dead(); stat = a.stat() {
		time.Sleep(10 * time.Millisecond)
	}
	at := fmt.Sprintf("b%d/", a.i)
	sessions, _ = strconv.Atoi(stat[at+"BACKEND"]["scur"])
	for _, name := range append([]string{"BACKEND"}, names(a.farms[a.i])...) {
		q, _ := strconv.Atoi(stat[at+name]["qcur"])
		queued += q
	}
	return sessions, queued
}

// settle waits until every request was answered, is held by a server or waits in a
// queue.
func (a *act) settle() {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if a.collect(); a.dead() || a.lost || len(a.open) == 0 {
			return
		}
		if sessions, queued := a.current(); sessions == a.held(a.i)+queued && sessions >= len(a.open)+a.left {
			return
		}
		if time.Now().After(end) {
			a.lost = true
			a.t.Errorf("%s, %s: does not settle", a.bin.Name, a.s.name)
		}
	}
}

func (a *act) rest(d time.Duration) {
	time.Sleep(d)
	a.collect()
	sessions, _ := a.current()
	a.left = max(sessions-len(a.open), 0)
}

// drain lets queues expire where they do, and releases every server until all is over.
func (a *act) drain() {
	for end := time.Now().Add(5 * time.Second); a.s.expires && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, queued := a.current(); queued == 0 {
			break
		}
	}
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && !a.dead(); time.Sleep(5 * time.Millisecond) {
		for _, o := range a.farms[a.i] {
			if o.release() {
				a.rest(50 * time.Millisecond)
				a.settle()
			}
		}
		if a.collect(); len(a.open) == 0 && a.stat()[fmt.Sprintf("b%d/BACKEND", a.i)]["scur"] == "0" {
			break
		}
	}
}

func (p *player) held(i int) (n int) {
	for _, o := range p.farms[i] {
		n += o.holds()
	}
	return n
}

func names(farm []*origin) (list []string) {
	for _, o := range farm {
		list = append(list, o.name)
	}
	return list
}

func (p *player) logged(id string) string {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && !p.dead(); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		line, ok := p.logs[id]
		p.mu.Unlock()
		if ok {
			return line
		}
	}
	return "no log"
}

// send has a client send a request, on its connection if that is still there.
func (p *player) send(i int, c *client, m step, id string) *client {
	if c == nil || c.gone() {
		nc, err := net.Dial("tcp", p.addrs[i])
		if err != nil {
			p.t.Errorf("%s, scene %d: %v", p.bin.Name, i, err)
			return nil
		}
		c = &client{c: nc, r: bufio.NewReader(nc)}
	}
	c.id, c.done = id, make(chan string, 1)
	length := ""
	if m.body > 0 || m.method == "POST" || m.method == "PUT" {
		length = fmt.Sprintf("content-length: %d\r\n", m.body)
	}
	c.c.SetDeadline(time.Now().Add(30 * time.Second))
	go func() {
		fmt.Fprintf(c.c, "%s / HTTP/1.1\r\nhost: h\r\nid: %s\r\n%s%s\r\n%s", m.method, id, m.header, length, strings.Repeat("x", m.body))
	}()
	go func(done chan string) { done <- c.read(m.method) }(c.done)
	return c
}

// gone tells whether the proxy closed the connection.
func (c *client) gone() bool {
	c.c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := c.r.Peek(1)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		return false
	}
	c.c.Close()
	return true
}

// read returns the status, the server that answered, and how the response ended.
func (c *client) read(method string) string {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return "nothing"
	}
	got, length := strings.Fields(line)[1], 0
	for {
		if line, err = c.r.ReadString('\n'); err != nil {
			return got + " cut head"
		}
		line = strings.TrimRight(line, "\r\n")
		if v, ok := strings.CutPrefix(line, "x-s: "); ok {
			got += " " + v
		}
		if v, ok := strings.CutPrefix(line, "content-length: "); ok {
			length, _ = strconv.Atoi(v)
		}
		if v, ok := strings.CutPrefix(line, "set-cookie: "); ok {
			got += " " + strings.Split(v, ";")[0]
		}
		if line == "" {
			break
		}
	}
	if method == "HEAD" {
		length = 0
	}
	if _, err := c.r.Discard(length); err != nil {
		got += " cut"
	}
	return got
}
