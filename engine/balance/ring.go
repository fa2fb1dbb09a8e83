package balance

import (
	"cmp"
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
	turn   atomic.Uint32
}

type circle struct {
	at      []uint32 // ascending
	srv     []*engine.Server
	servers []*engine.Server
	weights map[*engine.Server]int64
	total   int64
}

func newRing(px *engine.Proxy, h hashing, key keyFunc) *ring {
	r := &ring{hashing: h, key: key}
	r.px = px
	r.Changed(nil)
	return r
}

// Changed lays the points anew.
func (r *ring) Changed(*engine.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.refresh() && r.points.Load() != nil {
		return
	}
	type point struct {
		at  uint32
		srv *engine.Server
	}
	var pts []point
	c := &circle{servers: r.list, weights: map[*engine.Server]int64{}}
	for i, srv := range r.list {
		base := ringBase(srv)
		c.weights[srv] = int64(r.wts[i])
		c.total += int64(r.wts[i])
		for k := range uint32(r.wts[i]) {
			pts = append(pts, point{hash.Avalanche(base + k), srv})
		}
	}
	slices.SortStableFunc(pts, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	for _, p := range pts {
		c.at = append(c.at, p.at)
		c.srv = append(c.srv, p.srv)
	}
	r.points.Store(c)
}

// ringBase is the number that a server's points are derived from (server option
// hash-key).
func ringBase(srv *engine.Server) uint32 {
	key := hashKey.Get(srv)
	id := uint32(srv.ID)
	if key == nil {
		return id * idRange
	}
	a := &srv.Addr
	switch *key {
	case "id32":
		return id
	case "guid":
		if srv.GUID != "" {
			return hash.SDBM([]byte(srv.GUID))
		}
	case "addr":
		if a.IP.IsValid() {
			return hash.SDBM(addrBytes(a.IP, 0))
		}
	case "addr-port":
		if a.IP.IsValid() {
			return hash.SDBM(addrBytes(a.IP, a.Port))
		}
	}
	return id * idRange
}

func addrBytes(ip netip.Addr, port int) []byte {
	b := ip.Unmap().AsSlice()
	if port > 0 {
		b = append(b, byte(port>>8), byte(port))
	}
	return b
}

// Pick returns the server nearest to the stream's key, or the next on the circle
// when that one may not be used; without a key, one after the other.
func (r *ring) Pick(s *engine.Stream, avoid *engine.Server) *engine.Server {
	c := r.points.Load()
	n := len(c.at)
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
		srv := c.srv[(i+k)%n]
		if !srv.State.Usable() || passedOver(r.px, srv) || !r.allowed(c, srv) {
			continue
		}
		if srv != avoid {
			return srv
		}
		last = srv
	}
	if last == nil {
		if srv := c.srv[(i+n-1)%n]; srv.State.Usable() {
			last = srv
		}
	}
	return last
}

// nearest returns the index of the point that is closest to h either way round.
func (c *circle) nearest(h uint32) int {
	n := len(c.at)
	next, _ := slices.BinarySearch(c.at, h)
	prev := next - 1
	if next == n {
		next = 0
	}
	if prev < 0 {
		prev = n - 1
	}
	if h-c.at[prev] <= c.at[next]-h {
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
	var served int64
	for _, o := range c.servers {
		served += o.State.Served.Load()
	}
	slots := ((served+1)*factor + 99) / 100
	part := (slots*c.weights[srv] + c.total - 1) / c.total
	return srv.State.Served.Load() < max(part, 1)
}

func (r *ring) inTurn(c *circle, avoid *engine.Server) *engine.Server {
	n := uint32(len(c.servers))
	var last *engine.Server
	for range n {
		srv := c.servers[(r.turn.Add(1)-1)%n]
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
