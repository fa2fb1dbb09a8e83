package resolver

import "hawser/engine"

func init() {
	engine.Rename = rename
	engine.ResolveAgain = again
}

// again asks for the name of a server that a check could not reach, unless its
// address is fresh (hold valid).
func again(srv *engine.Server) {
	a := find(srv.Resolvers.Text)
	if a == nil {
		return
	}
	a.do(func() {
		if f := a.servers[keyOf(srv)]; f != nil && f.res != nil && !f.res.fresh() {
			f.res.begin()
		}
	})
}

// rename has a server follow another name ("set server … fqdn"). It is false when
// nothing resolves names for the server.
func rename(srv *engine.Server, host string) bool {
	a := find(srv.Resolvers.Text)
	if a == nil {
		return false
	}
	done := make(chan struct{})
	if !a.do(func() { a.rename(srv, host); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-a.quit:
		return false
	}
}

func (a *asker) rename(srv *engine.Server, host string) {
	key := keyOf(srv)
	f := a.servers[key]
	if f == nil {
		c := confs.Get(srv)
		f = &follower{by: a, srv: srv, prefer4: c != nil && c.prefer4}
		a.servers[key] = f
	}
	f.leave()
	srv.State.Admin.Or(uint32(engine.AdmHMaint))
	f.attach(host)
}
