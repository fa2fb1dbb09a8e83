package engine

import "slices"

// VarScope is the life of a variable (configuration manual, 2.8).
type VarScope uint8

// The scopes.
const (
	VarProc VarScope = iota + 1
	VarSess
	VarTxn
	VarReq
	VarRes
	VarCheck
	VarParent // psess, ptxn, preq, pres: of a parent stream, which none has here: never set
)

// VarRef is a variable's name resolved at load: its scope and its index in the
// variables of that scope. The zero VarRef names none.
type VarRef struct {
	Scope VarScope
	Index int32
	Name  string // with scope: "txn.x"
}

// VarStore holds the variables of one scope and owner. Its zero value is empty.
// Not safe for concurrent use; the process scope has a lock of its own.
type VarStore struct {
	vals []varVal
	size int // bytes of strings held, for tune.vars.*-max-size
}

type varVal struct {
	set bool
	s   Sample
	buf []byte
}

// Get returns the variable with index i.
func (v *VarStore) Get(i int32) (Sample, bool) {
	if int(i) >= len(v.vals) || !v.vals[i].set {
		return Sample{}, false
	}
	return v.vals[i].s, true
}

// Set copies s to index i.
func (v *VarStore) Set(i int32, s Sample) {
	for int(i) >= len(v.vals) {
		v.vals = append(v.vals, varVal{})
	}
	e := &v.vals[i]
	v.size += len(s.B) - len(e.s.B)
	e.buf = append(e.buf[:0], s.B...)
	s.More, s.B, e.set = false, e.buf, true
	e.s = s
}

// Unset removes index i.
func (v *VarStore) Unset(i int32) {
	if int(i) < len(v.vals) {
		v.size -= len(v.vals[i].s.B)
		v.vals[i].set, v.vals[i].s = false, Sample{}
	}
}

// Size returns the bytes of contents held.
func (v *VarStore) Size() int { return v.size }

// Clear removes all and keeps the room.
func (v *VarStore) Clear() {
	for i := range v.vals {
		v.vals[i].set, v.vals[i].s = false, Sample{}
	}
	v.size = 0
}

// rename moves the variables to the places that their names have in another
// generation; those that it does not know are dropped.
func (v *VarStore) rename(from, to []string) {
	if len(v.vals) == 0 || slices.Equal(from, to) {
		return
	}
	old := v.vals
	*v = VarStore{}
	for i := range old {
		if !old[i].set || i >= len(from) {
			continue
		}
		if j := slices.Index(to, from[i]); j >= 0 {
			v.Set(int32(j), old[i].s)
		}
	}
}
