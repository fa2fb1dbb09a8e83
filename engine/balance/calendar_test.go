package balance

import (
	"math/rand/v2"
	"testing"

	"hawser/engine"
)

// plain is the order of round robin without any structure: a list that is
// searched from end to end.
type plain []date

func (p plain) first() int {
	best := -1
	for i := range p {
		if best < 0 || p[i].before(&p[best]) {
			best = i
		}
	}
	return best
}

// The calendar gives its dates in the same order as a list does, also when some
// come late, are put back, or change.
func TestCalendar(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for round := range 60 {
		var c calendar
		var p plain
		total, now, seq := int64(0), int64(0), uint64(0)
		weights := make([]int64, 1+r.IntN(60))
		for i := range weights {
			weights[i] = int64(1+r.IntN(1+round/3)) * engine.WeightScale
			total += weights[i]
		}
		for i, w := range weights {
			seq++
			d := date{key: uint64(now)<<restBits | uint64(restZero-w), seq: seq, srv: uint32(i), class: c.class(w, total)}
			c.insert(d)
			p = append(p, d)
		}
		for step := range 4000 {
			at := p.first()
			if got, want := c.due[0], p[at]; got != want {
				t.Fatalf("round %d, step %d: %+v is due, want %+v", round, step, got, want)
			}
			now++
			seq++
			switch r.IntN(40) {
			case 0: // passed over
				d := c.pop()
				for range min(r.IntN(3), len(c.due)) {
					c.insert(c.pop())
				}
				d.seq = seq
				c.insert(d)
				p[at].seq = seq
			case 1: // the total changes
				total = max(1, total+int64(r.IntN(200)-100)*engine.WeightScale)
				c.redate(now, total, func(srv uint32) int64 { return weights[srv] })
				for i := range p {
					d := &p[i]
					w := weights[d.srv]
					d.class = c.class(w, total)
					d.key = min(d.key, uint64(now+total/w)<<restBits|d.key&(restZero-1))
				}
			default:
				d := c.due[0]
				c.next(&d)
				d.seq = seq
				c.turn(d)
				p[at] = d
			}
		}
		if len(c.due)+inLine(&c) != len(weights) {
			t.Fatalf("round %d: %d of %d are left", round, len(c.due)+inLine(&c), len(weights))
		}
	}
}

func inLine(c *calendar) (n int) {
	for i := range c.classes {
		n += int(c.classes[i].line.n)
	}
	return n
}
