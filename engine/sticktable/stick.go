package sticktable

import (
	"slices"
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.OnFinish(func(b *engine.Build, px *engine.Proxy) {
		if px.Mode == engine.ModeLog && stickSlot.Get(px) != nil {
			b.Warn(px.Pos, "Cannot use sticking rules with 'mode log' in %s '%s'. They will be ignored.", px.Kind, px.Name).AsLate()
		}
	})
	engine.AddKeywords(engine.Keyword{Name: "stick", In: engine.InBE, Min: 2, Max: -1,
		Usage: "stick { match | on | store-request | store-response } <key> [table <table>] [if | unless <condition>]: sends equal keys to the same server", Parse: parseStick})
	engine.AddHook(engine.Hook{Name: "stick match", Phase: engine.PhasePersist, Order: 100, Enabled: sticks, Run: matchRequest})
	engine.AddHook(engine.Hook{Name: "stick store", Phase: engine.PhaseResponse, Order: 100, Enabled: sticks, Run: storeResponse})
	engine.AddHook(engine.Hook{Name: "stick store", Phase: engine.PhaseConnected, Order: 100, Enabled: sticks, Run: storeConnected})
}

// stickRule is a stick line.
type stickRule struct {
	match, store, response bool
	x                      *engine.Expr
	ref                    *ref
	cond                   *engine.Cond
}

// stickRules are those of a backend.
type stickRules struct{ rules []*stickRule }

var stickSlot = engine.NewSlot[*engine.Proxy, stickRules]("stick rules")

func sticks(px *engine.Proxy) bool { return stickSlot.Get(px) != nil && px.Side&engine.Back != 0 }

// wanted are the keys to be stored once the server of a stream is known.
type wanted struct{ list []want }

type want struct {
	t   *table
	key string
}

var wantedSlot = engine.NewSlot[*engine.Stream, wanted]("keys to stick")

func parseStick(b *engine.Build, l *engine.Line) error {
	kind := l.Words[1]
	r := &stickRule{}
	switch kind.Text {
	case "match":
		r.match = true
	case "on":
		r.match, r.store = true, true
	case "store-request":
		r.store = true
	case "store-response":
		r.response = true
	default:
		return diag.Errorf(kind.Pos, "'stick' expects 'on', 'match', or 'store'.")
	}
	where := engine.Where(engine.BeServer)
	if r.response {
		where = engine.StickStore
	}
	if len(l.Words) < 3 {
		return diag.Errorf(kind.Pos, "'stick' expects a fetch method.")
	}
	x, err := b.Expr(l.Words[2], where)
	if err != nil {
		return engine.Prefixed(l.Words[2].Pos, err, "'stick': ")
	}
	r.x = x
	args, cond := engine.SplitCond(l.Words[3:])
	name := ""
	if len(args) >= 2 && args[0].Text == "table" {
		name, args = args[1].Text, args[2:]
	}
	if len(args) > 0 {
		return diag.Errorf(args[0].Pos, "'stick': unknown keyword '%s'.", args[0].Text)
	}
	if r.cond, err = b.Cond(cond, where, "a 'stick' rule"); err != nil {
		return err
	}
	px := b.Px
	r.ref = lookup(b, name, kind.Pos, "'stick' rule", func(c *conf) {
		if !engine.CanCast(x.Out, c.typ) {
			b.Alert(kind.Pos, "Proxy '%s': type of fetch not usable with type of stick-table '%s'.", px.Name, c.name).AsBare()
			return
		}
		c.need(serverID)
		c.need(serverKey)
	})
	rs := stickSlot.Edit(b.Px)
	rs.rules = append(slices.Clip(rs.rules), r)
	return nil
}

// key evaluates a rule's key for the stream.
func (r *stickRule) key(e *engine.Env, t *table) ([]byte, bool) {
	s, st := r.x.Eval(e)
	if st != engine.Found {
		return nil, false
	}
	return t.makeKey(e, &s)
}

