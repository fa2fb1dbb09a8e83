package backend

import "hawser/engine"

// lastServer is the server that a session's last stream used (option
// prefer-last-server).
type lastServer struct{ srv *engine.ServerState }

var lastSlot = engine.NewSlot[*engine.Session, lastServer]("last server")

// preferred is the server that the session used last, where option
// prefer-last-server asks for it: as long as the session holds a connection to it
// (http-reuse never) and not more than max-keep-alive-queue streams wait for it. Algorithms that choose by the
// request are not overruled.
func preferred(s *engine.Stream) *engine.Server {
	px := s.Back
	if !px.Options.Has(engine.OptPreferLastServer) || px.Deterministic || s.Avoid != nil {
		return nil
	}
	last := lastSlot.Get(s.Sess)
	if last == nil || last.srv == nil || !last.srv.Usable() {
		return nil
	}
	if !keepsOwn(s.Sess, last.srv) {
		return nil // idle connections that all share are no reason
	}
	for _, srv := range px.All() {
		if srv.State == last.srv {
			if n := px.MaxKAQueue; n >= 0 && srv.State.C.Queue.Load() > int64(n) {
				return nil
			}
			return srv
		}
	}
	return nil
}
