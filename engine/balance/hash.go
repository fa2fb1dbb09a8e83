package balance

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
