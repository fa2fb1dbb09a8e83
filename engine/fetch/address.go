package fetch

import (
	"net"
	"net/netip"
	"sync"

	"hawser/engine"
	"hawser/engine/clock"
)

const timeUnit = "the unit is s, ms or us"

func init() {
	for _, p := range []struct{ name, what string }{{"src", "the client's address"}, {"dst", "the address the client connected to"}} {
		src := p.name == "src"
		at := func(e env) netip.AddrPort { return sideAddr(e, src) }
		engine.AddFetches(
			row(p.name, engine.TAddr, engine.OnClient, "Returns "+p.what+".", func(e env, _ args) (smp, stat) { return addr(at(e).Addr()) }),
			row(p.name+"_port", engine.TSint, engine.OnClient, "Returns the port of "+p.what+".", func(e env, _ args) (smp, stat) { return port(at(e)) }),
			row(p.name+"_is_local", engine.TBool, engine.OnClient, "True if "+p.what+" is one of this system.", func(e env, _ args) (smp, stat) { return local(at(e).Addr()) }),
			row("fc_"+p.name, engine.TAddr, engine.OnClient, "Returns "+p.what+" as the connection has it.", func(e env, _ args) (smp, stat) { return addr(connAddr(e, src).Addr()) }),
			row("fc_"+p.name+"_port", engine.TSint, engine.OnClient, "Returns the port of "+p.what+" as the connection has it.", func(e env, _ args) (smp, stat) { return port(connAddr(e, src)) }),
			row("fc_"+p.name+"_is_local", engine.TBool, engine.OnClient, "True if "+p.what+", as the connection has it, is one of this system.", func(e env, _ args) (smp, stat) { return local(connAddr(e, src).Addr()) }),
			row("bc_"+p.name, engine.TAddr, engine.OnServerSide, "Returns the connection to the server's "+p.name+" address.", func(e env, _ args) (smp, stat) { return addr(backAddr(e, src).Addr()) }),
			row("bc_"+p.name+"_port", engine.TSint, engine.OnServerSide, "Returns the connection to the server's "+p.name+" port.", func(e env, _ args) (smp, stat) { return port(backAddr(e, src)) }),
		)
	}
	engine.AddFetches(
		checked(0, withArgs(engine.OptArgs(0, engine.ArgStr), row("accept_date", engine.TSint, engine.OnClient, "([unit]): the date of the connection in seconds; "+timeUnit+".", acceptDate))),
		checked(0, withArgs(engine.OptArgs(0, engine.ArgStr), row("request_date", engine.TSint, engine.OnStream, "([unit]): the date of the request in seconds; "+timeUnit+".", requestDate))),
	)
}

// sideAddr is the address in force: that of the session, which PROXY or a set-src
// rule may have changed.
func sideAddr(e env, src bool) netip.AddrPort {
	if e.Sess == nil {
		if e.Check != nil && e.Check.Conn != nil {
			return connSide(e.Check.Conn, !src)
		}
		return netip.AddrPort{}
	}
	if src {
		return e.Sess.Src
	}
	return e.Sess.Dst
}

// connAddr is the address of the connection itself, whatever rules made of it.
func connAddr(e env, src bool) netip.AddrPort {
	if e.Sess == nil || e.Sess.Conn == nil {
		return sideAddr(e, src)
	}
	if ap := connSide(e.Sess.Conn, src); ap.IsValid() {
		return ap
	}
	return sideAddr(e, src)
}

type addressed interface {
	RemoteAddr() net.Addr
	LocalAddr() net.Addr
}

func connSide(c addressed, remote bool) netip.AddrPort {
	a := c.LocalAddr()
	if remote {
		a = c.RemoteAddr()
	}
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

func backAddr(e env, src bool) netip.AddrPort {
	if e.Check != nil && e.Check.Conn != nil {
		return connSide(e.Check.Conn, !src)
	}
	if e.Strm == nil || e.Strm.Up == nil || e.Strm.Up.Conn() == nil {
		return netip.AddrPort{}
	}
	return connSide(e.Strm.Up.Conn(), !src)
}

func addr(a netip.Addr) (smp, stat) {
	if !a.IsValid() {
		return none()
	}
	return engine.IP(a), found
}

func port(ap netip.AddrPort) (smp, stat) {
	if !ap.IsValid() {
		return none()
	}
	return sint(int64(ap.Port()))
}

// locals are the addresses of this system, read again now and then.
var locals struct {
	mu    sync.Mutex
	until clock.Tick
	addrs map[netip.Addr]bool
}

func local(a netip.Addr) (smp, stat) {
	if !a.IsValid() {
		return none()
	}
	a = a.Unmap()
	if a.IsLoopback() {
		return boolean(true)
	}
	locals.mu.Lock()
	defer locals.mu.Unlock()
	if now := clock.Now(); locals.addrs == nil || now >= locals.until {
		locals.addrs, locals.until = map[netip.Addr]bool{}, now+10_000
		list, _ := net.InterfaceAddrs()
		for _, l := range list {
			if n, ok := l.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(n.IP); ok {
					locals.addrs[ip.Unmap()] = true
				}
			}
		}
	}
	return boolean(locals.addrs[a])
}

func acceptDate(e env, a args) (smp, stat) {
	if e.Sess == nil || e.Sess.Accept.IsZero() {
		return none()
	}
	return inUnit(e.Sess.Accept.UnixNano(), a)
}

func requestDate(e env, a args) (smp, stat) {
	if e.Strm == nil {
		return none()
	}
	return inUnit(e.Strm.Times.Date.UnixNano(), a)
}

func inUnit(ns int64, a args) (smp, stat) {
	unit := ""
	if given(a, 0) {
		unit = a[0].Text
	}
	switch unit {
	case "ms":
		return sint(ns / 1e6)
	case "us":
		return sint(ns / 1e3)
	}
	return sint(ns / 1e9)
}
