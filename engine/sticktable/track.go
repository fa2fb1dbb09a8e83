package sticktable

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

const inTracking = engine.InTCPReq | engine.InHTTP

func init() {
	engine.AddActions(engine.ActionKeyword{Name: "track-sc*", In: inTracking,
		Usage: "track-sc<n> <key> [table <table>]: has a counter follow the key's entry in a table for the rest of the session or stream", Parse: parseTrack})
	engine.CountGlitch = countGlitch
	engine.AddHook(engine.Hook{Name: "tracked requests", Phase: engine.PhaseRequest, Order: -100, Enabled: tracking, Run: countRequest})
	engine.AddHook(engine.Hook{Name: "tracked responses", Phase: engine.PhaseResponse, Order: -100, Enabled: tracking, Run: countResponse})
	engine.AddHook(engine.Hook{Name: "tracked ends", Phase: engine.PhaseEnd, Order: -100, Enabled: tracking, Run: endStream})
	engine.AddHook(engine.Hook{Name: "tracked release", Phase: engine.PhaseEnd, Order: 1 << 21, Enabled: tracking, Run: release}) // the log line reads them
	engine.OnStartSession(func(sess *engine.Session) {
		for i := range sess.SC {
			if en := entryOf(sess.SC.Get(i)); en != nil {
				en.both(sessCnt, sessRate, 1)
			}
		}
	})
	engine.OnEndSession(func(sess *engine.Session) {
		for i := range sess.SC {
			if en := entryOf(sess.SC.Get(i)); en != nil {
				en.drop(connCur)
				en.release()
			}
		}
		sess.SC.Clear()
	})
}

func entryOf(v any) *entry {
	en, _ := v.(*entry)
	return en
}

// tracking tells whether any rule of the configuration tracks.
func tracking(px *engine.Proxy) bool { return px.RT != nil && tablesOf(px.RT).track }

// track is a compiled track-sc rule.
type track struct {
	n       int
	x       *engine.Expr
	ref     *ref
	session bool
}

func stickCounters(b *engine.Build) int {
	if n := b.RT.Global.Tune.StickCounters; n > 0 {
		return n
	}
	return 3
}

func parseTrack(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	name := a.Name.Text
	n, err := strconv.Atoi(strings.TrimPrefix(name, "track-sc"))
	if err != nil || n < 0 {
		return nil, diag.Errorf(a.Pos, "invalid counter in '%s'.", name)
	}
	if max := stickCounters(b); n >= max {
		return nil, diag.Errorf(a.Pos, "%d track-sc number exceeding %d (tune.stick-counters-1) value.", n, max-1)
	}
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Pos, "missing fetch method.")
	}
	x, err := b.Expr(a.Words[0], a.Where)
	if err != nil {
		return nil, err
	}
	tableName := ""
	if len(a.Words) > 1 && a.Words[1].Text == "table" {
		if len(a.Words) < 3 {
			return nil, diag.Errorf(a.Pos, "missing table name.")
		}
		tableName = a.Words[2].Text
		a.Only(3)
	} else {
		a.Only(1)
	}
	edit(b.RT).track = true
	px := b.Px
	t := &track{n: n, x: x, session: a.Ruleset == engine.TCPReqConn || a.Ruleset == engine.TCPReqSess}
	t.ref = lookup(b, tableName, a.Pos, name, func(c *conf) {
		if !engine.CanCast(x.Out, c.typ) {
			b.Alert(a.Pos, "Proxy '%s': stick-table '%s' uses a type incompatible with the '%s' rule.", px.Name, c.name, name).AsBare()
		}
	})
	return t, nil
}

// Run follows the key's entry unless the counter already follows one.
func (r *track) Run(e *engine.Env) engine.Verdict {
	t := r.ref.table()
	if t == nil {
		return engine.Continue
	}
	sc := &e.Sess.SC
	if !r.session && e.Strm != nil {
		sc = &e.Strm.SC
	}
	if sc.Get(r.n) != nil {
		return engine.Continue
	}
	m := e.Mark()
	s, st := r.x.Eval(e)
	if st == engine.Wait && !e.Final {
		e.Tmp = e.Tmp[:m]
		return engine.Wait4Data
	}
	if st == engine.Found {
		if key, ok := t.makeKey(e, &s); ok {
			if en := t.get(key, 1); en != nil {
				sc.Set(r.n, en)
				r.begin(e, en)
			}
		}
	}
	e.Tmp = e.Tmp[:m]
	return engine.Continue
}

