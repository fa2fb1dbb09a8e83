package forwarded

import (
	"net/netip"
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

// rfc7239 is option forwarded.
type rfc7239 struct {
	on, proto, host bool
	hostExpr        *engine.Expr
	by, forNode     node
}

// node is "by" or "for": who, and which port.
type node struct {
	on, port         bool
	expr, portExpr   *engine.Expr
	exprSet, portSet bool
}

var forwardedOpt = engine.NewSlot[*engine.Proxy, rfc7239]("forwarded")

var forwardedKey = htx.NewKey("forwarded")

func init() {
	engine.AddKeywords(engine.Keyword{Name: "option forwarded", In: engine.InAllBE, Max: -1, Flags: engine.TakesNo, Parse: parseForwarded,
		Usage: "option forwarded [proto] [host | host-expr <expr>] [by | by-expr <expr>] [by_port | by_port-expr <expr>] [for | for-expr <expr>] [for_port | for_port-expr <expr>]: add an RFC 7239 header to requests"})
	engine.AddHook(engine.Hook{Name: "forwarded", Phase: engine.PhaseHeader, Order: 10,
		Enabled: func(px *engine.Proxy) bool {
			f := forwardedOpt.Get(px)
			return f != nil && f.on && px.IsHTTP() && px.Side&engine.Back != 0
		},
		Run: runForwarded})
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if f := forwardedOpt.Get(px); f != nil && f.on && !px.IsHTTP() && px.Side&engine.Back != 0 && !px.Disabled {
			b.Warn(px.Pos, "'option forwarded' ignored for %s '%s' as it requires HTTP mode.", px.TypeName(), px.Name).AsLate()
		}
	})
}

func parseForwarded(b *engine.Build, l *engine.Line) error {
	f := &rfc7239{on: !l.No}
	if l.No {
		forwardedOpt.Set(b.Px, f)
		return nil
	}
	words := l.Words[2:]
	if len(words) == 0 {
		f.proto, f.forNode.on = true, true
	}
	for i := 0; i < len(words); {
		n, err := f.option(b, words[i], words[i+1:])
		if err != nil {
			return err
		}
		i += 1 + n
	}
	f.by.check(b, l, "by")
	f.forNode.check(b, l, "for")
	forwardedOpt.Set(b.Px, f)
	return nil
}

func (n *node) check(b *engine.Build, l *engine.Line, name string) {
	if (n.port || n.portSet) && !n.on && !n.exprSet {
		b.Warn(l.Words[0].Pos, "'option forwarded' : '%s_port-expr' will be ignored because both '%s' and '%s-expr' are unset", name, name, name)
	}
}

func (f *rfc7239) option(b *engine.Build, w engine.Word, rest []engine.Word) (int, error) {
	var expr **engine.Expr
	switch w.Text {
	case "proto":
		f.proto = true
		return 0, nil
	case "host":
		f.host, f.hostExpr = true, nil
		return 0, nil
	case "by":
		f.by.on = true
		return 0, nil
	case "for":
		f.forNode.on = true
		return 0, nil
	case "by_port":
		f.by.port = true
		return 0, nil
	case "for_port":
		f.forNode.port = true
		return 0, nil
	case "host-expr":
		f.host, expr = true, &f.hostExpr
	case "by-expr":
		f.by.exprSet, expr = true, &f.by.expr
	case "for-expr":
		f.forNode.exprSet, expr = true, &f.forNode.expr
	case "by_port-expr":
		f.by.portSet, expr = true, &f.by.portExpr
	case "for_port-expr":
		f.forNode.portSet, expr = true, &f.forNode.portExpr
	default:
		return 0, fail(w, "'option forwarded' only supports optional values: 'proto', 'host', 'host-expr', 'by', 'by-expr', 'by_port', 'by_port-expr', 'for', 'for-expr', 'for_port' and 'for_port-expr'.")
	}
	if len(rest) == 0 {
		return 0, fail(w, "'%s' expects <expr> as argument.", w.Text).AsTight()
	}
	x, err := b.Expr(rest[0], engine.BeHTTPHdr)
	*expr = x
	return 1, err
}

