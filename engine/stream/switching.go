package stream

import (
	"hawser/engine"
	"hawser/engine/clock"
)

// chooseBackend applies use_backend and default_backend.
func chooseBackend(s *engine.Stream) step {
	s.Env.Final, s.Env.Place, s.Env.Dir = true, engine.FeSwitch, engine.Req
	if s.Back == nil {
		setBackend(s, pickBackend(s))
	}
	if s.Back == nil {
		setTerm(s, 'S', 'C')
		s.Front.State.FE.Intercepted.Add(0)
		return errorReply(s, 503)
	}
	if s.Kind != engine.NotHTTP && !s.Back.IsHTTP() { // of an upgraded frontend: there is no way back
		setTerm(s, 'I', 'R')
		s.Ex.Abort(false)
		return over
	}
	return next
}

func pickBackend(s *engine.Stream) *engine.Proxy {
	px, e := s.Front, &s.Env
	e.Px = px
	e.OpenWindow()
	defer e.CloseWindow()
	for i := range px.Switch {
		r := &px.Switch[i]
		if r.Cond != nil && !r.Cond.Holds(e) {
			continue
		}
		if r.Back != nil {
			if !published(s, r.Back) {
				continue
			}
			return r.Back
		}
		m := e.Mark()
		e.Tmp = r.Name.Append(e.Tmp, e)
		be := s.Sess.RT.BackendBytes(e.Since(m))
		e.Tmp = e.Tmp[:m]
		if be != nil {
			if !published(s, be) {
				continue
			}
			return be
		}
		break // an unknown name falls to default_backend
	}
	if px.Default != nil {
		return px.Default
	}
	if px.Side&engine.Back != 0 {
		return px
	}
	return nil
}

// published reports whether switching rules may lead to a backend: not while it
// is unpublished, unless force-be-switch says so.
func published(s *engine.Stream, be *engine.Proxy) bool {
	if !be.State.Unpublished.Load() {
		return true
	}
	for _, c := range s.Front.ForceSwitch {
		if c.Holds(&s.Env) {
			return true
		}
	}
	return false
}

// setBackend makes be the stream's backend and counts it there.
func setBackend(s *engine.Stream, be *engine.Proxy) {
	if be == nil {
		return
	}
	s.Back = be
	s.Seen.Back.Store(be)
	c := &be.State.BE
	c.Conns.Add(1)
	c.CumSess.Add(1)
	c.SessRate.Inc(clock.Now())
	if s.Kind != engine.NotHTTP {
		c.Requests.Add(1)
	}
	if be != s.Front {
		mergeTimeouts(&s.Timeout, &be.Timeout)
	}
}

// mergeTimeouts lets the backend's settings count for its side; what only a
// backend has is taken, the client's stay.
func mergeTimeouts(t, be *engine.Timeouts) {
	client, clientFin, hs, ka, req := t.Client, t.ClientFin, t.ClientHS, t.KeepAlive, t.HTTPRequest
	tarpit, tunnel := t.Tarpit, t.Tunnel
	*t = *be
	t.Client, t.ClientFin, t.ClientHS = client, clientFin, hs
	t.KeepAlive, t.HTTPRequest = ka, req
	if t.Tarpit == 0 {
		t.Tarpit = tarpit
	}
	if t.Tunnel == 0 {
		t.Tunnel = tunnel
	}
}

// useServer applies use-server.
func useServer(s *engine.Stream) step {
	px, e := s.Back, &s.Env
	e.Px, e.Place = px, engine.BeServer
	for i := range px.UseServer {
		r := &px.UseServer[i]
		if r.Cond != nil && !r.Cond.Holds(e) {
			continue
		}
		srv := r.Srv
		if srv == nil && r.Name != nil {
			m := e.Mark()
			e.Tmp = r.Name.Append(e.Tmp, e)
			srv = px.Server(string(e.Since(m)))
			e.Tmp = e.Tmp[:m]
		}
		if srv != nil && (srv.State.Up() || px.Options.Has(engine.OptPersist) || s.PersistRule == engine.PersistForced) {
			s.Impose(srv)
		}
		break
	}
	return next
}
