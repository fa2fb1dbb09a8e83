package fetch

import (
	"bytes"
	"strings"

	"hawser/engine"
)

// Which protocol is spoken on either side.
func init() {
	for _, n := range []string{"req.proto_http", "req_proto_http"} {
		engine.AddFetches(row(n, engine.TBool, engine.OnStream, "True when the request is a complete HTTP one.", protoHTTP))
	}
	ofStream("bc_http_major", engine.TSint, engine.OnServerSide, "The major version of HTTP to the server; 0: no HTTP.", func(_ env, s *engine.Stream) (smp, stat) {
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
