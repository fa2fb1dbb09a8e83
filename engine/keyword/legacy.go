package keyword

import (
	"net/netip"

	"hawser/engine"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "block", In: engine.InProxy, Max: -1, Flags: engine.Legacy, Usage: "block { if | unless } <condition>: write http-request deny", Parse: parseBlock},
		engine.Keyword{Name: "monitor-net", In: engine.InAllFE, Max: 1, Flags: engine.Legacy, Usage: "monitor-net <network>: write http-request return status 200 if { src <network> }", Parse: parseMonitorNet},
		engine.Keyword{Name: "dispatch", In: engine.InBE, Max: -1, Flags: engine.Legacy, Usage: "dispatch <address>:<port>: write server <name> <address>:<port>", Parse: parseDispatch},
		engine.Keyword{Name: "transparent", In: engine.InAllBE, Max: 0, Flags: engine.Legacy, Usage: "transparent: write option transparent", Parse: parseTransparent},
		engine.Keyword{Name: "appsession", In: engine.InAllBE, Max: -1, Flags: engine.Legacy, Usage: "appsession: gone since HAProxy 1.6; see cookie and stick on", Parse: parseAppsession},
		engine.Keyword{Name: "reqsetbe", In: engine.InAllFE, Max: -1, Flags: engine.Legacy, Usage: "reqsetbe <search> <backend>: write use_backend", Parse: explain("write 'use_backend <backend> if <condition>' instead")},
		engine.Keyword{Name: "reqisetbe", In: engine.InAllFE, Max: -1, Flags: engine.Legacy, Usage: "reqisetbe <search> <backend>: write use_backend", Parse: explain("write 'use_backend <backend> if <condition>' instead")},
	)
	for old, now := range map[string]string{"cliexp": "timeout client", "srvexp": "timeout server"} {
		engine.AddKeywords(engine.Keyword{Name: old, In: engine.InAll, Max: -1, Flags: engine.Legacy, Usage: old + " <time>: write " + now,
			Parse: func(b *engine.Build, l *engine.Line) error {
				row, _ := engine.Keywords.Get(now)
				b.Warn(l.Words[0].Pos, "the '%s' directive is gone since HAProxy 1.5: write '%s' instead.", old, now)
				head := l.Words[0]
				return row.Parse(b, &engine.Line{Words: append([]engine.Word{head, head}, rest(l, 1)...), Pos: l.Pos})
			}})
	}
	engine.AddHook(engine.Hook{Name: "block", Phase: engine.PhaseRequest, Order: 20,
		Enabled: func(px *engine.Proxy) bool { return blocks.Get(px) != nil && px.SeesHTTP() }, Run: runBlock})
	engine.AddHook(engine.Hook{Name: "monitor-net", Phase: engine.PhaseRequest, Order: -100,
		Enabled: func(px *engine.Proxy) bool {
			return monitors.Get(px) != nil && px.SeesHTTP() && px.Side&engine.Front != 0
		}, Run: runMonitorNet})
}

func explain(advice string) func(*engine.Build, *engine.Line) error {
	return func(_ *engine.Build, l *engine.Line) error {
		return fail(l.Words[0], "the '%s' directive is not supported any more.", l.Words[0].Text).WithAdvice("%s", advice)
	}
}

// blockRules are the block lines, which precede the http-request rules.
type blockRules struct{ conds []*engine.Cond }

var blocks = engine.NewSlot[*engine.Proxy, blockRules]("block")

func parseBlock(b *engine.Build, l *engine.Line) error {
	if c := word(l, 1); c.Text != "if" && c.Text != "unless" {
		return fail(c, "'block' expects either 'if' or 'unless' followed by a condition.")
	}
	c, err := b.Cond(rest(l, 1), engine.FeHTTPHdr|engine.BeHTTPHdr, "a blocking condition")
	if err != nil {
		return err
	}
	b.Warn(l.Words[0].Pos, "the 'block' directive is not supported any more since HAProxy 2.1: write 'http-request deny %s' before the other http-request rules instead. Hawser does what it did.", join(l.Words[1:]))
	r := blocks.Edit(b.Px)
	r.conds = append(r.conds[:len(r.conds):len(r.conds)], c)
	return nil
}

func runBlock(s *engine.Stream) engine.Verdict {
	if s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	for _, c := range blocks.Get(s.Env.Px).conds {
		if c.Holds(&s.Env) {
			return engine.Deny
		}
	}
	return engine.Continue
}

// monitorNets are networks whose requests are answered by ourselves.
type monitorNets struct{ nets []netip.Prefix }

var monitors = engine.NewSlot[*engine.Proxy, monitorNets]("monitor-net")

func parseMonitorNet(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	p, err := netip.ParsePrefix(w.Text)
	if err != nil {
		ip, aerr := netip.ParseAddr(w.Text)
		if aerr != nil {
			return fail(w, "'monitor-net' expects address[/mask].")
		}
		p = netip.PrefixFrom(ip, ip.BitLen())
	}
	b.Warn(l.Words[0].Pos, "the 'monitor-net' directive is not supported any more: write 'http-request return status 200 if { src %s }' instead. Hawser does what it did in mode http.", w.Text)
	m := monitors.Edit(b.Px)
	m.nets = append(m.nets[:len(m.nets):len(m.nets)], p.Masked())
	return nil
}

func runMonitorNet(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Front || s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	src := s.Sess.Src.Addr().Unmap()
	for _, p := range monitors.Get(s.Front).nets {
		if p.Contains(src) {
			s.LogLevel = -1
			s.Local.Reply = engine.StandardError(200)
			return engine.Deny
		}
	}
	return engine.Continue
}

// parseDispatch makes the address a server.
func parseDispatch(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'dispatch' expects <addr:port> as argument.")
	}
	if _, err := unit.ParseAddr(w.Text, unit.Want{PortRequired: true, NoDgram: true}); err != nil {
		return fail(w, "'dispatch' : %s", err.Error())
	}
	b.Warn(l.Words[0].Pos, "the 'dispatch' directive is not supported any more since HAProxy 3.3: write 'server dispatch %s' instead.", w.Text)
	name := l.Words[0]
	return parseServer(b, &engine.Line{Words: append([]engine.Word{name, name}, l.Words[1:]...), Pos: l.Pos})
}

func parseTransparent(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "the 'transparent' directive is not supported any more: write 'option transparent' instead, which has no effect in Hawser.")
	return nil
}

func parseAppsession(_ *engine.Build, l *engine.Line) error {
	return fail(l.Words[0], "'appsession' is not supported anymore since HAProxy 1.6.").
		WithAdvice("use 'cookie <name> prefix' when the application sets the cookie, or 'stick-table type string len 52 size 1m expire 30m' with 'stick store-response res.cook(%s)' and 'stick match req.cook(%s)'", l.Arg(1), l.Arg(1))
}
