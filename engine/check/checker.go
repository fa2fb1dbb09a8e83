package check

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"hawser/engine"
)

// checker watches one server. It hangs on the server's state and moves from
// generation to generation.
type checker struct {
	mu     sync.Mutex // guards what follows
	srv    *engine.Server
	plan   *plan
	health job
	agent  job
	// off: stopped on the runtime API ("disable health", "disable agent").
	healthOff, agentOff bool
	hasAgent            bool
	slow                *time.Timer // slowstart's steps
	cancel              context.CancelFunc
	ctx                 context.Context
}

// now returns the server and plan in force.
func (k *checker) now() (*engine.Server, *plan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.srv, k.plan
}

// checkerOf returns a server's checker, or nil.
func checkerOf(srv *engine.Server) *checker {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	k, _ := st.Checker.(*checker)
	return k
}

// makeChecker returns the server's checker and whether it is new.
func makeChecker(srv *engine.Server) (*checker, bool) {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	if k, ok := st.Checker.(*checker); ok {
		return k, false
	}
	k := &checker{}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	k.health.do, k.agent.do = k.checkHealth, k.askAgent
	st.Checker = k
	return k, true
}

// checkHealth runs one check and returns the time until the next.
func (k *checker) checkHealth() time.Duration {
	srv, p := k.now()
	st := srv.State
	adm := engine.AdminState(st.Admin.Load())
	k.mu.Lock()
	off := k.healthOff
	k.mu.Unlock()
	if p == nil || off || adm&engine.AdmMaint != 0 {
		return spread(srv, srv.Inter)
	}
	running(srv, true)
	began := time.Now()
	res := p.check(k.ctx, srv)
	took := time.Since(began)
	running(srv, false)
	if k.ctx.Err() != nil {
		return time.Hour
	}
	if srv, _ := k.now(); engine.AdminState(st.Admin.Load())&engine.AdmMaint == 0 {
		k.apply(srv, res, took)
	}
	return spread(srv, interval(srv))
}

func running(srv *engine.Server, on bool) {
	st := srv.State
	st.Mu.Lock()
	st.CheckStatus.Running = on
	st.Mu.Unlock()
}

// interval is inter, or fastinter while the state is about to change, or
// downinter for a server that is down.
func interval(srv *engine.Server) time.Duration {
	h := int(srv.State.Health.Load())
	up := srv.Rise + srv.Fall - 1
	switch {
	case h >= up:
		return srv.Inter
	case h == 0 && engine.OpState(srv.State.Op.Load()) == engine.OpStopped:
		if srv.DownInter > 0 {
			return srv.DownInter
		}
	default:
		if srv.FastInter > 0 {
			return srv.FastInter
		}
	}
	return srv.Inter
}

// spread varies an interval by the percentage of spread-checks.
func spread(srv *engine.Server, d time.Duration) time.Duration {
	pc := 0
	if rt := srv.Px.RT; rt != nil {
		pc = rt.Global.SpreadChecks
	}
	if pc == 0 {
		return d
	}
	room := int64(d) * int64(pc) / 100
	if room <= 0 {
		return d
	}
	return d - time.Duration(room) + time.Duration(rand.Int64N(2*room+1))
}

// ramp raises the weight of a server that came up, step by step over slowstart.
func (k *checker) ramp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	srv := k.srv
	if srv.SlowStart <= 0 || engine.OpState(srv.State.Op.Load()) != engine.OpStarting {
		return
	}
	step := max(srv.SlowStart/50, 100*time.Millisecond)
	if k.slow != nil {
		k.slow.Stop()
	}
	k.slow = time.AfterFunc(step, func() {
		srv, _ := k.now()
		st := srv.State
		if engine.OpState(st.Op.Load()) != engine.OpStarting {
			return
		}
		if time.Since(time.Unix(st.LastChange.Load(), 0)) >= srv.SlowStart {
			st.Op.CompareAndSwap(uint32(engine.OpStarting), uint32(engine.OpRunning))
			srv.Settle()
			wake(srv)
			return
		}
		srv.Settle()
		wake(srv)
		k.ramp()
	})
}

// wake lets those who wait use slots that slowstart has opened.
func wake(srv *engine.Server) {
	if engine.WakeServer != nil && srv.State.MaxConn.Load() > 0 {
		engine.WakeServer(srv)
	}
}
