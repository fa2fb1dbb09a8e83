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
	// alone is the only backup in use: it takes no turns.
	alone atomic.Bool
}

// Changed makes the table anew when servers came or went.
func (w *wheel) Changed(srv *engine.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if changed, _ := w.update(srv); changed || w.slots.Load() == nil {
		slots := makeWheel(w.list, w.wts, w.unit())
		w.alone.Store(len(w.list) == 1 && w.list[0].Backup && !w.px.Options.Has(engine.OptAllBackups))
		w.slots.Store(&slots)
	}
}

// unit is the weight of one place: what the configured weights of all servers
// have in common, so that the table's size does not depend on who is up.
func (w *wheel) unit() int32 {
	div := int32(0)
	for _, srv := range w.px.All() {
		div = gcd(div, int32(srv.Weight)*engine.WeightScale)
	}
	return max(div, 1)
}

// makeWheel spreads the servers: in every place stands the first of those with
// the most whole turns to their credit; a turn costs the total weight and each
// place credits every server its weight.
func makeWheel(list []*engine.Server, wts []int32, unit int32) []*engine.Server {
	total := int32(0)
	w := make([]int32, len(wts))
	for i := range wts {
		w[i] = max(wts[i]/unit, 1)
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
	at atomic.Uint32
}

// next is the place whose turn it is among n. It never runs past n, so that a
// new table is begun where the old one was left.
func (t *staticRR) next(n uint32) uint32 {
	for {
		old := t.at.Load()
		at := old
		if at >= n {
			at = 0
		}
		if t.at.CompareAndSwap(old, at+1) {
			return at
		}
	}
}

// Pick returns the next server that has a slot.
func (t *staticRR) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	slots := *t.slots.Load()
	n := uint32(len(slots))
	var last *engine.Server
	for k := range n {
		if !t.alone.Load() {
			k = t.next(n)
		}
		srv := slots[k]
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
