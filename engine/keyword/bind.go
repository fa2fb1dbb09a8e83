package keyword

import (
	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "bind", In: engine.InFE, Max: -1,
		Usage: "bind [<address>]:<port>[-<port>][,...] [options], bind /<path> [options]: where the frontend listens", Parse: parseBind})
	engine.ParseBind = readBind
	engine.KnownBind = func(name string) bool { return knownBind[name] }
}

func parseBind(b *engine.Build, l *engine.Line) error {
	list, err := readBind(b, l.Words[1:], l.Words[0], unit.BindWant, b.Px.Kind)
	for _, bind := range list {
		bind.Px = b.Px
	}
	b.Px.Binds = append(b.Px.Binds, list...)
	return err
}

// readBind reads addresses and options of a bind-like line; section is what the
// line stands in, for messages.
func readBind(b *engine.Build, words []engine.Word, kw engine.Word, want unit.Want, section string) ([]*engine.Bind, error) {
	if len(words) == 0 || words[0].Text == "" {
		return nil, fail(kw, "'%s' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.", kw.Text)
	}
	want.Env = b.Getenv
	addrs, err := unit.Addrs(words[0].Text, want)
	if err != nil {
		return nil, fail(words[0], "'%s' : %s", kw.Text, err.Error())
	}
	line := kw.Text + " " + join(words)
	first := newBind(b.Px, words[0].Pos, line)
	if err := bindOptions(b, first, words, kw, section); err != nil {
		return nil, err
	}
	list, err := spread(b, first, addrs, words[0])
	if err != nil {
		return nil, err
	}
	return list, nil
}

func newBind(px *engine.Proxy, pos diag.Pos, line string) *engine.Bind {
	return &engine.Bind{Px: px, Pos: pos, Line: line, UID: -1, GID: -1}
}

// spread makes a listener for each port of each address. They share what the
// options set; what a feature makes of it for the first one at the very end of
// the load is given to the others.
func spread(b *engine.Build, first *engine.Bind, addrs []unit.Addr, w engine.Word) ([]*engine.Bind, error) {
	var list []*engine.Bind
	for _, a := range addrs {
		if err := resolveHost(&a); err != nil {
			return nil, fail(w, "'bind' : invalid address: '%s' in '%s'", a.Host, a.Text)
		}
		for port := a.Port; port <= max(a.PortHigh, a.Port); port++ {
			bind := first
			if len(list) > 0 {
				bind = &engine.Bind{}
				*bind = *first
			}
			bind.Addr = a
			bind.Addr.Port, bind.Addr.PortHigh = port, port
			bind.State = &engine.BindState{}
			unixOptions(b, bind)
			list = append(list, bind)
		}
	}
	if len(list) > 1 {
		b.At(engine.StageMake, func() {
			b.At(engine.StageMake, func() {
				for _, o := range list[1:] {
					o.TLS, o.ALPN, o.SSL, o.Slots = first.TLS, first.ALPN, first.SSL, first.Slots
				}
			})
		})
	}
	return list, nil
}

// unixOptions gives a UNIX socket what unix-bind says where its line does not.
func unixOptions(b *engine.Build, bind *engine.Bind) {
	d := unixBind.Get(b.RT)
	if d == nil || bind.Addr.Family != unit.Unix {
		return
	}
	bind.Addr.Path = d.prefix + bind.Addr.Path
	if bind.Mode == 0 {
		bind.Mode = d.mode
	}
	if bind.UID < 0 {
		bind.UID = d.uid
	}
	if bind.GID < 0 {
		bind.GID = d.gid
	}
}

// resolveHost turns a host name into an address.
func resolveHost(a *unit.Addr) error {
	if a.Host == "" || !a.IsIP() {
		return nil
	}
	ip, err := lookup(a.Host, a.Family)
	if err != nil {
		return err
	}
	a.IP = ip
	a.Family = unit.IPv4
	if ip.Is6() {
		a.Family = unit.IPv6
	}
	return nil
}

// bindOptions reads the words behind the addresses.
func bindOptions(b *engine.Build, bind *engine.Bind, words []engine.Word, kw engine.Word, section string) error {
	who := "'" + kw.Text + " " + words[0].Text + "' in section '" + section + "'"
	for i := 1; i < len(words); {
		w := words[i]
		row, ok := engine.BindKeywords.Get(w.Text)
		if !ok {
			return unknownBindOption(w, who)
		}
		n := row.Args
		if i+1+n > len(words) {
			return fail(w, "%s : %s", who, missingArg(row.Missing, w.Text))
		}
		if row.Flags&engine.NoEffect != 0 {
			b.Notice(w.Pos, "'%s' on a bind line has no effect in Hawser: %s", w.Text, row.Usage)
		}
		if err := row.Parse(b, bind, w, words[i+1:i+1+n]); err != nil {
			return prefixed(w, err, who+" : ")
		}
		i += 1 + n
	}
	return nil
}

func missingArg(sentence, name string) string {
	if sentence != "" {
		return sentence
	}
	return "'" + name + "' : missing argument"
}

func unknownBindOption(w engine.Word, who string) error {
	if knownBind[w.Text] {
		return fail(w, "%s: '%s' is known to HAProxy but not supported by Hawser yet", who, w.Text)
	}
	d := fail(w, "%s: unknown keyword '%s'", who, w.Text)
	if near, ok := engine.BindKeywords.Nearest(w.Text); ok {
		d.Message += "; did you mean '" + near + "' maybe ?"
		d.WithHint(near)
	}
	return d
}

func init() {
	engine.OnFinish(func(_ *engine.Build, px *engine.Proxy) { numberBinds(px) })
}

// numberBinds gives listeners their IDs: those that were chosen stay, the
// others get the next free one.
func numberBinds(px *engine.Proxy) {
	used := map[int]bool{}
	for _, bind := range px.Binds {
		used[bind.ID] = true
	}
	next := 1
	for _, bind := range px.Binds {
		if bind.ID != 0 {
			continue
		}
		for used[next] {
			next++
		}
		bind.ID = next
		used[next] = true
	}
	for _, bind := range px.Binds {
		if bind.Name == "" {
			bind.Name = "sock-" + itoa(bind.ID)
		}
	}
}
