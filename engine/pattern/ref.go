package pattern

import (
	"strings"
	"sync"
	"sync/atomic"

	"hawser/engine"
)

// Entry is one pattern of a Ref, with its value in a map.
type Entry struct {
	ID       uint64
	Gen      uint32
	Key, Val string
	Line     int // in the file; 0: added otherwise
}

// Ref is a set of entries, shared by all that name the same file.
type Ref struct {
	ID     int    // -1: of a file without number
	File   string // "": of an ACL line
	Desc   string
	IsMap  bool
	used   []string // who names the file
	acl    bool     // it can be changed with the acl commands
	hash   uint64
	nextID atomic.Uint64

	mu      sync.RWMutex
	changed bool // at run time: views are read under mu
	entries []*Entry
	curr    uint32
	next    uint32
	views   []*View
	groups  []*engine.GroupState // that hold a copy of the entries
	byKey   map[string]*Entry    // of the current version, once changed: the last of each key
}

// viewKey tells views of one Ref apart.
type viewKey struct {
	kind string
	fold bool
	out  engine.Type
}

// View is a Ref indexed for a match method and an output type.
type View struct {
	viewKey
	ref    *Ref
	method *method
	frozen atomic.Pointer[index]
	live   index // under ref.mu once the Ref was changed
}

// index finds the first matching item of a set.
type index interface {
	add(it *item)
	del(it *item)
	find(e *engine.Env, s *engine.Sample) *item
}

// item is an entry prepared for a match method.
type item struct {
	*Entry
	next *item // same key, later
	norm string
	val  engine.Sample
	num  intRange
	net  network
	re   regex
}

// view returns the Ref's view for a key, made and filled on first use. The error
// is that of the first entry that does not fit the method.
func (r *Ref) view(k viewKey) (*View, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.views {
		if v.viewKey == k {
			return v, nil
		}
	}
	v := &View{viewKey: k, ref: r, method: methods[k.kind]}
	ix, err := v.build(r.entries, r.curr)
	if err != nil {
		return nil, err
	}
	if r.changed {
		v.live = ix
	} else {
		v.frozen.Store(&ix)
	}
	r.views = append(r.views, v)
	return v, nil
}

func (v *View) build(entries []*Entry, gen uint32) (index, error) {
	ix := v.method.make(v.fold, len(entries))
	for _, en := range entries {
		if en.Gen != gen {
			continue
		}
		it, err := v.item(en)
		if err == nil && en.Line > 0 && (v.kind == "int" || v.kind == "len") && strings.Contains(en.Key, " ") {
			err = errText("'" + en.Key + "' is not a number") // operators stand on ACL lines only
		}
		if err != nil {
			return nil, v.ref.at(en, err)
		}
		ix.add(it)
	}
	return ix, nil
}

// item prepares an entry.
func (v *View) item(en *Entry) (*item, error) {
	it := &item{Entry: en, norm: en.Key}
	if err := v.method.parse(it, v.fold); err != nil {
		return nil, err
	}
	if v.ref.IsMap && v.out != engine.TAny {
		if !parseValue(&it.val, en.Val, v.out) {
			return nil, errText("unable to parse '" + en.Val + "'")
		}
	}
	return it, nil
}

// find returns the first matching item; it is immutable.
func (v *View) find(e *engine.Env, s *engine.Sample) *item {
	if ix := v.frozen.Load(); ix != nil {
		return (*ix).find(e, s)
	}
	v.ref.mu.RLock()
	it := v.live.find(e, s)
	v.ref.mu.RUnlock()
	return it
}

// indexKeys makes byKey anew; the caller holds mu.
func (r *Ref) indexKeys() {
	r.byKey = make(map[string]*Entry, len(r.entries))
	for _, en := range r.entries {
		if en.Gen == r.curr {
			r.byKey[en.Key] = en
		}
	}
}

// Has tells whether the current version has a key with a value, without a walk
// through the set: rules ask for every request.
func (r *Ref) Has(key, val string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.changed {
		return false
	}
	en := r.byKey[key]
	return en != nil && en.Val == val
}

// watch has a group told when the entries change.
func (r *Ref) watch(g *engine.GroupState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.groups = append(r.groups, g)
	if r.changed {
		g.Split.Store(true)
	}
}

// thaw prepares the Ref for a change: from now on views are read under mu, which
// the caller holds.
func (r *Ref) thaw() {
	if r.changed {
		return
	}
	r.changed = true
	for _, g := range r.groups {
		g.Split.Store(true)
	}
	r.groups = nil
	r.indexKeys()
	for _, v := range r.views {
		v.live, _ = v.build(r.entries, r.curr)
		v.frozen.Store(nil)
	}
}

// Add puts an entry in at run time; gen 0 means the current one.
func (r *Ref) Add(gen uint32, key, val string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.thaw()
	if gen == 0 {
		gen = r.curr
	}
	return r.add(&Entry{ID: r.nextID.Add(1), Gen: gen, Key: key, Val: val})
}

func (r *Ref) add(en *Entry) error {
	items := make([]*item, len(r.views))
	for i, v := range r.views {
		it, err := v.item(en)
		if err != nil {
			return err
		}
		items[i] = it
	}
	r.entries = append(r.entries, en)
	if en.Gen == r.curr {
		r.byKey[en.Key] = en
		for i, v := range r.views {
			v.live.add(items[i])
		}
	}
	return nil
}

// Set changes the value of all entries that fit; false means that there is none.
func (r *Ref) Set(fit func(*Entry) bool, val string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.thaw()
	found := false
	for i, en := range r.entries {
		if !fit(en) {
			continue
		}
		repl := *en
		repl.Val = val
		for _, v := range r.views {
			it, err := v.item(&repl)
			if err != nil {
				return true, err
			}
			if en.Gen == r.curr {
				old, _ := v.item(en)
				v.live.del(old)
				v.live.add(it)
			}
		}
		r.entries[i] = &repl
		if repl.Gen == r.curr {
			r.byKey[repl.Key] = &repl
		}
		found = true
	}
	return found, nil
}

// Delete removes all entries that fit and tells whether there were any.
func (r *Ref) Delete(fit func(*Entry) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.thaw()
	keep := r.entries[:0:0]
	for _, en := range r.entries {
		if !fit(en) {
			keep = append(keep, en)
			continue
		}
		if en.Gen == r.curr {
			for _, v := range r.views {
				if old, err := v.item(en); err == nil {
					v.live.del(old)
				}
			}
		}
	}
	found := len(keep) != len(r.entries)
	r.entries = keep
	if found {
		r.indexKeys()
	}
	return found
}

// Prepare returns a new version to fill.
func (r *Ref) Prepare() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.next
}

// Commit makes a prepared version the current one and drops the older ones.
func (r *Ref) Commit(gen uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if gen != r.curr && gen > r.next {
		return false
	}
	r.thaw()
	keep := r.entries[:0:0]
	for _, en := range r.entries {
		if en.Gen >= gen {
			keep = append(keep, en)
		}
	}
	r.entries, r.curr = keep, gen
	r.indexKeys()
	for _, v := range r.views {
		v.live, _ = v.build(r.entries, gen)
	}
	return true
}

// Snapshot returns the entries of a version as they are now.
func (r *Ref) Snapshot(gen uint32) []*Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]*Entry, 0, len(r.entries))
	for _, en := range r.entries {
		if en.Gen == gen {
			out = append(out, en)
		}
	}
	return out
}

// Versions returns the current version, the newest prepared one and how many
// entries there are.
func (r *Ref) Versions() (curr, next uint32, n int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.curr, r.next, len(r.entries)
}