// begin counts what an entry gets when it begins to be tracked.
func (r *track) begin(e *engine.Env, en *entry) {
	en.both(connCnt, connRate, 1)
	en.add(connCur, 0, 1)
	s := e.Strm
	if s == nil || s.Kind == engine.NotHTTP {
		return
	}
	if e.Place != engine.FeTCPCont { // the hook comes later there
		en.both(reqCnt, reqRate, 1)
	}
	if e.Dir == engine.Res && s.HasRes && s.Up != nil {
		countStatus(en, s.Res.Status)
	}
}

// countGlitch counts for what a session tracks.
func countGlitch(sess *engine.Session) {
	for i := range sess.SC {
		if en := entryOf(sess.SC.Get(i)); en != nil {
			en.both(glitchCnt, glitchRate, 1)
		}
	}
}

// each calls f for the entries that a stream and its session track.
func each(s *engine.Stream, f func(*entry)) {
	for i := range s.SC {
		if en := entryOf(s.SC.Get(i)); en != nil {
			f(en)
		}
	}
	for i := range s.Sess.SC {
		if en := entryOf(s.Sess.SC.Get(i)); en != nil {
			f(en)
		}
	}
}

func countRequest(s *engine.Stream) engine.Verdict {
	if s.Env.Px == s.Front {
		each(s, oneRequest)
	}
	return engine.Continue
}

func oneRequest(en *entry) { en.both(reqCnt, reqRate, 1) }
func oneError(en *entry)   { en.both(errCnt, errRate, 1) }
func oneFailure(en *entry) { en.both(failCnt, failRate, 1) }

func countStatus(en *entry, status int) {
	switch {
	case status >= 400 && status < 500:
		oneError(en)
	case status >= 500 && status != 501 && status != 505:
		oneFailure(en)
	}
}

// countResponse counts a server's answer.
func countResponse(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Front || !s.HasRes {
		return engine.Continue
	}
	switch st := s.Res.Status; {
	case st >= 400 && st < 500:
		each(s, oneError)
	case st >= 500 && st != 501 && st != 505:
		each(s, oneFailure)
	}
	return engine.Continue
}

// endStream counts refusals and bytes.
func endStream(s *engine.Stream) engine.Verdict {
	if s.SCEnded {
		return engine.Continue
	}
	s.SCEnded = true
	if len(s.SC) == 0 && len(s.Sess.SC) == 0 {
		return engine.Continue
	}
	if refused(s) {
		each(s, oneError)
	}
	in, out := uint64(max(s.BytesIn, 0)), uint64(max(s.BytesOut, 0))
	if s.Local.Set { // our own answers do not count
		out = 0
	}
	for i := range s.SC {
		if en := entryOf(s.SC.Get(i)); en != nil {
			en.bytes(in, out)
		}
	}
	for i := range s.Sess.SC {
		if en := entryOf(s.Sess.SC.Get(i)); en != nil {
			en.bytes(in, out)
		}
	}
	return engine.Continue
}

// release gives the stream's entries back, once the frontend's log line is
// written: its hooks run behind the backend's.
func release(s *engine.Stream) engine.Verdict {
	if s.Back != nil && s.Back != s.Front && !s.SCBackEnded {
		s.SCBackEnded = true
		return engine.Continue
	}
	for i := range s.SC {
		if en := entryOf(s.SC.Get(i)); en != nil {
			en.drop(connCur)
			en.release()
		}
	}
	s.SC.Clear()
	return engine.Continue
}

func (en *entry) bytes(in, out uint64) {
	if in > 0 {
		en.both(inCnt, inRate, in)
	}
	if out > 0 {
		en.both(outCnt, outRate, out)
	}
}

// refused tells whether the request was the client's mistake: denied, tarpitted,
// asked for a password, or not readable.
func refused(s *engine.Stream) bool {
	if s.Kind == engine.NotHTTP {
		return false
	}
	if s.Term.Cause == 'P' && (s.Term.State == 'R' || s.Term.State == 'T') {
		return true
	}
	return s.Up == nil && s.Server == nil && (s.Status == 401 || s.Status == 407)
}
