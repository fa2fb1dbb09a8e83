package keyword

import (
	"errors"
	"net/netip"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.OnFinish(numberServers)
	engine.ServerOptions = func(b *engine.Build, srv *engine.Server, words []engine.Word, what string) error {
		return serverOptions(b, srv, words, what, false)
	}
	engine.AddKeywords(
		engine.Keyword{Name: "server", In: engine.InBE, Max: -1, Usage: "server <name> <address>[:<port>] [options]: a server of the backend", Parse: parseServer},
		engine.Keyword{Name: "default-server", In: engine.InAllBE, Max: -1, Usage: "default-server [options]: options of the servers that follow", Parse: parseDefaultServer},
		engine.Keyword{Name: "server-template", In: engine.InBE, Max: -1, Usage: "server-template <prefix> <number | range> <address>[:<port>] [options]: several servers of one form", Parse: parseServerTemplate},
	)
}

// who begins the messages of a server line.
func who(pos diag.Pos, what string) string {
	if what == "" {
		return "[" + pos.String() + "] : "
	}
	return "[" + pos.String() + "] : '" + what + "' : "
}

// serverError gives an error of a server line HAProxy's form.
func serverError(w engine.Word, what string, err error) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		d = fail(w, "%s", err.Error())
	}
	if d.Pos.IsZero() {
		d.Pos = w.Pos
	}
	if !d.Bare {
		d.Message = who(d.Pos, what) + d.Message
		d.Bare = true
	}
	return d
}

func parseServer(b *engine.Build, l *engine.Line) error {
	name, addr := word(l, 1), word(l, 2)
	if name.Text == "" || addr.Text == "" {
		return serverError(l.Words[0], "", fail(l.Words[0], "'server' expects <name> and <addr>[:<port>] as arguments."))
	}
	if i := badNameByte(name.Text); i >= 0 {
		return serverError(l.Words[0], "", diagAt(name, i, "character '%c' is not permitted in server name '%s'.", name.Text[i], name.Text))
	}
	what := "server " + b.Px.Name + "/" + name.Text
	start, options, err := preset(b, rest(l, 3), b.Px.DefaultServer)
	if err != nil {
		return serverError(l.Words[3], what, err)
	}
	srv := newServer(b, name, start)
	if err := readAddress(b, srv, addr, what); err != nil {
		return err
	}
	checkTwice(b, srv, name)
	if err := serverOptions(b, srv, options, what, false); err != nil {
		return err
	}
	addServer(b, srv, addr)
	return nil
}

func newServer(b *engine.Build, name engine.Word, start *engine.Server) *engine.Server {
	srv := start.Copy()
	srv.Name, srv.Px, srv.Pos, srv.Index = name.Text, b.Px, name.Pos, len(b.Px.Servers)
	srv.State = &engine.ServerState{}
	return srv
}

// checkTwice warns of a name that is used twice: HAProxy 3.5 refuses it, files
// written for earlier versions have it.
func checkTwice(b *engine.Build, srv *engine.Server, name engine.Word) {
	if o := b.Px.Server(srv.Name); o != nil {
		b.Warn(name.Pos, "%sanother server named '%s' was already defined at line %d, please use a distinct name.",
			who(name.Pos, "server "+b.Px.Name+"/"+srv.Name), srv.Name, o.Pos.Line).
			WithRelated(o.Pos, "the first one").WithAdvice("HAProxy 3.3 and later refuse this; Hawser runs both.").AsBare()
	}
}

func addServer(b *engine.Build, srv *engine.Server, addr engine.Word) {
	b.Px.Servers = append(b.Px.Servers, srv)
	if srv.Host != "" {
		b.At(engine.StageFinish, func() { resolveServer(b, srv, addr) })
	}
}

// readAddress reads the address of a server.
func readAddress(b *engine.Build, srv *engine.Server, w engine.Word, what string) error {
	want := unit.ServerWant
	want.Env = b.Getenv
	a, err := unit.ParseAddr(w.Text, want)
	if err != nil {
		return serverError(w, what, fail(w, "%s", err.Error()))
	}
	dst := &srv.Addr
	switch a.Family {
	case unit.Unix, unit.Abns, unit.AbnsZ:
		dst.Path = a.SocketPath()
	case unit.SockPair, unit.RHTTP:
		return serverError(w, what, fail(w, "the address '%s' is known to HAProxy but not supported by Hawser yet", w.Text))
	default:
		if a.Type == unit.QUIC {
			return serverError(w, what, fail(w, "the address '%s' is known to HAProxy but not supported by Hawser yet", w.Text))
		}
		dst.IP, dst.Port = a.IP, a.Port
		dst.MapPort = a.PortOffset || !a.HasPort
		dst.Dst = a.Any
		dst.Dgram = a.Type == unit.Dgram
		srv.Host, srv.HostFamily = a.Host, int(a.Family)
	}
	return nil
}

