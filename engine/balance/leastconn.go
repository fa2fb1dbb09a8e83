package balance

import (
	"sync/atomic"

	"hawser/engine"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "leastconn",
		Usage: "leastconn: the server with the fewest streams for its weight; equals in turn",
		New: func(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
			l := &leastConn{}
			l.px = px
			l.Changed(nil)
			return l, nil
		},
	})
	engine.OnStart(succeed)
}

// leastConn keeps the servers in rows of equal load, the rows in ascending
// order. A stream more or less moves a server to the end of a row nearby. The
// load is read from the server's state when it is taken, dropped or met in
// front, so a missed message costs no more than a while in the wrong row.
type leastConn struct {
	farm
	least *row
	of    []*loaded // by Server.Index
	spare *row
	// next is the balancer of the generation that replaced this one: it is told
	// of streams that end here.
	next atomic.Pointer[leastConn]
}

// row holds the servers of one load, in the order of their turns.
type row struct {
	load        int64
	first, last *loaded
	prev, next  *row
}

// loaded is a server's place.
type loaded struct {
	srv        *engine.Server
	weight     int64
	row        *row
	prev, next *loaded
}

// loadScale is the highest effective weight: finer differences are none, as in HAProxy.
const loadScale = 256 * engine.WeightScale

func (n *loaded) read(less int64) int64 {
	st := n.srv.State
	load := st.Served.Load() + st.Queued.Load() - less
	if load <= 0 {
		return 0
	}
	return (load + 1) * loadScale / n.weight // with the one to come: light servers count as busier
}

// succeed makes the balancers of the old generation tell those of the new one.
func succeed(rt, old *engine.Runtime) {
	if old == nil {
		return
	}
	for _, px := range old.All() {
		was, ok := px.Balancer.(*leastConn)
		if !ok {
			continue
		}
		if now := rt.Backend(px.Name); now != nil {
			if l, ok := now.Balancer.(*leastConn); ok {
				was.next.Store(l)
			}
		}
	}
}

// Changed lays the rows anew: servers that stay as they were keep their order,
// the others come behind them.
func (l *leastConn) Changed(srv *engine.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch changed, one := l.update(srv); {
	case !changed && l.of != nil:
	case one:
		l.replace(srv)
	default:
		l.layOut()
	}
}

// replace does it for one server.
func (l *leastConn) replace(srv *engine.Server) {
	if n := len(l.places) - len(l.of); n > 0 {
		l.of = append(l.of, make([]*loaded, n)...)
	}
	if n := l.of[srv.Index]; n != nil {
		l.take(n)
		l.of[srv.Index] = nil
	}
	if w := l.weight(srv.Index); w > 0 {
		n := &loaded{srv: srv, weight: w}
		l.of[srv.Index] = n
		l.place(n, n.read(0), nil)
	}
}

func (l *leastConn) layOut() {
	l.of = make([]*loaded, len(l.places))
	rows := l.least
	l.least = nil
	var at *row
	for r := rows; r != nil; r = r.next {
		for n := r.first; n != nil; {
			next := n.next
			if i := n.srv.Index; l.weight(i) == n.weight {
				n.prev, n.next, n.row = nil, nil, nil
				at = l.place(n, n.read(0), at)
				l.of[i] = n
			}
			n = next
		}
	}
	for i, srv := range l.list {
		if l.of[srv.Index] == nil {
			n := &loaded{srv: srv, weight: int64(l.wts[i])}
			l.of[srv.Index] = n
			at = l.place(n, n.read(0), at)
		}
	}
}

// place puts n behind those of its load; near is a row to look from, or nil.
func (l *leastConn) place(n *loaded, load int64, near *row) *row {
	r := near
	if r == nil {
		r = l.least
	}
	for r != nil && r.load > load && r.prev != nil {
		r = r.prev
	}
	var before *row // the last row with less load
	if r != nil {
		before = r.prev
	}
	for r != nil && r.load < load {
		before, r = r, r.next
	}
	if r == nil || r.load != load {
		r = l.newRow(load, before, r)
	}
	n.row, n.prev, n.next = r, r.last, nil
	if r.last != nil {
		r.last.next = n
	} else {
		r.first = n
	}
	r.last = n
	return r
}

func (l *leastConn) newRow(load int64, before, after *row) *row {
	r := l.spare
	if r == nil {
		r = &row{}
	}
	l.spare = nil
	*r = row{load: load, prev: before, next: after}
	if before != nil {
		before.next = r
	} else {
		l.least = r
	}
	if after != nil {
		after.prev = r
	}
	return r
}

// take takes n out and returns a row near to where it was.
func (l *leastConn) take(n *loaded) *row {
	r := n.row
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		r.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		r.last = n.prev
	}
	if r.first != nil {
		return r
	}
	near := r.prev
	if near != nil {
		near.next = r.next
	} else {
		l.least = r.next
	}
	if r.next != nil {
		r.next.prev = near
		if near == nil {
			near = r.next
		}
	}
	l.spare = r
	return near
}

// Pick returns the least loaded server that has a slot, or a place in its queue
// where maxqueue limits that, and puts it behind its equals.
func (l *leastConn) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, misplaced := l.find(avoid)
	for misplaced {
		l.place(n, n.read(0), l.take(n))
		n, misplaced = l.find(avoid)
	}
	if n == nil {
		return nil
	}
	return l.chosen(n)
}

// find looks for the first server that is not full. misplaced: this one has more load
// than its row, for a message was missed.
func (l *leastConn) find(avoid *engine.Server) (found *loaded, misplaced bool) {
	for r := l.least; r != nil; r = r.next {
		for n := r.first; n != nil; n = n.next {
			switch {
			case n.read(0) > r.load:
				return n, true
			case !n.srv.State.Usable() || overfull(n.srv):
			case n.srv != avoid:
				return n, false
			case found == nil:
				found = n
			}
		}
	}
	return found, false
}

// overfull reports whether a server takes nobody, not even into its queue: where
// maxqueue is set, the queues of the servers fill before the backend's.
func overfull(srv *engine.Server) bool {
	if srv.MaxQueue == 0 {
		return full(srv)
	}
	st := srv.State
	limit := int64(st.Limit(srv))
	return limit > 0 && st.Served.Load()+st.Queued.Load() >= limit+int64(srv.MaxQueue)
}

// chosen puts n behind its equals.
func (l *leastConn) chosen(n *loaded) *engine.Server {
	if r := n.row; r.last != n {
		l.place(n, r.load, l.take(n))
	}
	return n.srv
}

// Taken and Dropped move the server.
func (l *leastConn) Taken(srv *engine.Server) { l.moved(srv, 0) }

// Dropped is called before the slot is free.
func (l *leastConn) Dropped(srv *engine.Server) { l.moved(srv, 1) }

func (l *leastConn) moved(srv *engine.Server, less int64) {
	if next := l.next.Load(); next != nil {
		if srv = next.px.Server(srv.Name); srv != nil {
			next.moved(srv, less)
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if srv.Index >= len(l.of) {
		return
	}
	n := l.of[srv.Index]
	if n == nil {
		return
	}
	if load := n.read(less); load != n.row.load {
		l.place(n, load, l.take(n))
	}
}
