package fetch

import (
	"bytes"
	"strings"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
)

func init() {
	strm := func(name string, out engine.Type, where engine.Where, usage string, f func(env, *engine.Stream) (smp, stat)) {
		engine.AddFetches(row(name, out, where, usage, func(e env, _ args) (smp, stat) {
			if e.Strm == nil {
				return none()
			}
			return f(e, e.Strm)
		}))
	}
	for _, n := range []string{"status", "server_status", "txn.status"} {
		strm(n, engine.TSint, engine.OnServerSide, "The status of the response.", func(e env, s *engine.Stream) (smp, stat) {
			switch {
			case s.HasRes && s.Res != nil && s.Res.Status > 0:
				return sint(int64(s.Res.Status))
			case s.Status > 0:
				return sint(int64(s.Status))
			}
			return none()
		})
	}
	strm("http_first_req", engine.TBool, engine.OnStream, "True for the first request of a connection.", func(_ env, s *engine.Stream) (smp, stat) {
		return boolean(s.Sess.Requests <= 1)
	})
	for _, n := range []string{"req.proto_http", "req_proto_http"} {
		engine.AddFetches(row(n, engine.TBool, engine.OnStream, "True when the request is a complete HTTP one.", protoHTTP))
	}
	strm("capture.req.method", engine.TStr, engine.OnStream, "The request's method, also after the request.", func(e env, s *engine.Stream) (smp, stat) {
		if s.Req == nil || s.Req.Method.Empty() {
			return none()
		}
		return str(s.Req.Bytes(s.Req.Method))
	})
	strm("capture.req.uri", engine.TStr, engine.OnStream, "The path and query of the request as it came.", captureURI)
	strm("capture.req.ver", engine.TStr, engine.OnStream, "The request's version: HTTP/1.0 or HTTP/1.1.", func(e env, s *engine.Stream) (smp, stat) { return captureVersion(e, s.Req) })
	strm("capture.res.ver", engine.TStr, engine.OnStream, "The response's version: HTTP/1.0 or HTTP/1.1.", func(e env, s *engine.Stream) (smp, stat) {
		if !s.HasRes {
			return none()
		}
		return captureVersion(e, s.Res)
	})
	capture := func(name string, where engine.Where, of func(*engine.Stream) [][]byte, px func(*engine.Proxy) int) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TStr, Where: where, Args: engine.Args(engine.ArgInt),
			Usage: "(slot): what was captured in a slot.",
			Eval: func(e env, a args) (smp, stat) {
				if e.Strm == nil {
					return none()
				}
				if c := of(e.Strm); int(a[0].Int) < len(c) && len(c[a[0].Int]) > 0 {
					return str(c[a[0].Int])
				}
				return none()
			}})
	}
	capture("capture.req.hdr", engine.OnStream, func(s *engine.Stream) [][]byte { return s.ReqCaps }, nil)
	capture("capture.res.hdr", engine.OnServerSide, func(s *engine.Stream) [][]byte { return s.ResCaps }, nil)

	strm("txn.conn_retries", engine.TSint, engine.OnServerSide, "How often connecting to the server was tried again.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.Retries)) })
	strm("txn.redispatched", engine.TBool, engine.OnServerSide, "True if the stream was sent to another server.", func(_ env, s *engine.Stream) (smp, stat) { return boolean(s.Redispatched) })
	strm("txn.id32", engine.TSint, engine.AtTraffic, "A 32-bit number of the stream.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(uint32(s.ID))) })
	strm("txn.sess_term_state", engine.TStr, engine.AtTraffic, "The termination state, as %ts.", func(e env, s *engine.Stream) (smp, stat) {
		m := e.Mark()
		e.Tmp = append(e.Tmp, orDash(s.Term.Cause), orDash(s.Term.State))
		return str(e.Since(m))
	})
	strm("prio_class", engine.TSint, engine.AtTraffic, "The priority class of the stream.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.Prio)) })
	strm("prio_offset", engine.TSint, engine.AtTraffic, "The priority offset of the stream in ms.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.PrioOffset) })
	for _, n := range []string{"bytes_in", "req.bytes_in"} {
		strm(n, engine.TSint, engine.OnStream, "Bytes received from the client.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.BytesIn) })
	}
	strm("req.bytes_out", engine.TSint, engine.OnStream, "Bytes of the request sent to the server.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.ReqOut) })
	for _, n := range []string{"bytes_out", "res.bytes_in"} {
		strm(n, engine.TSint, engine.OnServer, "Bytes received from the server.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.BytesOut) })
	}
	strm("res.bytes_out", engine.TSint, engine.OnServer, "Bytes sent to the client.", func(_ env, s *engine.Stream) (smp, stat) { return sint(s.ResOut) })
	strm("last_rule_file", engine.TStr, engine.AtTraffic, "The file of the last final rule.", func(e env, s *engine.Stream) (smp, stat) {
		if s.LastRule == nil {
			return none()
		}
		return text(e, s.LastRule.Pos.File)
	})
	strm("last_rule_line", engine.TSint, engine.AtTraffic, "The line of the last final rule.", func(e env, s *engine.Stream) (smp, stat) {
		if s.LastRule == nil {
			return none()
		}
		return sint(int64(s.LastRule.Pos.Line))
	})
	strm("bc_be_queue", engine.TSint, engine.OnServerSide, "Streams before this one in the backend's queue.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.QueueBack)) })
	strm("bc_srv_queue", engine.TSint, engine.OnServerSide, "Streams before this one in the server's queue.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(s.QueueSrv)) })
	strm("bc_reused", engine.TBool, engine.OnServerSide, "True if the connection to the server was used before.", func(_ env, s *engine.Stream) (smp, stat) {
		return boolean(s.ConnReused || s.Up != nil && s.Up.Reused())
	})
	strm("bc_http_major", engine.TSint, engine.OnServerSide, "The major version of HTTP to the server; 0: no HTTP.", func(_ env, s *engine.Stream) (smp, stat) {
		if s.Kind == engine.NotHTTP {
			return sint(0)
		}
		return sint(1)
	})
	engine.AddFetches(
		row("fc_http_major", engine.TSint, engine.OnClient, "The major version of HTTP of the client's connection.", func(e env, _ args) (smp, stat) {
			switch {
			case e.Strm != nil && e.Strm.Kind == engine.HTTP2:
				return sint(2)
			case e.Strm != nil && e.Strm.Kind == engine.HTTP3:
				return sint(3)
			case e.Strm == nil:
				return none() // no request yet
			case e.Sess != nil && e.Sess.Front != nil && e.Sess.Front.IsHTTP():
				return sint(1)
			}
			return sint(0)
		}),
		row("fc_rcvd_proxy", engine.TBool, engine.OnClient, "True if the connection began with a PROXY header.", func(e env, _ args) (smp, stat) {
			return boolean(e.Sess != nil && e.Sess.Conn != nil && e.Sess.Conn.Overridden())
		}),
		row("internal.strm.is_htx", engine.TBool, engine.AtTraffic, "True if the stream carries HTTP.", func(e env, _ args) (smp, stat) {
			return boolean(e.Strm != nil && e.Strm.Kind != engine.NotHTTP)
		}),
	)
	timers(strm)
}

func orDash(c byte) byte {
	if c == 0 {
		return '-'
	}
	return c
}

func timers(strm func(string, engine.Type, engine.Where, string, func(env, *engine.Stream) (smp, stat))) {
	ms := func(name string, where engine.Where, usage string, f func(t *engine.Times) (int64, bool)) {
		strm(name, engine.TSint, where, usage, func(_ env, s *engine.Stream) (smp, stat) {
			ns, ok := f(&s.Times)
			if !ok {
				return sint(-1)
			}
			return sint(max(ns, 0) / int64(time.Millisecond))
		})
	}
	since := func(to, from int64) (int64, bool) { return to - from, to != 0 && from != 0 }
	ms("req.timer.idle", engine.OnRequest, "Idle time before the request in ms (%Ti).", func(t *engine.Times) (int64, bool) { return t.Idle, true })
	ms("req.timer.hdr", engine.OnRequest, "Time to receive the request head in ms (%TR).", func(t *engine.Times) (int64, bool) { return since(t.Request, t.Start) })
	ms("req.timer.tq", engine.OnRequest, "Idle time and time to receive the request head in ms (%Tq).", func(t *engine.Times) (int64, bool) {
		v, ok := since(t.Request, t.Start)
		return v + t.Idle, ok
	})
	ms("req.timer.queue", engine.OnServerSide, "Time spent in queues in ms (%Tw).", func(t *engine.Times) (int64, bool) { return since(t.Connect, t.Request) })
	ms("bc.timer.connect", engine.OnServerSide, "Time to connect to the server in ms (%Tc).", func(t *engine.Times) (int64, bool) { return since(t.Connected, t.Connect) })
	ms("res.timer.hdr", engine.OnResponse, "Time to receive the response head in ms (%Tr).", func(t *engine.Times) (int64, bool) { return since(t.Response, t.Connected) })
	ms("res.timer.data", engine.OnServer, "Time of the response's data in ms (%Td).", func(t *engine.Times) (int64, bool) { return since(nowOr(t.End), t.Response) })
	ms("txn.timer.total", engine.OnStream, "Time of the whole transaction in ms (%Ta).", func(t *engine.Times) (int64, bool) { return since(nowOr(t.End), t.Start) })
	ms("txn.timer.user", engine.OnStream, "Time of the transaction as the user sees it in ms (%Tu).", func(t *engine.Times) (int64, bool) {
		v, ok := since(nowOr(t.End), t.Start)
		return v + t.Idle, ok
	})
	engine.AddFetches(
		row("fc.timer.handshake", engine.TSint, engine.OnClient, "Time of the connection's handshakes in ms (%Th).", func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			return sint(e.Sess.Handshake.Milliseconds())
		}),
		row("fc.timer.total", engine.TSint, engine.UntilLog, "Time since the connection came in ms.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			return sint((clock.Mono() - e.Sess.AcceptMono) / int64(time.Millisecond))
		}),
	)
}

func nowOr(t int64) int64 {
	if t == 0 {
		return clock.Mono()
	}
	return t
}

func captureURI(e env, s *engine.Stream) (smp, stat) {
	u := s.URI
	if len(u) == 0 {
		return none()
	}
	if u[0] != '/' {
		if i := bytes.Index(u, []byte("://")); i > 0 {
			u = u[i+3:]
			j := bytes.IndexByte(u, '/')
			if j < 0 {
				return none()
			}
			u = u[j:]
		}
	}
	return str(u)
}

func captureVersion(e env, m *htx.Msg) (smp, stat) {
	if m == nil {
		return none()
	}
	if m.Has(htx.Version11) {
		return text(e, "HTTP/1.1")
	}
	return text(e, "HTTP/1.0")
}

// protoHTTP is true once there is a request; in TCP mode the buffer is looked at.
func protoHTTP(e env, _ args) (smp, stat) {
	if e.Strm == nil {
		return none()
	}
	if e.Strm.Kind != engine.NotHTTP {
		return boolean(e.Strm.HasReq)
	}
	b, all, ok := buffer(e, engine.Req)
	if !ok {
		return none()
	}
	switch looksHTTP(b) {
	case engine.Wait:
		return waitOrMissing(e, all)
	case found:
		return boolean(true)
	}
	return none()
}

// looksHTTP tells whether bytes begin with a complete HTTP/1 head.
func looksHTTP(b []byte) engine.Status {
	i := 0
	for i < len(b) && b[i] > ' ' && b[i] < 127 && b[i] != ':' {
		i++
	}
	if i == len(b) {
		if i > 32 {
			return missing
		}
		return engine.Wait
	}
	if i == 0 || b[i] != ' ' {
		return missing
	}
	line, _, whole := strings.Cut(string(b), "\n")
	if !whole {
		return engine.Wait
	}
	if !strings.Contains(line, " HTTP/1.") {
		return missing
	}
	if bytes.Contains(b, []byte("\r\n\r\n")) || bytes.Contains(b, []byte("\n\n")) {
		return found
	}
	return engine.Wait
}
