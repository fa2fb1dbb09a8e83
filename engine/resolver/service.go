package resolver

import (
	"net/netip"
	"slices"
	"strconv"

	"hawser/engine"
)

// join has a server stand for one of the places of a service, once one is free.
func (f *follower) join(res *resolution) {
	f.service = res
	res.servers = append(res.servers, f)
	res.free = append(res.free, f)
	if len(res.servers) == 1 {
		res.begin()
	}
}

// settle gives the places of a service to its servers. Those of records that are
// gone wait for a new one behind those that have waited before.
func (res *resolution) settle(gone []*entry) {
	for _, e := range gone {
		if f := e.by; f != nil {
			f.vacate()
			res.free = append(res.free, f)
		}
	}
	for _, e := range res.records {
		switch {
		case e.by != nil:
			e.by.update(e)
		default:
			if f := res.tenant(e); f != nil {
				f.occupy(e)
			}
		}
	}
	for _, f := range res.free {
		if hostOf(f.srv) != "" { // from an earlier process, and no more
			f.vacate()
		}
	}
}

// tenant is the server that is to stand for a place: the one that did so before
// (server-state-file), or who waits longest.
func (res *resolution) tenant(e *entry) *follower {
	if len(res.free) == 0 {
		return nil
	}
	i := max(slices.IndexFunc(res.free, func(f *follower) bool {
		return hostOf(f.srv) == e.host && f.srv.State.Address(f.srv).Port == e.port
	}), 0)
	f := res.free[i]
	res.free = slices.Delete(res.free, i, i+1)
	return f
}

// hostOf is the name that was set at run time.
func hostOf(srv *engine.Server) string {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return st.HostName
}

func setHost(srv *engine.Server, host string) {
	st := srv.State
	st.Mu.Lock()
	st.HostName = host
	st.Mu.Unlock()
}

// occupy has the server stand for a place.
func (f *follower) occupy(e *entry) {
	srv := f.srv
	was := hostOf(srv)
	e.by, f.place = f, e
	setHost(srv, e.host)
	srv.State.Admin.Or(uint32(engine.AdmHMaint))
	if was != e.host && !e.extra.IsValid() {
		f.put(netip.Addr{}, e.port)
	}
	f.update(e)
	if was == "" {
		was = "(null)"
	}
	if was != e.host {
		srv.Px.Log(5, srv.Px.Name+"/"+srv.Name+" changed its FQDN from "+was+" to "+e.host+" by 'SRV record'")
	}
}

// update takes over what may change of a place: weight and addresses.
func (f *follower) update(e *entry) {
	srv := f.srv
	if c := confs.Get(srv); c == nil || !c.noWght {
		if w := (e.weight + 255) / 256; srv.State.UWeight.Load() != int32(w) {
			srv.SetWeight(w)
		}
	}
	ip := e.extra
	switch {
	case ip.IsValid():
		f.detach()
		f.host = e.host
		if a := srv.State.Address(srv); a.IP != ip || a.Port != e.port {
			f.move(ip, e.port, "'DNS additional record'")
		}
		f.regain()
	case f.res == nil:
		f.attach(e.host)
	}
}

// vacate takes a server out whose place is gone.
func (f *follower) vacate() {
	f.detach()
	if f.place != nil {
		f.place.by = nil
	}
	f.place, f.host = nil, ""
	setHost(f.srv, "")
	f.put(netip.Addr{}, -1)
	f.lose("entry removed from SRV record")
}

// portChange is the part of a log line that tells of another port.
func portChange(old *engine.ServerAddr, ip netip.Addr, port int) string {
	text := "port changed from '"
	if old.IP != ip {
		text = ", " + text
	}
	if old.MapPort {
		text += "+"
	}
	return text + strconv.Itoa(old.Port) + "' to '" + strconv.Itoa(port) + "'"
}
