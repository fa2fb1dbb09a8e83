package balance

import (
	"math/rand/v2"
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
type responseTime struct {
	lots
	speeds atomic.Pointer[[]*speed] // by Server.Index
}

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
	r.lots.Changed(srv)
	r.mu.Lock()
	defer r.mu.Unlock()
	speeds := make([]*speed, r.indexes())
	for _, srv := range r.px.All() {
		st := srv.State
		st.Mu.Lock()
		v, ok := st.LB.(*speed)
		if !ok {
			v = &speed{}
			st.LB = v
		}
		st.Mu.Unlock()
		speeds[srv.Index] = v
	}
	r.speeds.Store(&speeds)
}

// Pick draws two.
func (r *responseTime) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	t := r.table.Load()
	n := len(t.servers)
	if n == 0 {
		return nil
	}
	var best *engine.Server
	var least int64
	now := int64(clock.Now())
	for range r.draws + 2 {
		i := t.find(rand.Uint32N(t.sums[n-1]))
		srv := t.servers[i]
		if srv == avoid || srv == best || !srv.State.Usable() || full(srv) {
			continue
		}
		cost := r.cost(srv, int64(t.weights[i]), now)
		if best != nil {
			if cost < least {
				best = srv
			}
			return best
		}
		best, least = srv, cost
	}
	if best != nil {
		return best
	}
	return t.any(avoid)
}

// cost is what another stream may expect to wait.
func (r *responseTime) cost(srv *engine.Server, weight, now int64) int64 {
	st := srv.State
	return (r.of(srv).value(now) + 1) * (st.Served.Load() + st.Queued.Load() + 1) * 256 / weight
}

func (r *responseTime) of(srv *engine.Server) *speed {
	if speeds := *r.speeds.Load(); srv.Index < len(speeds) {
		if v := speeds[srv.Index]; v != nil {
			return v
		}
	}
	return &speed{}
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
