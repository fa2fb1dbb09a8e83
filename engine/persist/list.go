package persist

import (
	"hawser/engine/htx"
)

// list walks through the cookies of a field and changes them in place. Blank ones
// count: "a=b;;c=d" has three. After next, one of keep and drop must follow, and finish
// at the end.
type list struct {
	v       []byte
	at      int // of the ';' or ',' before the cookie; -1 at the beginning
	p       htx.CookiePair
	end     int  // of the ';' or ',' behind it, or of the field
	from    int  // at of the first of those that were dropped last
	pending bool // and are still there
	changed bool
	deleted bool
}

// next finds the next cookie.
func (l *list) next() bool {
	if max(l.at, 0) >= len(l.v) {
		return false
	}
	i := blanks(l.v, l.at+1)
	p := htx.CookiePair{NameFrom: i}
	for i < len(l.v) && l.v[i] != '=' && l.v[i] != ';' && l.v[i] != ',' {
		i++
	}
	p.NameTo = trim(l.v, p.NameFrom, i)
	p.ValueFrom, p.ValueTo = i, i
	if i < len(l.v) && l.v[i] == '=' {
		p.HasValue = true
		p.ValueFrom = blanks(l.v, i+1)
		i = htx.CookieValueEnd(l.v, p.ValueFrom)
		p.ValueTo = trim(l.v, p.ValueFrom, i)
	}
	l.p, l.end = p, i
	return true
}

// drop has the cookie go.
func (l *list) drop() {
	if !l.pending {
		l.from, l.pending = l.at, true
	}
	l.changed, l.deleted = true, true
	l.at = l.end
}

// keep goes on behind the cookie.
func (l *list) keep() { l.at = l.end }

// settle takes out those before the cookie that were dropped, with one of the
// separators around them: the last stays, and a blank follows it.
func (l *list) settle() {
	if !l.pending {
		return
	}
	l.pending = false
	start, rest := l.p.NameFrom, l.v[l.p.NameFrom:]
	if l.from <= 0 {
		l.v, l.at = append(l.v[:0], rest...), -1
		l.shift(start)
		return
	}
	separator := l.v[l.at]
	l.at = trim(l.v, 0, l.from)
	l.v = append(append(l.v[:l.at], separator, ' '), rest...)
	l.shift(start - l.at - 2)
}

// shift moves the cookie's offsets to the left.
func (l *list) shift(n int) {
	l.p.NameFrom, l.p.NameTo, l.p.ValueFrom, l.p.ValueTo, l.end = l.p.NameFrom-n, l.p.NameTo-n, l.p.ValueFrom-n, l.p.ValueTo-n, l.end-n
}

// finish takes out what was dropped at the end.
func (l *list) finish() {
	if l.pending {
		l.v = l.v[:max(l.from, 0)]
	}
}

// tighten takes the blanks around the '=' out.
func (l *list) tighten() {
	if l.p.ValueFrom == l.p.NameTo+1 {
		return
	}
	l.v[l.p.NameTo] = '='
	l.remove(l.p.NameTo+1, l.p.ValueFrom)
}

// remove takes bytes out of the cookie's value, or before it.
func (l *list) remove(from, to int) {
	if from == to {
		return
	}
	l.v = append(l.v[:from], l.v[to:]...)
	l.p.ValueFrom = min(l.p.ValueFrom, from)
	l.p.ValueTo -= to - from
	l.end -= to - from
	l.changed = true
}

func blanks(v []byte, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\t') {
		i++
	}
	return i
}

func trim(v []byte, from, to int) int {
	for to > from && (v[to-1] == ' ' || v[to-1] == '\t') {
		to--
	}
	return to
}
