package testbed

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// Plan is a configuration moved to loopback, and what a test must know of it.
type Plan struct {
	Text   string
	Fronts []Front
	// Hashed are the backends whose choice of server follows from the request.
	Hashed map[string]bool
	// Socket is the first runtime socket, "" where the file has none.
	Socket string
}

// Front is one address that the proxy listens on.
type Front struct {
	Proxy string // frontend or listen
	Orig  string // as the file writes it: "*:80"
	Addr  string // 127.0.0.1:port
	HTTP  bool
	TLS   bool
	PROXY bool // expects a PROXY header
	// Hosts and Paths are what the conditions of the proxy, then those of the
	// rest of the file, compare with.
	Hosts, Paths []string
}

// Move says where things go.
type Move struct {
	// Origin returns the address that stands for a server; port is non-empty
	// where a check goes to a port of its own.
	Origin func(backend, server, addr, port string) string
	// Checks keeps health checks; without it they are taken out, so that no
	// answer depends on time.
	Checks bool
	Dir    string // for sockets: short
	Sink   string // UDP address for logs, and for DNS
}

// rewriter is one pass over the lines of a file.
type rewriter struct {
	move    Move
	section string
	proxy   string
	modes   map[string]string // defaults, frontends, listens by name
	current string            // mode that the last defaults section set
	moved   map[string]string // original local address: its new one
	used    map[string]bool   // new addresses that a bind line has
	plan    *Plan
	hosts   map[string][]string
	paths   map[string][]string
	out     []string
	sockets int
	held    []net.Listener
}

// Rewrite moves every address of the file to loopback, and takes out what
// needs root or a clock.
func Rewrite(text string, m Move) (*Plan, error) {
	r := &rewriter{move: m, modes: map[string]string{}, moved: map[string]string{}, used: map[string]bool{}, plan: &Plan{Hashed: map[string]bool{}},
		hosts: map[string][]string{}, paths: map[string][]string{}}
	defer r.release()
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for _, l := range lines {
		r.survey(words(l))
	}
	r.section, r.proxy, r.current = "", "", ""
	for _, l := range lines {
		w := words(l)
		if !r.enter(w) && len(w) > 0 {
			w = r.line(w)
			if w == nil {
				r.out = append(r.out, "# "+strings.TrimSpace(l))
				continue
			}
		}
		r.out = append(r.out, strings.Join(w, " "))
	}
	for i := range r.plan.Fronts {
		f := &r.plan.Fronts[i]
		f.HTTP = r.modes[f.Proxy] == "http"
		f.Hosts = r.wanted(r.hosts, f.Proxy)
		f.Paths = r.wanted(r.paths, f.Proxy)
	}
	r.plan.Text = strings.Join(r.out, "\n") + "\n"
	return r.plan, nil
}

var sections = []string{"global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "resolvers", "mailers",
	"cache", "program", "ring", "http-errors", "fcgi-app", "log-forward", "crt-store", "traces", "acme", "log-profile"}

// enter follows section headers.
func (r *rewriter) enter(w []string) bool {
	if len(w) == 0 || !slices.Contains(sections, w[0]) {
		return false
	}
	r.section, r.proxy = w[0], ""
	if len(w) > 1 {
		r.proxy = w[1]
	}
	if w[0] == "defaults" {
		r.current = "tcp"
	}
	if r.isProxy() {
		r.modes[r.proxy] = r.modeOf(r.proxy)
		if len(w) > 2 && strings.Contains(w[2], ":") { // listen NAME ADDR:PORT, as before 1.7
			w[2] = r.bindAddr(w[2], nil)
		}
	}
	return true
}

func (r *rewriter) isProxy() bool {
	return r.section == "frontend" || r.section == "listen" || r.section == "backend"
}

func (r *rewriter) modeOf(proxy string) string {
	if m, ok := r.modes[proxy]; ok {
		return m
	}
	if r.current == "" {
		return "tcp"
	}
	return r.current
}

// survey is the first pass: modes, local addresses, values of conditions.
func (r *rewriter) survey(w []string) {
	if len(w) == 0 {
		return
	}
	if slices.Contains(sections, w[0]) {
		r.section, r.proxy = w[0], ""
		if len(w) > 1 {
			r.proxy = w[1]
		}
		if w[0] == "defaults" {
			r.current = "tcp"
		}
		if r.isProxy() {
			r.modes[r.proxy] = r.modeOf(r.proxy)
		}
		return
	}
	switch {
	case w[0] == "mode" && len(w) > 1 && r.section == "defaults":
		r.current = w[1]
	case w[0] == "mode" && len(w) > 1 && r.isProxy():
		r.modes[r.proxy] = w[1]
	case w[0] == "balance" && len(w) > 1:
		r.balance(unquote(w[1]))
	case w[0] == "bind" && len(w) > 1:
		for a := range strings.SplitSeq(unquote(w[1]), ",") {
			r.moveBind(a)
		}
	}
	if r.isProxy() {
		r.collect(w)
	}
}

