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
	due    []date  // heap of four branches
	fresh  []*turn // never picked yet, heaviest first
	turns  []*turn // by Server.Index
	seq    uint64
	passed []date // scratch: those that had no slot to give in this pick
}

// turn is one server: W/w and what it leaves over, in units of 1/w.
type turn struct {
	srv          *engine.Server
	weight       int64
	period, left int64
}

// date is when a server is due; it stands in the heap by value, so that
// comparing touches no server. The key is the date, and below it what the
// divisions have left over so far, less the weight: at the same date the heavier
// and more exactly due server comes first, then who came first.
type date struct {
	key uint64
	seq uint64
	of  *turn
}

// restBits hold what is left over, which is less than the highest weight.
const (
	restBits = 13
	restZero = 1 << restBits
)

func (d *date) at() int64 { return int64(d.key >> restBits) }

func newRoundRobin(px *engine.Proxy) *roundRobin {
	r := &roundRobin{}
	r.px = px
	r.Changed(nil)
	return r
}

func (d *date) before(o *date) bool {
	if d.key != o.key {
		return d.key < o.key
	}
	return d.seq < o.seq
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
	weight := r.weights()
	r.turns = make([]*turn, len(weight))
	stays := func(t *turn) bool {
		i := t.srv.Index
		if i >= len(weight) || weight[i] != t.weight {
			return false
		}
		t.period, t.left = r.total/t.weight, r.total%t.weight
		r.turns[i] = t
		return true
	}
	r.fresh = slices.DeleteFunc(r.fresh, func(t *turn) bool { return !stays(t) })
	r.due = slices.DeleteFunc(r.due, func(d date) bool { return !stays(d.of) })
	r.arrange()
	r.admit()
}

// arrange makes a heap again of the dates, none of which is later than a server
// of that weight would have today.
func (r *roundRobin) arrange() {
	for i := range r.due {
		d := &r.due[i]
		d.key = min(d.key, uint64(r.now+d.of.period)<<restBits|d.key&(restZero-1))
	}
	for i := len(r.due)/4 + 1; i >= 0; i-- {
		if i < len(r.due) {
			r.down(i)
		}
	}
}

// admit puts servers that have no turn yet with the fresh ones.
func (r *roundRobin) admit() {
	sorted := len(r.fresh)
	for i, srv := range r.list {
		if r.turns[srv.Index] != nil {
			continue
		}
		w := int64(r.wts[i])
		t := &turn{srv: srv, weight: w, period: r.total / w, left: r.total % w}
		r.turns[srv.Index] = t
		if sorted == 0 {
			r.fresh = append(r.fresh, t)
			continue
		}
		at, _ := slices.BinarySearchFunc(r.fresh, w, func(o *turn, w int64) int {
			if o.weight >= w {
				return -1
			}
			return 1
		})
		r.fresh = slices.Insert(r.fresh, at, t)
	}
	if sorted == 0 {
		slices.SortStableFunc(r.fresh, func(a, b *turn) int { return int(b.weight - a.weight) })
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
	if t := r.due[0].of; t.srv != avoid && t.srv.State.Usable() && !full(t.srv) {
		r.count(&r.due[0])
		r.down(0)
		return t.srv
	}
	return r.search(avoid)
}

// wake lets a server in that was never picked, if nobody is due.
func (r *roundRobin) wake() {
	if len(r.fresh) > 0 && (len(r.due) == 0 || r.due[0].at() > r.now) {
		t := r.fresh[0]
		r.fresh = r.fresh[1:]
		d := date{key: uint64(r.now)<<restBits | uint64(restZero-t.weight), of: t}
		r.due = append(r.due, d)
		r.up(len(r.due) - 1)
	}
}

// count sets the date of a server that was picked.
func (r *roundRobin) count(d *date) {
	t := d.of
	rest := int64(d.key&(restZero-1)) + t.left
	if rest >= restZero {
		rest += restZero - t.weight // one date later
	}
	d.key = d.key&^(restZero-1) + uint64(t.period<<restBits+rest)
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
		switch srv := d.of.srv; {
		case !srv.State.Usable() || full(srv):
		case srv == avoid:
			last = len(r.passed)
		default:
			found = len(r.passed)
		}
		r.passed = append(r.passed, d)
	}
	if found < 0 {
		found = last
	}
	for i := range r.passed {
		if i != found {
			r.push(r.passed[i])
		}
	}
	if found < 0 {
		return nil
	}
	d := r.passed[found]
	r.count(&d)
	r.due = append(r.due, d)
	r.up(len(r.due) - 1)
	return d.of.srv
}

func (r *roundRobin) push(d date) {
	r.seq++
	d.seq = r.seq
	r.due = append(r.due, d)
	r.up(len(r.due) - 1)
}

func (r *roundRobin) pop() date {
	h := r.due
	top := h[0]
	n := len(h) - 1
	h[0] = h[n]
	h[n] = date{}
	r.due = h[:n]
	if n > 0 {
		r.down(0)
	}
	return top
}

func (r *roundRobin) up(i int) {
	h := r.due
	d := h[i]
	for i > 0 {
		p := (i - 1) / 4
		if !d.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = d
}

func (r *roundRobin) down(i int) {
	h := r.due
	d := h[i]
	for {
		k := 4*i + 1
		if k >= len(h) {
			break
		}
		least := k
		for j := k + 1; j < min(k+4, len(h)); j++ {
			if a, b := h[j].key, h[least].key; a < b || a == b && h[j].seq < h[least].seq {
				least = j
			}
		}
		if !h[least].before(&d) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = d
}