// matchRequest looks for a server that the stream's key sticks to, and remembers
// what is to be stored.
func matchRequest(s *engine.Stream) engine.Verdict {
	e := &s.Env
	px := s.Back
	e.Px, e.Dir, e.Final, e.Place = px, engine.Req, true, engine.BeServer
	for _, r := range stickSlot.Get(px).rules {
		t := r.ref.table()
		if r.response || t == nil || r.store && hasKey(s, 0, t) || !r.cond.Holds(e) {
			continue
		}
		m := e.Mark()
		if key, ok := r.key(e, t); ok {
			if r.match && s.Server == nil {
				stickTo(s, t.find(key))
			}
			if r.store {
				w := wantedSlot.Edit(s)
				w.list = append(w.list, want{t, string(key)})
			}
		}
		e.Tmp = e.Tmp[:m]
	}
	return engine.Continue
}

// stickTo imposes the server that an entry names, if it may be used.
func stickTo(s *engine.Stream, en *entry) {
	if en == nil {
		return
	}
	srv := en.server(s.Back)
	if srv == nil {
		return
	}
	if srv.State.Up() || s.Back.Options.Has(engine.OptPersist) || s.PersistRule == engine.PersistForced {
		s.Impose(srv)
		if got := en.t.get([]byte(en.key), 0); got != nil { // a match renews the entry
			return
		}
	}
}

// server finds the entry's server among those of a backend: by key, then by
// number.
func (en *entry) server(px *engine.Proxy) *engine.Server {
	if k := en.srvKey.Load(); k != nil {
		for _, srv := range px.All() {
			if serverKeyOf(en.t, srv) == *k {
				return srv
			}
		}
	}
	id, ok := en.value(serverID, 0)
	if !ok || id == 0 {
		return nil
	}
	for _, srv := range px.All() {
		if int64(srv.ID) == id {
			return srv
		}
	}
	return nil
}

func serverKeyOf(t *table, srv *engine.Server) string {
	if t.byAddr && srv.Addr.IP.IsValid() {
		return srv.Addr.IP.String() + ":" + strconv.Itoa(srv.Addr.Port)
	}
	return srv.Name
}

// hasKey tells whether a key of the stream is to be stored in t already, not counting
// the first ones: a table gets one of the request, that of the first rule that has one,
// and one of the response.
func hasKey(s *engine.Stream, first int, t *table) bool {
	if w := wantedSlot.Get(s); w != nil {
		for _, x := range w.list[first:] {
			if x.t == t {
				return true
			}
		}
	}
	return false
}

func storeConnected(s *engine.Stream) engine.Verdict { return store(s, false) }

func storeResponse(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Back {
		return engine.Continue
	}
	return store(s, true)
}

// store writes the stream's server to the entries of its keys.
func store(s *engine.Stream, response bool) engine.Verdict {
	if s.Server == nil || s.Server.NonStick {
		return engine.Continue
	}
	e := &s.Env
	if response {
		before := 0
		if w := wantedSlot.Get(s); w != nil {
			before = len(w.list)
		}
		for _, r := range stickSlot.Get(s.Back).rules {
			t := r.ref.table()
			if !r.response || t == nil || hasKey(s, before, t) || !r.cond.Holds(e) {
				continue
			}
			m := e.Mark()
			if key, ok := r.key(e, t); ok {
				w := wantedSlot.Edit(s)
				w.list = append(w.list, want{t, string(key)})
			}
			e.Tmp = e.Tmp[:m]
		}
	}
	if w := wantedSlot.Get(s); w != nil {
		for _, x := range w.list {
			x.t.get([]byte(x.key), 0).stick(s.Server)
		}
		w.list = w.list[:0]
	}
	return engine.Continue
}

// stick makes srv the entry's server; en may be nil where the table was full.
func (en *entry) stick(srv *engine.Server) {
	if en == nil {
		return
	}
	if c := en.cell(serverID, 0); c != nil {
		c.n.Store(uint64(srv.ID))
	}
	if k := serverKeyOf(en.t, srv); en.srvKey.Load() == nil || *en.srvKey.Load() != k {
		en.srvKey.Store(&k)
	}
}
