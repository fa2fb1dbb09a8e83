package sticktable

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/recent"
)

// table is a stick table. Its layout is fixed; size and expiration are those of
// the generation in force.
type table struct {
	name    string
	typ     engine.Type // of the key: ipv4, ipv6, sint, str, bin
	keyLen  int
	layout  layout
	size    atomic.Int64
	expire  atomic.Int64 // ms, 0 never
	noPurge atomic.Bool
	byAddr  bool // srvkey addr
	count   atomic.Int64
	shards  []shard
	mask    uint32
}

// shard is a part of a table's entries.
type shard struct {
	mu      sync.Mutex
	entries map[string]*entry
	byAge   recent.List[entry, *entry]
	_       [24]byte
}

func newTable(name string, typ engine.Type, keyLen int, l layout, size int64) *table {
	n := 16
	if size <= 1024 {
		n = 1 // the limit of a small table is worth being exact
	}
	t := &table{name: name, typ: typ, keyLen: keyLen, layout: l, shards: make([]shard, n), mask: uint32(n - 1)}
	for i := range t.shards {
		t.shards[i].entries = map[string]*entry{}
	}
	return t
}

func (t *table) shard(key []byte) *shard {
	h := uint32(2166136261)
	for _, c := range key {
		h = (h ^ uint32(c)) * 16777619
	}
	return &t.shards[(h^h>>15)&t.mask]
}

// find returns the entry of a key as it is, nil if there is none.
func (t *table) find(key []byte) *entry {
	sh := t.shard(key)
	now := clock.Now()
	sh.mu.Lock()
	en := sh.entries[string(key)]
	if en != nil && en.refs.Load() == 0 && clock.Tick(en.expire.Load()).Expired(now) {
		t.remove(sh, en)
		en = nil
	}
	sh.mu.Unlock()
	return en
}

// get returns the entry of a key, made if absent, with its age renewed; nil if the
// table is full. refs is added to its references.
func (t *table) get(key []byte, refs int32) *entry {
	sh := t.shard(key)
	now := clock.Now()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	en := sh.entries[string(key)]
	if en != nil && en.refs.Load() == 0 && clock.Tick(en.expire.Load()).Expired(now) {
		t.remove(sh, en)
		en = nil
	}
	if en == nil {
		if !t.room(sh, now) {
			return nil
		}
		en = &entry{t: t, key: string(key), cells: make([]cell, t.layout.cells)}
		sh.entries[en.key] = en
		t.count.Add(1)
		sh.byAge.Push(en)
	} else {
		sh.byAge.Remove(en)
		sh.byAge.Push(en)
	}
	en.refs.Add(refs)
	en.touch(now)
	return en
}

func (en *entry) touch(now clock.Tick) {
	if ms := en.t.expire.Load(); ms > 0 {
		en.expire.Store(int64(now) + ms)
	} else {
		en.expire.Store(0)
	}
}

// room makes place for one entry: expired ones go first, then the oldest.
func (t *table) room(sh *shard, now clock.Tick) bool {
	for range 4 {
		en := sh.byAge.Oldest()
		if en == nil || en.refs.Load() > 0 || !clock.Tick(en.expire.Load()).Expired(now) {
			break
		}
		t.remove(sh, en)
	}
	if t.count.Load() < t.size.Load() {
		return true
	}
	for en := sh.byAge.Oldest(); en != nil; en = sh.byAge.Newer(en) {
		if en.refs.Load() > 0 {
			continue
		}
		if t.noPurge.Load() && !clock.Tick(en.expire.Load()).Expired(now) {
			return false
		}
		t.remove(sh, en)
		return true
	}
	// Nothing to give in this shard: a big table may exceed its size a little.
	return !t.noPurge.Load() && len(t.shards) > 1
}

func (t *table) remove(sh *shard, en *entry) {
	sh.byAge.Remove(en)
	delete(sh.entries, en.key)
	en.gone = true
	t.count.Add(-1)
}

// release gives a reference back; the entry's age counts from now.
func (en *entry) release() {
	sh := en.t.shard([]byte(en.key))
	now := clock.Now()
	sh.mu.Lock()
	en.refs.Add(-1)
	if !en.gone {
		en.touch(now)
		sh.byAge.Remove(en)
		sh.byAge.Push(en)
	}
	sh.mu.Unlock()
}

// sweep drops what expired and returns how many entries are left.
func (t *table) sweep() int64 {
	now := clock.Now()
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for en := sh.byAge.Oldest(); en != nil; {
			newer := sh.byAge.Newer(en)
			if en.refs.Load() == 0 && clock.Tick(en.expire.Load()).Expired(now) {
				t.remove(sh, en)
			} else if en.refs.Load() == 0 {
				break // all before it are younger
			}
			en = newer
		}
		sh.mu.Unlock()
	}
	return t.count.Load()
}

// all returns the entries as they are now.
func (t *table) all() []*entry {
	t.sweep()
	out := make([]*entry, 0, t.count.Load())
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for en := sh.byAge.Newest(); en != nil; en = sh.byAge.Older(en) {
			out = append(out, en)
		}
		sh.mu.Unlock()
	}
	return out
}

// delete removes the entry unless it is in use; false if it is.
func (en *entry) delete() bool {
	sh := en.t.shard([]byte(en.key))
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if en.refs.Load() > 0 {
		return false
	}
	if !en.gone {
		en.t.remove(sh, en)
	}
	return true
}

// key makes the table's key of a sample, in the scratch bytes; false: it has none.
func (t *table) makeKey(e *engine.Env, s *engine.Sample) ([]byte, bool) {
	if !e.Cast(s, t.typ) {
		return nil, false
	}
	m := e.Mark()
	switch t.typ {
	case engine.TIPv4:
		a := s.IP.As4()
		e.Tmp = append(e.Tmp, a[:]...)
	case engine.TIPv6:
		a := s.IP.As16()
		e.Tmp = append(e.Tmp, a[:]...)
	case engine.TSint:
		v := uint32(s.Int)
		e.Tmp = append(e.Tmp, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	case engine.TStr:
		return s.B[:min(len(s.B), t.keyLen)], true
	default:
		if len(s.B) >= t.keyLen {
			return s.B[:t.keyLen], true
		}
		e.Tmp = append(e.Tmp, s.B...)
		for len(e.Tmp)-m < t.keyLen {
			e.Tmp = append(e.Tmp, 0)
		}
	}
	return e.Since(m), true
}

// keySample is the inverse of makeKey.
func (en *entry) keySample() engine.Sample {
	b := []byte(en.key)
	switch en.t.typ {
	case engine.TIPv4, engine.TIPv6:
		a, _ := netip.AddrFromSlice(b)
		return engine.Sample{Type: en.t.typ, IP: a}
	case engine.TSint:
		return engine.Sint(int64(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])))
	}
	return engine.Sample{Type: en.t.typ, B: b}
}

// idle is how long ago the entry was used, and left how long it still has.
func (en *entry) left(now clock.Tick) time.Duration {
	x := en.expire.Load()
	if x == 0 {
		return 0
	}
	return max(clock.Tick(x).Sub(now), 0)
}
