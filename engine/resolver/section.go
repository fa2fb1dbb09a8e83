// Package resolver keeps the addresses of servers up to date that are named by
// host or by service: it asks the name servers of a resolvers section again and
// again, and gives what they answer to the servers' State (configuration manual,
// 5.3); rules ask it too (do-resolve). It owns one goroutine for each section,
// which owns all that the section knows and outlives reloads, and those of the
// sockets. Names on lines without resolvers are the business of the load.
package resolver

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// section is a resolvers section.
type section struct {
	name    string
	pos     diag.Pos
	servers []nameserver
	retries int
	resolve time.Duration // between two rounds
	retry   time.Duration // wait for an answer
	payload int
	hold    map[string]time.Duration
}

type nameserver struct {
	name, addr, network string
	pos                 diag.Pos
	srv                 *engine.Server // by TCP: how to reach it
	options             string         // of srv, as written
}

// sections are those of a generation, in the order of the file, "default" last
// where the file has none.
type sections struct{ list []*section }

func (s *sections) named(name string) *section {
	if s == nil {
		return nil
	}
	for _, r := range s.list {
		if r.name == name {
			return r
		}
	}
	return nil
}

var all = engine.NewSlot[*engine.Runtime, sections]("resolvers")

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "resolvers", Parse: parseSection,
		Usage: "resolvers <name>: name servers that servers' names are asked of while running"})
}

func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

func newSection(name string, pos diag.Pos) *section {
	return &section{name: name, pos: pos, retries: 3, resolve: time.Second, retry: time.Second, payload: 512,
		hold: map[string]time.Duration{"valid": 10 * time.Second, "nx": 30 * time.Second, "refused": 30 * time.Second,
			"timeout": 30 * time.Second, "other": 30 * time.Second, "obsolete": 0}}
}

func parseSection(b *engine.Build, s *engine.Section) error {
	if len(s.Args) == 0 {
		return fail(s.Kind, "missing name for resolvers section.")
	}
	set := all.Edit(b.RT)
	name := s.Args[0]
	if o := set.named(name.Text); o != nil {
		return fail(name, "resolvers '%s' has same name as another resolvers (declared at %s).", name.Text, o.pos).AsTight().WithRelated(o.pos, "the first one")
	}
	r := newSection(name.Text, s.Kind.Pos)
	set.list = append(set.list, r)
	for _, l := range s.Lines {
		b.Report(l.Words[0].Pos, r.line(b, l))
	}
	if len(r.servers) == 0 {
		b.Warn(s.Kind.Pos, "resolvers '%s' [%s] has no nameservers configured!", r.name, r.pos).AsLate()
	}
	return nil
}

// lines are the directives of the section.
var lines = map[string]func(*section, *engine.Build, *engine.Line) error{
	"nameserver": (*section).nameserver, "parse-resolv-conf": (*section).resolvConf, "hold": (*section).parseHold,
	"resolve_retries": (*section).parseRetries, "timeout": (*section).parseTimeout, "accepted_payload_size": (*section).parsePayload,
}

func (r *section) line(b *engine.Build, l *engine.Line) error {
	if f := lines[l.Words[0].Text]; f != nil {
		return f(r, b, l)
	}
	d := fail(l.Words[0], "unknown keyword '%s' in 'resolvers' section", l.Words[0].Text)
	var names []string
	for n := range lines {
		names = append(names, n)
	}
	near, _ := engine.NearestOf(l.Words[0].Text, names)
	return d.WithHint(near)
}

func (r *section) nameserver(b *engine.Build, l *engine.Line) error {
	if l.Arg(2) == "" {
		return fail(l.Words[0], "'nameserver' expects <name> and <addr>[:<port>] as arguments.")
	}
	name, w := l.Words[1], l.Words[2]
	for _, o := range r.servers {
		if o.name == name.Text {
			return fail(name, "nameserver '%s' has same name as another nameserver (declared at %s).", name.Text, o.pos).AsTight()
		}
	}
	want := unit.NameWant
	want.Env = b.Getenv
	a, err := unit.ParseAddr(w.Text, want)
	if err != nil {
		return fail(w, "'nameserver %s' : %s", name.Text, err.Error())
	}
	if a.Host != "" {
		if ips, err := net.LookupIP(a.Host); err == nil {
			a.IP, _ = netip.AddrFromSlice(ips[0])
			a.IP = a.IP.Unmap()
		}
	}
	if !a.IP.IsValid() {
		return fail(w, "'nameserver %s' : only IP addresses are supported by Hawser yet, not '%s'", name.Text, w.Text)
	}
	ns := nameserver{name: name.Text, addr: netip.AddrPortFrom(a.IP, uint16(a.Port)).String(), network: "udp", pos: name.Pos}
	if a.Type == unit.Stream {
		ns.network = "tcp"
		if err := ns.stream(b, l.Words[3:], engine.ServerAddr{IP: a.IP, Port: a.Port}); err != nil {
			return err
		}
	}
	r.servers = append(r.servers, ns)
	return nil
}

