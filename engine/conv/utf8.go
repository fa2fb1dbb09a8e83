package conv

import "unicode/utf8"

// decodeRune reads one character: a byte as it is for ascii, else UTF-8. ok is
// false for what is not UTF-8; r is the byte then.
func decodeRune(b []byte, form string) (r rune, n int, ok bool) {
	if form == "" || form == "ascii" {
		return rune(b[0]), 1, true
	}
	r, n = utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		return rune(b[0]), 1, false
	}
	return r, n, true
}
