package cache

import (
	"sync"

	"hawser/engine/clock"
	"hawser/engine/htx"
	"hawser/engine/recent"
)

// object is a response in a store. Immutable, but for what is said otherwise.
type object struct {
	key      string
	head     htx.Msg // with trailers
	body     []byte
	age      int64 // of the response when it came, seconds
	born     clock.Tick
	bornDate int64 // unix seconds
	expires  clock.Tick
	etag     []byte // in head's arena
	modified int64  // unix seconds: Last-Modified, Date, or when it came
	vary     varyOn
	variant  variant
	size     int64 // with its head and bookkeeping

	recent.Links[object] // under the store's lock
}

// block is the unit of HAProxy's cache memory.
const block = 1024

func (o *object) blocks() int64 { return (o.size + block - 1) / block }

func (o *object) fresh(now clock.Tick) bool { return now < o.expires }

// seconds is the Age to tell.
func (o *object) seconds(now clock.Tick) int64 { return o.age + int64(now-o.born)/1000 }

// store keeps objects by key, and by use: the least recently used go first.
type store struct {
	params
	mu    sync.Mutex
	byKey map[string][]*object // the variants of a key
	byUse recent.List[object, *object]
	used  int64 // blocks
	hints hintStore
}

func newStore(p params) *store {
	return &store{params: p, byKey: map[string][]*object{}, hints: hintStore{byKey: map[string]*hint{}}}
}

// get returns the object that answers a request, nil: none.
func (st *store) get(key []byte, v *variant, now clock.Tick) *object {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, o := range st.byKey[string(key)] {
		if o.fresh(now) && o.serves(v) {
			st.byUse.Remove(o)
			st.byUse.Push(o)
			return o
		}
	}
	return nil
}

// put adds an object; it takes the place of one that would answer the same
// requests. False: there are too many variants.
func (st *store) put(o *object, now clock.Tick) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	kept := 0
	for _, other := range append([]*object(nil), st.byKey[o.key]...) {
		if !other.fresh(now) || o.vary == 0 || other.vary == 0 || o.replaces(other) {
			st.remove(other)
		} else {
			kept++
		}
	}
	if o.vary != 0 && kept >= st.variants {
		return false
	}
	n := o.blocks()
	for st.used+n > st.total/block && st.byUse.Oldest() != nil {
		st.remove(st.byUse.Oldest())
	}
	st.used += n
	st.byKey[o.key] = append(st.byKey[o.key], o)
	st.byUse.Push(o)
	return true
}

// drop removes what is kept under a key.
func (st *store) drop(key []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, o := range append([]*object(nil), st.byKey[string(key)]...) {
		st.remove(o)
	}
}

// list returns the objects, the most recently used first.
func (st *store) list() (all []*object) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for o := st.byUse.Newest(); o != nil; o = st.byUse.Older(o) {
		all = append(all, o)
	}
	return all
}

func (st *store) remove(o *object) {
	st.byUse.Remove(o)
	st.used -= o.blocks()
	left := st.byKey[o.key][:0]
	for _, other := range st.byKey[o.key] {
		if other != o {
			left = append(left, other)
		}
	}
	if len(left) == 0 {
		delete(st.byKey, o.key)
	} else {
		st.byKey[o.key] = left
	}
}