// stream reads the options of a name server by TCP, which are those of a server
// line: TLS, source address and the like have their effect.
func (ns *nameserver) stream(b *engine.Build, words []engine.Word, addr engine.ServerAddr) error {
	px := &engine.Proxy{Name: "(null)", Kind: "resolvers", RT: b.RT, Pos: ns.pos, State: &engine.ProxyState{}}
	srv := &engine.Server{ServerSpec: engine.DefaultServerSpec(), Name: ns.name, Px: px, Pos: ns.pos, State: &engine.ServerState{}}
	srv.Addr = addr
	for _, w := range words {
		ns.options += " " + w.Text
	}
	was := b.Px
	b.Px = px
	defer func() { b.Px = was }()
	if engine.ServerOptions != nil {
		if err := engine.ServerOptions(b, srv, words, "server (null)/"+ns.name); err != nil {
			return err
		}
	}
	withoutEffect(b, words)
	b.At(engine.StageMake, func() { engine.FinishServer(b, srv) })
	ns.srv = srv
	return nil
}

// withoutEffect tells of options that mean nothing to a connection for questions.
func withoutEffect(b *engine.Build, words []engine.Word) {
	for i := 0; i < len(words); i++ {
		row, ok := engine.ServerKeywords.Get(words[i].Text)
		if !ok {
			continue
		}
		switch family, _, _ := strings.Cut(row.Name, "-"); family {
		case "check", "agent", "on", "pool", "weight", "backup", "disabled", "enabled", "maxconn", "minconn", "maxqueue", "inter", "fastinter",
			"downinter", "rise", "fall", "observe", "error", "cookie", "slowstart", "track", "redir", "id", "guid", "max", "stick", "non", "hash", "init":
			b.Notice(words[i].Pos, "'%s' has no effect on a name server", row.Name)
		}
		i += max(row.Args, 0)
	}
}

func (r *section) resolvConf(b *engine.Build, l *engine.Line) error {
	if !r.readSystem() {
		b.Warn(l.Words[0].Pos, "failed to open /etc/resolv.conf.")
	}
	return nil
}

// readSystem takes over the name servers of the system.
func (r *section) readSystem() bool {
	data, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return false
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		if a, err := unit.ParseAddr(bracketed(f[1])+":53", unit.NameWant); err == nil && a.IP.IsValid() {
			r.servers = append(r.servers, nameserver{name: f[1], addr: netip.AddrPortFrom(a.IP, 53).String(), network: "udp"})
		}
	}
	return true
}

func bracketed(s string) string {
	if strings.Contains(s, ":") {
		return "[" + s + "]"
	}
	return s
}

func (r *section) parseHold(b *engine.Build, l *engine.Line) error {
	ev, w := l.Arg(1), l.Arg(2)
	if ev == "" || w == "" {
		return fail(l.Words[0], "'hold' expects an <event> and a <time> as arguments.").WithAdvice("<event> can be either 'valid', 'nx', 'refused', 'timeout', or 'other'")
	}
	if _, ok := r.hold[ev]; !ok {
		return fail(l.Words[1], "'hold' unknown <event>: '%s', expects either 'nx', 'timeout', 'valid', 'obsolete' or 'other'.", ev)
	}
	d, err := duration(b, l.Words[2], "hold")
	if err == nil {
		r.hold[ev] = d
	}
	return err
}

func duration(b *engine.Build, w engine.Word, what string) (time.Duration, error) {
	d, err := unit.Time(w.Text, time.Millisecond)
	if err != nil && !err.Warning() {
		return 0, fail(w, "%s.", err.ForSection(what)).AsTight()
	}
	return d, nil
}

func (r *section) parseRetries(b *engine.Build, l *engine.Line) error {
	if l.Arg(1) == "" {
		return fail(l.Words[0], "'resolve_retries' expects <nb> as argument.")
	}
	n, err := unit.Int(l.Arg(1))
	if err != nil {
		b.Warn(l.Words[1].Pos, "'resolve_retries' : '%s' is no number and counts as 0.", l.Arg(1))
	}
	if r.retries = int(n); err != nil || n < 1 {
		r.retries = math.MaxInt // 0 never gives up, as in HAProxy
	}
	return nil
}

func (r *section) parseTimeout(b *engine.Build, l *engine.Line) error {
	what := l.Arg(1)
	switch {
	case what == "":
		return fail(l.Words[0], "'timeout' expects 'retry' or 'resolve' and <time> as arguments.")
	case what != "retry" && what != "resolve":
		return fail(l.Words[1], "'timeout' expects 'retry' or 'resolve' and <time> as arguments got '%s'.", what)
	case l.Arg(2) == "":
		return fail(l.Words[1], "'timeout %s' expects <time> as argument.", what)
	}
	d, err := duration(b, l.Words[2], "timeout "+what)
	if err != nil {
		return err
	}
	if what == "retry" {
		r.retry = d
	} else {
		r.resolve = d
	}
	return nil
}

func (r *section) parsePayload(_ *engine.Build, l *engine.Line) error {
	n, err := unit.Int(l.Arg(1))
	if l.Arg(1) == "" {
		return fail(l.Words[0], "'accepted_payload_size' expects <nb> as argument.")
	}
	if err != nil || n < 12 || n > 65535 {
		return fail(l.Words[1], "'accepted_payload_size' must be between 12 and 65535 inclusive (was %s).", l.Arg(1))
	}
	r.payload = int(n)
	return nil
}
