package conv

import "hawser/engine"

// The headers of packets, for fc_saved_syn: each converter takes what begins with
// its layer. The rows stand in ethernet.go, ip.go and tcp.go; this file has what
// they share.

// packetPart registers a converter that gives a part of its input.
func packetPart(name string, f func([]byte) ([]byte, bool)) {
	conv(name, engine.TBin, engine.TBin, "That part of a packet.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		b, ok := f(v.B)
		if !ok {
			return none()
		}
		return bin(b)
	})
}

// packetNumber registers a converter that gives a number of its input.
func packetNumber(name string, f func([]byte) (int64, bool)) {
	conv(name, engine.TBin, engine.TSint, "That field of a packet.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		n, ok := f(v.B)
		if !ok {
			return none()
		}
		return sint(n)
	})
}

// at reads the number of n bytes, in network order, that stands at an offset.
func at(off, n int) func([]byte) (int64, bool) {
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
