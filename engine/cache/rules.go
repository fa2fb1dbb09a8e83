package cache

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(
		engine.ActionKeyword{Name: "cache-use", In: engine.HTTPReq.In(), Usage: "cache-use <name> [no-early-hints]: answers from the cache where it can, and remembers where a response is to be kept", Parse: parseUse},
		engine.ActionKeyword{Name: "cache-store", In: engine.HTTPRes.In(), Usage: "cache-store <name>: keeps the response in the cache where it may be kept", Parse: parseStore},
	)
	where := engine.OnServerSide | engine.SrvSource
	engine.AddFetches(
		engine.Fetch{Name: "res.cache_hit", Out: engine.TBool, Where: where, Usage: "True when the response came from a cache.",
			Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
				return engine.Bool(hit(e) != nil), engine.Found
			}},
		engine.Fetch{Name: "res.cache_name", Out: engine.TStr, Where: where, Usage: "The name of the cache that the response came from.",
			Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
				c := hit(e)
				if c == nil {
					return engine.Sample{}, engine.Missing
				}
				return engine.Str(e.Keep([]byte(c.name))), engine.Found
			}},
	)
}

// visit is what a stream knows of its caches.
type visit struct {
	hit     *section
	c       *section // of the last cache-use
	key     []byte
	variant variant
	bound   bool // Authorization: only a public response may be kept
	keep    bool // a response may be kept
	change  bool // the request may change what is kept
	saved   *saving
}

var visits = engine.NewSlot[*engine.Stream, visit]("cache")

func hit(e *engine.Env) *section {
	if e.Strm == nil {
		return nil
	}
	if v := visits.Get(e.Strm); v != nil {
		return v.hit
	}
	return nil
}

// rule is one of the two actions.
type rule struct {
	c       *section // resolved after the sections
	noHints bool
}

func parseRule(b *engine.Build, a *engine.RuleArgs) (*rule, error) {
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "expects a cache name.")
	}
	name := a.Words[0]
	r, px := &rule{}, b.Px
	n := 1
	if len(a.Words) > 1 && a.Words[1].Text == "no-early-hints" && a.Ruleset == engine.HTTPReq {
		r.noHints = true
		n = 2
	}
	a.Only(n)
	used := proxies.Edit(px)
	if !used.has(name.Text) {
		used.names = append(used.names, name)
	}
	b.Later(func() { r.c = find(b.RT, name.Text) })
	return r, nil
}

func parseUse(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	r, err := parseRule(b, a)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(r.use), nil
}

func parseStore(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	r, err := parseRule(b, a)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(r.save), nil
}

// use is cache-use.
func (r *rule) use(e *engine.Env) engine.Verdict {
	s := e.Strm
	if r.c == nil || s == nil || !s.HasReq {
		return engine.Continue
	}
	m := s.Req
	if m.Flags&htx.Version11 == 0 || m.MethodID == htx.CONNECT {
		return engine.Continue
	}
	v := visits.Edit(s)
	v.c = r.c
	v.key = append(append(append(v.key[:0], m.Get(htx.Host)...), 0), m.Bytes(m.Target)...)
	v.keep = m.MethodID == htx.GET && !noStore(m)
	v.change = changes(m.MethodID)
	v.bound = m.Next(htx.Authorization, 0) >= 0
	if r.c.vary {
		v.variant = variantOf(m)
	}
	if m.MethodID != htx.GET && m.MethodID != htx.HEAD || v.bound || bypasses(m) {
		return engine.Continue
	}
	count := counters(e)
	count.CacheLookups.Add(1)
	now := clock.Now()
	o := r.c.store.get(v.key, &v.variant, now)
	if o == nil {
		r.hint(s, v, count)
		return engine.Continue
	}
	count.CacheHits.Add(1)
	v.hit, v.keep = r.c, false
	deliver(s, o, now)
	return engine.Done
}

// changes tells which methods may change what is kept (RFC 9111 section 4.4).
func changes(m htx.MethodID) bool {
	switch m {
	case htx.GET, htx.HEAD, htx.OPTIONS, htx.TRACE:
		return false
	}
	return true
}

// counters are those of the side whose rule it is.
func counters(e *engine.Env) *engine.SideCounters {
	if e.Px == e.Strm.Front {
		return &e.Px.State.FE
	}
	return &e.Px.State.BE
}

// deliver prepares the object as the stream's reply, or a 304.
func deliver(s *engine.Stream, o *object, now clock.Tick) {
	if s.Res == nil {
		s.Res = &htx.Msg{}
	}
	m := s.Res
	o.head.Clone(m)
	var num [20]byte
	m.AddID(htx.Age, strconv.AppendInt(num[:0], o.seconds(now), 10))
	s.Service = "<CACHE>"
	s.HasRes = true
	s.Local = engine.Local{Set: true, Server: true, Body: o.body}
	if unchanged(s.Req, o) {
		m.SetStatus(304)
		m.Reason = m.PutStr("Not Modified")
		s.Local.Body = nil
	}
}
