package cache

import (
	"sync"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/htx"
	"hawser/engine/recent"
)

// hint is the Link fields that a response once had, for a 103 (RFC 8297).
type hint struct {
	recent.Links[hint]
	links   []string
	expires clock.Tick
	size    int64
	key     string
}

// hintStore keeps hints by key, the oldest go first.
type hintStore struct {
	mu    sync.Mutex
	byKey map[string]*hint
	byAge recent.List[hint, *hint]
	used  int64
}

// linkKey is the Link field, by name: nothing else here needs to find it.
var linkKey = htx.NewKey("link")

// relations that a client can act on before it has the page.
var relations = []string{"preload", "preconnect", "dns-prefetch", "modulepreload", "prefetch"}

// learn keeps the useful Link fields of a response.
func (hs *hintStore) learn(c *section, key []byte, m *htx.Msg) {
	var links []string
	size := int64(len(key)) + bookkeeping
	for i := m.NextKey(linkKey, 0); i >= 0; i = m.NextKey(linkKey, i+1) {
		if v := m.Value(i); useful(v) {
			links = append(links, string(v))
			size += int64(len(v))
		}
	}
	limit := c.total
	if c.hints == withHints {
		limit = c.total * c.ratio / 100
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.byKey[string(key)]; h != nil {
		hs.remove(h)
	}
	if len(links) == 0 || size > limit {
		return
	}
	for hs.used+size > limit && hs.byAge.Oldest() != nil {
		hs.remove(hs.byAge.Oldest())
	}
	h := &hint{links: links, size: size, key: string(key), expires: clock.Now() + clock.Tick(c.maxAge*1000)}
	hs.byKey[h.key] = h
	hs.used += size
	hs.byAge.Push(h)
}

func (hs *hintStore) remove(h *hint) {
	delete(hs.byKey, h.key)
	hs.used -= h.size
	hs.byAge.Remove(h)
}

func (hs *hintStore) get(key []byte) []string {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.byKey[string(key)]
	if h == nil || h.expires.Expired(clock.Now()) {
		return nil
	}
	return h.links
}

// useful finds rel= with one of the relations.
func useful(link []byte) bool {
	for i := 0; i+4 < len(link); i++ {
		if !htx.EqualFold(link[i:i+4], "rel=") {
			continue
		}
		v := link[i+4:]
		if v[0] == '"' {
			v = v[1:]
		}
		for _, r := range relations {
			if len(v) >= len(r) && htx.EqualFold(v[:len(r)], r) && (len(v) == len(r) || !word(v[len(r)])) {
				return true
			}
		}
	}
	return false
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// hint sends what is known ahead of the response.
func (r *rule) hint(s *engine.Stream, v *visit, count *engine.SideCounters) {
	if r.c.hints == noHints || r.noHints {
		return
	}
	links := r.c.store.hints.get(v.key)
	if len(links) == 0 {
		return
	}
	var m htx.Msg
	m.StartResponse(103, "Early Hints")
	m.Flags |= htx.Interim
	for _, l := range links {
		m.AddStr("link", l)
	}
	if s.Ex.Interim(&m) == nil {
		count.HintHits.Add(1)
	}
}
