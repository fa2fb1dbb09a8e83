package balance

import (
	"slices"
	"sync"

	"hawser/engine"
)

func init() {
	engine.OnCommit(func(rt *engine.Runtime) {
		for _, px := range rt.All() {
			for _, srv := range px.All() {
				srv.Reweigh()
			}
			if px.Balancer != nil {
				px.Balancer.Changed(nil)
			}
		}
	})
}

// farm is what the algorithms have in common: the servers that take part now.
// All of it but px is guarded by mu, which is held for a few hundred
// nanoseconds at most.
type farm struct {
	px   *engine.Proxy
	mu   sync.Mutex
	list []*engine.Server // eligible, in the order of the file
	wts  []int32          // their effective weights when list was made
	// By Server.Index: the weights, 0 for those that do not take part, and where
	// each is. A place is written once, before others can know of its index, and
	// stays, so that it is read without mu.
	weights []int64
	places  []place
	gone    int // servers that went since places was made
}

// place is what is needed of a server to choose it, without a detour through the
// server.
type place struct {
	srv *engine.Server
	st  *engine.ServerState
}

// update looks at the server that changed, or at all of them. It reports whether
// anything is different now, and whether only that server is. mu is held.
func (f *farm) update(srv *engine.Server) (changed, one bool) {
	if srv == nil || len(f.list) == 0 || srv.Backup || f.list[0].Backup || srv.Px != f.px {
		return f.refresh(), false
	}
	at, in := slices.BinarySearchFunc(f.list, srv.Index, func(o *engine.Server, i int) int { return o.Index - i })
	w := srv.State.EWeight.Load()
	switch {
	case in && f.list[at] != srv:
		return f.refresh(), false
	case in && w <= 0:
		if len(f.list) == 1 {
			return f.refresh(), false
		}
		f.list, f.wts = slices.Delete(f.list, at, at+1), slices.Delete(f.wts, at, at+1)
	case in:
		if f.wts[at] == w {
			return false, true
		}
		f.wts[at] = w
	case w <= 0:
		return false, true
	default:
		f.list, f.wts = slices.Insert(f.list, at, srv), slices.Insert(f.wts, at, w)
	}
	f.px.State.Active.Store(int64(len(f.list)))
	f.put(srv, max(w, 0))
	if w <= 0 {
		f.gone++
	}
	if f.gone > 64+len(f.list) {
		f.arrange() // forget those that will not come back
	}
	return true, true
}

// refresh looks which servers take part: all active ones that take traffic;
// without any, the first such backup or, with option allbackups, all of them. It
// reports whether anything changed. mu is held.
func (f *farm) refresh() bool {
	list := slices.AppendSeq(make([]*engine.Server, 0, len(f.px.All())), f.px.InUse())
	f.px.State.Active.Store(int64(len(list)))
	same := len(list) == len(f.list)
	for i := 0; same && i < len(list); i++ {
		srv := list[i]
		same = srv == f.list[i] && srv.State == f.places[srv.Index].st && srv.State.EWeight.Load() == f.wts[i]
	}
	if same {
		return false
	}
	f.list = list
	f.wts = make([]int32, len(list))
	for i, srv := range list {
		f.wts[i] = max(srv.State.EWeight.Load(), 1)
	}
	f.arrange()
	return true
}

// arrange makes what goes by Server.Index out of the list.
func (f *farm) arrange() {
	f.weights, f.places, f.gone = make([]int64, f.indexes()), make([]place, f.indexes()), 0
	for i, srv := range f.list {
		f.put(srv, f.wts[i])
	}
}

func (f *farm) put(srv *engine.Server, weight int32) {
	if n := srv.Index + 1 - len(f.places); n > 0 {
		f.weights = append(f.weights, make([]int64, n)...)
		f.places = append(f.places, make([]place, n)...)
	}
	f.weights[srv.Index] = int64(weight)
	switch p := &f.places[srv.Index]; p.srv {
	case srv:
	case nil:
		*p = place{srv, srv.State}
	default: // it has another name now
		f.places = slices.Clone(f.places)
		f.places[srv.Index] = place{srv, srv.State}
	}
}

// weight is that of a server by its Index.
func (f *farm) weight(index int) int64 { return weightAt(f.weights, index) }

func weightAt(weights []int64, index int) int64 {
	if index < len(weights) {
		return weights[index]
	}
	return 0
}

// indexes is how long a slice by Server.Index must be.
func (f *farm) indexes() int {
	all := f.px.All()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Index + 1
}

// full reports whether a server has no slot to give at once.
func full(srv *engine.Server) bool { return noSlot(srv, srv.State) }

// noSlot is full for a server whose state is at hand: without a limit the server
// itself is not looked at.
func noSlot(srv *engine.Server, st *engine.ServerState) bool {
	if st.MaxConn.Load() == 0 {
		return false
	}
	limit := int64(st.Limit(srv))
	return limit > 0 && (st.Served.Load() >= limit || st.Queued.Load() > 0)
}

// Taken and Dropped are of no interest to most algorithms.
func (f *farm) Taken(*engine.Server) {}

// Dropped: see Taken.
func (f *farm) Dropped(*engine.Server) {}

// gcd reduces weights to the smallest ones of the same proportions.
func gcd(a, b int32) int32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
