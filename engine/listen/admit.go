package listen

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// admit waits until another connection may be accepted: those above maxconn and
// the rates stay in the kernel's queue, as with HAProxy.
func (sk *Socket) admit() {
	for !sk.closed.Load() {
		b := sk.bind.Load()
		d, full := sk.wait(b)
		if d == 0 && !full {
			return
		}
		if d == 0 || d > 50*time.Millisecond {
			d = 50 * time.Millisecond
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-sk.l.freed:
			t.Stop()
		}
	}
}

// wait tells for how long (if that is known) and whether the limits are reached.
func (sk *Socket) wait(b *engine.Bind) (time.Duration, bool) {
	px := b.Px
	rt := px.RT
	proc := rt.Proc
	if b.State.Paused.Load() || px.State.FEStatus.Load() == 1 {
		return 0, true
	}
	limit := px.State.MaxConn.Load()
	if limit == 0 {
		limit = int64(px.MaxConn)
	}
	if limit > 0 && px.State.FE.Conns.Load() >= limit {
		return 0, true
	}
	if b.MaxConn > 0 && b.State.C.Conns.Load() >= int64(b.MaxConn) {
		return 0, true
	}
	limit = proc.MaxConn.Load()
	if limit == 0 {
		limit = int64(rt.Global.MaxConn)
	}
	if limit > 0 && px.Name != engine.CLIProxy && proc.Conns.Load() >= limit {
		return 0, true
	}
	return rateDelay(px, rt), false
}

func rateDelay(px *engine.Proxy, rt *engine.Runtime) time.Duration {
	g, proc := &rt.Global, rt.Proc
	now := clock.Now()
	var d time.Duration
	if px.RateLimit > 0 {
		d = max(d, px.State.FE.SessRate.Delay(now, uint64(px.RateLimit)))
	}
	if g.MaxConnRate > 0 {
		d = max(d, proc.ConnRate.Delay(now, uint64(g.MaxConnRate)))
	}
	if g.MaxSessRate > 0 {
		d = max(d, proc.SessRate.Delay(now, uint64(g.MaxSessRate)))
	}
	return d
}

// leave wakes an accept loop that waits for room.
func (l *Listeners) leave(px *engine.Proxy) {
	select {
	case l.freed <- struct{}{}:
	default:
	}
}
