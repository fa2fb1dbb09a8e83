package balance

import (
	"sync/atomic"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "response-time",
		Usage: "response-time: of two servers drawn by lot, weighted, the one that answers sooner: by a moving average of the time to the first byte, times the streams that it has. Not in HAProxy",
		New: func(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
			r := &responseTime{}
			r.draws, r.px = 2, px
			r.Changed(nil)
			return r, nil
		},
	})
	engine.AddHook(engine.Hook{Name: "balance response-time", Phase: engine.PhaseEnd, Run: measure, Enabled: func(px *engine.Proxy) bool {
		w := px.Balance.Words
		return len(w) > 0 && w[0].Text == "response-time"
	}})
}

// responseTime draws two servers and takes the one whose answer is expected
// sooner ("power of two choices": nobody is flooded because it was fast once).
type responseTime struct{ lots }

// speed is a server's moving average, kept with its state over reloads. Updates
// may meet; one of them is lost then.
type speed struct {
	micros atomic.Int64
	at     atomic.Int64 // clock.Tick of the last sample
}

const (
	sampleShift = 3    // a sample counts for an eighth
	forgetEvery = 5000 // ms: without samples, an average halves in that time
	lostMicros  = 1_000_000
)

// Changed finds the averages of the servers.
func (r *responseTime) Changed(srv *engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.table.Load()
	if changed, _ := r.update(srv); !changed && old != nil {
		return
	}
	t := r.makeLots()
	t.speeds = r.speeds(old, srv)
	r.table.Store(t)
}

// speeds are those that the old table had, if they will do.
func (r *responseTime) speeds(old *lotTable, srv *engine.Server) []*speed {
	if old != nil && srv != nil && len(old.speeds) == len(r.places) && old.speeds[srv.Index] != nil {
		return old.speeds
	}
	speeds := make([]*speed, len(r.places))
	if old != nil {
		copy(speeds, old.speeds)
	}
	for i := range r.places {
		if srv := r.places[i].srv; srv != nil && speeds[i] == nil {
			speeds[i] = speedOf(srv)
		}
	}
	return speeds
}

// speedOf returns the average of a server; a new one begins with none.
func speedOf(srv *engine.Server) *speed {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	v, ok := st.LB.(*speed)
	if !ok {
		v = &speed{}
		st.LB = v
	}
	return v
}

// of is speedOf without the lock, for those that took part when the table was made.
func (r *responseTime) of(srv *engine.Server) *speed {
	if speeds := r.table.Load().speeds; srv.Index < len(speeds) && speeds[srv.Index] != nil {
		return speeds[srv.Index]
	}
	return speedOf(srv)
}

// Pick draws two.
func (r *responseTime) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	t := r.table.Load()
	switch len(t.lots) {
	case 0:
		return nil
	case 1:
		return t.only()
	}
	var best drawn
	var least int64
	now := int64(clock.Now())
	for range r.draws + 2 {
		o := t.draw()
		if o.srv == best.srv || o.srv == avoid || !o.free() {
			continue
		}
		// What another stream may expect to wait, times the weight.
		cost := (t.speeds[o.index].value(now) + 1) * (o.load() + 1)
		if best.srv == nil {
			best, least = o, cost
			continue
		}
		if cost*best.weight < least*o.weight {
			best = o
		}
		return best.srv
	}
	if best.srv != nil {
		return best.srv
	}
	return t.any(avoid)
}

// value forgets with time, so that a server that was slow is tried again.
func (v *speed) value(now int64) int64 {
	return v.micros.Load() >> min(max(now-v.at.Load(), 0)/forgetEvery, 62)
}

func (v *speed) add(micros, now int64) {
	old := v.value(now)
	if old == 0 {
		v.micros.Store(micros)
	} else {
		v.micros.Store(old + (micros-old)>>sampleShift)
	}
	v.at.Store(now)
}

// measure takes the time that a stream waited for its answer; none counts as a
// long one.
func measure(s *engine.Stream) engine.Verdict {
	r, ok := s.Back.Balancer.(*responseTime)
	if !ok || s.Server == nil {
		return engine.Continue
	}
	now := int64(clock.Now())
	switch t := &s.Times; {
	case t.Response > 0 && t.Connected > 0:
		r.of(s.Server).add((t.Response-t.Connected)/1000, now)
	case s.Term.Cause == 'S' || s.Term.Cause == 's':
		r.of(s.Server).add(lostMicros, now)
	}
	return engine.Continue
}
