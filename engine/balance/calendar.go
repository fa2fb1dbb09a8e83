package balance

// calendar holds the dates of round robin in their order. Servers of one weight
// come due again in the order in which they were picked, for their periods are
// the same: they wait in a line, and only the first of each line stands in the
// heap, with those few that are out of line (new ones, and those that had to let
// others pass). A pick thus costs the same for ten servers and for ten thousand.
type calendar struct {
	due      []date // heap of four branches
	classes  []class
	byWeight []uint32 // by weight: the place of its class in classes, plus one
}

// date is when a server is due. The key is the date, and below it what the
// divisions have left over so far, less the weight: at the same date the heavier
// and more exactly due server comes first, then who came first.
type date struct {
	key, seq   uint64
	srv, class uint32 // Server.Index, and the place in classes
}

// restBits hold what is left over, which is less than the highest weight.
const (
	restBits = 13
	restZero = 1 << restBits
)

func (d *date) at() int64 { return int64(d.key >> restBits) }

func (d *date) before(o *date) bool {
	if d.key != o.key {
		return d.key < o.key
	}
	return d.seq < o.seq
}

// class is the servers of one weight. Nobody in its line is due before the one
// that stands for it in the heap.
type class struct {
	weight       int64
	period, left int64 // W/w, and what it leaves over, in units of 1/w
	line         line
	last         date   // of the last in the line or, when that is empty, of the one in the heap
	head         uint32 // Server.Index of the one in the heap
	headed       bool
}

// line is a queue in a ring whose size is a power of two.
type line struct {
	ring    []date
	from, n uint32
}

func (l *line) push(d date) {
	if int(l.n) == len(l.ring) {
		ring := make([]date, max(8, 2*len(l.ring)))
		for i := range l.n {
			ring[i] = l.ring[(l.from+i)&uint32(len(l.ring)-1)]
		}
		l.ring, l.from = ring, 0
	}
	l.ring[(l.from+l.n)&uint32(len(l.ring)-1)] = d
	l.n++
}

func (l *line) pop() date {
	d := l.ring[l.from]
	l.from = (l.from + 1) & uint32(len(l.ring)-1)
	l.n--
	return d
}

// class returns the place of the class of a weight, and makes it if need be.
func (c *calendar) class(weight, total int64) uint32 {
	if n := int(weight) + 1 - len(c.byWeight); n > 0 {
		c.byWeight = append(c.byWeight, make([]uint32, n)...)
	}
	at := &c.byWeight[weight]
	if *at == 0 {
		c.classes = append(c.classes, class{weight: weight, period: total / weight, left: total % weight})
		*at = uint32(len(c.classes))
	}
	return *at - 1
}

// next makes d the date after it.
func (c *calendar) next(d *date) {
	k := &c.classes[d.class]
	rest := int64(d.key&(restZero-1)) + k.left
	if rest >= restZero {
		rest += restZero - k.weight // one date later
	}
	d.key = d.key&^(restZero-1) + uint64(k.period<<restBits+rest)
}

// turn gives the first one its new date d.
func (c *calendar) turn(d date) {
	first, ok := c.leave(c.due[0])
	waits := c.wait(d)
	switch {
	case ok:
		c.due[0] = first
		c.down(0)
		if !waits {
			c.push(d)
		}
	case waits:
		c.behead()
	default:
		c.due[0] = d
		c.down(0)
	}
}

// pop takes the first one out.
func (c *calendar) pop() date {
	top := c.due[0]
	if first, ok := c.leave(top); ok {
		c.due[0] = first
		c.down(0)
	} else {
		c.behead()
	}
	return top
}

// insert puts a date in.
func (c *calendar) insert(d date) {
	if !c.wait(d) {
		c.push(d)
	}
}

// leave returns who takes the place of d in the heap, if its class has a line.
func (c *calendar) leave(d date) (first date, ok bool) {
	k := &c.classes[d.class]
	if !k.headed || k.head != d.srv {
		return first, false
	}
	if k.line.n == 0 {
		k.headed = false
		return first, false
	}
	first = k.line.pop()
	k.head = first.srv
	return first, true
}

// wait puts d into the line of its class and returns true, or tells that its
// place is in the heap: it stands for its class there, or is out of line.
func (c *calendar) wait(d date) bool {
	switch k := &c.classes[d.class]; {
	case !k.headed:
		k.headed, k.head, k.last = true, d.srv, d
		return false
	case d.before(&k.last):
		return false
	default:
		k.last = d
		k.line.push(d)
		return true
	}
}

// entry is the date of a server that comes: when the others have had their turns.
func entry(now, total, weight int64) int64 { return now + (total-weight)/weight }

// redate makes everything anew for another total weight, with the weights that the
// servers have now; those without one go. Nobody is due later than a server of that
// weight would be today.
func (c *calendar) redate(now, total int64, weight func(srv uint32) int64) {
	due, old := c.due, c.classes
	c.due, c.classes = make([]date, 0, len(due)), make([]class, 0, len(old))
	clear(c.byWeight)
	add := func(d date, k *class) {
		w := weight(d.srv)
		if w == 0 {
			return
		}
		if w != k.weight {
			at := entry(now, total, w)
			if w > k.weight { // it may be about to come, again and again while slowstart ramps it
				at = min(at, d.at())
			}
			d.key = uint64(at)<<restBits | uint64(restZero-w)
		}
		d.class = c.class(w, total)
		d.key = min(d.key, uint64(now+c.classes[d.class].period)<<restBits|d.key&(restZero-1))
		c.insert(d)
	}
	isHead := func(d date) bool { return old[d.class].headed && old[d.class].head == d.srv }
	for _, d := range due {
		if isHead(d) {
			add(d, &old[d.class])
		}
	}
	for i := range old {
		for k := &old[i]; k.line.n > 0; {
			add(k.line.pop(), k)
		}
	}
	for _, d := range due {
		if !isHead(d) {
			add(d, &old[d.class])
		}
	}
}

func (c *calendar) push(d date) {
	c.due = append(c.due, d)
	c.up(len(c.due) - 1)
}

// behead takes the first out of the heap.
func (c *calendar) behead() {
	n := len(c.due) - 1
	c.due[0] = c.due[n]
	c.due = c.due[:n]
	if n > 0 {
		c.down(0)
	}
}

func (c *calendar) up(i int) {
	h := c.due
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

func (c *calendar) down(i int) {
	h := c.due
	d := h[i]
	for {
		k := 4*i + 1
		if k >= len(h) {
			break
		}
		least := k
		for j := k + 1; j < min(k+4, len(h)); j++ {
			if h[j].before(&h[least]) {
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