func runForwarded(s *engine.Stream) engine.Verdict {
	f := forwardedOpt.Get(s.Env.Px)
	if f == nil || s.Kind == engine.NotHTTP || s.Env.Px != s.Back {
		return engine.Continue
	}
	e := &s.Env
	// The value grows in a buffer of its own: expressions use e.Tmp.
	buf := make([]byte, 0, 128)
	if f.proto {
		buf = append(buf, "proto=http"...)
		if s.Sess.TLS != nil {
			buf = append(buf, 's')
		}
	}
	if f.host {
		buf = appendSep(buf, "host=\"")
		buf = append(f.appendHost(buf, s), '"')
	}
	buf = f.by.append(buf, e, "by=", s.Sess.Dst)
	buf = f.forNode.append(buf, e, "for=", s.Sess.Src)
	if len(buf) > 0 {
		s.Req.AddKey(forwardedKey, buf)
	}
	return engine.Continue
}

func appendSep(b []byte, name string) []byte {
	if len(b) > 0 {
		b = append(b, ';')
	}
	return append(b, name...)
}

// appendHost adds the host where it has the form of one, else nothing.
func (f *rfc7239) appendHost(b []byte, s *engine.Stream) []byte {
	host := s.Req.Host()
	if f.hostExpr != nil {
		host = nil
		if v, st := f.hostExpr.EvalAs(&s.Env, engine.TStr); st == engine.Found {
			host = v.B
		}
	}
	if !isHost(host) {
		return b
	}
	return append(b, host...)
}

// isHost reports whether b is a host name or address with an optional port (RFC
// 3986, section 3.2.2, without percent-encoding).
func isHost(b []byte) bool {
	i := 0
	if len(b) > 0 && b[0] == '[' {
		for i < len(b) && b[i] != ']' {
			i++
		}
		if i == len(b) {
			return false
		}
		if _, err := netip.ParseAddr(string(b[1:i])); err != nil {
			return false
		}
		i++
	}
	for ; i < len(b) && b[i] != ':'; i++ {
		c := b[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-') {
			return false
		}
	}
	if i == len(b) {
		return true
	}
	for _, c := range b[i+1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return i+1 < len(b)
}

func (n *node) append(b []byte, e *engine.Env, name string, at netip.AddrPort) []byte {
	if !n.on && !n.exprSet {
		return b
	}
	b = appendSep(b, name)
	start := len(b)
	b, quote := n.appendName(b, e, at)
	b, ported := n.appendPort(b, e, at)
	if !quote && !ported {
		return b
	}
	b = append(b, 0, 0)
	copy(b[start+1:], b[start:len(b)-2])
	b[start], b[len(b)-1] = '"', '"'
	return b
}

// appendName adds the node's name; quote tells that it has brackets.
func (n *node) appendName(b []byte, e *engine.Env, at netip.AddrPort) (_ []byte, quote bool) {
	ip := at.Addr()
	if n.exprSet {
		ip = netip.Addr{}
		if s, st := n.expr.Eval(e); st == engine.Found {
			switch s.Type {
			case engine.TIPv4, engine.TIPv6:
				ip = s.IP
			default:
				if e.Cast(&s, engine.TStr) && len(s.B) > 0 {
					return appendHidden(b, s.B), false
				}
			}
		}
	}
	ip = ip.Unmap()
	switch {
	case ip.Is4():
		return ip.AppendTo(b), false
	case ip.Is6():
		b = append(b, '[')
		return append(ip.AppendTo(b), ']'), true
	}
	return append(b, "unknown"...), false
}

// appendHidden adds an obfuscated identifier (RFC 7239, section 6.3).
func appendHidden(b, v []byte) []byte {
	if v[0] != '_' {
		b = append(b, '_')
	}
	return append(b, v...)
}

func (n *node) appendPort(b []byte, e *engine.Env, at netip.AddrPort) (_ []byte, added bool) {
	switch {
	case n.portSet:
		s, st := n.portExpr.Eval(e)
		if st != engine.Found {
			return b, false
		}
		b = append(b, ':')
		if s.Type == engine.TSint {
			return strconv.AppendInt(b, s.Int, 10), true
		}
		if !e.Cast(&s, engine.TStr) || len(s.B) == 0 {
			return b[:len(b)-1], false
		}
		return appendHidden(b, s.B), true
	case n.port && at.Port() != 0:
		return strconv.AppendInt(append(b, ':'), int64(at.Port()), 10), true
	}
	return b, false
}
