package logging

import (
	"bytes"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	engine.AddLogAliases(
		// dates
		word("T", "date of acceptance, UTC, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.accepted().UTC()) }),
		word("Tl", "date of acceptance, local, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.accepted().Local()) }),
		hexNum("Ts", "date of acceptance in seconds since 1970", 8, func(_ env, v view) int64 { return v.accepted().Unix() }),
		word("t", "date of acceptance, local, with milliseconds", func(d []byte, _ env, v view) []byte {
			t := v.accepted()
			return appendMilli(localDate.append(d, t), t)
		}),
		hexNum("ms", "milliseconds of the date of acceptance", 2, func(_ env, v view) int64 { return int64(v.accepted().Nanosecond()) / ms }),
		word("tr", "date of the request's first byte, local, with milliseconds", func(d []byte, _ env, v view) []byte {
			t := v.began()
			return appendMilli(localDate.append(d, t), t)
		}),
		word("trg", "date of the request's first byte, UTC, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.began().UTC()) }),
		word("trl", "date of the request's first byte, local, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.began().Local()) }),
		// timers
		num("Ta", "time from the request's first byte to the end in ms", true, func(_ env, v view) int64 { return v.ta() }),
		num("Tc", "time to connect to the server in ms", false, func(_ env, v view) int64 { return v.tc() }),
		num("Td", "time of the response's data in ms", true, func(_ env, v view) int64 { return v.td() }),
		num("Th", "time of the handshakes in ms", false, func(_ env, v view) int64 { return v.handshake() }),
		num("Ti", "idle time before the request in ms", false, func(_ env, v view) int64 { return v.idle() }),
		num("Tq", "Th + Ti + TR", false, func(_ env, v view) int64 { return v.tq() }),
		num("TR", "time to receive the request head in ms", false, func(_ env, v view) int64 { return v.tr() }),
		num("Tr", "time to the response head in ms", false, func(_ env, v view) int64 { return v.resp() }),
		num("Tt", "time from the acceptance to the end in ms", true, func(_ env, v view) int64 { return v.tt() }),
		num("Tu", "time as the user sees it in ms", true, func(_ env, v view) int64 { return v.tu() }),
		num("Tw", "time in queues in ms", false, func(_ env, v view) int64 { return v.tw() }),
		// counts
		num("B", "bytes received from the server", true, func(_ env, v view) int64 { return v.bytes(false) }),
		num("U", "bytes received from the client", true, func(_ env, v view) int64 { return v.bytes(true) }),
		num("ST", "status", false, func(_ env, v view) int64 { return v.status() }),
		num("ac", "connections of the process", false, func(e env, _ view) int64 { return e.RT.Proc.Conns.Load() }),
		num("fc", "connections of the frontend", false, func(_ env, v view) int64 { return v.px.State.FE.Conns.Load() }),
		num("bc", "streams of the backend", false, func(_ env, v view) int64 {
			if v.s == nil || v.s.Back == nil {
				return 0
			}
			return v.s.Back.State.BE.Conns.Load()
		}),
		num("sc", "streams of the server", false, func(_ env, v view) int64 {
			if v.s == nil || v.s.Server == nil {
				return 0
			}
			return v.s.Server.State.C.Conns.Load()
		}),
		num("sq", "streams before this one in the server's queue", false, func(_ env, v view) int64 {
			if v.s == nil {
				return 0
			}
			return int64(v.s.QueueSrv)
		}),
		num("bq", "streams before this one in the backend's queue", false, func(_ env, v view) int64 {
			if v.s == nil {
				return 0
			}
			return int64(v.s.QueueBack)
		}),
		alias("rc", engine.TSint, "retries; + where another server was chosen", func(dst []byte, e env, f engine.LogFlags) []byte {
			n := int64(0)
			if e.Strm != nil {
				n = int64(e.Strm.Retries)
				if e.Strm.Redispatched && f&encoded == 0 {
					dst = append(dst, '+')
				}
			}
			return appendNum(dst, n, f)
		}),
		hexNum("lc", "number of the line in its frontend", 4, func(_ env, v view) int64 { return int64(v.px.State.Lines.Load()) }),
		hexNum("rt", "number of the request or connection", 4, func(_ env, v view) int64 {
			if v.s == nil {
				if v.sess == nil {
					return 0
				}
				return int64(uint32(v.sess.ID))
			}
			return int64(uint32(v.s.ID))
		}),
		hexNum("pid", "process id", 4, func(env, view) int64 { return int64(pid) }),
		// names
		text("b", "name of the backend", func(_ env, v view) string {
			if v.s != nil && v.s.Back != nil {
				return v.s.Back.Name
			}
			return v.px.Name
		}),
		text("f", "name of the frontend", func(_ env, v view) string { return v.px.Name }),
		alias("ft", engine.TStr, "name of the frontend, with ~ behind TLS", func(dst []byte, e env, f engine.LogFlags) []byte {
			v, m := viewOf(e), e.Mark()
			e.Tmp = append(e.Tmp, v.px.Name...)
			if v.sess != nil && v.sess.Bind != nil && v.sess.Bind.SSL {
				e.Tmp = append(e.Tmp, '~')
			}
			dst = appendText(dst, e.Tmp[m:], f)
			e.Tmp = e.Tmp[:m]
			return dst
		}),
		text("s", "name of the server", func(_ env, v view) string { return v.server() }),
		text("H", "name of this host", func(env, view) string { return hostname }),
		text("OG", "where in the stream's life the line was written", func(e env, v view) string {
			switch {
			case e.Origin != "":
				return e.Origin
			case v.s == nil || v.s.Kind == engine.HTTP1 && v.s.Req.Err != nil:
				if v.sess != nil && v.sess.ErrCause != "" {
					return "sess_killed"
				}
				return "sess_error"
			case e.Place != engine.AtLog:
				return "unspec"
			case !early(e):
				return "txn_close"
			case v.s.Times.Response != 0 && v.s.Kind != engine.NotHTTP:
				return "txn_response"
			}
			return "txn_connect"
		}),
		text("ID", "unique-id", func(_ env, v view) string {
			if v.s == nil {
				return ""
			}
			return asString(v.s.UniqueID)
		}),
		// addresses
		addr("ci", "address of the client", clientEnd), port("cp", "port of the client", clientEnd),
		addr("fi", "address that the client connected to", frontEnd), port("fp", "port that the client connected to", frontEnd),
		addr("bi", "our address towards the server", backLocal), port("bp", "our port towards the server", backLocal),
		addr("si", "address of the server", backPeer), port("sp", "port of the server", backPeer),
		// TLS
		text("sslv", "TLS version of the client's connection", func(_ env, v view) string {
			if v.sess == nil || v.sess.TLS == nil {
				return ""
			}
			return v.sess.TLS.Version()
		}),
		text("sslc", "TLS cipher of the client's connection", func(_ env, v view) string {
			if v.sess == nil || v.sess.TLS == nil {
				return ""
			}
			return v.sess.TLS.Cipher()
		}),
		// termination
		word("ts", "termination flags", func(d []byte, _ env, v view) []byte {
			t := v.term()
			return append(d, dash(t.Cause), dash(t.State))
		}),
		word("tsc", "termination flags with those of the cookie", func(d []byte, _ env, v view) []byte {
			t := v.term()
			return append(d, dash(t.Cause), dash(t.State), dash(t.CookieIn), dash(t.CookieOut))
		}),
		// HTTP
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

var hostname, _ = os.Hostname()

func appendZone2(d []byte, t time.Time) []byte { return appendZone(appendDate(d, t), t) }

func dash(c byte) byte {
	if c == 0 {
		return '-'
	}
	return c
}

func (v view) bytes(in bool) int64 {
	switch {
	case v.s == nil || v.s.Req != nil && v.s.Req.Err != nil:
		return 0
	case in:
		return v.s.BytesIn
	}
	return v.s.BytesOut
}

func (v view) status() int64 {
	switch {
	case v.s == nil:
		return 0
	case v.s.Status > 0:
		return int64(v.s.Status)
	case v.s.HasRes && v.s.Res != nil && v.s.Res.Status > 0:
		return int64(v.s.Res.Status)
	case v.s.Kind != engine.NotHTTP && v.s.Req.Err != nil:
		if v.s.Req.Status > 0 {
			return int64(v.s.Req.Status)
		}
		return 400
	}
	return -1
}

func (v view) server() string {
	switch {
	case v.s == nil:
		return "<NOSRV>"
	case v.s.Server != nil:
		return v.s.Server.Name
	case v.s.Service == "STATS":
		return "<STATS>"
	case v.s.Service == "PROMEX":
		return "<PROMEX>"
	case v.s.Service != "":
		return v.s.Service
	}
	return "<NOSRV>"
}

func (v view) term() engine.Term {
	if v.s == nil {
		return engine.Term{Cause: 'P', State: 'R'}
	}
	return v.s.Term
}

func clientEnd(_ env, v view) (netip.AddrPort, bool) {
	if v.sess == nil {
		return netip.AddrPort{}, false
	}
	return v.sess.Src, !v.sess.Src.IsValid()
}

func frontEnd(_ env, v view) (netip.AddrPort, bool) {
	if v.sess == nil {
		return netip.AddrPort{}, false
	}
	return v.sess.Dst, !v.sess.Dst.IsValid()
}

func backLocal(_ env, v view) (netip.AddrPort, bool) {
	if v.s == nil {
		return netip.AddrPort{}, false
	}
	return endpoint(v.s.BackLocal), false
}

func backPeer(_ env, v view) (netip.AddrPort, bool) {
	if v.s == nil {
		return netip.AddrPort{}, false
	}
	if v.s.BackPeer == nil && v.s.Server != nil && v.s.Server.Addr.IP.IsValid() {
		return netip.AddrPortFrom(v.s.Server.Addr.IP, uint16(v.s.Server.Addr.Port)), false
	}
	return endpoint(v.s.BackPeer), false
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

// asString shows bytes as a string for the moment of a call.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
