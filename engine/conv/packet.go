package conv

import (
	"encoding/binary"
	"net/netip"

	"hawser/engine"
)

// The headers of packets, for fc_saved_syn: each converter takes what begins with
// its layer.
func init() {
	part := func(name string, f func([]byte) ([]byte, bool)) {
		conv(name, engine.TBin, engine.TBin, "That part of a packet.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
			b, ok := f(v.B)
			if !ok {
				return none()
			}
			return bin(b)
		})
	}
	num := func(name string, f func([]byte) (int64, bool)) {
		conv(name, engine.TBin, engine.TSint, "That field of a packet.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
			n, ok := f(v.B)
			if !ok {
				return none()
			}
			return sint(n)
		})
	}
	at := func(off, n int) func([]byte) (int64, bool) {
		return func(b []byte) (int64, bool) {
			if len(b) < off+n {
				return 0, false
			}
			v := int64(0)
			for _, c := range b[off : off+n] {
				v = v<<8 | int64(c)
			}
			return v, true
		}
	}
	part("eth.data", func(b []byte) ([]byte, bool) { n := ethLen(b); return tail(b, n) })
	part("eth.dst", func(b []byte) ([]byte, bool) { return cut(b, 0, 6) })
	part("eth.src", func(b []byte) ([]byte, bool) { return cut(b, 6, 12) })
	part("eth.hdr", func(b []byte) ([]byte, bool) {
		n := ethLen(b)
		if n == 18 && len(b) <= n {
			return nil, false
		}
		return cut(b, 0, n)
	})
	num("eth.proto", func(b []byte) (int64, bool) { return at(ethLen(b)-2, 2)(b) })
	num("eth.vlan", func(b []byte) (int64, bool) {
		if p, ok := at(12, 2)(b); !ok || p != 0x8100 || len(b) <= 18 {
			return 0, false
		}
		v, ok := at(14, 2)(b)
		return v & 0xfff, ok
	})
	ipNum := func(name string, v4, v6 func([]byte) (int64, bool)) {
		num(name, func(b []byte) (int64, bool) {
			if len(b) == 0 {
				return 0, false
			}
			switch b[0] >> 4 {
			case 4:
				return v4(b)
			case 6:
				return v6(b)
			}
			return 0, false
		})
	}
	num("ip.ver", func(b []byte) (int64, bool) {
		if len(b) == 0 {
			return 0, false
		}
		return int64(b[0] >> 4), true
	})
	ipNum("ip.df", func(b []byte) (int64, bool) { v, ok := at(6, 1)(b); return v >> 6 & 1, ok }, func([]byte) (int64, bool) { return 1, true })
	ipNum("ip.tos", at(1, 1), func(b []byte) (int64, bool) { v, ok := at(0, 2)(b); return v >> 4 & 0xff, ok })
	ipNum("ip.ttl", at(8, 1), at(7, 1))
	ipNum("ip.proto", at(9, 1), at(6, 1))
	part("ip.hdr", func(b []byte) ([]byte, bool) { return cut(b, 0, ipLen(b)) })
	part("ip.data", func(b []byte) ([]byte, bool) {
		n := ipLen(b)
		if n == 0 || n > len(b) {
			return nil, false
		}
		return b[n:], true
	})
	address := func(name string, off4, off6 int) {
		conv(name, engine.TBin, engine.TAddr, "That address of a packet.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
			from, to := off4, off4+4
			if ipVersion(v.B) == 6 {
				from, to = off6, off6+16
			}
			b, ok := cut(v.B, from, to)
			if !ok || ipVersion(v.B) == 0 {
				return none()
			}
			a, _ := netip.AddrFromSlice(b)
			if a.Is6() {
				return smp{Type: engine.TIPv6, IP: a}, found
			}
			return engine.IP(a), found
		})
	}
	address("ip.src", 12, 8)
	address("ip.dst", 16, 24)
	tcp := func(name string, f func([]byte) (int64, bool)) {
		num(name, func(b []byte) (int64, bool) {
			if len(b) < 20 {
				return 0, false
			}
			return f(b)
		})
	}
	tcp("tcp.src", at(0, 2))
	tcp("tcp.dst", at(2, 2))
	tcp("tcp.seq", at(4, 4))
	tcp("tcp.flags", at(13, 1))
	tcp("tcp.win", at(14, 2))
	option := func(kind byte, f func([]byte) int64, absent bool) func([]byte) (int64, bool) {
		return func(b []byte) (int64, bool) {
			o, ok := tcpOption(b, kind)
			if !ok {
				return 0, absent && len(b) >= 20 && len(b) >= int(b[12]>>4)*4
			}
			return f(o), true
		}
	}
	one := func([]byte) int64 { return 1 }
	num("tcp.options.mss", option(2, func(o []byte) int64 { return int64(be(o)) }, true))
	num("tcp.options.wscale", option(3, func(o []byte) int64 { return int64(be(o)) }, true))
	num("tcp.options.wsopt", option(3, one, true))
	num("tcp.options.sack", option(4, one, true))
	num("tcp.options.tsopt", option(8, one, true))
	num("tcp.options.tsval", option(8, func(o []byte) int64 {
		if len(o) < 4 {
			return 0
		}
		return int64(binary.BigEndian.Uint32(o))
	}, false))
	conv("tcp.options_list", engine.TBin, engine.TBin, "The kinds of a TCP header's options.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		if !eachOption(v.B, func(kind byte, _ []byte) bool { e.Tmp = append(e.Tmp, kind); return true }) {
			return none()
		}
		return bin(e.Since(m))
	})
}

func be(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

func cut(b []byte, from, to int) ([]byte, bool) {
	if from < 0 || to > len(b) || from >= to {
		return nil, false
	}
	return b[from:to], true
}

func tail(b []byte, from int) ([]byte, bool) { return cut(b, from, len(b)) }

func ethLen(b []byte) int {
	if len(b) >= 14 && b[12] == 0x81 && b[13] == 0 {
		return 18
	}
	return 14
}

func ipVersion(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if v := int(b[0] >> 4); v == 4 && len(b) >= 20 || v == 6 && len(b) >= 40 {
		return v
	}
	return 0
}

func ipLen(b []byte) int {
	switch ipVersion(b) {
	case 4:
		return int(b[0]&15) * 4
	case 6:
		return 40
	}
	return 0
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
