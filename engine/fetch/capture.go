package fetch

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/htx"
)

// What is kept of a message when it is gone: its start line, and the captures.
func init() {
	ofStream("capture.req.method", engine.TStr, engine.OnStream, "The request's method, also after the request.", func(e env, s *engine.Stream) (smp, stat) {
		if s.Req == nil || s.Req.Method.Empty() {
			return none()
		}
		return str(s.Req.Bytes(s.Req.Method))
	})
	ofStream("capture.req.uri", engine.TStr, engine.OnStream, "The path and query of the request as it came.", captureURI)
	ofStream("capture.req.ver", engine.TStr, engine.OnStream, "The request's version: HTTP/1.0 or HTTP/1.1.", func(e env, s *engine.Stream) (smp, stat) { return captureVersion(e, s.Req) })
	ofStream("capture.res.ver", engine.TStr, engine.OnStream, "The response's version: HTTP/1.0 or HTTP/1.1.", func(e env, s *engine.Stream) (smp, stat) {
		if !s.HasRes {
			return none()
		}
		return captureVersion(e, s.Res)
	})
	captured("capture.req.hdr", engine.OnStream, func(s *engine.Stream) [][]byte { return s.ReqCaps })
	captured("capture.res.hdr", engine.OnServerSide, func(s *engine.Stream) [][]byte { return s.ResCaps })
}

// captured registers the slots of one direction.
func captured(name string, where engine.Where, of func(*engine.Stream) [][]byte) {
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TStr, Where: where, Args: engine.Args(engine.ArgInt),
		Usage: "(slot): what was captured in a slot.",
		Check: func(_ *engine.Build, a []engine.Arg) error {
			if a[0].Int < 0 {
				return errText("capture identifier must be >= 0")
			}
			return nil
		},
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
