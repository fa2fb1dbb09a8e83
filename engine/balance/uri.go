package balance

import (
	"bytes"
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
)

// uriConf is what of a URI makes the key.
type uriConf struct {
	len, depth      int
	whole, pathOnly bool
}

func uriOptions(words []engine.Word) (c uriConf, err error) {
	for i := 0; i < len(words); i++ {
		switch w := words[i]; w.Text {
		case "len", "depth":
			got, pos := "", w.Pos
			if i+1 < len(words) {
				got, pos = words[i+1].Text, words[i+1].Pos
			}
			n, e := strconv.Atoi(got)
			if e != nil || n <= 0 {
				return c, diag.Errorf(pos, "balance uri : '%s' expects a positive integer (got '%s').", w.Text, got)
			}
			if w.Text == "len" {
				c.len = n
			} else {
				c.depth = n
			}
			i++
		case "whole":
			c.whole = true
		case "path-only":
			c.pathOnly = true
		default:
			return c, diag.Errorf(w.Pos, "balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '%s').", w.Text)
		}
	}
	return c, nil
}

// key cuts the part out of a URI that is hashed: up to the question mark, or as
// far as len and depth let it.
func (c *uriConf) key(uri []byte) []byte {
	if c.len > 0 && len(uri) > c.len {
		uri = uri[:c.len]
	}
	if c.depth == 0 {
		if i := bytes.IndexByte(uri, '?'); i >= 0 && !c.whole {
			return uri[:i]
		}
		return uri
	}
	slashes := 0
	for i, b := range uri {
		switch {
		case b == '/':
			if slashes++; slashes == c.depth+1 {
				return uri[:i]
			}
		case b == '?' && !c.whole:
			return uri[:i]
		}
	}
	return uri
}
