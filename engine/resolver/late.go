package resolver

import (
	"context"
	"net"
	"net/netip"
	"time"

	"hawser/engine"
)

// late follows a server whose name the system did not know at load and that has no
// resolvers: HAProxy would not start; here the system is asked again until it
// knows the name.
type late struct {
	srv  *engine.Server
	stop chan struct{}
}

// lateAgain is how often.
const lateAgain = 10 * time.Second

var lates = map[*engine.Runtime][]*late{} // guarded by mu

func init() { engine.OnCommit(found) }

// found brings the maintenance state of servers in line with what the load found
// out about their addresses.
func found(rt *engine.Runtime) {
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if srv.State == nil {
				continue
			}
			out := engine.AdminState(srv.State.Admin.Load())&engine.AdmRMaint != 0
			a := srv.State.Address(srv)
			switch known := a.IP.IsValid() || a.Path != "" || a.Dst || srv.Host == ""; {
			case known && out:
				srv.Administer(engine.AdmRMaint, 0)
			case !known && !out && srv.Unresolved:
				srv.Administer(0, engine.AdmRMaint)
			}
		}
	}
}

func startLate(rt *engine.Runtime) {
	var list []*late
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if srv.Late && srv.Resolvers.Text == "" && !px.Disabled {
				list = append(list, &late{srv: srv, stop: make(chan struct{})})
			}
		}
	}
	mu.Lock()
	lates[rt] = list
	mu.Unlock()
	for _, l := range list {
		go l.run()
	}
}

func stopLate(rt *engine.Runtime) {
	mu.Lock()
	defer mu.Unlock()
	for _, l := range lates[rt] {
		close(l.stop)
	}
	delete(lates, rt)
}

func (l *late) run() {
	for {
		t := time.NewTimer(lateAgain)
		select {
		case <-l.stop:
			t.Stop()
			return
		case <-t.C:
		}
		if ip := bySystem(l.srv.State.Host(l.srv)); ip.IsValid() {
			f := &follower{srv: l.srv}
			f.move(ip, 0, "'system'")
			f.regain()
			return
		}
	}
}

// bySystem asks the system's resolver: IPv4 before IPv6, as at load.
func bySystem(host string) (best netip.Addr) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return best
	}
	for _, ip := range ips {
		if ip = ip.Unmap(); !best.IsValid() || ip.Is4() && !best.Is4() {
			best = ip
		}
	}
	return best
}
