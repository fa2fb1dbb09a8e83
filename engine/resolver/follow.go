package resolver

import (
	"net/netip"
	"slices"
	"strings"

	"hawser/engine"
)

// follower is a server whose address comes from a resolution. The loop of its
// section owns it.
type follower struct {
	by      *asker
	srv     *engine.Server // of the generation in force
	host    string         // that its address comes from; of a service: of its place, or ""
	prefer4 bool
	res     *resolution // of host; nil: the additional section of the service has the address
	seen    int         // version of res that it was given an address from
	service *resolution // of a line that names a service
	place   *entry      // of service; nil: none is free
}

func keyOf(srv *engine.Server) string { return srv.Px.Name + "/" + srv.Name }

// follow has a server of a new generation follow its name; one that did so before
// goes on.
func (a *asker) follow(was map[string]*follower, srv *engine.Server) {
	key := keyOf(srv)
	c := confs.Get(srv)
	prefer4 := c != nil && c.prefer4
	f := was[key]
	if f != nil && (f.prefer4 != prefer4 || !f.follows(srv)) {
		f.leave()
		f = nil
	}
	if f != nil {
		f.srv = srv
		a.servers[key] = f
		return
	}
	f = &follower{by: a, srv: srv, prefer4: prefer4}
	a.servers[key] = f
	if srv.ByService() {
		f.join(a.resolution(serviceOf(srv.Host)))
		return
	}
	f.attach(srv.State.Host(srv))
}

// follows reports whether f is at what the server's line says now.
func (f *follower) follows(srv *engine.Server) bool {
	if f.service != nil {
		return srv.ByService() && f.service.q == serviceOf(srv.Host)
	}
	return strings.EqualFold(f.host, srv.State.Host(srv))
}

// attach has the server's address come from a host name.
func (f *follower) attach(host string) {
	f.host = host
	f.res = f.by.resolution(addressOf(host, f.prefer4))
	f.seen = -1
	f.res.servers = append(f.res.servers, f)
	if len(f.res.servers) == 1 {
		f.res.begin()
	}
}

// detach ends that.
func (f *follower) detach() {
	if f.res != nil {
		f.res.servers = slices.DeleteFunc(f.res.servers, func(o *follower) bool { return o == f })
		f.res = nil
	}
}

// leave ends all that the server has of the section.
func (f *follower) leave() {
	f.detach()
	if f.service == nil {
		return
	}
	is := func(o *follower) bool { return o == f }
	f.service.servers = slices.DeleteFunc(f.service.servers, is)
	f.service.free = slices.DeleteFunc(f.service.free, is)
	if f.place != nil {
		f.place.by = nil
	}
	f.service, f.place = nil, nil
}

// spread gives the addresses of a valid answer to the servers: who has one that
// is still there keeps it.
func (res *resolution) spread(cl *client) {
	by := "'" + res.by.name + "/" + cl.name + "'"
	for i, f := range res.servers {
		if i > 0 {
			by = "'DNS cache'"
		}
		if f.spread(by) && i == 0 {
			cl.c.Update.Add(1)
		}
	}
}

// spread looks for an address for one server, and reports whether it got one that
// it did not have.
func (f *follower) spread(by string) bool {
	cur := f.srv.State.Address(f.srv).IP
	if cur.IsValid() && f.seen == f.res.version && !f.out() {
		return false // what was set by hand since stays
	}
	f.seen = f.res.version
	if cur.IsValid() && slices.ContainsFunc(f.res.records, func(e *entry) bool { return e.ip == cur }) {
		f.regain()
		return false
	}
	e := f.choose()
	if e == nil {
		f.lose("No IP for server ")
		return false
	}
	f.res.took(e)
	f.move(e.ip, 0, by)
	f.regain()
	return true
}

// choose is the best record for a server: one of its networks, then of its family,
// that no other server of the backend has. Where all are taken, allow-dup-ip has
// it share the first.
func (f *follower) choose() *entry {
	c := confs.Get(f.srv)
	var best, shared *entry
	top, most := -1, -1
	f.res.turn(func(e *entry) bool {
		n := f.rank(c, e.ip)
		if f.taken(e.ip) {
			if n > most {
				shared, most = e, n
			}
		} else if n > top {
			best, top = e, n
		}
		return true
	})
	if best == nil && c != nil && c.dupOK {
		return shared
	}
	return best
}

func (f *follower) rank(c *conf, ip netip.Addr) int {
	n := 0
	if c != nil && slices.ContainsFunc(c.nets, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		n = 2
	}
	if ip.Is4() == f.prefer4 {
		n++
	}
	return n
}

// taken tells that another server of the backend that follows the name has it.
func (f *follower) taken(ip netip.Addr) bool {
	for _, o := range f.res.servers {
		if o != f && o.srv.Px.Name == f.srv.Px.Name && o.srv.State.Address(o.srv).IP == ip {
			return true
		}
	}
	return false
}

// give takes servers out for an error that lasted longer than its hold time.
func (res *resolution) give(st status) {
	why := "unspecified DNS error"
	switch st {
	case nxDomain:
		why = "DNS NX status"
	case refused:
		why = "DNS refused status"
	case timedOut:
		why = "DNS timeout status"
	}
	if !res.isAddress() {
		gone := res.records
		res.records = nil
		res.version++
		res.settle(gone)
		return
	}
	for _, f := range res.servers {
		f.lose(why)
	}
}

// out tells that the server has no address by our doing.
func (f *follower) out() bool {
	return engine.AdminState(f.srv.State.Admin.Load())&engine.AdmRMaint != 0
}

// lose takes a server out until it has an address again.
func (f *follower) lose(why string) {
	if f.out() {
		return
	}
	f.put(netip.Addr{}, -1)
	f.srv.AdministerFor(0, engine.AdmRMaint, " ("+why+")")
}

// regain puts it back.
func (f *follower) regain() {
	srv := f.srv
	if f.out() && srv.Administer(engine.AdmRMaint, 0) {
		srv.Px.Log(5, srv.Title()+" administratively READY thanks to valid DNS answer.")
	}
}

// move gives a server an address, and a port where that is not 0.
func (f *follower) move(ip netip.Addr, port int, by string) {
	srv := f.srv
	old := srv.State.Address(srv)
	text := srv.Px.Name + "/" + srv.Name + ": "
	if old.IP != ip {
		was := "(none)"
		if old.IP.IsValid() {
			was = old.IP.String()
		}
		text += "IP changed from '" + was + "' to '" + ip.String() + "'"
	}
	if port != 0 && (port != old.Port || old.MapPort) {
		text += portChange(&old, ip, port)
	}
	f.put(ip, port)
	srv.Px.Log(5, text+" by "+by+".")
}

// put sets address and port; port 0 leaves what there is, -1 takes that of a place
// away which the server has no more.
func (f *follower) put(ip netip.Addr, port int) {
	st := f.srv.State
	st.Mu.Lock()
	a := f.srv.Addr
	if st.Addr != nil {
		a = *st.Addr
	}
	a.IP = ip
	switch {
	case port > 0:
		a.Port, a.MapPort = port, false
	case port < 0 && f.service != nil && f.place == nil:
		a.Port, a.MapPort = f.srv.Addr.Port, f.srv.Addr.MapPort
	}
	st.Addr = &a
	st.Mu.Unlock()
	if engine.AddressChanged != nil {
		engine.AddressChanged(f.srv)
	}
}
