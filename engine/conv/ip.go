package conv

import (
	"net/netip"

	"hawser/engine"
)

// IPv4 and IPv6 headers.
func init() {
	packetNumber("ip.ver", func(b []byte) (int64, bool) {
		if len(b) == 0 {
			return 0, false
		}
		return int64(b[0] >> 4), true
	})
	ipNumber("ip.df", func(b []byte) (int64, bool) { v, ok := at(6, 1)(b); return v >> 6 & 1, ok }, func([]byte) (int64, bool) { return 1, true })
	ipNumber("ip.tos", at(1, 1), func(b []byte) (int64, bool) { v, ok := at(0, 2)(b); return v >> 4 & 0xff, ok })
	ipNumber("ip.ttl", at(8, 1), func(b []byte) (int64, bool) {
		if len(b) < 40 { // the whole header must be here
			return 0, false
		}
		return int64(b[7]), true
	})
	ipNumber("ip.proto", at(9, 1), at(6, 1))
	packetPart("ip.hdr", func(b []byte) ([]byte, bool) { return cut(b, 0, ipLen(b)) })
	packetPart("ip.data", func(b []byte) ([]byte, bool) {
		n := ipLen(b)
		if n == 0 || n > len(b) {
			return nil, false
		}
		return b[n:], true
	})
	ipAddress("ip.src", 12, 8)
	ipAddress("ip.dst", 16, 24)
}

// ipNumber registers a field that stands elsewhere in each version.
func ipNumber(name string, v4, v6 func([]byte) (int64, bool)) {
	packetNumber(name, func(b []byte) (int64, bool) {
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

// ipAddress registers an address by its offset in each version.
func ipAddress(name string, off4, off6 int) {
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
