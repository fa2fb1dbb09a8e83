package conv

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"

	"hawser/engine"
)

// The converters of RFC 7239 (Forwarded).
func init() {
	s := engine.TStr
	conv("rfc7239_is_valid", s, engine.TBool, "True if the input is a Forwarded header's value as RFC 7239 wants it.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		_, ok := forwardedField(v.B, "")
		return boolean(ok)
	})
	conv("rfc7239_field", s, s, "(field): for, by, host or proto of the first element of a Forwarded header's value.", 1, types(engine.ArgStr), func(_ env, a args, v smp) (smp, stat) {
		f, ok := forwardedField(v.B, a[0].Text)
		if !ok || f == nil {
			return none()
		}
		return str(f)
	})
	conv("rfc7239_n2nn", s, engine.TAny, "The name of a node: an address, or a text such as unknown.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		name, _, ok := splitNode(v.B)
		if !ok {
			return none()
		}
		if ip, ok := nodeIP(name); ok {
			return engine.IP(ip), found
		}
		return str(name)
	})
	conv("rfc7239_n2np", s, engine.TAny, "The port of a node: a number, or a text such as _port.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		_, port, ok := splitNode(v.B)
		if !ok || len(port) == 0 {
			return none()
		}
		if n, err := strconv.ParseUint(string(port), 10, 16); err == nil {
			return sint(int64(n))
		}
		return str(port)
	})
	conv("rfc7239_nn", engine.TAny, s, "A node's name made of an address or a text.", 0, nil, nodeName)
	conv("rfc7239_np", engine.TAny, s, "A node's port made of a number or a text.", 0, nil, nodePort)
}

func tokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

// forwardedField checks a value of one element, in which each field stands once and
// nothing between, and returns the named field of it.
func forwardedField(b []byte, want string) (field []byte, ok bool) {
	var seen []string
	for {
		eq := bytes.IndexByte(b, '=')
		if eq <= 0 {
			return nil, false
		}
		name := string(b[:eq])
		value, rest, good := forwardedValue(b[eq+1:])
		if !good || !validField(name, value) || slices.Contains(seen, name) {
			return nil, false
		}
		seen = append(seen, name)
		if name == want {
			field = value
		}
		if len(rest) == 0 {
			return field, true
		}
		if rest[0] != ';' {
			return nil, false
		}
		b = rest[1:]
	}
}

func forwardedValue(b []byte) (value, rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '"' {
		i := bytes.IndexByte(b[1:], '"')
		if i < 0 {
			return nil, nil, false
		}
		return b[1 : 1+i], b[2+i:], true
	}
	i := 0
	for i < len(b) && tokenByte(b[i]) {
		i++
	}
	return b[:i], b[i:], i > 0
}

func validField(name string, v []byte) bool {
	switch name {
	case "proto":
		return string(v) == "http" || string(v) == "https"
	case "host":
		return validHost(v)
	case "for", "by":
		_, _, ok := splitNode(v)
		return ok
	}
	return false
}

// validHost tells a name or an address, with a port or without.
func validHost(b []byte) bool {
	name, port, found := b, []byte(nil), false
	if len(b) > 0 && b[0] == '[' {
		i := bytes.IndexByte(b, ']')
		if i < 0 {
			return false
		}
		name, port = b[:i+1], b[i+1:]
		if found = len(port) > 0; found && port[0] != ':' {
			return false
		}
		port = bytes.TrimPrefix(port, []byte(":"))
	} else {
		name, port, found = bytes.Cut(b, []byte(":"))
	}
	if _, err := strconv.ParseUint(string(port), 10, 16); found && err != nil {
		return false
	}
	if _, isIP := nodeIP(name); isIP {
		return true
	}
	for _, c := range name {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-') {
			return false
		}
	}
	return len(name) > 0
}

// splitNode parts "name[:port]"; IPv6 stands in brackets.
func splitNode(b []byte) (name, port []byte, ok bool) {
	name = b
	if len(b) > 0 && b[0] == '[' {
		i := bytes.IndexByte(b, ']')
		if i < 0 {
			return nil, nil, false
		}
		name, b = b[:i+1], b[i+1:]
		if len(b) > 0 && b[0] != ':' {
			return nil, nil, false
		}
		if len(b) > 0 {
			port = b[1:]
		}
	} else if i := bytes.IndexByte(b, ':'); i >= 0 {
		name, port = b[:i], b[i+1:]
	}
	if _, isIP := nodeIP(name); !isIP && string(name) != "unknown" && !obfuscated(name) {
		return nil, nil, false
	}
	if port != nil {
		if _, err := strconv.ParseUint(string(port), 10, 16); err != nil && !obfuscated(port) {
			return nil, nil, false
		}
	}
	return name, port, true
}

func nodeIP(b []byte) (netip.Addr, bool) {
	v6 := len(b) > 2 && b[0] == '[' && b[len(b)-1] == ']'
	if v6 {
		b = b[1 : len(b)-1]
	}
	if len(b) > 45 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(b))
	return a, err == nil && a.Is6() == v6
}

func obfuscated(b []byte) bool {
	if len(b) < 2 || b[0] != '_' {
		return false
	}
	return obfuscatedText(b[1:])
}

func obfuscatedText(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return len(b) > 0
}

func nodeName(e env, _ args, v smp) (smp, stat) {
	m := e.Mark()
	switch v.Type {
	case engine.TIPv4:
		e.Tmp = v.IP.AppendTo(e.Tmp)
	case engine.TIPv6:
		e.Tmp = append(v.IP.AppendTo(append(e.Tmp, '[')), ']')
	case engine.TStr:
		if len(v.B) > 0 {
			return obfuscate(e, v.B)
		}
		e.Tmp = append(e.Tmp, "unknown"...)
	default:
		return none()
	}
	return str(e.Since(m))
}

func nodePort(e env, _ args, v smp) (smp, stat) {
	switch v.Type {
	case engine.TSint:
		if v.Int < 0 {
			return none()
		}
		m := e.Mark()
		e.Tmp = strconv.AppendInt(e.Tmp, v.Int, 10)
		return str(e.Since(m))
	case engine.TStr:
		return obfuscate(e, v.B)
	}
	return none()
}

// obfuscate makes a name or port of the sender's own choice: _text.
func obfuscate(e env, b []byte) (smp, stat) {
	if !obfuscatedText(b) {
		return none()
	}
	m := e.Mark()
	e.Tmp = append(append(e.Tmp, '_'), b...)
	return str(e.Since(m))
}
