package daemon

import (
	"fmt"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// SoftStop closes the listeners and ends when the last stream has, or at
// hard-stop-after.
func (d *Daemon) SoftStop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.beginStop() {
		return
	}
	rt := d.Runtime()
	go func() {
		g := &rt.Global
		time.Sleep(g.Grace)
		for _, px := range rt.All() {
			if !px.Disabled {
				d.Say(diag.Warning, fmt.Sprintf("Proxy %s stopped (cumulated conns: FE: %d, BE: %d).", px.Name,
					px.State.FE.CumConns.Load(), px.State.BE.CumSess.Load()))
			}
		}
		rt.Proc.Stopping.Store(true)
		d.listeners.Stop(true)
		d.listeners.CloseIdle(nil, g.CloseSpread)
		d.drain(g.HardStopAfter, g.CloseSpread)
		d.end()
	}()
}

// beginStop is false when the process is stopping already. mu is held.
func (d *Daemon) beginStop() bool {
	if d.stopping {
		return false
	}
	d.stopping = true
	if d.watcher != nil {
		d.watcher.close()
	}
	return true
}

// drain waits for the client connections to end. Those that come to rest
// meanwhile end by themselves; idle tells how long the others are given.
func (d *Daemon) drain(limit, idle time.Duration) {
	var over <-chan time.Time
	if limit > 0 {
		over = time.After(limit)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for since := time.Now(); d.listeners.Ending() > 0 || d.listeners.Traffic() > 0; {
		if time.Since(since) > idle {
			d.listeners.CloseIdle(nil, 0)
		}
		select {
		case <-tick.C:
		case <-over:
			d.Say(diag.Warning, "soft-stop running for too long, performing a hard-stop.")
			d.listeners.Abort()
			return
		case <-d.done:
			return
		}
	}
}

// HardStop ends everything at once.
func (d *Daemon) HardStop() {
	d.mu.Lock()
	d.beginStop()
	d.mu.Unlock()
	if rt := d.Runtime(); rt != nil {
		rt.Proc.Stopping.Store(true)
	}
	d.listeners.Stop(false)
	d.listeners.Abort()
	d.end()
}

func (d *Daemon) end() {
	d.listeners.Stop(false)
	d.once.Do(func() {
		if rt := d.Runtime(); rt != nil {
			engine.StopFeatures(rt, nil)
		}
		close(d.done)
	})
}

// Pause and Resume make the listeners of traffic stop and go on accepting
// (SIGTTOU, SIGTTIN).
func (d *Daemon) Pause() { d.setPaused(true, "Paused") }

// Resume undoes Pause.
func (d *Daemon) Resume() { d.setPaused(false, "Resumed") }

func (d *Daemon) setPaused(on bool, word string) {
	for _, px := range d.Runtime().All() {
		for _, b := range px.Binds {
			b.State.Paused.Store(on)
		}
		if len(px.Binds) > 0 {
			d.Say(diag.Warning, fmt.Sprintf("%s frontend %s.", word, px.Name))
		}
	}
	d.listeners.Poke()
}

// DumpStatus says how servers and proxies are (SIGHUP without a master, SIGQUIT).
func (d *Daemon) DumpStatus() {
	d.Say(diag.Warning, "SIGHUP received, dumping servers states.")
	for _, px := range d.Runtime().All() {
		for _, srv := range px.All() {
			state := "UP"
			if !srv.State.Up() {
				state = "DOWN"
			}
			d.tell(px, fmt.Sprintf("SIGHUP: Server %s/%s is %s. Conn: %d act, %d pend, %d tot.", px.Name, srv.Name, state,
				srv.State.C.Conns.Load(), srv.State.Queued.Load(), srv.State.C.CumSess.Load()))
		}
		d.tell(px, fmt.Sprintf("SIGHUP: Proxy %s %s Conn: act(FE+BE): %d+%d, %d pend (%d unass), tot(FE+BE): %d+%d.", px.Name,
			available(px), px.State.FE.Conns.Load(), px.State.BE.Conns.Load(), px.State.Pending.Load(), px.State.Pending.Load(),
			px.State.FE.CumConns.Load(), px.State.BE.CumSess.Load()))
	}
}

func available(px *engine.Proxy) string {
	if len(px.All()) == 0 {
		return "has no servers."
	}
	act, bck := 0, 0
	for _, srv := range px.All() {
		switch {
		case !srv.State.Usable():
		case srv.Backup:
			bck++
		default:
			act++
		}
	}
	switch {
	case act+bck == 0:
		return "has no server available !"
	case act == 0:
		return fmt.Sprintf("is running on backup servers, %d backup servers available.", bck)
	}
	return fmt.Sprintf("has %d active servers and %d backup servers available.", act, bck)
}

func (d *Daemon) tell(px *engine.Proxy, text string) {
	d.Say(diag.Warning, text)
	engine.Notify(px, text)
}
