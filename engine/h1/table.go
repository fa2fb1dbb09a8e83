package h1

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes.
const (
	cToken   = 1 << iota // RFC 9110 tchar
	cTarget              // visible ASCII but '#'
	cVersion             // what a version may hold before it is judged
	cHost                // what HAProxy 3.5 takes in a Host value
	cBlank               // SP and HTAB
)

var class = func() (t [256]uint8) {
	for c := 0; c < 256; c++ {
		switch {
		case c >= 'a' && c <= 'z':
			t[c] |= cToken
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			t[c] |= cToken | cVersion
		}
		if c > ' ' && c < 0x7f && c != '#' {
			t[c] |= cTarget
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] |= cToken
	}
	for _, c := range "/." {
		t[c] |= cVersion
	}
	for c := '!'; c < 0x7f; c++ {
		t[c] |= cHost
	}
	for _, c := range notInHost {
		t[c] &^= cHost
	}
	t[' '] |= cBlank
	t['\t'] |= cBlank
	return t
}()

const notInHost = `#,/?@[\]`

// skipClass returns the first index at or after i whose byte is not of class c.
func skipClass(b []byte, i int, c uint8) int {
	for i < len(b) && class[b[i]]&c != 0 {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipValue returns the first index at or after i that holds NUL, LF or CR, or len(b).
func skipValue(b []byte, i int) int {
	for i+8 <= len(b) {
		v := binary.LittleEndian.Uint64(b[i:])
		low := (v - ones*0x0e) &^ v & highs // set for bytes below 0x0e
		if low == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(low) / 8 // the lowest one is exact
		if c := b[i]; c == '\r' || c == '\n' || c == 0 {
			return i
		}
		i++
	}
	for ; i < len(b); i++ {
		if c := b[i]; c <= '\r' && (c == '\r' || c == '\n' || c == 0) {
			return i
		}
	}
	return i
}

// indexColon returns the first index at or after i that holds a colon, or len(b).
func indexColon(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:]) ^ ones*':'
		if z := (v - ones) &^ v & highs; z != 0 {
			return i + bits.TrailingZeros64(z)/8
		}
	}
	for ; i < len(b) && b[i] != ':'; i++ {
	}
	return i
}

// skipTarget returns the first index at or after i whose byte is not of class cTarget.
func skipTarget(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		hash, del := v^ones*'#', v^ones*0x7f
		odd := (v-ones*0x21)&^v | v | (hash-ones)&^hash | (del-ones)&^del
		if odd&highs != 0 {
			break
		}
	}
	return skipClass(b, i, cTarget)
}
