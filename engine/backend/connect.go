package backend

import (
	"errors"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
	"hawser/engine/htx"
)

// Connect returns an upstream that is ready for the stream's request. On success
// s.Server is set and its slot is held until Release.
func Connect(s *engine.Stream) (engine.Upstream, *Failure) {
	for {
		if f := assign(s); f != nil {
			return nil, f
		}
		if s.Server.Redir != "" && (s.Req.MethodID == htx.GET || s.Req.MethodID == htx.HEAD) && s.Req.Path().Len > 0 {
			Release(s)
			return nil, Redirected
		}
		s.Seen.Server.Store(s.Server)
		if up := takeIdle(s); up != nil {
			connected(s, up.Conn(), true)
			return up, nil
		}
		c, err := dialPooled(s)
		if err == nil {
			return c, nil
		}
		if f := dialFailed(s, err); f != nil {
			return nil, f
		}
	}
}

// ConnectRaw is Connect for streams that are not HTTP: a fresh connection.
func ConnectRaw(s *engine.Stream) (*conn.Conn, *Failure) {
	for {
		if f := assign(s); f != nil {
			return nil, f
		}
		s.Seen.Server.Store(s.Server)
		c, err := dial(s)
		if err == nil {
			connected(s, c, false)
			poolOf(s.Server.State).noteUse()
			return c, nil
		}
		if f := dialFailed(s, err); f != nil {
			return nil, f
		}
	}
}

// errFull: strict-maxconn leaves no room for a connection more.
var errFull = errors.New("as many connections as strict-maxconn allows")

// dialPooled opens a connection that may serve later streams too.
func dialPooled(s *engine.Stream) (engine.Upstream, error) {
	srv := s.Server
	p := poolOf(srv.State)
	if srv.MaxConnStrict {
		if limit := int(srv.State.MaxConn.Load()); limit > 0 && p.full(limit) {
			return nil, errFull
		}
	}
	p.relieve(s.Sess.RT)
	c, err := dial(s)
	if err != nil {
		return nil, err
	}
	connected(s, c, false)
	up := h1.NewUpstream(s, c, p)
	up.Key = reuseKey(s)
	p.opened(s, up, s.Back.Reuse == engine.ReuseNever)
	return up, nil
}

func dial(s *engine.Stream) (*conn.Conn, error) {
	st := s.Server.State
	st.C.Connects.Add(1)
	s.Back.State.BE.Connects.Add(1)
	tls := s.Server.TLS
	if st.NoTLS.Load() {
		tls = nil
	}
	spec := engine.DialSpec{Strm: s, Timeout: s.Timeout.Connect, TLS: tls, SendProxy: s.Server.SendProxy}
	return s.Server.Dial.Connect(&spec)
}

// connected notes the time and prepares the timeouts of the connection.
func connected(s *engine.Stream, c *conn.Conn, reused bool) {
	s.Seen.Conn.Store(c)
	s.BackLocal, s.BackPeer = c.LocalAddr(), c.RemoteAddr()
	if c.Secure() {
		s.BackTLS = c.Conn
	}
	s.Times.Connected = clock.After(s.Times.Connect)
	s.ConnReused, s.BackErr = reused, nil
	if reused {
		s.Server.State.C.Reuses.Add(1)
		s.Back.State.BE.Reuses.Add(1)
	} else if s.Server.Observe != "" && engine.Observe != nil {
		engine.Observe(s.Server, engine.ObserveConnect, true)
	}
}

// dialFailed gives the slot back and decides between another try (nil) and the end.
func dialFailed(s *engine.Stream, err error) *Failure {
	srv := s.Server
	var ce *engine.ConnectError
	if !errors.As(err, &ce) {
		ce = &engine.ConnectError{Err: err}
	}
	s.BackErr = ce
	if err == errFull {
		srv.State.C.CumSess.Add(-1) // nothing was tried
	} else {
		failing(srv)
	}
	Release(s)
	if s.Killed.Load() {
		return killed
	}
	if ce.Internal {
		return noAddress
	}
	if ce.Local {
		countConnError(s, srv)
		return noResource
	}
	if s.Back.RetryOn&engine.RetryConnFailure == 0 || s.Retries >= MaxRetries(s) {
		countConnError(s, srv)
		if ce.Timeout {
			return connectSlow
		}
		return connectFailed
	}
	s.Retries++
	if mayRedispatch(s) {
		s.Times.Connect = 0 // until another server is found counts as queue
		s.Avoid, s.Server = srv, nil
		s.Persist, s.Imposed = engine.PersistNone, nil
		return nil
	}
	srv.State.C.Retries.Add(1)
	s.Back.State.BE.Retries.Add(1)
	s.Server, s.Persist = srv, keepPersist(s.Persist)
	if !ce.Timeout && err != errFull && !turnAround(s) {
		return clientGone
	}
	return nil
}

// keepPersist makes the next attempt go to the same server.
func keepPersist(p engine.PersistKind) engine.PersistKind {
	if p == engine.PersistNone {
		return engine.PersistSet
	}
	return p
}

func countConnError(s *engine.Stream, srv *engine.Server) {
	srv.State.C.ConnErrors.Add(1)
	s.Back.State.BE.ConnErrors.Add(1)
}

// failing lets the health feature count a failed connection (observe layer4).
func failing(srv *engine.Server) {
	if engine.Observe != nil {
		engine.Observe(srv, engine.ObserveConnect, false)
	}
	if engine.ConnectFailed != nil {
		engine.ConnectFailed(srv)
	}
}

// mayRedispatch tells whether this retry may go to another server: at the
// retries that option redispatch names, or at once when nothing binds the
// stream to its server and others are there.
func mayRedispatch(s *engine.Stream) bool {
	n := s.Back.Redispatch
	if n == 0 || s.PersistRule == engine.PersistForced {
		return false
	}
	if srv := s.Server; srv != nil && !srv.State.Up() {
		return true
	}
	if s.Persist == engine.PersistNone && s.Back.State.Active.Load() > 1 && !s.Back.Deterministic {
		return true
	}
	if n < 0 {
		return s.Retries == MaxRetries(s)+n+1 // -1: the last one
	}
	return s.Retries%n == 0
}

// turnAround waits before the same server is tried again: one second, or timeout
// connect if that is shorter (configuration manual, "retries").
func turnAround(s *engine.Stream) bool {
	d := time.Second
	if t := s.Timeout.Connect; t > 0 && t < d {
		d = t
	}
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
	return !clientLeft(s)
}

// clientLeft looks whether the client closed, where that ends a stream early.
func clientLeft(s *engine.Stream) bool {
	return s.Back.AbortsOnClose() && s.Sess.Conn.PeerClosed()
}
