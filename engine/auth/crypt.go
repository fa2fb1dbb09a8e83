package auth

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// digits64 are the base 64 digits of crypt(3).
const digits64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// supported reports whether verify knows the method of an encrypted password.
func supported(s string) bool {
	for _, p := range []string{"$1$", "$5$", "$6$", "$2y$", "$2a$", "$2b$"} {
		if strings.HasPrefix(s, p) {
			return strings.Count(s, "$") >= 3
		}
	}
	return false
}

// foreign tells a form of glibc's crypt(3) that no well-kept Go library here knows:
// yescrypt, scrypt and DES. It is read, and never matches.
func foreign(s string) bool {
	for _, p := range []string{"$y$", "$gy$", "$7$"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return len(s) >= 13 && strings.Trim(s, digits64) == ""
}

// verify compares a password with its encrypted form.
func verify(want string, pass []byte) bool {
	if strings.HasPrefix(want, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(want), pass) == nil
	}
	return subtle.ConstantTimeCompare([]byte(want), []byte(crypt(want, pass))) == 1
}

// crypt encrypts pass with the method and salt of want.
func crypt(want string, pass []byte) string {
	parts := strings.Split(want, "$")
	if len(parts) < 3 {
		return ""
	}
	switch parts[1] {
	case "1":
		return md5Crypt(cut(parts[2], 8), pass)
	case "5", "6":
		rounds, given, salt := 5000, false, parts[2]
		if n, ok := strings.CutPrefix(salt, "rounds="); ok && len(parts) > 3 {
			v, err := strconv.Atoi(n)
			if err != nil {
				return ""
			}
			rounds, given, salt = min(max(v, 1000), 1000000), true, parts[3]
		}
		return shaCrypt(parts[1], cut(salt, 16), pass, rounds, given)
	}
	return ""
}

func cut(s string, n int) string { return s[:min(n, len(s))] }

// repeat writes sum as often as it takes to make n bytes.
func repeat(sum []byte, n int) []byte {
	return bytes.Repeat(sum, n/len(sum)+1)[:n]
}

// shaCrypt is the method of "Unix crypt using SHA-256 and SHA-512" (U. Drepper,
// version 0.6, steps 1 to 22).
func shaCrypt(id, salt string, pass []byte, rounds int, given bool) string {
	newHash := sha256.New
	if id == "6" {
		newHash = sha512.New
	}
	sum := func(f func(h hash.Hash)) []byte {
		h := newHash()
		f(h)
		return h.Sum(nil)
	}
	b := sum(func(h hash.Hash) { h.Write(pass); h.Write([]byte(salt)); h.Write(pass) })
	a := sum(func(h hash.Hash) {
		h.Write(pass)
		h.Write([]byte(salt))
		h.Write(repeat(b, len(pass)))
		for n := len(pass); n > 0; n >>= 1 {
			if n&1 != 0 {
				h.Write(b)
			} else {
				h.Write(pass)
			}
		}
	})
	dp := sum(func(h hash.Hash) {
		for range pass {
			h.Write(pass)
		}
	})
	p := repeat(dp, len(pass))
	ds := sum(func(h hash.Hash) {
		for range 16 + int(a[0]) {
			h.Write([]byte(salt))
		}
	})
	s := repeat(ds, len(salt))
	for i := range rounds {
		a = sum(func(h hash.Hash) { mix(h, i, a, p, s) })
	}
	head := "$" + id + "$"
	if given {
		head += "rounds=" + strconv.Itoa(rounds) + "$"
	}
	return head + salt + "$" + encodeSHA(id, a)
}

// mix feeds one round: what is hashed depends on its number.
func mix(h hash.Hash, i int, a, p, s []byte) {
	odd := i&1 != 0
	if odd {
		h.Write(p)
	} else {
		h.Write(a)
	}
	if i%3 != 0 {
		h.Write(s)
	}
	if i%7 != 0 {
		h.Write(p)
	}
	if odd {
		h.Write(a)
	} else {
		h.Write(p)
	}
}

// encodeSHA orders the bytes in threes that rotate, and writes them in base 64.
func encodeSHA(id string, a []byte) string {
	var out []byte
	if id == "5" {
		x, y, z := 0, 10, 20
		for range 10 {
			out = put(out, a[x], a[y], a[z], 4)
			x, y, z = z+1, x+1, y+1
		}
		return string(put(out, 0, a[31], a[30], 3))
	}
	x, y, z := 0, 21, 42
	for range 21 {
		out = put(out, a[x], a[y], a[z], 4)
		x, y, z = y+1, z+1, x+1
	}
	return string(put(out, 0, 0, a[63], 2))
}

// put writes n digits of the 24 bits c2 c1 c0, least significant first.
func put(out []byte, c2, c1, c0 byte, n int) []byte {
	v := uint(c2)<<16 | uint(c1)<<8 | uint(c0)
	for range n {
		out = append(out, digits64[v&63])
		v >>= 6
	}
	return out
}

// md5Crypt is FreeBSD's method.
func md5Crypt(salt string, pass []byte) string {
	b := md5.New()
	b.Write(pass)
	b.Write([]byte(salt))
	b.Write(pass)
	fin := b.Sum(nil)
	h := md5.New()
	h.Write(pass)
	h.Write([]byte("$1$" + salt))
	h.Write(repeat(fin, len(pass)))
	for n := len(pass); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write(pass[:1])
		}
	}
	a := h.Sum(nil)
	for i := range 1000 {
		h := md5.New()
		mix(h, i, a, pass, []byte(salt))
		a = h.Sum(nil)
	}
	var out []byte
	for _, t := range [5][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		out = put(out, a[t[0]], a[t[1]], a[t[2]], 4)
	}
	return "$1$" + salt + "$" + string(put(out, 0, 0, a[11], 2))
}
