package balance

import (
	"hawser/engine"
	"hawser/engine/hash"
)

// keyFunc takes the key out of a stream; false: there is none, and the servers
// are taken in turn.
type keyFunc func(s *engine.Stream) ([]byte, bool)

// hashing is what hash-type says.
type hashing struct {
	consistent bool
	sum        func([]byte) uint32
	avalanche  bool
}

func hashingOf(px *engine.Proxy) hashing {
	h := hashing{sum: hash.SDBM}
	words := px.Balance.HashType
	if len(words) == 0 {
		return h
	}
	h.consistent = words[0].Text == "consistent"
	switch {
	case len(words) == 1:
		h.avalanche = h.consistent
	case words[1].Text == "none":
		h.sum = number
	default:
		h.sum = hash.Named[words[1].Text]
	}
	if len(words) > 2 {
		h.avalanche = true
	}
	return h
}

// hash is the number that a key stands for.
func (h *hashing) hash(key []byte) uint32 {
	v := h.sum(key)
	if h.avalanche {
		v = hash.Avalanche(v)
	}
	return v
}

// newHashed makes the balancer of an algorithm that goes by a key.
func newHashed(px *engine.Proxy, key keyFunc) (engine.Balancer, error) {
	px.Deterministic = true
	h := hashingOf(px)
	if h.consistent {
		return newRing(px, h, key), nil
	}
	m := &mapped{hashing: h, key: key}
	m.px = px
	m.Changed(nil)
	return m, nil
}

// mapped is hash-type map-based: the hash counts the places of a wheel.
type mapped struct {
	staticRR
	hashing
	key keyFunc
}

// Pick returns the server of the stream's key, even if it is full; without a key,
// the next in turn.
func (m *mapped) Pick(s *engine.Stream, avoid *engine.Server) *engine.Server {
	key, ok := m.key(s)
	if !ok {
		return m.staticRR.Pick(s, avoid)
	}
	return m.PickKey(key)
}

// PickKey returns the server of a key.
func (m *mapped) PickKey(key []byte) *engine.Server {
	t := m.slots.Load()
	slots, n := t.slots, uint32(len(t.slots))
	if n == 0 {
		return nil
	}
	at := m.hash(key) % t.span
	for range n {
		srv := slots[at]
		if srv.State.Usable() && !passedOver(m.px, srv) {
			return srv
		}
		if at++; at == n {
			at = 0
		}
	}
	if srv := slots[(at+n-1)%n]; srv.State.Usable() {
		return srv
	}
	return nil
}

// passedOver tells whether hash-preserve-affinity lets a key's server be left
// out at the moment.
func passedOver(px *engine.Proxy, srv *engine.Server) bool {
	switch px.Balance.Affinity {
	case "maxconn":
		return full(srv)
	case "maxqueue":
		st := srv.State
		return srv.MaxQueue > 0 && st.Limit(srv) > 0 && st.Queued.Load() >= int64(srv.MaxQueue)
	}
	return false
}
