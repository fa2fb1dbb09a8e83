package balance

import (
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
}

// refresh looks which servers take part: all active ones that take traffic;
// without any, the first such backup or, with option allbackups, all of them. It
// reports whether anything changed. mu is held.
func (f *farm) refresh() bool {
	list := eligible(f.px, make([]*engine.Server, 0, len(f.px.All())))
	f.px.State.Active.Store(int64(len(list)))
	same := len(list) == len(f.list)
	for i := 0; same && i < len(list); i++ {
		same = list[i] == f.list[i] && list[i].State.EWeight.Load() == f.wts[i]
	}
	if same {
		return false
	}
	f.list = list
	f.wts = make([]int32, len(list))
	for i, srv := range list {
		f.wts[i] = max(srv.State.EWeight.Load(), 1)
	}
	return true
}

// indexes is how long a slice by Server.Index must be.
func (f *farm) indexes() int {
	all := f.px.All()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Index + 1
}

// weights lists the weights of those that take part by Server.Index.
func (f *farm) weights() []int64 {
	w := make([]int64, f.indexes())
	for i, srv := range f.list {
		w[srv.Index] = int64(f.wts[i])
	}
	return w
}

func eligible(px *engine.Proxy, list []*engine.Server) []*engine.Server {
	for _, srv := range px.All() {
		if !srv.Backup && srv.State.Usable() {
			list = append(list, srv)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, srv := range px.All() {
		if srv.Backup && srv.State.Usable() {
			list = append(list, srv)
			if !px.Options.Has(engine.OptAllBackups) {
				break
			}
		}
	}
	return list
}

// full reports whether a server has no slot to give at once.
func full(srv *engine.Server) bool {
	st := srv.State
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
