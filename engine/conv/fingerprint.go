package conv

import (
	"encoding/binary"

	"hawser/engine"
)

func init() {
	conv("ip.fp", engine.TBin, engine.TBin, "([mode]): a fingerprint of the IP and TCP headers of a SYN packet; mode adds the TTL (1), the list of options (2), the source (4).", 0, types(engine.ArgInt), fingerprint)
}

// fingerprint writes the bytes that the manual lists under ip.fp.
func fingerprint(e env, a args, v smp) (smp, stat) {
	b := v.B
	version := ipVersion(b)
	hl := ipLen(b)
	if version == 0 || len(b) < hl+20 {
		return none()
	}
	tcp := b[hl:]
	thl := int(tcp[12] >> 4)
	if thl < 5 || len(tcp) < thl*4 {
		return none()
	}
	var tos, ttl, flags byte
	src := b[12:16]
	var total int
	if version == 4 {
		tos, ttl = b[1], b[8]
		if b[6]&0x40 != 0 {
			flags |= 1 << 6
		}
		if hl > 20 {
			flags |= 1 << 3
		}
		total = int(binary.BigEndian.Uint16(b[2:]))
	} else {
		tos, ttl, src = b[0]<<4|b[1]>>4, b[7], b[8:24]
		flags |= 1<<7 | 1<<6
		total = 40 + int(binary.BigEndian.Uint16(b[4:]))
	}
	flags |= ttlClass(ttl) << 4
	if total > hl+thl*4 {
		flags |= 1 << 2
	}
	flags |= tcp[13] >> 6 & 3 // CWR and ECE
	m := e.Mark()
	e.Tmp = append(e.Tmp, tos, flags, byte(thl)<<4, tcp[14], tcp[15], 0, 0, 0)
	fp := e.Tmp[m:]
	kinds := byte(0)
	eachOption(tcp, func(kind byte, o []byte) bool {
		switch {
		case kind == 2 && len(o) == 2:
			fp[5], fp[6] = o[0], o[1]
		case kind == 3 && len(o) == 1:
			fp[2] = fp[2]&0xf0 | (o[0]+1)&15
		}
		switch {
		case kind >= 9:
			kinds |= 1 << 7
		case kind >= 2:
			kinds |= 1 << (kind - 2)
		}
		return true
	})
	fp[7] = kinds
	mode := int64(0)
	if given(a, 0) {
		mode = a[0].Int
	}
	if mode&1 != 0 {
		e.Tmp = append(e.Tmp, ttl)
	}
	if mode&2 != 0 {
		eachOption(tcp, func(kind byte, _ []byte) bool { e.Tmp = append(e.Tmp, kind); return true })
	}
	if mode&4 != 0 {
		e.Tmp = append(e.Tmp, src...)
	}
	return bin(e.Since(m))
}

func ttlClass(ttl byte) byte {
	switch {
	case ttl <= 32:
		return 0
	case ttl <= 64:
		return 1
	case ttl <= 128:
		return 2
	}
	return 3
}
