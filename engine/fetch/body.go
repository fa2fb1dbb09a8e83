package fetch

import (
	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	on := engine.OnRequest
	body := func(name string, out engine.Type, usage string, f func(env, *engine.Stream) (smp, stat)) {
		r := needHTTP(row(name, out, on, usage, func(e env, _ args) (smp, stat) {
			if e.Strm == nil || e.Req() == nil {
				return none()
			}
			return f(e, e.Strm)
		}))
		r.Needs |= engine.NeedBody
		engine.AddFetches(r)
	}
	body("req.body", engine.TBin, "The request body as far as it was buffered (option http-buffer-request, wait-for-body).", func(_ env, s *engine.Stream) (smp, stat) { return engine.Bin(s.ReqBody), found })
	body("req.body_len", engine.TSint, "The length of the buffered request body.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(len(s.ReqBody))) })
	body("req.body_size", engine.TSint, "The length that the request announces for its body, or what is buffered of it.", func(_ env, s *engine.Stream) (smp, stat) {
		if s.Req.BodyLen > 0 {
			return sint(s.Req.BodyLen)
		}
		return sint(int64(len(s.ReqBody)))
	})
	engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr, engine.ArgStr), needHTTP(row("req.body_param", engine.TBin, on,
		"([name[,i]]): the value of a parameter of a form in the request body.", bodyParam))))
	res := func(name string, out engine.Type, usage string, f func(env, *engine.Stream) (smp, stat)) {
		engine.AddFetches(needHTTP(row(name, out, engine.OnResponse, usage, func(e env, _ args) (smp, stat) {
			if e.Strm == nil || e.Res() == nil {
				return none()
			}
			return f(e, e.Strm)
		})))
	}
	res("res.body", engine.TBin, "The response body as far as it is there.", func(_ env, s *engine.Stream) (smp, stat) { return engine.Bin(responseBody(s)), found })
	res("res.body_len", engine.TSint, "The length of the response body that is there.", func(_ env, s *engine.Stream) (smp, stat) { return sint(int64(len(responseBody(s)))) })
	res("res.body_size", engine.TSint, "The length that the response announces for its body.", func(_ env, s *engine.Stream) (smp, stat) {
		if s.Res.BodyLen > 0 {
			return sint(s.Res.BodyLen)
		}
		return sint(int64(len(responseBody(s))))
	})

	for _, d := range []struct {
		prefix string
		where  engine.Where
		of     func(env) *htx.Msg
	}{{"req.", engine.OnRequest, reqMsg}, {"res.", engine.OnResponse, resMsg}} {
		engine.AddFetches(
			needHTTP(row(d.prefix+"hdrs", engine.TBin, d.where, "All headers as text, with the empty line that ends them.", func(e env, _ args) (smp, stat) { return allHeaders(e, d.of(e)) })),
			needHTTP(row(d.prefix+"hdrs_bin", engine.TBin, d.where, "All headers in binary: each string behind its length.", func(e env, _ args) (smp, stat) { return allHeadersBin(e, d.of(e)) })),
		)
	}
}

// responseBody is what is there of the response's body: ours, or the server's.
func responseBody(s *engine.Stream) []byte {
	if s.Local.Set {
		return s.Local.Body
	}
	if engine.HoldResponse != nil {
		engine.HoldResponse(s, 0, 0)
	}
	return s.ResBuf
}

func bodyParam(e env, a args) (smp, stat) {
	if e.Strm == nil || e.Req() == nil {
		return none()
	}
	s, st := param(e, e.Strm.ReqBody, '&', a, given(a, 1) && a[1].Text == "i")
	s.Type = engine.TBin
	return s, st
}

func allHeaders(e env, m *htx.Msg) (smp, stat) {
	if m == nil {
		return none()
	}
	mark := e.Mark()
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		e.Tmp = append(e.Tmp, m.Name(i)...)
		e.Tmp = append(e.Tmp, ": "...)
		e.Tmp = append(e.Tmp, m.Value(i)...)
		e.Tmp = append(e.Tmp, "\r\n"...)
	}
	e.Tmp = append(e.Tmp, "\r\n"...)
	return engine.Bin(e.Since(mark)), found
}

func allHeadersBin(e env, m *htx.Msg) (smp, stat) {
	if m == nil {
		return none()
	}
	mark := e.Mark()
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		e.Tmp = appendVarint(e.Tmp, m.Name(i))
		e.Tmp = appendVarint(e.Tmp, m.Value(i))
	}
	e.Tmp = append(e.Tmp, 0, 0)
	return engine.Bin(e.Since(mark)), found
}

// appendVarint writes bytes behind their length in SPOE's encoding of integers.
func appendVarint(dst, b []byte) []byte {
	n := uint64(len(b))
	if n < 240 {
		dst = append(dst, byte(n))
	} else {
		dst = append(dst, byte(n)|240)
		n = (n - 240) >> 4
		for n >= 128 {
			dst = append(dst, byte(n)|128)
			n = (n - 128) >> 7
		}
		dst = append(dst, byte(n))
	}
	return append(dst, b...)
}
