package compress

import (
	"io"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	engine.AddHook(engine.Hook{Name: "compression", Phase: engine.PhaseResponse, Order: 1 << 20, Enabled: enabled, Run: decide})
	engine.AddHook(engine.Hook{Name: "compression", Phase: engine.PhaseEnd, Enabled: enabled, Run: end})
	engine.AddFetches(
		engine.Fetch{Name: "res.comp", Out: engine.TBool, Where: engine.OnServerSide, Usage: "True when the response was compressed.",
			Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
				return engine.Bool(compressing(e) != nil), engine.Found
			}},
		engine.Fetch{Name: "res.comp_algo", Out: engine.TStr, Where: engine.OnServerSide, Usage: "The algorithm that compressed the response.",
			Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
				a := compressing(e)
				if a == nil {
					return engine.Sample{}, engine.Missing
				}
				return engine.Str(e.Keep([]byte(a.name))), engine.Found
			}},
	)
}

// state is what a stream knows of its compression; owned by its goroutine, but for
// reqEnc, which the carrier of the request body has until it ended.
type state struct {
	asked   bool  // the request was looked at for its response
	algo    *algo // what the client takes, nil: nothing
	decided bool
	on      bool // the response is compressed
	done    bool // its head says so
	reqDone bool
	reqEnc  *encoder
	resEnc  *encoder
}

var states = engine.NewSlot[*engine.Stream, state]("compression")

func enabled(px *engine.Proxy) bool { return px.IsHTTP() && confs.Get(px) != nil }

func compressing(e *engine.Env) *algo {
	if e.Strm == nil {
		return nil
	}
	if st := states.Get(e.Strm); st != nil && st.on {
		return st.algo
	}
	return nil
}

// rules are the settings that hold for a stream: the backend's, or where it has
// none the frontend's.
func each(s *engine.Stream, do func(c *conf) (found bool)) {
	if s.Back != nil {
		if c := confs.Get(s.Back); c != nil && do(c) {
			return
		}
	}
	if s.Front != s.Back {
		if c := confs.Get(s.Front); c != nil {
			do(c)
		}
	}
}

// ask finds out what the client takes, and hides the question from the server
// where the proxy is to do all of the work.
func ask(s *engine.Stream) {
	if st := states.Get(s); st != nil && st.asked {
		return
	}
	if s.Req.Flags&htx.Version11 == 0 || s.Req.MethodID == htx.HEAD || s.Req.MethodID == htx.CONNECT {
		return
	}
	var list []*algo
	offload := false
	each(s, func(c *conf) bool {
		if !c.noRes {
			list = c.responses
		}
		return len(list) > 0
	})
	each(s, func(c *conf) bool {
		offload = offload || c.offload
		return false
	})
	if len(list) == 0 {
		return
	}
	a := choose(list, s.Req)
	if a == nil {
		return
	}
	st := states.Edit(s)
	st.asked, st.algo = true, a
	if offload {
		s.Req.DelID(htx.AcceptEncoding)
	}
}

// decide looks at the response before its rules can change it, as HAProxy does.
func decide(s *engine.Stream) engine.Verdict {
	st := states.Get(s)
	if st == nil || st.algo == nil || st.decided {
		return engine.Continue
	}
	st.decided = true
	m := s.Res
	if m.Status < 200 || m.Status > 203 || s.ResBody == nil || noTransform(m) {
		return engine.Continue
	}
	var types []string
	var least int64
	each(s, func(c *conf) bool { types = c.typesRes; return len(types) > 0 })
	each(s, func(c *conf) bool { least = c.minRes; return least > 0 })
	if !fit(m, types, least) || !allowed(s) {
		return engine.Continue
	}
	if m.Flags&htx.Chunked != 0 && least > 0 {
		if a := peek(s.ResBody, least); a != nil {
			s.ResBody = a
			if a.err == io.EOF && int64(len(a.first)) < least {
				return engine.Continue
			}
		}
	}
	st.on = true
	return engine.Continue
}

// peek reads what is there of a body of unknown length, up to a minimum.
func peek(in htx.Body, least int64) *again {
	b := engine.Readable(in)
	a := &again{Body: b}
	for int64(len(a.first)) < least {
		p, err := b.Buffered()
		a.first = append(a.first, p...)
		if err != nil {
			a.err = err
			break
		}
		if len(p) == 0 {
			break
		}
	}
	return a
}

// response makes the response a compressed one.
func response(s *engine.Stream) {
	st := states.Get(s)
	if st == nil || s.ResBody == nil || st.done {
		return
	}
	decide(s) // built-in content has no response phases
	if !st.on {
		return
	}
	st.done = true
	rewrite(s.Res, st.algo)
	st.resEnc = begin(s, st.algo)
	s.ResBody = &body{s: s, in: engine.Readable(s.ResBody), enc: st.resEnc, fixed: s.Service == "", side: sides(s)}
	for _, c := range sides(s) {
		c.CompResponses.Add(1)
	}
}

func sides(s *engine.Stream) [2]*engine.SideCounters {
	back := s.Back
	if back == nil {
		back = s.Front
	}
	return [2]*engine.SideCounters{&s.Front.State.FE, &back.State.BE}
}

func begin(s *engine.Stream, a *algo) *encoder {
	rt := s.Sess.RT
	rt.Proc.CompMem.Add(stateSize)
	return newEncoder(a.frame, max(rt.Global.Tune.CompLevel, 1))
}

// request compresses the request body; explicit: a comp-req line asks for it,
// otherwise the direction must.
func request(s *engine.Stream, explicit bool) {
	if st := states.Get(s); st != nil && st.reqDone || s.Ex.Body() == nil {
		return
	}
	var a *algo
	var types []string
	var least int64
	each(s, func(c *conf) bool {
		if explicit || c.bothReq {
			a = c.request
		}
		return a != nil
	})
	if a == nil {
		return
	}
	each(s, func(c *conf) bool { types = c.typesReq; return len(types) > 0 })
	each(s, func(c *conf) bool { least = c.minReq; return least > 0 })
	m := s.Req
	if !fit(m, types, least) || !allowed(s) || m.Flags&htx.Chunked != 0 && tooSmall(s, least) {
		return
	}
	st := states.Edit(s)
	st.reqDone = true
	rewrite(m, a)
	s.WrapRequest(func(s *engine.Stream, in engine.Body) engine.Body {
		if st.reqEnc != nil { // another attempt
			drop(s, &st.reqEnc)
		}
		st.reqEnc = begin(s, a)
		return &body{s: s, in: in, enc: st.reqEnc, side: sides(s)}
	})
}

// tooSmall finds out whether a request body of unknown length is here in whole, and
// less than that.
func tooSmall(s *engine.Stream, least int64) bool {
	b := engine.Readable(s.Ex.Body())
	for !s.BodyDone && int64(len(s.ReqBody)) < least {
		p, err := b.Buffered()
		s.ReqBody = append(s.ReqBody, p...)
		s.BytesIn += int64(len(p))
		s.BodyDone = err == io.EOF
		if len(p) == 0 || err != nil {
			break
		}
	}
	return s.BodyDone && int64(len(s.ReqBody)) < least
}

// end gives the encoders back.
func end(s *engine.Stream) engine.Verdict {
	if st := states.Get(s); st != nil {
		drop(s, &st.reqEnc)
		drop(s, &st.resEnc)
	}
	return engine.Continue
}

func drop(s *engine.Stream, e **encoder) {
	if *e != nil {
		s.Sess.RT.Proc.CompMem.Add(-stateSize)
		(*e).release()
		*e = nil
	}
}
