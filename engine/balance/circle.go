package balance

import "slices"

// circle is points in ascending order, in arcs of equal width, so that one is
// found with a look into one arc, and that a change copies a few arcs only. Its
// arcs are shared with the circle that it was made from until they are written.
type circle struct {
	arcs  [][]point // 1<<bits of them
	bits  int
	n     int
	fresh []bool // arcs of our own: only while it is being made
}

type point struct {
	at  uint32
	srv uint32 // Server.Index; without pointers, a copy costs little
}

// spot is where a point is.
type spot struct{ arc, i int }

// perArc is how many points an arc has on average at least; four times as many
// at most, for as long as the circle's size stays near what it was made for.
const perArc = 64

func newCircle(points int64) circle {
	c := circle{}
	for int64(perArc)<<(c.bits+1) <= points && c.bits < 24 {
		c.bits++
	}
	c.arcs, c.fresh = make([][]point, 1<<c.bits), make([]bool, 1<<c.bits)
	return c
}

// edit returns a copy that can be changed, and will have about that many points.
func (c *circle) edit(points int64) circle {
	if c.bits > 0 && int64(perArc)<<(c.bits-1) > points || int64(perArc)<<(c.bits+2) < points {
		to := newCircle(points)
		for _, arc := range c.arcs {
			for _, p := range arc {
				to.insert(p)
			}
		}
		return to
	}
	return circle{arcs: slices.Clone(c.arcs), bits: c.bits, n: c.n, fresh: make([]bool, len(c.arcs))}
}

// closed ends the changes.
func (c *circle) closed() { c.fresh = nil }

func (c *circle) arcOf(at uint32) int { return int(uint64(at) >> (32 - c.bits)) }

// own makes an arc safe to write.
func (c *circle) own(arc int) []point {
	if !c.fresh[arc] {
		c.fresh[arc] = true
		c.arcs[arc] = append(make([]point, 0, len(c.arcs[arc])+4), c.arcs[arc]...)
	}
	return c.arcs[arc]
}

// insert puts p behind those of the same place.
func (c *circle) insert(p point) {
	k := c.arcOf(p.at)
	arc := c.own(k)
	i := len(arc)
	for i > 0 && arc[i-1].at > p.at {
		i--
	}
	c.arcs[k] = slices.Insert(arc, i, p)
	c.n++
}

func (c *circle) remove(p point) {
	k := c.arcOf(p.at)
	arc := c.own(k)
	if i := slices.Index(arc, p); i >= 0 {
		c.arcs[k] = slices.Delete(arc, i, i+1)
		c.n--
	}
}

func (c *circle) at(s spot) point { return c.arcs[s.arc][s.i] }

// next and prev go round; there is at least one point.
func (c *circle) next(s spot) spot {
	for s.i++; s.i >= len(c.arcs[s.arc]); s.i = 0 {
		if s.arc++; s.arc == len(c.arcs) {
			s.arc = 0
		}
	}
	return s
}

func (c *circle) prev(s spot) spot {
	for s.i--; s.i < 0; s.i = len(c.arcs[s.arc]) - 1 {
		if s.arc--; s.arc < 0 {
			s.arc = len(c.arcs) - 1
		}
	}
	return s
}

func (c *circle) first() spot { return c.next(spot{0, -1}) }

// search returns the first point that is not below h, round the end if need be.
// The points of an arc are spread evenly, so that its place is known but for a few.
func (c *circle) search(h uint32) spot {
	k := c.arcOf(h)
	arc := c.arcs[k]
	n := len(arc)
	i := int(uint64(h<<c.bits) * uint64(n) >> 32)
	for i < n && arc[i].at < h {
		i++
	}
	for i > 0 && arc[i-1].at >= h {
		i--
	}
	if i < n {
		return spot{k, i}
	}
	return c.next(spot{k, n - 1})
}

// nearest returns the point that is closest to h either way round.
func (c *circle) nearest(h uint32) spot {
	next := c.search(h)
	prev := c.prev(next)
	if h-c.at(prev).at <= c.at(next).at-h {
		return prev
	}
	return next
}