// balance notes the algorithm; one in a defaults section is not followed.
func (r *rewriter) balance(name string) {
	name, _, _ = strings.Cut(name, "(")
	r.plan.Hashed[r.proxy] = slices.Contains([]string{"source", "uri", "url_param", "hdr", "rdp-cookie", "hash"}, name)
}

// moveBind gives an address of ours its new place.
func (r *rewriter) moveBind(a string) {
	key := localKey(a)
	if _, ok := r.moved[key]; ok && key != "" {
		return
	}
	switch {
	case isPath(a):
		r.sockets++
		r.moved[key] = fmt.Sprintf("unix@%s/b%d", r.move.Dir, r.sockets)
	case strings.HasPrefix(a, "abns@"):
		r.moved[key] = fmt.Sprintf("%s-%s", a, strings.TrimLeft(r.move.Dir, "/"))
	default:
		r.moved[key] = r.freeAddr()
	}
}

// localKey is how a server line would name a bound address: the port, or the
// socket's name.
func localKey(a string) string {
	if isPath(a) {
		return strings.TrimPrefix(a, "unix@")
	}
	if strings.HasPrefix(a, "abns@") {
		return a
	}
	i := strings.LastIndexByte(a, ':')
	return "port " + a[i+1:]
}

func isPath(a string) bool { return strings.HasPrefix(a, "/") || strings.HasPrefix(a, "unix@") }

// nextPort walks below the range that the system gives to outgoing
// connections, so that none of those can take a port between two runs.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(10000 + os.Getpid()*97%18000)) }

// freeAddr holds the port until the end of the rewriting, so that none is
// given twice.
func (r *rewriter) freeAddr() string {
	for range 5000 {
		n := nextPort.Add(1)
		if n > 32000 {
			nextPort.CompareAndSwap(n, 10000)
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n)); err == nil {
			r.held = append(r.held, l)
			return l.Addr().String()
		}
	}
	return "127.0.0.1:1"
}

func (r *rewriter) release() {
	for _, l := range r.held {
		l.Close()
	}
}

// line returns the words to write, nil to leave the line out.
func (r *rewriter) line(w []string) []string {
	if r.section == "program" {
		return nil
	}
	if f := lineRules[w[0]]; f != nil {
		return f(r, w)
	}
	return w
}

// lineRules has a row for each directive that is changed.
var lineRules map[string]func(*rewriter, []string) []string

func init() {
	gone := func(*rewriter, []string) []string { return nil }
	lineRules = map[string]func(*rewriter, []string) []string{
		"bind": (*rewriter).bind, "server": (*rewriter).server, "server-template": (*rewriter).template,
		"default-server": func(r *rewriter, w []string) []string { return append(w[:1:1], r.serverOptions(w[1:], "", "")...) },
		"log":            (*rewriter).log, "nameserver": (*rewriter).nameserver, "peer": (*rewriter).peer, "mailer": (*rewriter).peer,
		"stats": (*rewriter).stats, "dispatch": (*rewriter).dispatch, "maxconn": (*rewriter).maxconn, "dgram-bind": (*rewriter).nameserver,
	}
	for _, k := range []string{"chroot", "user", "group", "uid", "gid", "daemon", "pidfile", "cpu-map", "nbproc", "bind-process",
		"master-worker", "ulimit-n", "unix-bind", "source", "usesrc", "server-state-base", "server-state-file", "program",
		"load-server-state-from-file", "grace", "parse-resolv-conf", "cpu-policy", "cpu-set", "nbthread", "thread-groups"} {
		lineRules[k] = gone
	}
}

func (r *rewriter) bind(w []string) []string {
	if len(w) < 2 {
		return w
	}
	w = slices.Clone(w)
	if strings.HasPrefix(unquote(w[1]), "quic") {
		return nil
	}
	w[1] = r.bindAddr(unquote(w[1]), w[2:])
	return append(w[:2:2], dropWords(w[2:], bindDrops)...)
}

func (r *rewriter) bindAddr(addrs string, opts []string) string {
	var to []string
	for a := range strings.SplitSeq(addrs, ",") {
		key := localKey(a)
		n, ok := r.moved[key]
		if !ok || r.used[n] { // one port of two addresses, or bound twice
			n = r.freeAddr()
		}
		r.used[n] = true
		to = append(to, n)
		if !strings.Contains(n, "@") && (r.section == "frontend" || r.section == "listen") {
			r.plan.Fronts = append(r.plan.Fronts, Front{Proxy: r.proxy, Orig: a, Addr: n,
				TLS: slices.Contains(opts, "ssl"), PROXY: slices.Contains(opts, "accept-proxy")})
		}
	}
	return strings.Join(to, ",")
}

