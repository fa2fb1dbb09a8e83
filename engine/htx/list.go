package htx

import (
	"bytes"
	"iter"
)

// NextItem returns the next element of a comma-separated list at or after off:
// its bounds with blanks around it cut off, and where to go on. Commas inside
// quotes do not separate. ok is false at the end; an empty value has no elements,
// but "a,,b" has three, as in HAProxy's req.hdr().
func NextItem(v []byte, off int) (from, to, next int, ok bool) {
	if off > len(v) || (len(v) == 0 && off == 0) {
		return 0, 0, 0, false
	}
	end := itemEnd(v, off)
	from, to = off, end
	for from < to && (v[from] == ' ' || v[from] == '\t') {
		from++
	}
	for to > from && (v[to-1] == ' ' || v[to-1] == '\t') {
		to--
	}
	return from, to, end + 1, true
}

// itemEnd finds the comma that ends the element beginning at i, or the end of v.
func itemEnd(v []byte, i int) int {
	end := len(v)
	if comma := bytes.IndexByte(v[i:], ','); comma >= 0 {
		end = i + comma
	}
	if bytes.IndexByte(v[i:end], '"') < 0 {
		return end
	}
	quoted := false
	for ; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			return i
		}
	}
	return len(v)
}

// HasItem reports whether a comma-separated list holds the lower-case token, case ignored.
func HasItem(v []byte, token string) bool {
	for off := 0; ; {
		from, to, next, ok := NextItem(v, off)
		if !ok {
			return false
		}
		if EqualFold(v[from:to], token) {
			return true
		}
		off = next
	}
}

// ItemsOf walks the elements of all fields of a known name, in order.
func (m *Msg) ItemsOf(id FieldID) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := m.Next(id, 0); i >= 0; i = m.Next(id, i+1) {
			v := m.Value(i)
			for from, to, next, ok := NextItem(v, 0); ok; from, to, next, ok = NextItem(v, next) {
				if !yield(v[from:to]) {
					return
				}
			}
		}
	}
}

// ItemToken is what an element begins with: up to a blank or its parameters.
func ItemToken(item []byte) []byte {
	for i, c := range item {
		if c == ';' || c == ' ' || c == '\t' {
			return item[:i]
		}
	}
	return item
}

// Item is one element found by an occurrence search: a field and a part of its value.
type Item struct {
	Field    int
	From, To int
}

// ItemIter walks the elements of all fields of one name, in order.
type ItemIter struct {
	m   *Msg
	key Key
	i   int
	off int
}

// Items begins a walk over the elements of the fields named by k.
func (m *Msg) Items(k Key) ItemIter { return ItemIter{m: m, key: k, i: m.NextKey(k, 0)} }

// Next returns the next element, or false.
func (it *ItemIter) Next() (Item, bool) {
	for it.i >= 0 {
		v := it.m.Value(it.i)
		if len(v) == 0 && it.off == 0 { // an empty line has one element
			it.off = 1
			return Item{it.i, 0, 0}, true
		}
		if from, to, next, ok := NextItem(v, it.off); ok {
			it.off = next
			return Item{it.i, from, to}, true
		}
		it.i, it.off = it.m.NextKey(it.key, it.i+1), 0
	}
	return Item{}, false
}

// ItemBytes returns the bytes of an element.
func (m *Msg) ItemBytes(it Item) []byte { return m.Value(it.Field)[it.From:it.To] }

// CountItems is HAProxy's req.hdr_cnt(): the number of elements of a name.
func (m *Msg) CountItems(k Key) (n int) {
	it := m.Items(k)
	for {
		if _, ok := it.Next(); !ok {
			return n
		}
		n++
	}
}

// CountFields is HAProxy's req.fhdr_cnt(): the number of lines of a name.
func (m *Msg) CountFields(k Key) (n int) {
	for i := m.NextKey(k, 0); i >= 0; i = m.NextKey(k, i+1) {
		n++
	}
	return n
}

// Occurrence is HAProxy's req.hdr(name,occ): the occ-th element from the first
// (1, 2, …) or from the last (-1, -2, …); 0 means the last.
func (m *Msg) Occurrence(k Key, occ int) (Item, bool) {
	if occ <= 0 {
		if occ == 0 {
			occ = -1
		}
		if occ += m.CountItems(k) + 1; occ <= 0 {
			return Item{}, false
		}
	}
	for it := m.Items(k); ; occ-- {
		e, ok := it.Next()
		if !ok || occ == 1 {
			return e, ok
		}
	}
}

// FieldOccurrence is HAProxy's req.fhdr(name,occ): whole lines instead of elements.
func (m *Msg) FieldOccurrence(k Key, occ int) int {
	if occ <= 0 {
		if occ == 0 {
			occ = -1
		}
		if occ += m.CountFields(k) + 1; occ <= 0 {
			return -1
		}
	}
	i := m.NextKey(k, 0)
	for ; i >= 0 && occ > 1; occ-- {
		i = m.NextKey(k, i+1)
	}
	return i
}
