// Package hash holds the 32-bit hashes that files name: functions of hash-type,
// of converters and of the fetches base32 and url32. They must equal HAProxy's,
// for a key has to reach the same server whichever of the two runs. The package
// keeps nothing and knows nothing of servers or samples.
package hash

import (
	"hash/crc32"
	"math/bits"
)

// Named are the functions by the names that hash-type has for them.
var Named = map[string]func([]byte) uint32{
	"sdbm":  SDBM,
	"djb2":  DJB2,
	"wt6":   WT6,
	"crc32": crc32.ChecksumIEEE,
}

// SDBM is the hash of the sdbm library.
func SDBM(key []byte) uint32 { return SDBMFrom(0, key) }

// SDBMFrom goes on from h, the hash of what came before.
func SDBMFrom(h uint32, key []byte) uint32 { return polynomial(h, 65599, key) }

// DJB2 is Bernstein's hash with addition.
func DJB2(key []byte) uint32 { return polynomial(5381, 33, key) }

// polynomial multiplies by m and adds a byte, again and again: four at a time, as
// each multiplication would else wait for the one before.
func polynomial(h, m uint32, key []byte) uint32 {
	m2 := m * m
	m3, m4 := m2*m, m2*m2
	for ; len(key) >= 4; key = key[4:] {
		h = h*m4 + uint32(key[0])*m3 + uint32(key[1])*m2 + uint32(key[2])*m + uint32(key[3])
	}
	for _, c := range key {
		h = h*m + uint32(c)
	}
	return h
}

// WT6 rotates two words by amounts that they choose themselves.
func WT6(key []byte) uint32 {
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

// Avalanche is Jenkins's full avalanche of four bytes, spread once more by a
// multiplication.
func Avalanche(a uint32) uint32 {
	a = (a + 0x7ed55d16) + a<<12
	a = (a ^ 0xc761c23c) ^ a>>19
	a = (a + 0x165667b1) + a<<5
	a = (a + 0xd3a2646c) ^ a<<9
	a = (a + 0xfd7046c5) + a<<3
	a = (a ^ 0xb55a4f09) ^ a>>16
	return a * 3221225473
}
