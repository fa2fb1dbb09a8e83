package backend

import (
	"hawser/engine"
	"hawser/engine/h1"
)

// ownConns are the idle connections that a session keeps for itself: with
// http-reuse never, and those that authenticate a user.
type ownConns struct{ list []*h1.Upstream }

var ownSlot = engine.NewSlot[*engine.Session, ownConns]("own connections to servers")

// keepOwn leaves a connection to the stream's session, as many as
// max-session-srv-conns allows.
func keepOwn(s *engine.Stream, p *pool, u *h1.Upstream) {
	own := ownSlot.Edit(s.Sess)
	if len(own.list) >= s.Front.MaxOwn {
		u.Abort()
		return
	}
	p.mu.Lock()
	p.leave(u)
	u.Place = placeKept
	p.kept++
	p.mu.Unlock()
	own.list = append(own.list, u)
}

// ownIdle returns the connection to the stream's server that its session kept.
func ownIdle(s *engine.Stream) *h1.Upstream {
	own := ownSlot.Get(s.Sess)
	if own == nil || len(own.list) == 0 {
		return nil
	}
	key := reuseKey(s)
	for i := 0; i < len(own.list); {
		u := own.list[i]
		if u.Server.State != s.Server.State || u.Key != key {
			i++
			continue
		}
		own.list = append(own.list[:i], own.list[i+1:]...)
		if !alive(u) {
			u.Abort()
			continue
		}
		p := poolOf(s.Server.State)
		p.mu.Lock()
		p.leave(u)
		u.Place = placeOwn
		p.mu.Unlock()
		u.Attach(s)
		return u
	}
	return nil
}

// keepsOwn tells whether a session holds an idle connection to a server.
func keepsOwn(sess *engine.Session, srv *engine.ServerState) bool {
	if own := ownSlot.Get(sess); own != nil {
		for _, u := range own.list {
			if u.Server.State == srv {
				return true
			}
		}
	}
	return false
}

// CloseSession closes what the session kept.
func CloseSession(sess *engine.Session) {
	if own := ownSlot.Get(sess); own != nil {
		abortAll(own.list)
		own.list = nil
	}
}