// bindDrops and serverDrops: words to take out, with the number of arguments.
var (
	bindDrops = map[string]int{"interface": 1, "namespace": 1, "process": 1, "thread": 1, "user": 1, "group": 1, "uid": 1,
		"gid": 1, "mode": 1, "transparent": 0, "v4v6": 0, "v6only": 0, "shards": 1}
	serverDrops = map[string]int{"source": 1, "usesrc": 1, "verifyhost": 1, "namespace": 1, "socks4": 1, "interface": 1}
	checkDrops  = map[string]int{"check": 0, "agent-check": 0, "track": 1, "observe": 1, "agent-port": 1, "agent-addr": 1,
		"agent-inter": 1, "agent-send": 1}
)

func dropWords(w []string, drops map[string]int) []string {
	var out []string
	for i := 0; i < len(w); i++ {
		if n, ok := drops[w[i]]; ok {
			i += n
			continue
		}
		out = append(out, w[i])
	}
	return out
}

func (r *rewriter) server(w []string) []string {
	if len(w) < 3 {
		return w
	}
	addr := r.serverAddr(w[1], unquote(w[2]))
	return append([]string{w[0], w[1], addr}, r.serverOptions(w[3:], w[1], unquote(w[2]))...)
}

func (r *rewriter) template(w []string) []string {
	if len(w) < 4 {
		return w
	}
	addr := r.serverAddr(w[1], unquote(w[3]))
	return append([]string{w[0], w[1], w[2], addr}, r.serverOptions(w[4:], w[1], unquote(w[3]))...)
}

// serverAddr keeps a chain of proxies inside the file, else asks for an origin.
func (r *rewriter) serverAddr(name, addr string) string {
	if isPath(addr) || strings.HasPrefix(addr, "abns@") {
		if n, ok := r.moved[localKey(addr)]; ok {
			return n
		}
	}
	host, port, err := net.SplitHostPort(strings.TrimPrefix(addr, "ipv4@"))
	if err == nil && (host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.") || host == "") {
		if n, ok := r.moved["port "+port]; ok {
			return n
		}
	}
	if r.section == "peers" || r.section == "ring" {
		return r.freeAddr()
	}
	return r.move.Origin(r.proxy, name, addr, "")
}

func (r *rewriter) serverOptions(w []string, name, addr string) []string {
	w = dropWords(w, serverDrops)
	if !r.move.Checks {
		w = dropWords(w, checkDrops)
	}
	out := slices.Clone(w)
	for i := 0; i+1 < len(out); i++ {
		switch out[i] {
		case "verify":
			out[i+1] = "none"
		case "addr":
			out[i+1] = "127.0.0.1"
		case "port":
			if name != "" {
				out[i+1] = fmt.Sprint(portOf(r.move.Origin(r.proxy, name, addr, out[i+1])))
			}
		}
	}
	return out
}

func (r *rewriter) dispatch(w []string) []string {
	return []string{w[0], r.move.Origin(r.proxy, "dispatch", w[len(w)-1], "")}
}

func (r *rewriter) log(w []string) []string {
	if len(w) < 2 {
		return w
	}
	a := unquote(w[1])
	if a == "global" || a == "stdout" || a == "stderr" || strings.HasPrefix(a, "ring@") || strings.HasPrefix(a, "fd@") || r.section == "log-profile" {
		return w
	}
	w = slices.Clone(w)
	w[1] = r.move.Sink
	return w
}

func (r *rewriter) nameserver(w []string) []string {
	if w[0] == "dgram-bind" {
		return append([]string{w[0], r.freeAddr()}, w[min(2, len(w)):]...)
	}
	if len(w) < 3 {
		return w
	}
	return []string{w[0], w[1], r.move.Sink}
}

func (r *rewriter) peer(w []string) []string {
	if len(w) < 3 {
		return w
	}
	w = slices.Clone(w)
	w[2] = r.freeAddr()
	return w
}

// stats socket is the only statistics directive with an address.
func (r *rewriter) stats(w []string) []string {
	if len(w) > 1 && w[1] == "bind-process" {
		return nil
	}
	if len(w) < 3 || w[1] != "socket" {
		return w
	}
	r.sockets++
	path := fmt.Sprintf("%s/s%d.sock", r.move.Dir, r.sockets)
	if r.plan.Socket == "" {
		r.plan.Socket = path
	}
	return append([]string{"stats", "socket", path}, dropWords(w[3:], bindDrops)...)
}

// maxconn of the whole process is bounded by the test machine's descriptors.
func (r *rewriter) maxconn(w []string) []string {
	if r.section == "global" {
		return []string{"maxconn", "200"}
	}
	return w
}

// wanted is what the proxy itself names, then the rest of the file.
func (r *rewriter) wanted(by map[string][]string, proxy string) []string {
	list := slices.Clone(by[proxy])
	var names []string
	for n := range by {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		for _, v := range by[n] {
			if !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
	}
	return list[:min(len(list), 12)]
}
