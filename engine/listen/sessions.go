package listen

import (
	"sync"

	"hawser/engine"
	"hawser/engine/conn"
)

// sessions is the set of open sessions, sharded so that connections that come
// and go at once rarely meet.
type sessions struct {
	shards [16]struct {
		mu  sync.Mutex
		all map[*engine.Session]entry
		_   [40]byte
	}
}

// entry is what other goroutines may know of a session, which changes the fields
// of its own.
type entry struct {
	wire *conn.Conn
	id   uint64
	cli  bool // of the runtime API
}

func (t *sessions) add(sess *engine.Session) {
	e := entry{wire: sess.Conn, id: sess.ID, cli: sess.Front.Name == engine.CLIProxy}
	sh := &t.shards[e.id%16]
	sh.mu.Lock()
	if sh.all == nil {
		sh.all = map[*engine.Session]entry{}
	}
	sh.all[sess] = e
	sh.mu.Unlock()
}

func (t *sessions) remove(sess *engine.Session) {
	sh := &t.shards[sess.ID%16]
	sh.mu.Lock()
	delete(sh.all, sess)
	sh.mu.Unlock()
}

// each calls f with every session; none of them ends meanwhile.
func (t *sessions) each(f func(*engine.Session, entry)) {
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for sess, e := range sh.all {
			f(sess, e)
		}
		sh.mu.Unlock()
	}
}

// visit calls f with the session of that ID if it is still there.
func (t *sessions) visit(id uint64, f func(*engine.Session)) {
	sh := &t.shards[id%16]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for sess, e := range sh.all {
		if e.id == id {
			f(sess)
			return
		}
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
