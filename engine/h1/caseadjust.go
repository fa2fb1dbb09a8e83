package h1

import "bytes"

// AdjustCase gives the header names of a written head the case that names says,
// by their lower-case form: for peers that take one case only (h1-case-adjust).
func AdjustCase(head []byte, names map[string]string) {
	for at := bytes.IndexByte(head, '\n') + 1; at > 0 && at < len(head); {
		line := head[at:]
		if n := bytes.IndexByte(line, ':'); n > 0 {
			if as, ok := names[string(line[:n])]; ok {
				copy(line, as)
			}
		}
		n := bytes.IndexByte(line, '\n')
		if n < 0 {
			return
		}
		at += n + 1
	}
}