// serverOptions reads the options of a server or default-server line; the
// errors of all of them are reported.
func serverOptions(b *engine.Build, srv *engine.Server, words []engine.Word, what string, isDefault bool) error {
	for i := 0; i < len(words); {
		w := words[i]
		row, ok := engine.ServerKeywords.Get(w.Text)
		if name, _, cut := strings.Cut(w.Text, "("); !ok && cut {
			row, ok = engine.ServerKeywords.Get(name)
		}
		if !ok {
			return serverError(w, what, unknownServerOption(w, isDefault))
		}
		if isDefault && row.Flags&engine.NotInDefault != 0 {
			return serverError(w, "", fail(w, "'%s' option is not accepted in default-server sections", w.Text))
		}
		if b.Live() && !dynamic[w.Text] {
			return fail(w, "'%s' option is not accepted for dynamic server", w.Text)
		}
		if row.Flags&engine.NoEffect != 0 {
			b.Notice(w.Pos, "'%s' on a server line has no effect in Hawser: %s", w.Text, row.Usage)
		}
		n, err := runServerOption(b, srv, row, w, words[i+1:])
		if err != nil {
			return serverError(w, what, ended(w, err))
		}
		i += 1 + n
	}
	return nil
}

func runServerOption(b *engine.Build, srv *engine.Server, row *engine.ServerKeyword, w engine.Word, rest []engine.Word) (int, error) {
	if row.ParseN != nil {
		return row.ParseN(b, srv, w, rest)
	}
	n := max(row.Args, 0)
	if n > len(rest) {
		sentence := row.Missing
		if sentence == "" {
			sentence = "'" + w.Text + "' expects an argument."
		}
		return 0, fail(w, "%s", sentence)
	}
	return n, row.Parse(b, srv, w, rest[:n])
}

// ended puts the full stop behind an option's sentence that HAProxy adds.
func ended(w engine.Word, err error) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		d = fail(w, "%s", err.Error())
	}
	if !d.Bare {
		d.Message += "."
	}
	return d
}

func unknownServerOption(w engine.Word, isDefault bool) error {
	d := fail(w, "unknown keyword '%s'", w.Text)
	if near, ok := engine.ServerKeywords.Nearest(w.Text); ok {
		d.Message += "; did you mean '" + near + "' maybe ?"
		d.WithHint(near)
	} else if d.Message += "."; isDefault {
		d.Message += " Hint: no address was expected for this server."
	}
	return d
}

func parseDefaultServer(b *engine.Build, l *engine.Line) error {
	words, name := rest(l, 1), ""
	was := b.Px.DefaultServer
	if len(words) > 0 && words[0].Text == "name" {
		if len(words) == 1 {
			return serverError(words[0], "", fail(words[0], "default-server name: missing value."))
		}
		name = words[1].Text
		if o := b.Px.Server(name); o != nil {
			return serverError(words[1], "", fail(words[1], "default-server name '%s' conflicts with server defined at line %d.", name, o.Pos.Line).WithRelated(o.Pos, "the server"))
		}
		if was = b.Px.NamedServers[name]; was == nil {
			was = &engine.Server{ServerSpec: engine.DefaultServerSpec()}
		}
		words = words[2:]
	}
	start, options, err := preset(b, words, was)
	if err != nil {
		return serverError(l.Words[0], "", err)
	}
	def := start.Copy()
	def.Px = b.Px
	if err := serverOptions(b, def, options, "", true); err != nil {
		return err
	}
	def.Px, def.Touched = nil, start.Touched || len(options) > 0
	if name == "" {
		b.Px.DefaultServer = def
		return nil
	}
	all := map[string]*engine.Server{name: def}
	for n, d := range b.Px.NamedServers {
		if n != name {
			all[n] = d
		}
	}
	b.Px.NamedServers = all
	return nil
}

