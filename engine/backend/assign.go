package backend

import (
	"hawser/engine"
	"hawser/engine/clock"
)

// assign gives the stream a server with a slot: the one imposed on it or the
// algorithm's choice, waiting in a queue where all are taken.
func assign(s *engine.Stream) *Failure {
	if s.HasSlot {
		return nil
	}
	for {
		srv := s.Server
		if s.Persist == engine.PersistNone || srv == nil || !reachable(s, srv) {
			s.Persist = engine.PersistNone
			if srv = preferred(s); srv == nil {
				srv = s.Back.Balancer.Pick(s, s.Avoid)
			}
			if srv == nil {
				if !anyUsable(s.Back) {
					if s.Server = nil; s.Avoid != nil {
						redispatched(s, s.Avoid)
					}
					s.Back.State.BE.ConnErrors.Add(1)
					return noServer
				}
				f, again := enqueue(s, nil)
				if f != nil {
					return f
				}
				if again {
					continue
				}
				chosen(s, s.Server)
				return nil
			}
			if srv != s.Avoid { // HAProxy counts the choice once
				srv.State.C.LBTotal.Add(1)
				s.Back.State.BE.LBTotal.Add(1)
			}
		}
		if takeSlot(srv) {
			chosen(s, srv)
			return nil
		}
		f, again := enqueue(s, srv)
		if f != nil {
			return f
		}
		if !again {
			chosen(s, s.Server)
			return nil
		}
	}
}

// reachable tells whether an imposed server may be used: it is up, or use is forced.
func reachable(s *engine.Stream, srv *engine.Server) bool {
	return srv.State.Up() || s.Persist == engine.PersistForced || s.Back.Options.Has(engine.OptPersist)
}

func anyUsable(px *engine.Proxy) bool {
	for _, srv := range px.All() {
		if srv.State.Usable() {
			return true
		}
	}
	return false
}

// redispatched counts a stream that is taken from the server which it was bound to.
func redispatched(s *engine.Stream, from *engine.Server) {
	s.Redispatched = true
	s.Imposed = nil
	from.State.C.Redisp.Add(1)
	s.Back.State.BE.Redisp.Add(1)
}

// chosen counts a stream on the server whose slot it holds.
func chosen(s *engine.Stream, srv *engine.Server) {
	if left := s.Avoid; left != nil {
		s.Avoid = nil
		if srv != left {
			redispatched(s, left)
		} else {
			srv.State.C.Retries.Add(1)
			s.Back.State.BE.Retries.Add(1)
		}
	}
	s.Server, s.HasSlot = srv, true
	if s.Back.Options.Has(engine.OptPreferLastServer) {
		lastSlot.Edit(s.Sess).srv = srv.State
	}
	if s.Times.Connect == 0 {
		s.Times.Connect = clock.After(s.Times.Request)
	}
	c := &srv.State.C
	c.Conns.Add(1)
	c.CumSess.Add(1) // each attempt is one
	c.SessRate.Inc(clock.Now())
	sec := clock.WallNano() / 1e9
	srv.State.LastSess.Store(sec)
	s.Back.State.LastSess.Store(sec)
	s.Back.Balancer.Taken(srv)
}

// takeSlot takes one of the server's slots if one is free.
func takeSlot(srv *engine.Server) bool {
	st := srv.State
	limit := int64(st.Limit(srv))
	if limit == 0 {
		st.Served.Add(1)
		return true
	}
	if st.Served.Add(1) > limit {
		st.Served.Add(-1)
		return false
	}
	return true
}

// Release gives the stream's slot back, to the next in a queue if there is one.
func Release(s *engine.Stream) {
	if s.Seen.Conn.Load() != nil {
		s.Seen.Conn.Store(nil)
	}
	if !s.HasSlot {
		return
	}
	s.HasSlot = false
	srv := s.Server
	srv.State.C.Conns.Add(-1)
	s.Back.Balancer.Dropped(srv)
	srv.State.Served.Add(-1)
	if s.Back.State.Pending.Load() > 0 {
		Wake(s.Back, srv)
	}
}
