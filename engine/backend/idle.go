package backend

import (
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
)

// pool holds a server's idle connections, the most recently used last.
type pool struct {
	mu    sync.Mutex
	idle  []*h1.Upstream
	timer *time.Timer
	least int // the fewest idle ones since the last purge
}

func poolOf(st *engine.ServerState) *pool {
	if p, ok := st.Pool.Load().(*pool); ok {
		return p
	}
	p := &pool{}
	if st.Pool.CompareAndSwap(nil, p) {
		return p
	}
	return st.Pool.Load().(*pool)
}

// takeIdle returns an idle connection to the stream's server if http-reuse lets
// it use one, or nil.
func takeIdle(s *engine.Stream) engine.Upstream {
	mode := s.Back.Reuse
	first := s.Sess.Requests <= 1 && s.Retries == 0
	if u := ownIdle(s); u != nil {
		return u
	}
	if mode == engine.ReuseNever || mode == engine.ReuseSafe && first {
		return nil
	}
	st := s.Server.State
	if st.Idle.Load() == 0 {
		return nil
	}
	p := poolOf(st)
	key := reuseKey(s)
	for {
		u := p.pop(s, key, mode == engine.ReuseAggressive && first)
		if u == nil {
			return nil
		}
		st.Idle.Add(-1)
		if alive(u) {
			u.Attach(s)
			return u
		}
		u.Abort()
	}
}

// pop takes the most recent connection that fits.
func (p *pool) pop(s *engine.Stream, key string, proven bool) *h1.Upstream {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		u := p.idle[i]
		if u.Key != key || proven && u.Uses < 2 {
			continue
		}
		p.idle = append(p.idle[:i], p.idle[i+1:]...)
		p.least = min(p.least, len(p.idle))
		return u
	}
	return nil
}

// alive looks whether an idle connection can still be used. One that was used a
// moment ago is taken on trust: a server that closes it just then is met by a
// retry.
func alive(u *h1.Upstream) bool {
	if clock.Now().Sub(u.IdleSince) < 2*time.Millisecond {
		return true
	}
	return u.Conn().Probe() == conn.Alive
}

// ownIdle returns the connection that the session kept for itself (http-reuse
// never, or a private connection).
func ownIdle(s *engine.Stream) *h1.Upstream {
	own := ownSlot.Get(s.Sess)
	if own == nil || own.u == nil {
		return nil
	}
	u := own.u
	own.u = nil
	if u.Server != s.Server || u.Key != reuseKey(s) || !alive(u) {
		u.Abort()
		return nil
	}
	u.Attach(s)
	return u
}

type ownConn struct{ u *h1.Upstream }

var ownSlot = engine.NewSlot[*engine.Session, ownConn]("idle server connection")

// CloseSession closes what the session kept.
func CloseSession(sess *engine.Session) {
	if own := ownSlot.Get(sess); own != nil && own.u != nil {
		own.u.Abort()
		own.u = nil
	}
}

// putIdle takes a connection whose exchange is over.
func putIdle(s *engine.Stream, u *h1.Upstream) {
	srv := s.Server
	st := srv.State
	u.IdleSince = clock.Now()
	if srv.MaxReuse >= 0 && u.Uses > srv.MaxReuse || AdminGone(st) {
		u.Abort()
		return
	}
	if s.Back.Reuse == engine.ReuseNever || u.Private {
		own := ownSlot.Edit(s.Sess)
		if own.u != nil {
			own.u.Abort()
		}
		own.u = u
		return
	}
	if srv.PoolMax == 0 || srv.PoolMax > 0 && st.Idle.Load() >= int64(srv.PoolMax) {
		u.Abort()
		return
	}
	p := poolOf(st)
	p.mu.Lock()
	p.idle = append(p.idle, u)
	if p.timer == nil {
		p.least = len(p.idle)
		p.timer = time.AfterFunc(purgeDelay(srv), func() { p.purge(srv) })
	}
	p.mu.Unlock()
	st.Idle.Add(1)
}

// AdminGone tells that a server is in maintenance: its connections are closed.
func AdminGone(st *engine.ServerState) bool {
	return engine.AdminState(st.Admin.Load())&engine.AdmMaint != 0
}

func purgeDelay(srv *engine.Server) time.Duration {
	if srv.PoolPurgeDelay > 0 {
		return srv.PoolPurgeDelay
	}
	return 5 * time.Second
}

// purge closes half of the connections that nobody needed since the last time,
// and those that their server closed.
func (p *pool) purge(srv *engine.Server) {
	p.mu.Lock()
	n := (p.least + 1) / 2
	if AdminGone(srv.State) {
		n = len(p.idle)
	}
	n = min(max(n, 0), max(len(p.idle)-srv.PoolLow, 0))
	drop := append([]*h1.Upstream(nil), p.idle[:n]...)
	keep := p.idle[:0]
	for _, u := range p.idle[n:] {
		if u.Conn().Probe() == conn.Alive {
			keep = append(keep, u)
		} else {
			drop = append(drop, u)
		}
	}
	clear(p.idle[len(keep):])
	p.idle, p.least = keep, len(keep)
	if len(keep) > 0 {
		p.timer.Reset(purgeDelay(srv))
	} else {
		p.timer = nil
	}
	p.mu.Unlock()
	for _, u := range drop {
		srv.State.Idle.Add(-1)
		u.Abort()
	}
}

// DropIdle closes all idle connections of a server: it left the configuration or
// changed its address.
func DropIdle(st *engine.ServerState) {
	p, ok := st.Pool.Load().(*pool)
	if !ok {
		return
	}
	p.mu.Lock()
	drop := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, u := range drop {
		st.Idle.Add(-1)
		u.Abort()
	}
}

func init() {
	engine.AddressChanged = func(srv *engine.Server) { DropIdle(srv.State) }
}
