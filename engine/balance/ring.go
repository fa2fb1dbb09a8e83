package balance

import (
	"cmp"
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
	key    keyFunc
	points atomic.Pointer[circle]
	turn   atomic.Uint64
}

// circle is the points in ascending order.
type circle struct {
	points  []point
	servers []*engine.Server // by Server.Index
	weights []int64          // by Server.Index, 0: not in it
	upTo    []int64          // the weights up to and with each, so that shares of slots add up
	total   int64
}

type point struct {
	at  uint32
	srv uint32 // its Index; without pointers, a copy of thousands costs little
}

func newRing(px *engine.Proxy, h hashing, key keyFunc) *ring {
	r := &ring{hashing: h, key: key}
	r.px = px
	r.Changed(nil)
	return r
}

// Changed lays the points of servers that came or changed anew, between those
// that stay.
func (r *ring) Changed(*engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.list
	old := r.points.Load()
	if !r.refresh() && old != nil {
		return
	}
	c := &circle{weights: r.weights()}
	c.upTo = make([]int64, len(c.weights))
	for i, srv := range r.list {
		c.total += int64(r.wts[i])
		c.upTo[srv.Index] = c.total
	}
	if old == nil {
		old = &circle{}
	}
	gone := make([]bool, max(len(c.weights), len(old.weights)))
	c.servers = make([]*engine.Server, len(c.weights))
	for _, srv := range was {
		gone[srv.Index] = c.weight(srv) != old.weight(srv)
	}
	var fresh []point
	for i, srv := range r.list {
		c.servers[srv.Index] = srv
		if len(old.points) > 0 && !gone[srv.Index] && old.weight(srv) == int64(r.wts[i]) {
			continue
		}
		base := ringBase(srv)
		for k := range uint32(r.wts[i]) {
			fresh = append(fresh, point{hash.Avalanche(base + k), uint32(srv.Index)})
		}
	}
	slices.SortStableFunc(fresh, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	c.merge(old, gone, fresh)
	r.points.Store(c)
}

func (c *circle) weight(srv *engine.Server) int64 {
	if srv.Index < len(c.weights) {
		return c.weights[srv.Index]
	}
	return 0
}

// merge takes the points of old but those of servers that are gone, and the
// fresh ones, which are sorted.
func (c *circle) merge(old *circle, gone []bool, fresh []point) {
	points := old.points
	if slices.Contains(gone, true) {
		points = make([]point, 0, len(old.points))
		for _, p := range old.points {
			if !gone[p.srv] {
				points = append(points, p)
			}
		}
	}
	if len(fresh) == 0 {
		c.points = points
		return
	}
	c.points = make([]point, 0, len(points)+len(fresh))
	for _, p := range fresh {
		n, _ := slices.BinarySearchFunc(points, p.at, func(o point, at uint32) int {
			if o.at <= at {
				return -1
			}
			return 1
		})
		c.points = append(append(c.points, points[:n]...), p)
		points = points[n:]
	}
	c.points = append(c.points, points...)
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
	c := r.points.Load()
	n := len(c.points)
	if n == 0 {
		return nil
	}
	key, ok := r.key(s)
	if !ok {
		return r.inTurn(c, avoid)
	}
	i := c.nearest(r.hash(key))
	var last *engine.Server
	for k := range n {
		srv := c.servers[c.points[(i+k)%n].srv]
		if !srv.State.Usable() || passedOver(r.px, srv) || !r.allowed(c, srv) {
			continue
		}
		if srv != avoid {
			return srv
		}
		last = srv
	}
	if last == nil {
		if srv := c.servers[c.points[(i+n-1)%n].srv]; srv.State.Usable() {
			last = srv
		}
	}
	return last
}

// search returns the index of the first point that is not below h: the points
// are spread evenly, so that the place is known but for a few.
func (c *circle) search(h uint32) int {
	n := len(c.points)
	i := int(uint64(h) * uint64(n) >> 32)
	for i < n && c.points[i].at < h {
		i++
	}
	for i > 0 && c.points[i-1].at >= h {
		i--
	}
	return i
}

// nearest returns the index of the point that is closest to h either way round.
func (c *circle) nearest(h uint32) int {
	n := len(c.points)
	next := c.search(h)
	prev := next - 1
	if next == n {
		next = 0
	}
	if prev < 0 {
		prev = n - 1
	}
	if h-c.points[prev].at <= c.points[next].at-h {
		return prev
	}
	return next
}

// allowed applies hash-balance-factor: a server takes no more than its weighted
// part of all streams, times the factor.
func (r *ring) allowed(c *circle, srv *engine.Server) bool {
	factor := int64(r.px.Balance.Factor)
	if factor == 0 {
		return true
	}
	slots := ((r.px.State.Served.Load()+1)*factor + 99) / 100
	upTo := c.upTo[srv.Index]
	share := slots*upTo/c.total - slots*(upTo-c.weight(srv))/c.total
	return srv.State.Served.Load() < max(share, 1)
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
func (r *ring) inTurn(c *circle, avoid *engine.Server) *engine.Server {
	n := len(c.points)
	i := 0
	if at := r.turn.Load(); at != 0 { // the point used last, plus one
		i = c.search(uint32(at))
	}
	var last *engine.Server
	for k := range n {
		p := c.points[(i+k)%n]
		srv, at := c.servers[p.srv], p.at
		switch {
		case !srv.State.Usable() || full(srv):
			continue
		case srv == avoid:
			last = srv
			continue
		}
		r.turn.Store(uint64(at) + 1)
		return srv
	}
	return last
}
