package balance

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	engine.AddBalances(engine.BalanceKeyword{
		Name:  "random",
		Usage: "random[(<draws>)]: the least loaded of some servers (2) drawn by lot, weighted; the default",
		New:   newRandom,
	})
}

// lots draws servers by their weights.
type lots struct {
	farm
	draws int
	table atomic.Pointer[lotTable]
}

type lotTable struct {
	servers []*engine.Server
	sums    []uint32 // running totals of the weights
	weights []int32
	guide   []int32 // where the search for a part of the sum begins
}

// find returns the server that a number below the sum of all weights falls to.
func (t *lotTable) find(lot uint32) int {
	n := len(t.servers)
	i := int(t.guide[uint64(lot)*uint64(n)/uint64(t.sums[n-1])])
	for t.sums[i] <= lot {
		i++
	}
	return i
}

// makeGuide marks for each of n equal parts of the sum the server that it begins in.
func (t *lotTable) makeGuide() {
	n := len(t.servers)
	t.guide = make([]int32, n)
	i := 0
	for k := range n {
		for uint64(t.sums[i])*uint64(n) <= uint64(k)*uint64(t.sums[n-1]) {
			i++
		}
		t.guide[k] = int32(i)
	}
}

func newRandom(_ *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	l := &lots{draws: 2}
	if len(words) > 0 && words[0].Text != "" {
		n, err := strconv.Atoi(words[0].Text)
		if err != nil {
			return nil, errors.New("balance random : unexpected character '" + words[0].Text[:1] + "' after argument.")
		}
		if n < 1 {
			return nil, errors.New("balance random : number of draws must be at least 1.")
		}
		l.draws = n
	}
	l.px = px
	l.Changed(nil)
	return l, nil
}

// Changed makes the table anew.
func (l *lots) Changed(*engine.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.refresh() && l.table.Load() != nil {
		return
	}
	t := &lotTable{servers: l.list, weights: l.wts, sums: make([]uint32, 0, len(l.list))}
	sum := uint32(0)
	for _, w := range l.wts {
		sum += uint32(w)
		t.sums = append(t.sums, sum)
	}
	t.makeGuide()
	l.table.Store(t)
}

// Pick draws, and takes the one with the fewest streams for its weight; of
// equals, the one with the fewest of the last second.
func (l *lots) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	t := l.table.Load()
	n := len(t.servers)
	if n == 0 {
		return nil
	}
	if n == 1 {
		if srv := t.servers[0]; srv.State.Usable() && !full(srv) {
			return srv
		}
		return nil
	}
	best := -1
	for d := 0; d < l.draws || best < 0 && d < l.draws+4; d++ {
		i := t.find(rand.Uint32N(t.sums[n-1]))
		srv := t.servers[i]
		if srv == avoid || !srv.State.Usable() || full(srv) || i == best {
			continue
		}
		if best < 0 || t.lighter(i, best) {
			best = i
		}
	}
	if best >= 0 {
		return t.servers[best]
	}
	return t.any(avoid)
}

// lighter compares the loads of servers a and b.
func (t *lotTable) lighter(a, b int) bool {
	x, y := &t.servers[a].State.C, &t.servers[b].State.C
	la := t.load(a) * int64(t.weights[b])
	lb := t.load(b) * int64(t.weights[a])
	if la != lb {
		return la < lb
	}
	now := clock.Now()
	return int64(x.SessRate.Value(now))*int64(t.weights[b]) < int64(y.SessRate.Value(now))*int64(t.weights[a])
}

func (t *lotTable) load(i int) int64 {
	st := t.servers[i].State
	return st.Served.Load() + st.Queued.Load()
}

// any looks at all servers, from a random one on, when the lot found none.
func (t *lotTable) any(avoid *engine.Server) *engine.Server {
	n := len(t.servers)
	from := rand.IntN(n)
	var last *engine.Server
	for k := range n {
		srv := t.servers[(from+k)%n]
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
