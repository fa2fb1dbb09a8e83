package logging

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/htx"
)

func addHTTP() {
	engine.AddLogAliases(
		cookie("CC", "captured cookie of the request", func(s *engine.Stream) []byte { return s.CookieReq }),
		cookie("CS", "captured cookie of the response", func(s *engine.Stream) []byte { return s.CookieRes }),
		captured("hr", "captured request headers", false, reqCaps), captured("hrl", "captured request headers, one by one", true, reqCaps),
		captured("hs", "captured response headers", false, resCaps), captured("hsl", "captured response headers, one by one", true, resCaps),
		client("HM", "method", func(d []byte, _ env, v view) []byte { return append(d, v.s.Req.Bytes(v.s.Req.Method)...) }),
		client("HU", "target of the request", func(d []byte, _ env, v view) []byte { return append(d, v.s.URI...) }),
		client("HP", "target of the request without query string", func(d []byte, _ env, v view) []byte {
			u := v.s.URI
			if i := bytes.IndexByte(u, '?'); i >= 0 {
				u = u[:i]
			}
			return append(d, u...)
		}),
		client("HPO", "path of the request without scheme, host and query string", func(d []byte, _ env, v view) []byte { return append(d, pathOnly(v.s.URI)...) }),
		client("HQ", "query string with its question mark", func(d []byte, _ env, v view) []byte {
			if i := bytes.IndexByte(v.s.URI, '?'); i >= 0 {
				d = append(d, v.s.URI[i:]...)
			}
			return d
		}),
		client("HV", "version", func(d []byte, _ env, v view) []byte { return append(d, version(v.s)...) }),
		client("r", "request line", func(d []byte, _ env, v view) []byte {
			d = append(append(d, v.s.Req.Bytes(v.s.Req.Method)...), ' ')
			d = append(append(d, v.s.URI...), ' ')
			return append(d, version(v.s)...)
		}),
	)
}

func version(s *engine.Stream) string {
	switch {
	case s.Kind == engine.HTTP2:
		return "HTTP/2.0"
	case s.Kind == engine.HTTP3:
		return "HTTP/3.0"
	case s.Req.Flags&htx.Version11 != 0:
		return "HTTP/1.1"
	}
	return "HTTP/1.0"
}

func pathOnly(u []byte) []byte {
	if i := bytes.IndexByte(u, '?'); i >= 0 {
		u = u[:i]
	}
	if i := bytes.Index(u, []byte("://")); i > 0 && u[0] != '/' {
		u = u[i+3:]
		if i = bytes.IndexByte(u, '/'); i < 0 {
			return nil
		}
		u = u[i:]
	}
	return u
}

func cookie(name, usage string, of func(*engine.Stream) []byte) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		if e.Strm == nil || len(of(e.Strm)) == 0 {
			return appendAbsent(dst, f)
		}
		return masked(dst, e, of(e.Strm), false, f)
	})
}

func reqCaps(v view) ([][]byte, int) {
	if v.s == nil {
		return nil, 0
	}
	return v.s.ReqCaps, len(v.px.ReqCaptures)
}

func resCaps(v view) ([][]byte, int) {
	if v.s == nil {
		return nil, 0
	}
	return v.s.ResCaps, len(v.px.ResCaptures)
}

// captured shows the capture slots: in braces, or each as a field of its own.
func captured(name, usage string, list bool, of func(view) ([][]byte, int)) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		v := viewOf(e)
		if v.bad() {
			return absentList(dst, f, list)
		}
		caps, n := of(v)
		n = max(n, len(caps))
		if n == 0 {
			return absentList(dst, f, list)
		}
		if list {
			return appendList(dst, e, caps, n, f)
		}
		m := e.Mark()
		e.Tmp = append(e.Tmp, '{')
		for i := range n {
			if i > 0 {
				e.Tmp = append(e.Tmp, '|')
			}
			if i < len(caps) {
				e.Tmp = appendMasked(e.Tmp, caps[i], true)
			}
		}
		e.Tmp = append(e.Tmp, '}')
		dst = appendText(dst, e.Tmp[m:], f)
		e.Tmp = e.Tmp[:m]
		return dst
	})
}

func absentList(dst []byte, f engine.LogFlags, list bool) []byte {
	switch {
	case f&engine.LogJSON != 0 && list:
		return append(dst, "[]"...)
	case f&engine.LogCBOR != 0 && list:
		return append(dst, 0x9F, 0xFF)
	case f&encoded != 0:
		return appendAbsent(dst, f)
	}
	return dst
}

func appendList(dst []byte, e env, caps [][]byte, n int, f engine.LogFlags) []byte {
	sep := " "
	switch {
	case f&engine.LogJSON != 0:
		dst, sep = append(dst, '['), ", "
	case f&engine.LogCBOR != 0:
		dst, sep = append(dst, 0x9F), ""
	}
	for i := range n {
		if i > 0 {
			dst = append(dst, sep...)
		}
		switch {
		case i < len(caps) && len(caps[i]) > 0:
			dst = masked(dst, e, caps[i], true, f)
		case f&engine.LogJSON != 0:
			dst = append(dst, `"-"`...)
		case f&engine.LogQuote != 0 && f&engine.LogCBOR == 0:
			dst = append(dst, `""`...)
		default:
			dst = append(dst, '-')
		}
	}
	switch {
	case f&engine.LogJSON != 0:
		dst = append(dst, ']')
	case f&engine.LogCBOR != 0:
		dst = append(dst, 0xFF)
	}
	return dst
}
