package engine

// Commit applies to the kept State what the new generation configures
// differently, at the moment it is published: a changed weight, limit or
// "disabled" wins over what the runtime API had set; what is unchanged keeps
// its run-time value.
func Commit(rt *Runtime) {
	for _, px := range rt.Proxies {
		for _, srv := range px.Servers {
			if was := srv.Was; was != nil {
				srv.commit(was)
				srv.Was = nil
			}
		}
	}
	for _, f := range committers {
		f(rt)
	}
}

func (srv *Server) commit(was *Server) {
	st := srv.State
	if srv.Host != was.Host {
		st.Mu.Lock()
		st.HostName = ""
		st.Mu.Unlock()
	}
	if srv.Weight != was.Weight {
		st.UWeight.Store(int32(srv.Weight))
	}
	if srv.MaxConn != was.MaxConn {
		st.MaxConn.Store(int32(srv.MaxConn))
	}
	if srv.Host != was.Host || srv.Host == "" && srv.Addr != was.Addr || srv.Addr.Port != was.Addr.Port {
		st.Mu.Lock()
		st.Addr = nil // set at run time for what the line said before
		st.Mu.Unlock()
		if AddressChanged != nil {
			AddressChanged(srv)
		}
	}
	if srv.reachedBy() != was.reachedBy() && AddressChanged != nil {
		AddressChanged(srv) // idle connections were made by other rules
	}
	if srv.Disabled != was.Disabled {
		adm := AdminState(st.Admin.Load())
		if srv.Disabled {
			adm |= AdmFMaint | AdmCMaint
		} else {
			adm &^= AdmFMaint | AdmCMaint
		}
		st.Admin.Store(uint32(adm))
	}
}

// reach is what connections to a server have in common beside its address.
type reach struct {
	tls       string
	sendProxy int
	source    SourceSpec
}

func (srv *Server) reachedBy() (r reach) {
	if srv.TLS != nil {
		r.tls = "tls " + srv.TLS.Fingerprint()
	}
	if r.sendProxy = srv.SendProxy; srv.Source != nil {
		r.source = *srv.Source
	}
	return r
}

var committers []func(*Runtime)

// OnCommit has f called when a generation is published, after its State was
// brought up to date; for init functions.
func OnCommit(f func(*Runtime)) { committers = append(committers, f) }

// Starters and stoppers of what features run in the background.
var starters, stoppers []func(rt, other *Runtime)

// OnStart has f called after a generation was published: it starts what is new
// in rt; old is the generation before, or nil.
func OnStart(f func(rt, old *Runtime)) { starters = append(starters, f) }

// OnStop has f called when a generation ends: it stops what next does not have;
// next is nil when the process stops.
func OnStop(f func(rt, next *Runtime)) { stoppers = append(stoppers, f) }

// StartFeatures and StopFeatures call what was registered.
func StartFeatures(rt, old *Runtime) {
	for _, f := range starters {
		f(rt, old)
	}
}

// StopFeatures calls what OnStop registered.
func StopFeatures(rt, next *Runtime) {
	for _, f := range stoppers {
		f(rt, next)
	}
}
