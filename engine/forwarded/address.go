// Package forwarded adds the headers that tell servers what they cannot see
// themselves: the client's address and the address that it asked for (option
// forwardfor, originalto, forwarded), the unique ID of the request, and the
// server's own name. It owns nothing at run time.
package forwarded

import (
	"net/netip"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

// address is option forwardfor or option originalto.
type address struct {
	on     bool
	header htx.Key
	ifNone bool
	except []netip.Prefix
}

var (
	forwardFor = engine.NewSlot[*engine.Proxy, address]("forwardfor")
	originalTo = engine.NewSlot[*engine.Proxy, address]("originalto")
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "option forwardfor", In: engine.InAll, Max: -1, Parse: parse("forwardfor", "x-forwarded-for", forwardFor),
			Usage: "option forwardfor [except <network>] [header <name>] [if-none]: tell servers the client's address in X-Forwarded-For"},
		engine.Keyword{Name: "option originalto", In: engine.InAll, Max: -1, Parse: parse("originalto", "x-original-to", originalTo),
			Usage: "option originalto [except <network>] [header <name>]: tell servers the address that the client asked for in X-Original-To"},
	)
	engine.AddHook(engine.Hook{Name: "forwardfor", Phase: engine.PhaseHeader, Enabled: uses(forwardFor),
		Run: func(s *engine.Stream) engine.Verdict { return add(s, forwardFor, s.Sess.Src.Addr()) }})
	engine.AddHook(engine.Hook{Name: "originalto", Phase: engine.PhaseHeader, Enabled: uses(originalTo),
		Run: func(s *engine.Stream) engine.Verdict { return add(s, originalTo, s.Sess.Dst.Addr()) }})
}

func init() {
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if px.SeesHTTP() || px.Disabled {
			return
		}
		for _, o := range []struct {
			name string
			on   bool
		}{{"forwardfor", active(forwardFor, px) != nil}, {"originalto", active(originalTo, px) != nil}} {
			if o.on {
				b.Warn(px.Pos, "'option %s' ignored for %s '%s' as it requires HTTP mode.", o.name, px.TypeName(), px.Name).AsLate()
			}
		}
	})
}

func fail(w engine.Word, format string, args ...any) *diag.Diagnostic {
	return diag.Errorf(w.Pos, format, args...)
}

func uses(slot *engine.Slot[*engine.Proxy, address]) func(*engine.Proxy) bool {
	return func(px *engine.Proxy) bool { a := slot.Get(px); return a != nil && a.on && px.SeesHTTP() }
}

func parse(name, header string, slot *engine.Slot[*engine.Proxy, address]) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		a := &address{on: true, header: htx.NewKey(header)}
		words := l.Words[2:]
		for i := 0; i < len(words); {
			n, err := a.option(words[i], words[i+1:], name)
			if err != nil {
				return err
			}
			i += 1 + n
		}
		slot.Set(b.Px, a)
		return nil
	}
}

func (a *address) option(w engine.Word, rest []engine.Word, name string) (int, error) {
	switch {
	case w.Text == "if-none" && name == "forwardfor":
		a.ifNone = true
		return 0, nil
	case w.Text == "except":
		if len(rest) > 0 {
			if p, ok := network(rest[0].Text); ok {
				a.except = append(a.except, p)
				return 1, nil
			}
		}
		return 0, fail(w, "'option %s except' expects <address>[/mask] as argument.", name)
	case w.Text == "header":
		if len(rest) == 0 || rest[0].Text == "" {
			return 0, fail(w, "'option %s header' expects <header_name> as argument.", name)
		}
		a.header = htx.NewKey(strings.ToLower(rest[0].Text))
		return 1, nil
	}
	values := "'except', 'header' and 'if-none'"
	if name == "originalto" {
		values = "'except' and 'header'"
	}
	return 0, fail(w, "'option %s' only supports optional values: %s.", name, values).WithAllowed("except", "header", "if-none")
}

// network reads an address with a prefix length or a mask.
func network(s string) (netip.Prefix, bool) {
	host, mask, has := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}, false
	}
	bits := ip.BitLen()
	if has {
		if n, err := strconv.Atoi(mask); err == nil && n >= 0 && n <= bits {
			bits = n
		} else if m, err := netip.ParseAddr(mask); err == nil && m.BitLen() == ip.BitLen() {
			bits = ones(m.AsSlice())
		} else {
			return netip.Prefix{}, false
		}
	}
	return netip.PrefixFrom(ip, bits).Masked(), true
}

func ones(mask []byte) (n int) {
	for _, b := range mask {
		for ; b&0x80 != 0; b <<= 1 {
			n++
		}
	}
	return n
}

// add puts the header in once for frontend and backend together: the backend's
// header wins, either's exception keeps it out, and if-none counts where both
// say so or only one has the option.
func add(s *engine.Stream, slot *engine.Slot[*engine.Proxy, address], ip netip.Addr) engine.Verdict {
	fe, be := active(slot, s.Front), active(slot, s.Back)
	if s.Env.Px == s.Front && s.Front != s.Back && be != nil {
		return engine.Continue // the backend's turn comes
	}
	if s.Front == s.Back {
		be = nil
	}
	ip = ip.Unmap()
	if s.Kind == engine.NotHTTP || !ip.IsValid() || excepted(fe, ip) || excepted(be, ip) {
		return engine.Continue
	}
	a, ifNone := be, true
	if a == nil {
		a = fe
	}
	for _, o := range [...]*address{fe, be} {
		ifNone = ifNone && (o == nil || o.ifNone)
	}
	m := s.Req
	if ifNone && m.NextKey(a.header, 0) >= 0 {
		return engine.Continue
	}
	var buf [64]byte
	m.AddKey(a.header, ip.AppendTo(buf[:0]))
	return engine.Continue
}

func active(slot *engine.Slot[*engine.Proxy, address], px *engine.Proxy) *address {
	if px == nil {
		return nil
	}
	if a := slot.Get(px); a != nil && a.on {
		return a
	}
	return nil
}

func excepted(a *address, ip netip.Addr) bool {
	if a == nil {
		return false
	}
	for _, p := range a.except {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
