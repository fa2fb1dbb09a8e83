package conv

// Ethernet frames, with one VLAN tag or none.
func init() {
	packetPart("eth.data", func(b []byte) ([]byte, bool) { n := ethLen(b); return tail(b, n) })
	packetPart("eth.dst", func(b []byte) ([]byte, bool) { return cut(b, 0, 6) })
	packetPart("eth.src", func(b []byte) ([]byte, bool) { return cut(b, 6, 12) })
	packetPart("eth.hdr", func(b []byte) ([]byte, bool) {
		n := ethLen(b)
		if n == 18 && len(b) <= n {
			return nil, false
		}
		return cut(b, 0, n)
	})
	packetNumber("eth.proto", func(b []byte) (int64, bool) { return at(ethLen(b)-2, 2)(b) })
	packetNumber("eth.vlan", func(b []byte) (int64, bool) {
		if p, ok := at(12, 2)(b); !ok || p != 0x8100 || len(b) <= 18 {
			return 0, false
		}
		v, ok := at(14, 2)(b)
		return v & 0xfff, ok
	})
}

func ethLen(b []byte) int {
	if len(b) >= 14 && b[12] == 0x81 && b[13] == 0 {
		return 18
	}
	return 14
}
