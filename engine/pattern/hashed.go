package pattern

import (
	"slices"

	"hawser/engine"
)

// hashed is an index by normalized text, with the lengths that occur: prefixes,
// suffixes and parts are looked up once per length.
type hashed struct {
	how   probe
	fold  bool
	items map[string]*item
	count map[int]int
	lens  []int // descending
	one   *item // the only item, for the short way
}

// probe finds an item for a subject.
type probe func(h *hashed, b []byte) *item

func newHashed(how probe) func(bool, int) index {
	return func(fold bool, n int) index {
		return &hashed{how: how, fold: fold, items: make(map[string]*item, n), count: map[int]int{}}
	}
}

func (h *hashed) add(it *item) {
	it.next = nil
	n := len(it.norm)
	if h.count[n]++; h.count[n] == 1 {
		h.lens = append(h.lens, n)
		slices.SortFunc(h.lens, func(a, b int) int { return b - a })
	}
	head := h.items[it.norm]
	switch {
	case head == nil:
		h.items[it.norm] = it
	case it.ID < head.ID:
		it.next = head
		h.items[it.norm] = it
	default:
		// Items are immutable for readers that run now: the chain is copied.
		h.items[it.norm] = relink(append(chain(head), it))
	}
	h.single()
}

func (h *hashed) del(it *item) {
	list := chain(h.items[it.norm])
	keep := slices.DeleteFunc(list, func(o *item) bool { return o.ID == it.ID })
	if n := len(it.norm); len(keep) < len(list) {
		if h.count[n]--; h.count[n] == 0 {
			delete(h.count, n)
			h.lens = slices.DeleteFunc(h.lens, func(l int) bool { return l == n })
		}
	}
	if len(keep) == 0 {
		delete(h.items, it.norm)
	} else {
		h.items[it.norm] = relink(keep)
	}
	h.single()
}

func (h *hashed) single() {
	h.one = nil
	if len(h.items) == 1 {
		for _, it := range h.items {
			h.one = it
		}
	}
}

func chain(it *item) (list []*item) {
	for ; it != nil; it = it.next {
		list = append(list, it)
	}
	return list
}

func relink(list []*item) *item {
	slices.SortStableFunc(list, func(a, b *item) int { return int(int64(a.ID) - int64(b.ID)) })
	var head *item
	for i := len(list) - 1; i >= 0; i-- {
		c := *list[i]
		c.next = head
		head = &c
	}
	return head
}

func (h *hashed) find(e *engine.Env, s *engine.Sample) *item {
	b := s.B
	if h.fold {
		m := e.Mark()
		e.Tmp = appendLower(e.Tmp, b)
		it := h.how(h, e.Tmp[m:])
		e.Tmp = e.Tmp[:m]
		return it
	}
	return h.how(h, b)
}

func whole(h *hashed, b []byte) *item {
	if h.one != nil {
		if string(b) == h.one.norm {
			return h.one
		}
		return nil
	}
	return h.items[string(b)]
}

// prefix finds the longest prefix; with case ignored, the first in the file's order.
func prefix(h *hashed, b []byte) (best *item) {
	for _, n := range h.lens {
		if n > len(b) {
			continue
		}
		if it := h.items[string(b[:n])]; it != nil {
			if !h.fold {
				return it
			}
			best = earlier(best, it)
		}
	}
	return best
}

func suffix(h *hashed, b []byte) (best *item) {
	for _, n := range h.lens {
		if n <= len(b) {
			best = earlier(best, h.items[string(b[len(b)-n:])])
		}
	}
	return best
}

func earlier(a, b *item) *item {
	if a == nil || b != nil && b.ID < a.ID {
		return b
	}
	return a
}

// parts finds an item that stands between delimiters.
func parts(delims string) probe {
	var at [256]bool
	for i := range len(delims) {
		at[delims[i]] = true
	}
	return func(h *hashed, b []byte) (best *item) {
		for i := range b {
			if at[b[i]] || i > 0 && !at[b[i-1]] {
				continue
			}
			for _, n := range h.lens {
				if end := i + n; n > 0 && end <= len(b) && (end == len(b) || at[b[end]]) {
					best = earlier(best, h.items[string(b[i:end])])
				}
			}
		}
		return best
	}
}

func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
