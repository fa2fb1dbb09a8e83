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
	lots   []lot
	guide  []uint32 // for each part of the sum, the lot that it begins in
	part   int      // the parts are 1<<part wide
	places []place  // by Server.Index
	speeds []*speed // of response-time, likewise
}

// lot is a server to draw. Without pointers, making thousands costs little.
type lot struct {
	upTo   uint32 // the weights of all lots up to and with this one
	srv    uint32 // Server.Index
	weight int64
}

// drawn is a server with its weight.
type drawn struct {
	place
	weight int64
	index  uint32
}

func (d *drawn) free() bool { return d.st.Usable() && !noSlot(d.srv, d.st) }

func (d *drawn) load() int64 { return d.st.Served.Load() + d.st.Queued.Load() }

// makeLots makes a table of those that take part.
func (f *farm) makeLots() *lotTable {
	t := &lotTable{lots: make([]lot, 0, len(f.list)), places: f.places}
	sum := uint32(0)
	for i, w := range f.weights {
		if w > 0 {
			sum += uint32(w)
			t.lots = append(t.lots, lot{sum, uint32(i), w})
		}
	}
	t.makeGuide(sum)
	return t
}

// makeGuide cuts the sum into one to two parts for each server.
func (t *lotTable) makeGuide(sum uint32) {
	for int(sum>>t.part) > 2*len(t.lots) {
		t.part++
	}
	if sum == 0 {
		return
	}
	t.guide = make([]uint32, (sum-1)>>t.part+1)
	i := uint32(0)
	for k := range t.guide {
		for t.lots[i].upTo <= uint32(k)<<t.part {
			i++
		}
		t.guide[k] = i
	}
}

// draw returns a server by lot.
func (t *lotTable) draw() drawn {
	mark := rand.Uint32N(t.lots[len(t.lots)-1].upTo)
	i := t.guide[mark>>t.part]
	for t.lots[i].upTo <= mark {
		i++
	}
	return t.lot(int(i))
}

func (t *lotTable) lot(i int) drawn {
	o := &t.lots[i]
	return drawn{t.places[o.srv], o.weight, o.srv}
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
func (l *lots) Changed(srv *engine.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if changed, _ := l.update(srv); !changed && l.table.Load() != nil {
		return
	}
	l.table.Store(l.makeLots())
}

// Pick draws, and takes the one with the fewest streams for its weight; of
// equals, the one with the fewest of the last second.
func (l *lots) Pick(_ *engine.Stream, avoid *engine.Server) *engine.Server {
	t := l.table.Load()
	switch len(t.lots) {
	case 0:
		return nil
	case 1:
		return t.only()
	}
	var best drawn
	for d := 0; d < l.draws || best.srv == nil && d < l.draws+4; d++ {
		o := t.draw()
		if o.srv == best.srv || o.srv == avoid || !o.free() {
			continue
		}
		if best.srv == nil || o.lighter(&best) {
			best = o
		}
	}
	if best.srv != nil {
		return best.srv
	}
	return t.any(avoid)
}

// lighter compares the loads of two servers.
func (d *drawn) lighter(o *drawn) bool {
	if a, b := d.load()*o.weight, o.load()*d.weight; a != b {
		return a < b
	}
	now := clock.Now()
	return d.st.C.SessRate.Value(now)*o.weight < o.st.C.SessRate.Value(now)*d.weight
}

// only is the server of a farm of one.
func (t *lotTable) only() *engine.Server {
	if o := t.lot(0); o.free() {
		return o.srv
	}
	return nil
}

// any looks at all servers, from a random one on, when the lot found none.
func (t *lotTable) any(avoid *engine.Server) *engine.Server {
	n := len(t.lots)
	from := rand.IntN(n)
	var last *engine.Server
	for k := range n {
		switch o := t.lot((from + k) % n); {
		case !o.free():
		case o.srv == avoid:
			last = o.srv
		default:
			return o.srv
		}
	}
	return last
}
