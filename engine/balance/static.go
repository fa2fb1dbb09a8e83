package balance

import (
	"sync/atomic"

	"hawser/engine"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "static-rr",
		Fixed: true,
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
	slots atomic.Pointer[table]
}

// table is the places, of which keys reach the first span.
type table struct {
	slots []*engine.Server
	span  uint32
}

// Changed makes the table anew when servers came or went.
func (w *wheel) Changed(srv *engine.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed, _ := w.update(srv)
	if len(w.list) == 1 && w.list[0].Backup && !w.px.Options.Has(engine.OptAllBackups) {
		w.slots.Store(w.ofBackups())
		return
	}
	if !changed && w.slots.Load() != nil {
		return
	}
	turns, total := w.turns(w.list)
	w.slots.Store(&table{makeWheel(w.list, turns, total), uint32(total)})
}

// ofBackups is the table while one backup is to stand in for all. In HAProxy that
// one only says how many places there are; the heaviest may take every place, and
// keys reach the first of them.
func (w *wheel) ofBackups() *table {
	list := backups(w.px)
	turns, _ := w.turns(list)
	if len(list) == 0 || turns[0] == 1 {
		return &table{list[:min(len(list), 1)], 1}
	}
	return &table{makeWheel(list, turns, turns[0]), 1}
}

// turns are the weights in units.
func (w *wheel) turns(list []*engine.Server) (turns []int32, total int32) {
	unit := w.unit()
	for _, srv := range list {
		n := max(srv.State.EWeight.Load()/unit, 1)
		turns, total = append(turns, n), total+n
	}
	return turns, total
}

// backups are those that take traffic, in the order of the file.
func backups(px *engine.Proxy) (list []*engine.Server) {
	for _, srv := range px.All() {
		if srv.Backup && srv.State.Usable() {
			list = append(list, srv)
		}
	}
	return list
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

// makeWheel spreads the servers over so many places: in every place stands the
// first of those with the most whole turns to their credit; a turn costs the
// total, and each place credits every server its turns.
func makeWheel(list []*engine.Server, turns []int32, total int32) []*engine.Server {
	slots := make([]*engine.Server, total)
	credit := make([]int32, len(list))
	for at := range slots {
		best, most := -1, int32(0)
		for i := range list {
			credit[i] += turns[i]
			if due := (credit[i] + total) / total; best < 0 || due > most {
				best, most = i, due
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
	slots := t.slots.Load().slots
	n := uint32(len(slots))
	var last *engine.Server
	for range n {
		srv := slots[t.next(n)]
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
