package hash

import "math/bits"

const (
	primea = 2654435761
	primeb = 2246822519
	primec = 3266489917
	primed = 668265263
	primee = 374761393
)

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// XX is XXHash of 32 bits (the public specification of xxHash, 0.1.1).
func XX(b []byte, seed uint32) uint32 {
	n := uint32(len(b))
	var h uint32
	if len(b) >= 16 {
		v := [4]uint32{seed, seed + primeb, seed, seed}
		v[0] += primea
		v[0] += primeb
		v[3] -= primea
		for len(b) >= 16 {
			for i := range v {
				v[i] = bits.RotateLeft32(v[i]+le32(b[4*i:])*primeb, 13) * primea
			}
			b = b[16:]
		}
		h = bits.RotateLeft32(v[0], 1) + bits.RotateLeft32(v[1], 7) + bits.RotateLeft32(v[2], 12) + bits.RotateLeft32(v[3], 18)
	} else {
		h = seed + primee
	}
	h += n
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+le32(b)*primec, 17) * primed
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*primee, 11) * primea
	}
	h ^= h >> 15
	h *= primeb
	h ^= h >> 13
	h *= primec
	return h ^ h>>16
}
