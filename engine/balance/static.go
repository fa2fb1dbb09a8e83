package balance

import (
	"sync/atomic"

	"hawser/engine"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "static-rr",
		Usage: "static-rr: each server in turn by a table made from the weights; a server's weight does not change while it is up",
		New: func(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
			t := &staticRR{}
			t.px = px
			t.Changed(nil)
			return t, nil
		},
	})
}

// wheel is a table in which each server stands as often as its weight says.
type wheel struct {
	farm
	slots atomic.Pointer[[]*engine.Server]
}

// Changed makes the table anew when servers came or went.
func (w *wheel) Changed(*engine.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refresh() || w.slots.Load() == nil {
		slots := makeWheel(w.list, w.wts)
		w.slots.Store(&slots)
	}
}

// makeWheel spreads the servers: in every place stands the first of those with
// the most whole turns to their credit; a turn costs the total weight and each
// place credits every server its weight.
func makeWheel(list []*engine.Server, wts []int32) []*engine.Server {
	div, total := int32(0), int32(0)
	for _, w := range wts {
		div = gcd(div, w)
	}
	w := make([]int32, len(wts))
	for i := range wts {
		w[i] = wts[i] / div
		total += w[i]
	}
	slots := make([]*engine.Server, total)
	credit := make([]int32, len(list))
	for at := range slots {
		best, most := -1, int32(0)
		for i := range list {
			credit[i] += w[i]
			if turns := (credit[i] + total) / total; best < 0 || turns > most {
				best, most = i, turns
			}
		}
		credit[best] -= total
		slots[at] = list[best]
	}
	return slots
}

// staticRR goes round the table.
type staticRR struct {
	wheel
	at atomic.Uint64
}

// Pick returns the next server that has a slot.
func (t *staticRR) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	slots := *t.slots.Load()
	var last *engine.Server
	for range slots {
		srv := slots[(t.at.Add(1)-1)%uint64(len(slots))]
		switch {
		case !srv.State.Usable() || full(srv):
		case srv == avoid:
			last = srv
		default:
			return srv
		}
	}
	return last
}
