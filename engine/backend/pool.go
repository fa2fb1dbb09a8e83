package backend

import (
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
)

// Where a connection of a pool is (h1.Upstream.Place).
const (
	placeUsed uint8 = 1 + iota // a stream has it
	placeOwn                   // a stream has it, and it is its session's own
	placeIdle                  // in the pool
	placeKept                  // idle, kept by its session
)

// pool holds a server's connections. It keeps as many idle ones as the traffic
// was seen to need: the highest number in use of late.
type pool struct {
	state *engine.ServerState

	mu     sync.Mutex // guards what follows
	used   int        // streams have them
	peak   int        // the most of those since the last purge
	need   int        // estimate of how many are needed
	kept   int        // idle ones that sessions keep for themselves
	open   int
	fresh  line           // idle, used once
	proven line           // idle, used again: the server lets connections go on
	timer  *time.Timer    // of the next purge; nil: nothing is idle
	srv    *engine.Server // as configured when it was set
}

func poolOf(st *engine.ServerState) *pool {
	if p, ok := st.Pool.Load().(*pool); ok {
		return p
	}
	p := &pool{state: st}
	if st.Pool.CompareAndSwap(nil, p) {
		return p
	}
	return st.Pool.Load().(*pool)
}

func (p *pool) idle() int { return p.fresh.len() + p.proven.len() }

// opened counts a new connection and what it carries; one that its session
// does not share is not counted as in use.
func (p *pool) opened(s *engine.Stream, u *h1.Upstream, own bool) {
	s.Sess.RT.Proc.BackConns.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open++
	p.inUse()
	if u.Place = placeUsed; own {
		u.Place = placeOwn
		p.used--
	}
}

// noteUse counts a use that no idle connection can come of.
func (p *pool) noteUse() {
	p.mu.Lock()
	p.inUse()
	p.used--
	p.mu.Unlock()
}

// inUse counts a connection more in use. Called with mu held.
func (p *pool) inUse() {
	p.used++
	p.peak = max(p.peak, p.used)
	p.need = max(p.need, p.peak)
}

// take takes the connection out that has been idle longest of those that fit: a
// first request gets one that has proved itself if it can, or none (proven), later
// ones wear in the others.
func (p *pool) take(key string, proven, first bool) *h1.Upstream {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.pick(key, proven, first)
	if u != nil {
		u.Place = placeUsed
		p.inUse()
	}
	return u
}

func (p *pool) pick(key string, proven, first bool) *h1.Upstream {
	one, other := &p.fresh, &p.proven
	if first {
		one, other = other, one
	}
	u := one.take(key)
	if u == nil && !proven {
		u = other.take(key)
	}
	if u != nil {
		p.state.Idle.Add(-1)
	}
	return u
}

// Keep implements h1.Keeper.
func (p *pool) Keep(s *engine.Stream, u *h1.Upstream) {
	srv := s.Server
	u.IdleSince = clock.Now()
	switch {
	case srv.MaxReuse >= 0 && u.Uses > srv.MaxReuse || AdminGone(p.state):
		u.Abort()
	case u.Private || s.Back.Reuse == engine.ReuseNever:
		keepOwn(s, p, u)
	case !p.add(s.Sess.RT, srv, u):
		u.Abort()
	}
}

// add puts a connection that was in use among the idle ones, if there is need of it.
func (p *pool) add(rt *engine.Runtime, srv *engine.Server, u *h1.Upstream) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.idle()
	if srv.PoolPurgeDelay <= 0 || srv.PoolMax >= 0 && n >= srv.PoolMax {
		return false
	}
	if n > srv.PoolLow && p.used+n > p.need {
		return false
	}
	if tune := &rt.Global.Tune; crowded(rt, tune.PoolHighFD) || n > 0 && crowded(rt, tune.PoolLowFD) {
		return false
	}
	p.leave(u)
	u.Place = placeIdle
	if u.Uses > 1 {
		p.proven.push(u)
	} else {
		p.fresh.push(u)
	}
	p.state.Idle.Add(1)
	if p.srv = srv; p.timer == nil {
		p.timer = time.AfterFunc(srv.PoolPurgeDelay, p.purge)
	}
	return true
}

// leave undoes what the connection's place counts. Called with mu held.
func (p *pool) leave(u *h1.Upstream) {
	switch u.Place {
	case placeUsed:
		p.used--
	case placeKept:
		p.kept--
	}
	u.Place = 0
}

