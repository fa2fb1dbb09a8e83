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

// leastConn keeps the servers in a heap by their load. The load is read from the
// server's state when it is taken, dropped or met on top, so a missed message
// costs no more than a while in the wrong place.
type leastConn struct {
	farm
	heap   []*loaded
	of     map[*engine.Server]*loaded
	seq    uint64
	passed []*loaded
	// next is the balancer of the generation that replaced this one: it is told
	// of streams that end here.
	next atomic.Pointer[leastConn]
}

type loaded struct {
	srv    *engine.Server
	weight int64
	load   int64 // streams, times scale, divided by weight
	seq    uint64
	at     int // in the heap, -1 outside
}

const loadScale = 1 << 20

func (a *loaded) before(b *loaded) bool {
	return a.load < b.load || a.load == b.load && a.seq < b.seq
}

func (n *loaded) read(less int64) int64 {
	st := n.srv.State
	return max(st.Served.Load()+st.Queued.Load()-less, 0) * loadScale / n.weight
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

// Changed makes the heap anew.
func (l *leastConn) Changed(*engine.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.refresh() && l.of != nil {
		return
	}
	l.heap = l.heap[:0]
	l.of = make(map[*engine.Server]*loaded, len(l.list))
	for i, srv := range l.list {
		n := &loaded{srv: srv, weight: int64(l.wts[i]), at: -1}
		n.load = n.read(0)
		l.of[srv] = n
		l.push(n)
	}
}

// Pick returns the least loaded server that has a slot, and puts it behind its
// equals.
func (l *leastConn) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found, last *loaded
	l.passed = l.passed[:0]
	for found == nil && len(l.heap) > 0 {
		n := l.heap[0]
		if now := n.read(0); now > n.load {
			n.load = now
			l.down(0)
			continue
		}
		switch {
		case !n.srv.State.Usable() || full(n.srv):
		case n.srv == avoid:
			last = n
		default:
			found = n
			continue
		}
		l.remove(n)
		l.passed = append(l.passed, n)
	}
	for _, n := range l.passed {
		l.push(n)
	}
	if found == nil {
		found = last
	}
	if found == nil {
		return nil
	}
	l.seq++
	found.seq = l.seq
	l.down(found.at)
	return found.srv
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
	n := l.of[srv]
	if n == nil || n.at < 0 {
		return
	}
	load := n.read(less)
	up := load < n.load
	n.load = load
	if up {
		l.up(n.at)
	} else {
		l.down(n.at)
	}
}

func (l *leastConn) push(n *loaded) {
	n.at = len(l.heap)
	l.heap = append(l.heap, n)
	l.up(n.at)
}

func (l *leastConn) remove(n *loaded) {
	i, end := n.at, len(l.heap)-1
	l.swap(i, end)
	l.heap = l.heap[:end]
	n.at = -1
	if i < end {
		l.down(i)
		l.up(i)
	}
}

func (l *leastConn) swap(i, j int) {
	h := l.heap
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (l *leastConn) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if !l.heap[i].before(l.heap[p]) {
			return
		}
		l.swap(i, p)
		i = p
	}
}

func (l *leastConn) down(i int) {
	for n := len(l.heap); ; {
		k := 2*i + 1
		if k >= n {
			return
		}
		if k+1 < n && l.heap[k+1].before(l.heap[k]) {
			k++
		}
		if !l.heap[k].before(l.heap[i]) {
			return
		}
		l.swap(i, k)
		i = k
	}
}
