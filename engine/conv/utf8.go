package conv

import "unicode/utf8"

// decodeRune reads one character: a byte as it is for ascii, else UTF-8 of up to
// three bytes, as JSON's \u writes it. ok is false for what is not; the forms with
// p take an overlong character.
func decodeRune(b []byte, form string) (r rune, n int, ok bool) {
	if form == "" || form == "ascii" {
		return rune(b[0]), 1, true
	}
	r, n = utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		if form == "utf8p" || form == "utf8ps" {
			if r, n := overlong(b); n > 0 {
				return r, n, true
			}
		}
		return rune(b[0]), 1, false
	}
	return r, n, r < 0xfffe
}

// overlong reads a character that is written with more bytes than it needs.
func overlong(b []byte) (rune, int) {
	follows := func(i int) bool { return i < len(b) && b[i]&0xc0 == 0x80 }
	switch {
	case b[0]&0xe0 == 0xc0 && b[0] < 0xc2 && follows(1):
		return rune(b[0]&0x1f)<<6 | rune(b[1]&0x3f), 2
	case b[0] == 0xe0 && follows(1) && follows(2):
		return rune(b[1]&0x3f)<<6 | rune(b[2]&0x3f), 3
	}
	return 0, 0
}
