package htx

// Name returns the lower-case name of field i.
func (m *Msg) Name(i int) []byte { return m.Bytes(m.Fields[i].Name) }

// Value returns the value of field i.
func (m *Msg) Value(i int) []byte { return m.Bytes(m.Fields[i].Value) }

// Next returns the index of the first field at or after from whose name is id, or
// -1. It does not find unknown names: use NextName for those.
func (m *Msg) Next(id FieldID, from int) int {
	for i := from; i < len(m.Fields); i++ {
		if m.Fields[i].ID == id {
			return i
		}
	}
	return -1
}

// NextName is Next for any name, in lower case.
func (m *Msg) NextName(name []byte, from int) int {
	if id := KnownField(name); id != None {
		return m.Next(id, from)
	}
	for i := from; i < len(m.Fields); i++ {
		f := &m.Fields[i]
		if f.ID == None && int(f.Name.Len) == len(name) && f.Flags&Removed == 0 &&
			string(m.Bytes(f.Name)) == string(name) {
			return i
		}
	}
	return -1
}

// NextNameStr is NextName for a string.
func (m *Msg) NextNameStr(name string, from int) int {
	if id := KnownFieldStr(name); id != None {
		return m.Next(id, from)
	}
	for i := from; i < len(m.Fields); i++ {
		f := &m.Fields[i]
		if f.ID == None && int(f.Name.Len) == len(name) && f.Flags&Removed == 0 &&
			string(m.Bytes(f.Name)) == name {
			return i
		}
	}
	return -1
}

// Key is a field name looked up once, at configuration time, for NextKey.
type Key struct {
	ID   FieldID
	Name string // lower case
}

// NewKey makes a Key of a name in any case.
func NewKey(name string) Key {
	b := []byte(name)
	Lower(b)
	return Key{KnownField(b), string(b)}
}

// NextKey is Next for a prepared name.
func (m *Msg) NextKey(k Key, from int) int {
	if k.ID != None {
		return m.Next(k.ID, from)
	}
	for i := from; i < len(m.Fields); i++ {
		f := &m.Fields[i]
		if f.ID == None && int(f.Name.Len) == len(k.Name) && f.Flags&Removed == 0 &&
			string(m.Bytes(f.Name)) == k.Name {
			return i
		}
	}
	return -1
}

// NextAny returns the first field at or after from that is not removed, or -1.
func (m *Msg) NextAny(from int) int {
	for i := from; i < len(m.Fields); i++ {
		if m.Fields[i].Flags&Removed == 0 {
			return i
		}
	}
	return -1
}

// FieldCount is the number of fields that are not removed.
func (m *Msg) FieldCount() int { return len(m.Fields) - m.removed }

// Get returns the value of the first field id, nil when there is none.
func (m *Msg) Get(id FieldID) []byte {
	if i := m.Next(id, 0); i >= 0 {
		return m.Value(i)
	}
	return nil
}

// Add appends a field. The name may have any case.
func (m *Msg) Add(name, value []byte) {
	n := m.PutLower(name)
	m.AddSpans(n, m.Put(value))
}

// AddStr is Add for strings.
func (m *Msg) AddStr(name, value string) {
	n := m.PutStr(name)
	Lower(m.Bytes(n))
	m.AddSpans(n, m.PutStr(value))
}

// AddID appends a field of a known name.
func (m *Msg) AddID(id FieldID, value []byte) {
	n := m.PutStr(fieldNames[id])
	m.Fields = append(m.Fields, Field{Name: n, Value: m.Put(value), ID: id})
}

// AddIDStr is AddID for a string.
func (m *Msg) AddIDStr(id FieldID, value string) {
	n := m.PutStr(fieldNames[id])
	m.Fields = append(m.Fields, Field{Name: n, Value: m.PutStr(value), ID: id})
}

// AddKey appends a field with a prepared name.
func (m *Msg) AddKey(k Key, value []byte) {
	n := m.PutStr(k.Name)
	m.Fields = append(m.Fields, Field{Name: n, Value: m.Put(value), ID: k.ID})
}

// AddSpans appends a field that is already in the arena, its name in lower case.
func (m *Msg) AddSpans(name, value Span) {
	m.Fields = append(m.Fields, Field{Name: name, Value: value, ID: KnownField(m.Bytes(name))})
}

// InsertFirst puts a field before all others.
func (m *Msg) InsertFirst(name, value []byte) {
	m.Add(name, value)
	f := m.Fields[len(m.Fields)-1]
	copy(m.Fields[1:], m.Fields)
	m.Fields[0] = f
}

// Set removes every field of that name and adds one at the end, as set-header does.
func (m *Msg) Set(name, value []byte) {
	n := m.PutLower(name)
	v := m.Put(value)
	m.DelName(m.Bytes(n))
	m.AddSpans(n, v)
}

// SetKey is Set for a prepared name.
func (m *Msg) SetKey(k Key, value []byte) {
	v := m.Put(value)
	m.DelKey(k)
	m.Fields = append(m.Fields, Field{Name: m.PutStr(k.Name), Value: v, ID: k.ID})
}

// Del removes field i.
func (m *Msg) Del(i int) {
	f := &m.Fields[i]
	if f.Flags&Removed == 0 {
		f.Flags |= Removed
		f.ID = None
		m.removed++
	}
}

// DelID removes every field of a known name and returns how many there were.
func (m *Msg) DelID(id FieldID) (n int) {
	for i := m.Next(id, 0); i >= 0; i = m.Next(id, i+1) {
		m.Del(i)
		n++
	}
	return n
}

// DelName removes every field of that lower-case name.
func (m *Msg) DelName(name []byte) (n int) {
	for i := m.NextName(name, 0); i >= 0; i = m.NextName(name, i+1) {
		m.Del(i)
		n++
	}
	return n
}

// DelKey removes every field of a prepared name.
func (m *Msg) DelKey(k Key) (n int) {
	for i := m.NextKey(k, 0); i >= 0; i = m.NextKey(k, i+1) {
		m.Del(i)
		n++
	}
	return n
}

// ReplaceValue gives field i another value. It may be made of parts of the old one.
func (m *Msg) ReplaceValue(i int, value []byte) { m.Fields[i].Value = m.Put(value) }

// ReplaceRange replaces bytes from:to of the value of field i.
func (m *Msg) ReplaceRange(i, from, to int, with []byte) {
	old := m.Fields[i].Value
	m.Grow(int(old.Len) + len(with))
	at := uint32(len(m.arena))
	m.arena = append(m.arena, m.arena[old.Off:old.Off+uint32(from)]...)
	m.arena = append(m.arena, with...)
	m.arena = append(m.arena, m.arena[old.Off+uint32(to):old.Off+old.Len]...)
	m.Fields[i].Value = Span{at, uint32(len(m.arena)) - at}
}

// Compact drops removed fields for good; indexes change.
func (m *Msg) Compact() {
	if m.removed == 0 {
		return
	}
	out := m.Fields[:0]
	for _, f := range m.Fields {
		if f.Flags&Removed == 0 {
			out = append(out, f)
		}
	}
	m.Fields, m.removed = out, 0
}

// AddTrailer appends a trailer. The name may have any case.
func (m *Msg) AddTrailer(name, value []byte) {
	n := m.PutLower(name)
	v := m.Put(value)
	m.Trailers = append(m.Trailers, Field{Name: n, Value: v, ID: KnownField(m.Bytes(n))})
	m.Flags |= HasTrailers
}
