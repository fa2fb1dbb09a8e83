package balance

import (
	"cmp"
	"slices"
	"sync/atomic"

	"hawser/engine"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "first",
		Usage: "first: the server with the lowest id that has a free slot",
		New: func(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
			f := &first{}
			f.px = px
			f.Changed(nil)
			return f, nil
		},
	})
}

// first fills servers up in the order of their ids.
type first struct {
	farm
	order atomic.Pointer[[]*engine.Server]
}

// Changed sorts the servers anew.
func (f *first) Changed(srv *engine.Server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.order.Load()
	switch changed, one := f.update(srv); {
	case !changed && old != nil:
	case one && old != nil:
		at, in := slices.BinarySearchFunc(*old, srv, byID)
		order := slices.Clone((*old)[:at])
		if f.weight(srv.Index) > 0 {
			order = append(order, srv)
		}
		if in {
			at++
		}
		order = append(order, (*old)[at:]...)
		f.order.Store(&order)
	default:
		order := slices.Clone(f.list)
		slices.SortStableFunc(order, byID)
		f.order.Store(&order)
	}
}

func byID(a, b *engine.Server) int { return cmp.Compare(a.ID, b.ID) }

// Pick returns the first with a slot.
func (f *first) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	var last *engine.Server
	for _, srv := range *f.order.Load() {
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
