package balance

import (
	"slices"

	"hawser/engine"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "roundrobin",
		Usage: "roundrobin: each server in turn, as often as its weight says; weights may change at run time",
		New: func(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
			return newRoundRobin(px), nil
		},
	})
}

// roundRobin gives every server a date on a scale that advances by one with
// each pick: a server of weight w in a farm of total weight W is due again W/w
// later. Whoever is due first is picked. A server that was never picked has no
// date: it waits, heaviest first, for a pick for which nobody is due yet. That
// spreads servers of equal weight over the cycle, and is the sequence that
// HAProxy gives for the same weights.
type roundRobin struct {
	farm
	calendar
	now    int64
	total  int64
	fresh  []arrival // never picked yet, heaviest first
	seq    uint64
	passed []date // scratch: those that had no slot to give in this pick
}

// arrival is a server without a date, by its Index.
type arrival struct {
	srv    uint32
	weight int64
}

func newRoundRobin(px *engine.Proxy) *roundRobin {
	r := &roundRobin{}
	r.px = px
	r.Changed(nil)
	return r
}

// Changed brings the farm up to date. Servers that stay keep their dates.
func (r *roundRobin) Changed(srv *engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if changed, _ := r.update(srv); !changed && r.total > 0 {
		return
	}
	r.total = 0
	for _, w := range r.wts {
		r.total += int64(w)
	}
	in := make([]bool, len(r.weights))
	r.fresh = slices.DeleteFunc(r.fresh, func(a arrival) bool {
		in[a.srv] = weightAt(r.weights, int(a.srv)) == a.weight
		return !in[a.srv]
	})
	r.redate(r.now, r.total, func(srv uint32) int64 {
		w := weightAt(r.weights, int(srv))
		if w > 0 {
			in[srv] = true
		}
		return w
	})
	r.admit(in)
}

// admit gives servers that have no turn yet one behind the others or, before the
// first pick of all, puts them with the fresh ones.
func (r *roundRobin) admit(in []bool) {
	sorted := len(r.fresh)
	for i, w := range r.weights {
		if in[i] || w == 0 {
			continue
		}
		class := r.class(w, r.total)
		if r.now > 0 {
			r.seq++
			r.insert(date{key: uint64(entry(r.now, r.total, w))<<restBits | uint64(restZero-w), seq: r.seq, srv: uint32(i), class: class})
			continue
		}
		a := arrival{uint32(i), w}
		if sorted == 0 {
			r.fresh = append(r.fresh, a)
			continue
		}
		at, _ := slices.BinarySearchFunc(r.fresh, a.weight, func(o arrival, w int64) int {
			if o.weight >= w {
				return -1
			}
			return 1
		})
		r.fresh = slices.Insert(r.fresh, at, a)
	}
	if sorted == 0 {
		slices.SortStableFunc(r.fresh, func(a, b arrival) int { return int(b.weight - a.weight) })
	}
}

// Pick returns the server whose turn it is; those without a free slot lose
// their turn to the next.
func (r *roundRobin) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wake()
	if len(r.due) == 0 {
		return nil
	}
	if p := r.places[r.due[0].srv]; p.srv != avoid && p.st.Usable() && !noSlot(p.srv, p.st) {
		d := r.due[0]
		r.count(&d)
		r.turn(d)
		return p.srv
	}
	return r.search(avoid)
}

// wake lets a server in that was never picked, if nobody is due.
func (r *roundRobin) wake() {
	if len(r.fresh) > 0 && (len(r.due) == 0 || r.due[0].at() > r.now) {
		a := r.fresh[0]
		r.fresh = r.fresh[1:]
		r.insert(date{key: uint64(r.now)<<restBits | uint64(restZero-a.weight), srv: a.srv, class: r.class(a.weight, r.total)})
	}
}

// count sets the date of a server that is picked.
func (r *roundRobin) count(d *date) {
	r.next(d)
	r.now++
	r.seq++
	d.seq = r.seq
}

// search goes through the servers in the order of their turns.
func (r *roundRobin) search(avoid *engine.Server) *engine.Server {
	r.passed = r.passed[:0]
	found, last := -1, -1
	for found < 0 {
		r.wake()
		if len(r.due) == 0 {
			break
		}
		d := r.pop()
		switch p := r.places[d.srv]; {
		case !p.st.Usable() || noSlot(p.srv, p.st):
		case p.srv == avoid:
			last = len(r.passed)
		default:
			found = len(r.passed)
		}
		r.passed = append(r.passed, d)
	}
	if found < 0 {
		found = last
	}
	for i, d := range r.passed {
		if i != found {
			r.seq++
			d.seq = r.seq
			r.insert(d)
		}
	}
	if found < 0 {
		return nil
	}
	d := r.passed[found]
	r.count(&d)
	r.insert(d)
	return r.places[d.srv].srv
}
