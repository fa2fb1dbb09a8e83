package backend

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
)

func init() { engine.LendIdle, engine.ReturnIdle = lendIdle, returnIdle }

// checkKey is the reuse key of a check's connection; false: the connections of this
// server carry more than a name.
func checkKey(srv *engine.Server, name string) (string, bool) {
	src := srv.Source
	if src == nil {
		src = srv.Px.Source
	}
	if src != nil && src.UseSrc != "" || srv.Addr.Dst || srv.Addr.MapPort || srv.SendProxy != 0 {
		return "", false
	}
	switch {
	case connNames.Get(srv) != nil && name != "":
		return "\x01" + name, true
	case connNames.Get(srv) == nil && srv.TLS != nil:
		return name, true
	}
	return "", true
}

func lendIdle(srv *engine.Server, name string) (*conn.Conn, int) {
	mode := srv.Px.Reuse
	key, ok := checkKey(srv, name)
	if !ok || mode != engine.ReuseAggressive && mode != engine.ReuseAlways {
		return nil, 0
	}
	p := poolOf(srv.State)
	for {
		p.mu.Lock()
		u := p.pick(key, mode == engine.ReuseAggressive, true)
		p.mu.Unlock()
		if u == nil {
			return nil, 0
		}
		u.Place = 0
		if alive(u) {
			return u.Detach(), u.Uses
		}
		u.Abort()
	}
}

func returnIdle(srv *engine.Server, name string, c *conn.Conn, uses int) bool {
	key, ok := checkKey(srv, name)
	if !ok || srv.Px.Reuse == engine.ReuseNever || AdminGone(srv.State) {
		return false
	}
	p := poolOf(srv.State)
	u := h1.NewIdle(srv, c, uses, p)
	u.Key, u.IdleSince = key, clock.Now()
	rt := srv.Px.RT
	p.mu.Lock()
	p.open++
	p.inUse()
	u.Place = placeUsed
	p.mu.Unlock()
	rt.Proc.BackConns.Add(1)
	c.SetDeadline(time.Time{})
	c.Release()
	if !p.add(rt, srv, u) {
		u.Detach()
		return false
	}
	return true
}
