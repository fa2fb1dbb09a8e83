package listen

import (
	"sync"

	"hawser/engine"
)

// sessions is the set of open sessions, sharded so that connections that come
// and go at once rarely meet.
type sessions struct {
	shards [16]struct {
		mu  sync.Mutex
		all map[*engine.Session]struct{}
		_   [40]byte
	}
}

func (t *sessions) add(sess *engine.Session) {
	sh := &t.shards[sess.ID%16]
	sh.mu.Lock()
	if sh.all == nil {
		sh.all = map[*engine.Session]struct{}{}
	}
	sh.all[sess] = struct{}{}
	sh.mu.Unlock()
}

func (t *sessions) remove(sess *engine.Session) {
	sh := &t.shards[sess.ID%16]
	sh.mu.Lock()
	delete(sh.all, sess)
	sh.mu.Unlock()
}

func (t *sessions) each(f func(*engine.Session)) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for sess := range sh.all {
			f(sess)
		}
		sh.mu.Unlock()
	}
}

func (t *sessions) count() (n int) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		n += len(sh.all)
		sh.mu.Unlock()
	}
	return n
}
