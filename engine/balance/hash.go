package balance

import (
	"hash/crc32"
	"math/bits"
)

// hashes are the functions of hash-type; "none" stands for the key itself.
var hashes = map[string]func([]byte) uint32{
	"sdbm":  sdbm,
	"djb2":  djb2,
	"wt6":   wt6,
	"crc32": crc32.ChecksumIEEE,
}

// sdbm is the hash of the sdbm library.
func sdbm(key []byte) uint32 {
	h := uint32(0)
	for _, c := range key {
		h = uint32(c) + h<<6 + h<<16 - h
	}
	return h
}

// djb2 is Bernstein's hash with addition.
func djb2(key []byte) uint32 {
	h := uint32(5381)
	for _, c := range key {
		h = h*33 + uint32(c)
	}
	return h
}

// wt6 rotates two words by amounts that they choose themselves.
func wt6(key []byte) uint32 {
	a, b := uint32(0xa53c965a), uint32(0x5ca6953a)
	ra, rb := 6, 18
	for _, c := range key {
		a, b = ^(a ^ uint32(c)), ^(b + uint32(c))
		a, b = bits.RotateLeft32(b, ra), bits.RotateLeft32(a, rb)
		t := (a>>16 ^ b) & 0xffff
		ra, rb = int(t&31), int(t>>11)
	}
	return a ^ b
}

// avalanche is Jenkins's full avalanche of four bytes, spread once more by a
// multiplication.
func avalanche(a uint32) uint32 {
	a = (a + 0x7ed55d16) + a<<12
	a = (a ^ 0xc761c23c) ^ a>>19
	a = (a + 0x165667b1) + a<<5
	a = (a + 0xd3a2646c) ^ a<<9
	a = (a + 0xfd7046c5) + a<<3
	a = (a ^ 0xb55a4f09) ^ a>>16
	return a * 3221225473
}

// number reads the decimal number that a key holds, for hash-type … none.
func number(key []byte) uint32 {
	n, neg := uint64(0), false
	for i, c := range key {
		if i == 0 && (c == '-' || c == '+') {
			neg = c == '-'
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	if neg {
		n = -n
	}
	return uint32(n)
}