// Gone implements h1.Keeper.
func (p *pool) Gone(u *h1.Upstream) {
	u.Server.Px.RT.Proc.BackConns.Add(-1)
	p.mu.Lock()
	p.open--
	p.leave(u)
	p.mu.Unlock()
}

// crowded tells that the process has more sockets open than this share of what
// it may (percent).
func crowded(rt *engine.Runtime, percent int) bool {
	return (rt.Proc.Conns.Load()+rt.Proc.BackConns.Load())*100 > int64(rt.MaxSockets())*int64(percent)
}

// purge runs at each pool-purge-delay. Of the idle connections beyond those that
// were needed lately it closes half; the estimate of the need halves its way down
// to what was used since the last time.
func (p *pool) purge() {
	p.mu.Lock()
	drop := p.removeDead(nil)
	if AdminGone(p.state) {
		drop = p.removeOldest(drop, p.idle())
	}
	over := p.used + p.idle() - p.need
	if n := over/2 + over&1; n > 0 { // rounded as HAProxy does
		drop = p.removeOldest(drop, n+1)
	}
	if p.need = (p.need + p.peak) / 2; p.need < p.peak {
		p.need = p.peak
	}
	p.peak = p.used
	if p.idle() > 0 {
		p.timer.Reset(max(p.srv.PoolPurgeDelay, time.Millisecond))
	} else {
		p.timer = nil
	}
	p.mu.Unlock()
	abortAll(drop)
}

// removeOldest takes n idle connections out, those used once first.
func (p *pool) removeOldest(list []*h1.Upstream, n int) []*h1.Upstream {
	for range min(n, p.idle()) {
		u := p.fresh.remove(0)
		if u == nil {
			u = p.proven.remove(0)
		}
		p.state.Idle.Add(-1)
		list = append(list, u)
	}
	return list
}

// removeDead takes out what the server closed, or spoke on unasked.
func (p *pool) removeDead(list []*h1.Upstream) []*h1.Upstream {
	for _, l := range []*line{&p.fresh, &p.proven} {
		for i := l.len() - 1; i >= 0; i-- {
			if l.at(i).Conn().Probe() != conn.Alive {
				p.state.Idle.Add(-1)
				list = append(list, l.remove(i))
			}
		}
	}
	return list
}

func abortAll(list []*h1.Upstream) {
	for _, u := range list {
		u.Abort()
	}
}

// full tells that the server has as many connections as strict-maxconn allows;
// idle ones are then closed to make room.
func (p *pool) full(limit int) bool {
	p.mu.Lock()
	over := p.open - limit + 1
	var drop []*h1.Upstream
	if over > 0 {
		drop = p.removeOldest(nil, over+1)
	}
	p.mu.Unlock()
	abortAll(drop)
	return over > 0
}

// relieve closes an idle connection before a new one is opened, where the process
// has many.
func (p *pool) relieve(rt *engine.Runtime) {
	if p.state.Idle.Load() == 0 || !crowded(rt, rt.Global.Tune.PoolHighFD) {
		return
	}
	p.mu.Lock()
	drop := p.removeOldest(nil, 1)
	p.mu.Unlock()
	abortAll(drop)
}

// Figures implements engine.ConnPool.
func (p *pool) Figures(look bool) engine.PoolFigures {
	p.mu.Lock()
	var drop []*h1.Upstream
	if look {
		drop = p.removeDead(nil)
	}
	f := engine.PoolFigures{Used: p.used, Peak: p.peak, Need: p.need, Kept: p.kept, Fresh: p.fresh.len(), Proven: p.proven.len()}
	p.mu.Unlock()
	abortAll(drop)
	return f
}

// DropIdle closes all idle connections of a server: it left the configuration or
// changed its address.
func DropIdle(st *engine.ServerState) {
	p, ok := st.Pool.Load().(*pool)
	if !ok {
		return
	}
	p.mu.Lock()
	drop := p.removeOldest(nil, p.idle())
	p.mu.Unlock()
	abortAll(drop)
}

// AdminGone tells that a server is in maintenance: its connections are closed.
func AdminGone(st *engine.ServerState) bool {
	return engine.AdminState(st.Admin.Load())&engine.AdmMaint != 0
}

func init() {
	engine.AddressChanged = func(srv *engine.Server) { DropIdle(srv.State) }
}
