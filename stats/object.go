package stats

import (
	"strconv"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// Object is what a row of statistics is about.
type Object struct {
	Kind Kind
	Px   *engine.Proxy
	Srv  *engine.Server // of a server's row
	Bind *engine.Bind   // of a listener's row
	C    *engine.SideCounters
	now  clock.Tick
	sec  int64
}

// Value is one cell: nothing, a number or a text.
type Value struct {
	Set  bool
	Text bool
	N    int64
	S    string
}

func num(n int64) Value   { return Value{Set: true, N: n} }
func text(s string) Value { return Value{Set: true, Text: true, S: s} }
func some(n int64, ok bool) Value {
	return Value{Set: ok, N: n}
}

// String is the cell as CSV shows it, unquoted.
func (v Value) String() string {
	switch {
	case !v.Set:
		return ""
	case v.Text:
		return v.S
	}
	return strconv.FormatInt(v.N, 10)
}

// Scope selects rows: HAProxy's "show stat [proxy type sid]".
type Scope struct {
	Proxy string // name, "" all
	ID    int    // proxy id, 0 all
	Kinds Kind   // 0 all
	SID   int    // server or listener id, 0 all
	Up    bool   // without servers that are down
	Ready bool   // without servers in maintenance
	Only  func(px *engine.Proxy) bool
}

// Each calls f for every row in HAProxy's order: of each proxy the frontend, its
// listeners (with option socket-stats), its servers and the backend.
func Each(rt *engine.Runtime, sc Scope, f func(o *Object)) {
	now, sec := clock.Now(), time.Now().Unix()
	for _, px := range rt.All() {
		if sc.Proxy != "" && px.Name != sc.Proxy || sc.ID > 0 && px.ID != sc.ID || px.Disabled {
			continue
		}
		if sc.Only != nil && !sc.Only(px) {
			continue
		}
		row := func(k Kind, id int, o Object) {
			if sc.Kinds != 0 && sc.Kinds&k == 0 || sc.SID > 0 && id != sc.SID {
				return
			}
			o.Kind, o.Px, o.now, o.sec = k, px, now, sec
			f(&o)
		}
		if px.Side&engine.Front != 0 {
			row(Frontend, 0, Object{C: &px.State.FE})
			if px.Options.Has(engine.OptSocketStats) {
				for _, b := range px.Binds {
					row(Listener, b.ID, Object{C: &b.State.C, Bind: b})
				}
			}
		}
		if px.Side&engine.Back == 0 {
			continue
		}
		for _, srv := range px.All() {
			if sc.hides(srv) {
				continue
			}
			row(Server, srv.ID, Object{C: &srv.State.C, Srv: srv})
		}
		row(Backend, 0, Object{C: &px.State.BE})
	}
}

func (sc *Scope) hides(srv *engine.Server) bool {
	maint := engine.AdminState(srv.State.Admin.Load())&engine.AdmMaint != 0
	return sc.Up && !srv.State.Up() || sc.Ready && maint
}

// Get returns the value of a column.
func (o *Object) Get(f *Field) Value {
	if f.Kinds&o.Kind == 0 {
		return Value{}
	}
	if get := columns[f.Name]; get != nil {
		return get(o)
	}
	return Value{}
}