// parseServerTemplate makes the servers prefix1 … prefixN.
func parseServerTemplate(b *engine.Build, l *engine.Line) error {
	prefix, count, addr := word(l, 1), word(l, 2), word(l, 3)
	if prefix.Text == "" || count.Text == "" || addr.Text == "" {
		return serverError(l.Words[0], "", fail(l.Words[0], "'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments."))
	}
	low, high, ok := templateRange(count.Text)
	if !ok {
		return serverError(count, "", fail(count, "Wrong server-template number or range arg '%s'.", count.Text))
	}
	start, options, err := preset(b, rest(l, 4), b.Px.DefaultServer)
	if err != nil {
		return serverError(l.Words[4], "server-template "+b.Px.Name+"/"+prefix.Text, err)
	}
	for n := low; n <= high; n++ {
		name := prefix
		name.Text = prefix.Text + itoa(n)
		srv := newServer(b, name, start)
		what := "server " + b.Px.Name + "/" + name.Text
		if err := readAddress(b, srv, addr, what); err != nil {
			return err
		}
		checkTwice(b, srv, name)
		if err := serverOptions(b, srv, options, what, false); err != nil {
			return err
		}
		addServer(b, srv, addr)
	}
	return nil
}

func templateRange(s string) (low, high int, ok bool) {
	a, z, isRange := strings.Cut(s, "-")
	low, n := digits(a)
	if n == 0 || n != len(a) {
		return 0, 0, false
	}
	if !isRange {
		return 1, low, low > 0
	}
	high, n = digits(z)
	return low, high, n > 0 && n == len(z) && low <= high
}

// numberServers gives servers their IDs: chosen ones stay, the others get the
// first free one from their place in the backend on.
func numberServers(_ *engine.Build, px *engine.Proxy) {
	used := make(map[int]bool, len(px.Servers))
	for _, s := range px.Servers {
		used[s.ID] = true
	}
	next := 0
	for _, s := range px.Servers {
		next++
		if s.ID != 0 {
			continue
		}
		for used[next] {
			next++
		}
		s.ID = next
	}
}

func badNameByte(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == ':') {
			return i
		}
	}
	return -1
}

// resolveServer finds the address of a server's host name in the order that
// init-addr gives. A server with resolvers may start without one.
func resolveServer(b *engine.Build, srv *engine.Server, w engine.Word) {
	methods := srv.InitAddr
	if methods == "" {
		methods = "last,libc"
	}
	service := strings.HasPrefix(srv.Host, "_") && srv.Resolvers.Text != ""
	for m := range strings.SplitSeq(methods, ",") {
		if ip, none := initAddr(b, srv, m, service); ip.IsValid() {
			srv.Addr.IP = ip
			return
		} else if none {
			withoutAddress(srv)
			return
		}
	}
	if srv.Resolvers.Text != "" && srv.InitAddr == "" {
		withoutAddress(srv)
		return
	}
	b.Warn(w.Pos, "%scould not resolve address '%s'.", who(w.Pos, "server "+srv.Px.Name+"/"+srv.Name), srv.Host).AsLate().
		WithAdvice("HAProxy refuses to start for that; Hawser starts without the server and asks again. Add 'init-addr none' to say that this is meant.")
	srv.Late = true
	withoutAddress(srv)
}

// initAddr tries one method; none tells to start without an address.
func initAddr(b *engine.Build, srv *engine.Server, method string, service bool) (ip netip.Addr, none bool) {
	switch method {
	case "last":
		return lastAddress(b, srv), false
	case "libc":
		if !service {
			ip, _ = lookup(srv.Host, unit.Family(srv.HostFamily))
		}
		return ip, false
	case "none":
		return ip, true
	}
	ip, _ = netip.ParseAddr(method)
	return ip, false
}

// withoutAddress takes the server out until it gets an address.
func withoutAddress(srv *engine.Server) {
	srv.Unresolved = true
	srv.State.Admin.Or(uint32(engine.AdmRMaint))
}

// lastAddress is the address that the server had in the generation before.
func lastAddress(b *engine.Build, srv *engine.Server) (none netip.Addr) {
	if b.Old == nil {
		return none
	}
	px := b.Old.Backend(srv.Px.Name)
	if px == nil {
		return none
	}
	if o := px.Server(srv.Name); o != nil && o.Host == srv.Host {
		return o.Addr.IP
	}
	return none
}
