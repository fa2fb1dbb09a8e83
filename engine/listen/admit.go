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
		d, full := sk.wait()
		if d == 0 && !full {
			return
		}
		sk.waits.Store(true)
		sk.l.waiting.Add(1)
		if d2, still := sk.wait(); d2 > 0 || still { // room may have come before we said that we wait
			sk.sleep(d2)
		}
		sk.l.waiting.Add(-1)
		sk.waits.Store(false)
	}
}

// sleep waits for room: d tells how long that takes, where it is known.
func (sk *Socket) sleep(d time.Duration) {
	if d == 0 {
		d = time.Second // a safety net: freed and poke end it before
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-sk.wake:
	}
}

// wait tells for how long (if that is known) and whether the limits are reached.
func (sk *Socket) wait() (time.Duration, bool) {
	b := sk.bind.Load()
	px := b.Px
	if sk.settle() {
		return 0, true
	}
	rt := px.RT
	proc := rt.Proc
	if l := px.State.MaxConn.Load(); over(px.State.FE.Conns.Load(), l, px.MaxConn) {
		return 0, true
	}
	if over(b.State.C.Conns.Load(), 0, b.MaxConn) {
		return 0, true
	}
	if px.Name == engine.CLIProxy {
		return 0, false
	}
	if over(proc.Conns.Load(), proc.MaxConn.Load(), rt.Global.MaxConn) {
		return 0, true
	}
	if b.SSL && over(proc.SSLConns.Load(), 0, rt.Global.MaxSSLConn) {
		return 0, true
	}
	return rateDelay(px, rt, b.SSL), false
}

// paused: by SIGTTOU or "disable frontend".
func paused(b *engine.Bind) bool {
	return b.State.Paused.Load() || b.Px.State.FEStatus.Load() == 1
}

// over compares with the run-time limit where it is set, else with the configured one.
func over(n, set int64, configured int) bool {
	if set == 0 {
		set = int64(configured)
	}
	return set > 0 && n >= set
}

func rateDelay(px *engine.Proxy, rt *engine.Runtime, tls bool) time.Duration {
	g, proc := &rt.Global, rt.Proc
	conns := engine.LimitOf(&proc.Limits.Conn, g.MaxConnRate)
	sess := engine.LimitOf(&proc.Limits.Sess, g.MaxSessRate)
	secure := engine.LimitOf(&proc.Limits.SSL, g.MaxSSLRate)
	if px.RateLimit == 0 && conns == 0 && sess == 0 && secure == 0 {
		return 0
	}
	now := clock.Now()
	var d time.Duration
	if px.RateLimit > 0 {
		d = max(d, px.State.FE.SessRate.Delay(now, uint64(px.RateLimit)))
	}
	if conns > 0 {
		d = max(d, proc.ConnRate.Delay(now, uint64(conns)))
	}
	if sess > 0 {
		d = max(d, proc.SessRate.Delay(now, uint64(sess)))
	}
	if tls && secure > 0 {
		d = max(d, proc.SSLRate.Delay(now, uint64(secure)))
	}
	return d
}

// freed wakes the loops that wait for room: a connection ended.
func (l *Listeners) freed() {
	if l.waiting.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, sk := range l.sockets {
		if sk.waits.Load() {
			select {
			case sk.wake <- struct{}{}:
			default:
			}
		}
	}
}
