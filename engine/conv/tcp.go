package conv

import (
	"encoding/binary"

	"hawser/engine"
)

// TCP headers and their options.
func init() {
	tcpNumber("tcp.src", at(0, 2))
	tcpNumber("tcp.dst", at(2, 2))
	tcpNumber("tcp.seq", at(4, 4))
	tcpNumber("tcp.flags", at(13, 1))
	tcpNumber("tcp.win", at(14, 2))
	one := func([]byte) int64 { return 1 }
	packetNumber("tcp.options.mss", optionNumber(2, func(o []byte) int64 { return int64(be(o)) }, true))
	packetNumber("tcp.options.wscale", optionNumber(3, func(o []byte) int64 { return int64(be(o)) }, true))
	packetNumber("tcp.options.wsopt", optionNumber(3, one, true))
	packetNumber("tcp.options.sack", optionNumber(4, one, true))
	packetNumber("tcp.options.tsopt", optionNumber(8, one, true))
	packetNumber("tcp.options.tsval", optionNumber(8, func(o []byte) int64 {
		if len(o) < 4 {
			return 0
		}
		return int64(binary.BigEndian.Uint32(o))
	}, true))
	conv("tcp.options_list", engine.TBin, engine.TBin, "The kinds of a TCP header's options.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		if !eachOption(v.B, func(kind byte, _ []byte) bool { e.Tmp = append(e.Tmp, kind); return true }) {
			return none()
		}
		return bin(e.Since(m))
	})
}

// tcpNumber registers a field of the fixed part.
func tcpNumber(name string, f func([]byte) (int64, bool)) {
	packetNumber(name, func(b []byte) (int64, bool) {
		if len(b) < 20 {
			return 0, false
		}
		return f(b)
	})
}

// optionNumber reads a number from an option. Without the option there is no
// result or, where absent says so and the header is whole, 0.
func optionNumber(kind byte, f func([]byte) int64, absent bool) func([]byte) (int64, bool) {
	return func(b []byte) (int64, bool) {
		o, ok := tcpOption(b, kind)
		if !ok {
			return 0, absent && len(b) >= 20 && len(b) >= int(b[12]>>4)*4
		}
		return f(o), true
	}
}

func tcpOption(b []byte, want byte) (data []byte, ok bool) {
	eachOption(b, func(kind byte, d []byte) bool {
		if kind == want {
			data, ok = d, true
			return false
		}
		return true
	})
	return data, ok
}

// eachOption calls f for the options of a TCP header; false: it is not whole.
func eachOption(b []byte, f func(kind byte, data []byte) bool) bool {
	if len(b) < 20 {
		return false
	}
	end := int(b[12]>>4) * 4
	if end < 20 || end > len(b) {
		return false
	}
	for o := b[20:end]; len(o) > 0; {
		switch {
		case o[0] == 0:
			return true
		case o[0] == 1:
			if !f(1, nil) {
				return true
			}
			o = o[1:]
		case len(o) < 2 || int(o[1]) < 2 || int(o[1]) > len(o):
			return true
		default:
			if !f(o[0], o[2:o[1]]) {
				return true
			}
			o = o[o[1]:]
		}
	}
	return true
}
