package resolver

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// watch follows one name for the servers of one backend that share it.
type watch struct {
	rt   *engine.Runtime
	sec  *section
	host string
	srvs []*engine.Server
	good time.Time // of the last answer that was used
	stop chan struct{}
}

var (
	mu      sync.Mutex
	running = map[*engine.Runtime][]*watch{}
)

func init() {
	engine.OnStart(func(rt, _ *engine.Runtime) { start(rt) })
	engine.OnCommit(found)
	engine.OnStop(func(rt, _ *engine.Runtime) { end(rt) })
}

// found puts servers back into use whose names were not known to the generation
// before and are to this one.
func found(rt *engine.Runtime) {
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if srv.Host == "" || srv.Unresolved || srv.State == nil {
				continue
			}
			if old := srv.State.Admin.And(^uint32(engine.AdmRMaint)); old&uint32(engine.AdmRMaint) != 0 && srv.Reweigh() && px.Balancer != nil {
				px.Balancer.Changed(srv)
			}
		}
	}
}

func start(rt *engine.Runtime) {
	set := all.Get(rt)
	if set == nil {
		set = &sections{}
	}
	var list []*watch
	for _, px := range rt.All() {
		byHost := map[string]*watch{}
		for _, srv := range px.All() {
			sec := set.byName[srv.Resolvers.Text]
			if sec == nil && srv.Late {
				sec = bySystem
			}
			host := srv.State.Host(srv)
			if sec == nil || host == "" || px.Disabled {
				continue
			}
			w := byHost[host]
			if w == nil {
				w = &watch{rt: rt, sec: sec, host: host, good: time.Now(), stop: make(chan struct{})}
				byHost[host] = w
				list = append(list, w)
			}
			w.srvs = append(w.srvs, srv)
		}
	}
	mu.Lock()
	running[rt] = list
	mu.Unlock()
	for _, w := range list {
		go w.run()
	}
}

func end(rt *engine.Runtime) {
	mu.Lock()
	list := running[rt]
	delete(running, rt)
	mu.Unlock()
	for _, w := range list {
		close(w.stop)
	}
}

// run asks again and again: after hold valid when the answer was good, after
// timeout resolve when it was not.
func (w *watch) run() {
	for {
		wait := w.once()
		t := time.NewTimer(wait)
		select {
		case <-w.stop:
			t.Stop()
			return
		case <-t.C:
		}
	}
}

func (w *watch) once() time.Duration {
	c := confs.Get(w.srvs[0])
	recs, err := w.ask(c != nil && c.prefer4)
	select {
	case <-w.stop:
		return 0
	default:
	}
	if err != nil {
		w.failed(err)
		if w.sec == bySystem {
			return 10 * time.Second
		}
		return max(w.sec.resolve, time.Second)
	}
	w.good = time.Now()
	w.apply(recs)
	return max(w.sec.hold["valid"], time.Second)
}

// bySystem stands for the system's own resolver, which is asked for names that
// were not known at load until it knows them.
var bySystem = newSection("", diag.Pos{})

func (w *watch) ask(prefer4 bool) ([]record, error) {
	if w.sec != bySystem {
		return w.sec.lookup(w.host, prefer4)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", w.host)
	if err != nil {
		return nil, errNX
	}
	var out []record
	for _, ip := range ips {
		out = append(out, record{ip: ip.Unmap()})
	}
	slices.SortStableFunc(out, func(a, b record) int { return a.ip.BitLen() - b.ip.BitLen() })
	return out, nil
}

// failed keeps the addresses for the hold time of the error, then takes the
// servers out.
func (w *watch) failed(err error) {
	if time.Since(w.good) < w.sec.hold[err.Error()] {
		return
	}
	for _, srv := range w.srvs {
		w.lose(srv, "DNS "+err.Error()+" status")
	}
}

// apply gives the addresses to the servers: who has one that is still there
// keeps it, the others take what is left.
func (w *watch) apply(recs []record) {
	recs = w.preferred(recs)
	var open []*engine.Server
	for _, srv := range w.srvs {
		i := slices.IndexFunc(recs, func(r record) bool { return holds(srv, r) })
		if i < 0 {
			open = append(open, srv)
			continue
		}
		if !w.shared(srv) {
			recs = slices.Delete(slices.Clone(recs), i, i+1)
		}
		w.regain(srv)
	}
	for _, srv := range open {
		if len(recs) == 0 {
			w.lose(srv, "entry removed from DNS")
			continue
		}
		w.give(srv, recs[0])
		if !w.shared(srv) {
			recs = recs[1:]
		}
	}
}

// shared reports whether several servers of the name may have one address: a
// plain server line may, those of a template may not.
func (w *watch) shared(srv *engine.Server) bool {
	if c := confs.Get(srv); c != nil && c.dupOK {
		return true
	}
	return len(w.srvs) == 1 || !srv.Template
}

// preferred sorts addresses of the preferred networks to the front.
func (w *watch) preferred(recs []record) []record {
	c := confs.Get(w.srvs[0])
	if c == nil || len(c.nets) == 0 {
		return recs
	}
	in := func(r record) int {
		for _, n := range c.nets {
			if n.Contains(r.ip) {
				return 0
			}
		}
		return 1
	}
	slices.SortStableFunc(recs, func(a, b record) int { return in(a) - in(b) })
	return recs
}

// current is the address in force.
func current(srv *engine.Server) (netip.Addr, int) {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	if st.Addr != nil {
		return st.Addr.IP, st.Addr.Port
	}
	return srv.Addr.IP, srv.Addr.Port
}

func holds(srv *engine.Server, r record) bool {
	ip, port := current(srv)
	return ip == r.ip && (r.port == 0 || r.port == port)
}

func (w *watch) give(srv *engine.Server, r record) {
	old, _ := current(srv)
	a := srv.Addr
	a.IP = r.ip
	if r.port != 0 {
		a.Port, a.MapPort = r.port, false
	}
	st := srv.State
	st.Mu.Lock()
	st.Addr = &a
	st.Mu.Unlock()
	if engine.AddressChanged != nil {
		engine.AddressChanged(srv)
	}
	if old.IsValid() && old != r.ip {
		w.log(srv, 5, srv.Px.Name+"/"+srv.Name+" changed its IP from "+old.String()+" to "+r.ip.String()+" by DNS.")
	}
	w.regain(srv)
}

// lose takes a server out until it has an address again.
func (w *watch) lose(srv *engine.Server, why string) {
	st := srv.State
	if old := st.Admin.Or(uint32(engine.AdmRMaint)); old&uint32(engine.AdmRMaint) != 0 {
		return
	}
	w.changed(srv)
	w.log(srv, 5, "Server "+srv.Px.Name+"/"+srv.Name+" is going DOWN for maintenance ("+why+").")
}

func (w *watch) regain(srv *engine.Server) {
	st := srv.State
	if old := st.Admin.And(^uint32(engine.AdmRMaint)); old&uint32(engine.AdmRMaint) == 0 {
		return
	}
	w.changed(srv)
	w.log(srv, 5, "Server "+srv.Px.Name+"/"+srv.Name+" ('"+w.host+"') is UP/READY (resolves again).")
}

func (w *watch) changed(srv *engine.Server) {
	srv.State.LastChange.Store(time.Now().Unix())
	if srv.Reweigh() && srv.Px.Balancer != nil {
		srv.Px.Balancer.Changed(srv)
	}
}

func (w *watch) log(srv *engine.Server, level int, msg string) {
	if engine.Log != nil {
		engine.Log(w.rt, srv.Px.Logs, w.rt.Global.LogTag, level, msg)
	}
}
