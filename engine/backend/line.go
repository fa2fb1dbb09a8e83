package backend

import "hawser/engine/h1"

// line is a queue of idle connections; the first has been idle longest.
type line struct {
	all  []*h1.Upstream
	from int // those before it are gone
}

func (l *line) len() int { return len(l.all) - l.from }

func (l *line) at(i int) *h1.Upstream { return l.all[l.from+i] }

func (l *line) push(u *h1.Upstream) {
	if l.from > 0 && len(l.all) == cap(l.all) {
		n := copy(l.all, l.all[l.from:])
		clear(l.all[n:])
		l.all, l.from = l.all[:n], 0
	}
	l.all = append(l.all, u)
}

// take removes the first whose key this is; nil: there is none.
func (l *line) take(key string) *h1.Upstream {
	for i := l.from; i < len(l.all); i++ {
		if l.all[i].Key == key {
			return l.remove(i - l.from)
		}
	}
	return nil
}

// remove takes the one at i out; nil: there is none.
func (l *line) remove(i int) *h1.Upstream {
	if i >= l.len() {
		return nil
	}
	i += l.from
	u := l.all[i]
	copy(l.all[l.from+1:i+1], l.all[l.from:i]) // most often nothing
	l.all[l.from] = nil
	if l.from++; l.from == len(l.all) {
		l.all, l.from = l.all[:0], 0
	}
	return u
}
