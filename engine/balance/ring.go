package balance

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"sync/atomic"

	"hawser/engine"
	"hawser/engine/hash"
)

// idRange is how far apart the points of servers with neighbouring numbers begin.
const idRange = 4096

// ring is hash-type consistent: every server has as many points on a circle of
// 32-bit numbers as its effective weight says, and a key goes to the nearest.
type ring struct {
	farm
	hashing
	key  keyFunc
	now  atomic.Pointer[round]
	turn atomic.Uint64
}

// round is a circle with the servers that its points stand for.
type round struct {
	circle
	places  []place // by Server.Index
	weights []int64 // likewise
	upTo    []int64 // the weights up to and with each, so that shares of slots add up
	total   int64
}

func newRing(px *engine.Proxy, h hashing, key keyFunc) *ring {
	r := &ring{hashing: h, key: key}
	r.px = px
	r.Changed(nil)
	return r
}

// Changed lays the points of servers that came or changed anew, between those
// that stay.
func (r *ring) Changed(srv *engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.now.Load()
	changed, one := r.update(srv)
	if !changed && old != nil {
		return
	}
	c := &round{places: r.places, weights: slices.Clone(r.weights), upTo: make([]int64, len(r.weights))}
	for i, w := range c.weights {
		c.total += w
		c.upTo[i] = c.total
	}
	var was round
	if old != nil {
		c.circle, was = old.circle.edit(c.total), *old
	} else {
		c.circle = newCircle(c.total)
	}
	from, to := 0, max(len(was.weights), len(c.weights))
	if one {
		from, to = srv.Index, srv.Index+1
	}
	for i := from; i < to; i++ {
		if o := weightAt(was.weights, i); o > 0 && o != weightAt(c.weights, i) {
			c.removeAll(was.places[i].srv, o)
		}
	}
	for i := from; i < to; i++ {
		if w := weightAt(c.weights, i); w > 0 && w != weightAt(was.weights, i) {
			c.insertAll(c.places[i].srv, w)
		}
	}
	c.closed()
	r.now.Store(c)
}

func (c *circle) insertAll(srv *engine.Server, weight int64) {
	base := ringBase(srv)
	for k := range uint32(weight) {
		c.insert(point{hash.Avalanche(base + k), uint32(srv.Index)})
	}
}

func (c *circle) removeAll(srv *engine.Server, weight int64) {
	base := ringBase(srv)
	for k := range uint32(weight) {
		c.remove(point{hash.Avalanche(base + k), uint32(srv.Index)})
	}
}

// ringBase is the number that a server's points are derived from (server option
// hash-key): found by asking HAProxy 3.5 for the points of servers.
func ringBase(srv *engine.Server) uint32 {
	key := hashKey.Get(srv)
	id := uint32(srv.ID)
	if key == nil {
		return id * idRange
	}
	a := &srv.Addr
	switch *key {
	case "id32":
		return hash.Avalanche(bits.ReverseBytes32(id))
	case "guid":
		if srv.GUID != "" {
			return hash.XX([]byte(srv.GUID), 0)
		}
	case "addr":
		if a.IP.IsValid() {
			return addrBase(a.IP, 0)
		}
	case "addr-port":
		if a.IP.IsValid() {
			return addrBase(a.IP, hash.Avalanche(uint32(a.Port)))
		}
	}
	return id * idRange
}

func addrBase(ip netip.Addr, seed uint32) uint32 {
	b := ip.Unmap().AsSlice()
	if len(b) == 4 {
		return hash.Avalanche(seed + binary.LittleEndian.Uint32(b))
	}
	return hash.XX(b, seed)
}

// Pick returns the server nearest to the stream's key, or the next on the circle
// when that one may not be used; without a key, one after the other.
func (r *ring) Pick(s *engine.Stream, avoid *engine.Server) *engine.Server {
	c := r.now.Load()
	if c.n == 0 {
		return nil
	}
	key, ok := r.key(s)
	if !ok {
		return r.inTurn(c, avoid)
	}
	at := c.nearest(r.hash(key))
	var last *engine.Server
	for range c.n {
		p := &c.places[c.at(at).srv]
		if !p.st.Usable() || passedOver(r.px, p.srv) || !r.allowed(c, p) {
			at = c.next(at)
			continue
		}
		if p.srv != avoid {
			return p.srv
		}
		last = p.srv
		at = c.next(at)
	}
	if last == nil {
		if p := &c.places[c.at(c.prev(at)).srv]; p.st.Usable() {
			last = p.srv
		}
	}
	return last
}

// allowed applies hash-balance-factor: a server takes no more than its weighted
// part of all streams, times the factor.
func (r *ring) allowed(c *round, p *place) bool {
	factor := int64(r.px.Balance.Factor)
	if factor == 0 {
		return true
	}
	slots := ((r.px.State.Served.Load()+1)*factor + 99) / 100
	upTo := c.upTo[p.srv.Index]
	share := slots*upTo/c.total - slots*(upTo-c.weights[p.srv.Index])/c.total
	return p.st.Served.Load() < max(share, 1)
}

// Taken and Dropped count the backend's streams, for hash-balance-factor.
func (r *ring) Taken(*engine.Server) {
	if r.px.Balance.Factor != 0 {
		r.px.State.Served.Add(1)
	}
}

// Dropped: see Taken.
func (r *ring) Dropped(*engine.Server) {
	if r.px.Balance.Factor != 0 {
		r.px.State.Served.Add(-1)
	}
}

// inTurn goes round the circle for streams without a key, from point to point,
// and after a change from the point where it was.
func (r *ring) inTurn(c *round, avoid *engine.Server) *engine.Server {
	at := c.first()
	if turn := r.turn.Load(); turn != 0 { // the point used last, plus one
		at = c.search(uint32(turn))
	}
	var last *engine.Server
	for range c.n {
		p := c.at(at)
		at = c.next(at)
		switch o := &c.places[p.srv]; {
		case !o.st.Usable() || noSlot(o.srv, o.st):
		case o.srv == avoid:
			last = o.srv
		default:
			r.turn.Store(uint64(p.at) + 1)
			return o.srv
		}
	}
	return last
}
