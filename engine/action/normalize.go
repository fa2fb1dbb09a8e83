package action

import (
	"bytes"
	"slices"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	add(httpReq, "normalize-uri", "normalize-uri { fragment-encode | fragment-strip | path-merge-slashes | path-strip-dot | path-strip-dotdot [full] | percent-decode-unreserved [strict] | percent-to-uppercase [strict] | query-sort-by-name }: brings the target into a normal form", parseNormalize)
}

// normalizer appends the normal form of in to dst; false: in is not valid.
type normalizer func(dst, in []byte) ([]byte, bool)

func parseNormalize(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if !b.RT.Global.Experimental {
		return nil, fail(a, "'normalize-uri' action is experimental, must be allowed via a global 'expose-experimental-directives'")
	}
	if len(a.Words) == 0 {
		return nil, fail(a, "missing argument.")
	}
	opt := len(a.Words) > 1 && (a.Words[1].Text == "strict" || a.Words[1].Text == "full")
	n := 1
	if opt {
		n = 2
	}
	name := a.Only(n)[0].Text
	part, set := (*htx.Msg).Path, (*htx.Msg).SetPath
	var do normalizer
	switch name {
	case "path-merge-slashes":
		do = mergeSlashes
	case "path-strip-dot":
		do = stripDot
	case "path-strip-dotdot":
		do = stripDotDot(opt)
	case "percent-to-uppercase":
		do = upperPercent(opt)
		part, set = (*htx.Msg).PathQuery, (*htx.Msg).SetPathQuery
	case "percent-decode-unreserved":
		do = decodeUnreserved(opt)
		part, set = (*htx.Msg).PathQuery, (*htx.Msg).SetPathQuery
	case "fragment-strip":
		do = func(dst, in []byte) ([]byte, bool) {
			in, _, _ = bytes.Cut(in, []byte("#"))
			return append(dst, in...), true
		}
		part, set = (*htx.Msg).PathQuery, (*htx.Msg).SetPathQuery
	case "fragment-encode":
		do = func(dst, in []byte) ([]byte, bool) {
			return append(dst, bytes.ReplaceAll(in, []byte("#"), []byte("%23"))...), true
		}
		part, set = (*htx.Msg).PathQuery, (*htx.Msg).SetPathQuery
	case "query-sort-by-name":
		do = sortQuery
		part, set = func(m *htx.Msg) htx.Span { q, _ := m.Query(); return q }, (*htx.Msg).SetQuery
	default:
		return nil, fail(a, "unknown normalizer '%s'.", name)
	}
	return engine.ActionFunc(func(e env) verd {
		m := e.Req()
		in := m.Bytes(part(m))
		if len(in) == 0 {
			return engine.Continue
		}
		mark := e.Mark()
		out, ok := do(e.Tmp, in)
		if !ok {
			return engine.Invalid
		}
		e.Tmp = out
		if !bytes.Equal(out[mark:], in) {
			set(m, out[mark:])
		}
		e.Tmp = e.Tmp[:mark]
		return engine.Continue
	}), nil
}

func mergeSlashes(dst, in []byte) ([]byte, bool) {
	for i, c := range in {
		if c != '/' || i == 0 || in[i-1] != '/' {
			dst = append(dst, c)
		}
	}
	return dst, true
}

func stripDot(dst, in []byte) ([]byte, bool) {
	for i := 0; i < len(in); i++ {
		if in[i] == '.' && i > 0 && in[i-1] == '/' && (i+1 == len(in) || in[i+1] == '/') {
			i++ // the slash goes, too
			continue
		}
		dst = append(dst, in[i])
	}
	return dst, true
}

// stripDotDot removes "dir/.."; full drops leading ones that have no parent.
func stripDotDot(full bool) normalizer {
	return func(dst, in []byte) ([]byte, bool) {
		var out [][]byte
		segs := bytes.Split(in, []byte("/"))
		for i, s := range segs {
			if string(s) != ".." {
				out = append(out, s)
				continue
			}
			last := i == len(segs)-1
			switch {
			case len(out) > 1 && string(out[len(out)-1]) != "..":
				out = out[:len(out)-1]
			case full:
			default:
				out = append(out, s)
				continue
			}
			if last {
				out = append(out, nil)
			}
		}
		return append(dst, bytes.Join(out, []byte("/"))...), true
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

func upperPercent(strict bool) normalizer {
	return func(dst, in []byte) ([]byte, bool) {
		for i := 0; i < len(in); i++ {
			dst = append(dst, in[i])
			if in[i] != '%' {
				continue
			}
			if i+2 >= len(in) || !isHex(in[i+1]) || !isHex(in[i+2]) {
				if strict {
					return dst, false
				}
				continue
			}
			dst = append(dst, upper(in[i+1]), upper(in[i+2]))
			i += 2
		}
		return dst, true
	}
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

func decodeUnreserved(strict bool) normalizer {
	return func(dst, in []byte) ([]byte, bool) {
		for i := 0; i < len(in); i++ {
			if in[i] != '%' {
				dst = append(dst, in[i])
				continue
			}
			if i+2 >= len(in) || !isHex(in[i+1]) || !isHex(in[i+2]) {
				if strict {
					return dst, false
				}
				dst = append(dst, in[i])
				continue
			}
			c := unhex(in[i+1])<<4 | unhex(in[i+2])
			if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.' || c == '_' || c == '~' {
				dst = append(dst, c)
			} else {
				dst = append(dst, in[i:i+3]...)
			}
			i += 2
		}
		return dst, true
	}
}

// sortQuery orders parameters by name and keeps the order of equal ones.
func sortQuery(dst, in []byte) ([]byte, bool) {
	params := bytes.Split(in, []byte("&"))
	slices.SortStableFunc(params, func(a, b []byte) int {
		an, _, _ := bytes.Cut(a, []byte("="))
		bn, _, _ := bytes.Cut(b, []byte("="))
		return bytes.Compare(an, bn)
	})
	return append(dst, bytes.Join(params, []byte("&"))...), true
}
