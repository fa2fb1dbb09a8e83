package engine

// Slots is the extension area of an object: features keep their own typed data
// there (see Slot) without the vocabulary knowing them.
type Slots struct{ vals []slotVal }

type slotVal struct {
	v   any
	own bool // false: inherited from a defaults section, copied before a write
}

func (s *Slots) slotTable() *Slots { return s }

// Holder is an object that carries Slots.
type Holder interface{ slotTable() *Slots }

// Slot is a typed key into the Slots of a holder type H, such as
// NewSlot[*Proxy, cacheConfig]("cache").
type Slot[H Holder, T any] struct {
	idx  int
	name string
}

var slotCount = map[string]int{}

// NewSlot reserves a place; call it from package variables only.
func NewSlot[H Holder, T any](name string) *Slot[H, T] {
	var h H
	kind := holderKind(h)
	i := slotCount[kind]
	slotCount[kind] = i + 1
	return &Slot[H, T]{idx: i, name: name}
}

func holderKind(h Holder) string {
	switch h.(type) {
	case *Proxy:
		return "proxy"
	case *Server:
		return "server"
	case *Bind:
		return "bind"
	case *Session:
		return "session"
	case *Stream:
		return "stream"
	case *Runtime:
		return "runtime"
	}
	panic("engine: unknown slot holder")
}

// Get returns the value of h, or nil when none was made.
func (k *Slot[H, T]) Get(h H) *T {
	s := h.slotTable()
	if k.idx >= len(s.vals) || s.vals[k.idx].v == nil {
		return nil
	}
	return s.vals[k.idx].v.(*T)
}

// Edit returns the value of h for writing: made when absent, copied (one level
// deep; clip inherited slices before appending) when it came from defaults.
func (k *Slot[H, T]) Edit(h H) *T {
	s := h.slotTable()
	for k.idx >= len(s.vals) {
		s.vals = append(s.vals, slotVal{})
	}
	e := &s.vals[k.idx]
	switch {
	case e.v == nil:
		e.v = new(T)
	case !e.own:
		c := *e.v.(*T)
		e.v = &c
	}
	e.own = true
	return e.v.(*T)
}

// Set puts v in place.
func (k *Slot[H, T]) Set(h H, v *T) {
	k.Edit(h)
	h.slotTable().vals[k.idx].v = v
}

// Drop removes the value.
func (k *Slot[H, T]) Drop(h H) {
	if s := h.slotTable(); k.idx < len(s.vals) {
		s.vals[k.idx] = slotVal{}
	}
}

// inherit takes over the values of from, to be copied before a write.
func (s *Slots) inherit(from *Slots) {
	s.vals = make([]slotVal, len(from.vals))
	for i, e := range from.vals {
		s.vals[i] = slotVal{v: e.v}
	}
}

// clear forgets all values and keeps the room, for pooled holders.
func (s *Slots) clear() {
	for i := range s.vals {
		s.vals[i] = slotVal{}
	}
}
