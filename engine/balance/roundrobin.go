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
	now    int64
	total  int64
	due    []*turn // heap by before
	fresh  []*turn // never picked yet, heaviest first
	turns  map[*engine.Server]*turn
	seq    uint64
	passed []*turn // scratch: those that had no slot to give in this pick
}

// turn is the place of one server.
type turn struct {
	srv    *engine.Server
	weight int64
	due    int64
	rest   int64 // what W/w leaves over, in units of 1/w
	seq    uint64
}

func newRoundRobin(px *engine.Proxy) *roundRobin {
	r := &roundRobin{turns: map[*engine.Server]*turn{}}
	r.px = px
	r.Changed(nil)
	return r
}

// before orders turns: by date; at the same date the heavier and more exactly
// due one first, then who came first.
func (t *turn) before(o *turn) bool {
	if t.due != o.due {
		return t.due < o.due
	}
	if a, b := t.rest-t.weight, o.rest-o.weight; a != b {
		return a < b
	}
	return t.seq < o.seq
}

// Changed brings the farm up to date. Servers that stay as they were keep their
// dates; the others start anew.
func (r *roundRobin) Changed(*engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.refresh() && r.total > 0 {
		return
	}
	r.total = 0
	for _, w := range r.wts {
		r.total += int64(w)
	}
	old := r.turns
	r.turns = make(map[*engine.Server]*turn, len(r.list))
	r.due, r.fresh = r.due[:0], r.fresh[:0]
	for i, srv := range r.list {
		w := int64(r.wts[i])
		t := old[srv]
		if t == nil || t.weight != w || t.due == 0 {
			t = &turn{srv: srv, weight: w}
			r.fresh = append(r.fresh, t)
		} else {
			t.due = min(t.due, r.now+r.total/w)
			r.push(t)
		}
		r.turns[srv] = t
	}
	slices.SortStableFunc(r.fresh, func(a, b *turn) int { return int(b.weight - a.weight) })
}

// Pick returns the server whose turn it is; those without a free slot lose
// their turn to the next.
func (r *roundRobin) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found, last *turn
	r.passed = r.passed[:0]
	for found == nil {
		t := r.next()
		if t == nil {
			break
		}
		switch {
		case !t.srv.State.Usable() || full(t.srv):
			r.passed = append(r.passed, t)
		case t.srv == avoid:
			r.passed = append(r.passed, t)
			last = t
		default:
			found = t
		}
	}
	if found == nil {
		found = last
	}
	for _, t := range r.passed {
		if t != found {
			r.push(t)
		}
	}
	if found == nil {
		return nil
	}
	found.due += r.total / found.weight
	if found.rest += r.total % found.weight; found.rest >= found.weight {
		found.rest -= found.weight
		found.due++
	}
	r.now++
	r.push(found)
	return found.srv
}

// next takes the turn out that is to be tried first.
func (r *roundRobin) next() *turn {
	if len(r.fresh) > 0 && (len(r.due) == 0 || r.due[0].due > r.now) {
		t := r.fresh[0]
		r.fresh = r.fresh[:copy(r.fresh, r.fresh[1:])]
		t.due = r.now
		return t
	}
	return r.pop()
}

func (r *roundRobin) push(t *turn) {
	r.seq++
	t.seq = r.seq
	r.due = append(r.due, t)
	h := r.due
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (r *roundRobin) pop() *turn {
	h := r.due
	if len(h) == 0 {
		return nil
	}
	top := h[0]
	n := len(h) - 1
	h[0] = h[n]
	h[n] = nil
	r.due = h[:n]
	h = r.due
	for i := 0; ; {
		k := 2*i + 1
		if k >= n {
			break
		}
		if k+1 < n && h[k+1].before(h[k]) {
			k++
		}
		if !h[k].before(h[i]) {
			break
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
	return top
}
