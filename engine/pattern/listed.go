package pattern

import (
	"bytes"
	"slices"

	"hawser/engine"
	"hawser/engine/rx"
)

type regex = *rx.Regex

// listed tries one item after the other: substrings and regular expressions.
type listed struct {
	items []*item
	fold  bool
	try   func(it *item, b []byte) bool
	lower bool // the subject is lower-cased first
}

func newListed(try func(*item, []byte) bool, lower bool) func(bool, int) index {
	return func(fold bool, n int) index {
		return &listed{items: make([]*item, 0, n), fold: fold, try: try, lower: lower && fold}
	}
}

func (l *listed) add(it *item) {
	i := len(l.items)
	for i > 0 && l.items[i-1].ID > it.ID {
		i--
	}
	l.items = slices.Insert(l.items, i, it)
}

func (l *listed) del(it *item) {
	l.items = slices.DeleteFunc(l.items, func(o *item) bool { return o.ID == it.ID })
}

func (l *listed) find(e *engine.Env, s *engine.Sample) *item {
	b := s.B
	m := e.Mark()
	if l.lower {
		e.Tmp = appendLower(e.Tmp, b)
		b = e.Tmp[m:]
	}
	var found *item
	for _, it := range l.items {
		if l.try(it, b) {
			found = it
			break
		}
	}
	e.Tmp = e.Tmp[:m]
	return found
}

func contains(it *item, b []byte) bool {
	if len(it.norm) > len(b) {
		return false
	}
	return len(it.norm) == 0 || bytes.Contains(b, unsafeBytes(it.norm))
}

func matches(it *item, b []byte) bool { return it.re.Match(b) }
