package conv

import (
	"bytes"

	"hawser/engine"
)

// The names and ports of hosts.
func init() {
	s := engine.TStr
	conv("host_only", s, s, "The host of a Host header's value, without port.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for _, c := range v.B[:hostEnd(v.B)] {
			e.Tmp = append(e.Tmp, lower(c))
		}
		return str(e.Since(m))
	})
	conv("port_only", s, engine.TSint, "The port of a Host header's value, 0 without one; what is no digit counts as HAProxy counts it.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		var n uint32
		for _, c := range v.B[min(hostEnd(v.B)+1, len(v.B)):] {
			n = n*10 + uint32(c) - '0'
		}
		return sint(int64(n))
	})
	conv("reverse_dom", s, s, "The labels of a domain name in reverse order.", 0, nil, reverseDom)
}

// hostEnd is where the port's colon stands: the last one, unless a bracket
// follows it.
func hostEnd(b []byte) int {
	for i := len(b) - 1; i >= 0 && b[i] != ']'; i-- {
		if b[i] == ':' {
			return i
		}
	}
	return len(b)
}

// reverseDom leaves out the dot at the end; a name with an empty label has no
// reverse.
func reverseDom(e env, _ args, v smp) (smp, stat) {
	m := e.Mark()
	b := bytes.TrimSuffix(v.B, []byte("."))
	for {
		i := bytes.LastIndexByte(b, '.')
		if i == len(b)-1 {
			e.Tmp = e.Tmp[:m]
			return none()
		}
		e.Tmp = append(e.Tmp, b[i+1:]...)
		if i < 0 {
			return str(e.Since(m))
		}
		e.Tmp = append(e.Tmp, '.')
		b = b[:i]
	}
}
