package backend

import (
	"slices"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// enqueue waits for a slot: of srv, or of any server of the backend when srv is
// nil. again tells that the choice must be made anew; otherwise s.Server has
// given its slot.
func enqueue(s *engine.Stream, srv *engine.Server) (f *Failure, again bool) {
	w := &engine.Waiter{Stream: s, Class: s.Prio, Offset: s.PrioOffset, Since: time.Now(), Ready: make(chan *engine.Server, 1)}
	px := s.Back
	q := &px.State.Queue
	if srv != nil {
		if full := srv.MaxQueue > 0 && int(srv.State.Queued.Load()) >= srv.MaxQueue; full {
			switch {
			case s.Persist == engine.PersistNone && !px.Deterministic: // others were faster
				return nil, true
			case s.Persist == engine.PersistNone: // the request allows no other
				s.Server = srv
			case s.Back.Redispatch != 0 && s.PersistRule != engine.PersistForced: // another server may take it at once
				s.Persist = engine.PersistNone
				redispatched(s, srv)
				return nil, true
			}
			countConnError(s, srv)
			return queueFull, false
		}
		q = &srv.State.Queue
	}
	return push(s, srv, q, w)
}

func push(s *engine.Stream, srv *engine.Server, q *engine.Queue, w *engine.Waiter) (*Failure, bool) {
	px := s.Back
	if s.Times.Queued == 0 {
		s.Times.Queued = clock.Mono()
	}
	px.State.Pending.Add(1)
	q.Mu.Lock()
	w.From = q.Served
	if srv != nil {
		srv.State.Queued.Add(1)
		srv.State.C.Queue.Add(1)
	} else {
		px.State.BE.Queue.Add(1)
	}
	insert(q, w)
	q.Mu.Unlock()
	// A slot may have been given back between the failed try and the push.
	if srv != nil {
		Wake(px, srv)
	} else {
		for _, other := range px.All() {
			Wake(px, other)
		}
	}
	return await(s, srv, q, w)
}

// insert keeps the queue in the order of priority class, then of arrival
// shifted by the offset.
func insert(q *engine.Queue, w *engine.Waiter) {
	at := len(q.Wait)
	for at > 0 && before(w, q.Wait[at-1]) {
		at--
	}
	q.Wait = append(q.Wait, nil)
	copy(q.Wait[at+1:], q.Wait[at:])
	q.Wait[at] = w
}

func before(a, b *engine.Waiter) bool {
	if a.Class != b.Class {
		return a.Class < b.Class
	}
	return a.Since.Add(time.Duration(a.Offset) * time.Millisecond).Before(b.Since.Add(time.Duration(b.Offset) * time.Millisecond))
}

// await waits for the slot, the timeout or the client's end.
func await(s *engine.Stream, srv *engine.Server, q *engine.Queue, w *engine.Waiter) (*Failure, bool) {
	limit := s.Timeout.Queue
	if limit == 0 {
		limit = s.Timeout.Connect
	}
	var expire <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		expire = t.C
	}
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case got := <-w.Ready:
			left(s, srv, w)
			if got == nil {
				return nil, true
			}
			s.Server = got
			return nil, false
		case <-expire:
			if !withdraw(q, w) {
				expire = nil // a slot is on its way
				continue
			}
			left(s, srv, w)
			s.Times.Connect = clock.Mono()
			s.Back.State.BE.ConnErrors.Add(1)
			if srv != nil {
				srv.State.C.ConnErrors.Add(1)
			}
			s.Server = srv // none, or the one that the log names
			return queueExpired, false
		case <-look.C:
			if !s.Killed.Load() && !clientLeft(s) || !withdraw(q, w) {
				continue
			}
			left(s, srv, w)
			s.Times.Connect = clock.Mono()
			s.Server = srv // none, or the one that the log names
			if s.Killed.Load() {
				return killed, false
			}
			return clientGoneQ, false
		}
	}
}

// left counts a stream that is in a queue no more.
func left(s *engine.Stream, srv *engine.Server, w *engine.Waiter) {
	s.Back.State.Pending.Add(-1)
	if srv != nil {
		s.QueueSrv = w.Place
	} else {
		s.QueueBack = w.Place
	}
	if srv != nil {
		srv.State.Queued.Add(-1)
		srv.State.C.Queue.Add(-1)
	} else {
		s.Back.State.BE.Queue.Add(-1)
	}
}

// withdraw takes w out of the queue; false means that it was already given something.
func withdraw(q *engine.Queue, w *engine.Waiter) bool {
	q.Mu.Lock()
	defer q.Mu.Unlock()
	return remove(q, w)
}

// serve takes w out because there is a slot for it.
func serve(q *engine.Queue, w *engine.Waiter) bool {
	q.Mu.Lock()
	defer q.Mu.Unlock()
	if !remove(q, w) {
		return false
	}
	q.Served++
	return true
}

func remove(q *engine.Queue, w *engine.Waiter) bool {
	i := slices.Index(q.Wait, w)
	if i < 0 {
		return false
	}
	q.Wait = slices.Delete(q.Wait, i, i+1)
	w.Place = q.Served - w.From + 1
	return true
}

// Wake hands free slots of srv to those who wait for them: of its own queue and
// of the backend's, the more urgent first.
func Wake(px *engine.Proxy, srv *engine.Server) {
	for {
		own, any := head(&srv.State.Queue), (*engine.Waiter)(nil)
		if mayServe(px, srv) {
			any = head(&px.State.Queue)
		}
		q, w := &srv.State.Queue, own
		if own == nil || any != nil && before(any, own) {
			q, w = &px.State.Queue, any
		}
		if w == nil || !takeSlot(srv) {
			return
		}
		if !serve(q, w) { // somebody else was faster
			srv.State.Served.Add(-1)
			continue
		}
		w.Ready <- srv
	}
}

// mayServe tells whether the backend's queue may be served by srv: a backup server
// only when it is its turn.
func mayServe(px *engine.Proxy, srv *engine.Server) bool {
	if !srv.State.Usable() {
		return false
	}
	if !srv.Backup {
		return true
	}
	for other := range px.InUse() {
		if other == srv {
			return true
		}
	}
	return false
}

func head(q *engine.Queue) *engine.Waiter {
	q.Mu.Lock()
	defer q.Mu.Unlock()
	if len(q.Wait) == 0 {
		return nil
	}
	return q.Wait[0]
}

func init() {
	engine.FlushServer = Flush
	engine.WakeServer = func(srv *engine.Server) { Wake(srv.Px, srv) }
}

// Flush sends everybody who waits for srv to choose again: it went down. It tells
// how many.
func Flush(srv *engine.Server) int {
	q := &srv.State.Queue
	q.Mu.Lock()
	wait := q.Wait
	q.Wait = nil
	for _, w := range wait {
		w.Place = q.Served - w.From + 1
	}
	q.Mu.Unlock()
	for _, w := range wait {
		w.Stream.Persist = engine.PersistNone
		w.Ready <- nil
	}
	return len(wait)
}
