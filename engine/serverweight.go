package engine

import (
	"iter"
	"slices"
	"time"
)

// WeightScale is how many steps one unit of a server's weight has, so that
// slowstart can ramp small weights smoothly.
const WeightScale = 16

// Begin gives a server that no generation had before its first state: as the
// configuration says, and up until a check finds otherwise (init-state).
func (srv *Server) Begin() {
	st := srv.State
	st.UWeight.Store(int32(srv.Weight))
	st.MaxConn.Store(int32(srv.MaxConn))
	st.Op.Store(uint32(OpRunning))
	st.Health.Store(int32(srv.Rise)) // one failure takes it down
	st.LastChange.Store(time.Now().Unix())
	if srv.Disabled {
		st.Admin.Or(uint32(AdmFMaint | AdmCMaint))
	}
	if AdminState(st.Admin.Load())&AdmMaint != 0 {
		st.Op.Store(uint32(OpStopped))
		st.Health.Store(0)
	}
	if srv.TrackSrv == nil {
		srv.beginHealth()
	}
	srv.Reweigh()
}

// beginHealth applies init-state (server options, "init-state").
func (srv *Server) beginHealth() {
	st := srv.State
	if !srv.Check || AdminState(st.Admin.Load())&AdmMaint != 0 {
		return
	}
	switch srv.InitState {
	case "fully-up":
		st.Health.Store(int32(max(srv.Rise+srv.Fall-1, 0)))
	case "down":
		st.Op.Store(uint32(OpStopped))
		st.Health.Store(int32(srv.Rise - 1))
	case "fully-down":
		st.Op.Store(uint32(OpStopped))
		st.Health.Store(0)
	}
}

// Reweigh computes the effective weight anew from the states, the user's weight
// and slowstart, and reports whether it changed. The balancer is not told.
func (srv *Server) Reweigh() bool {
	st := srv.State
	w := int32(0)
	if srv.takesTraffic() {
		w = st.UWeight.Load() * WeightScale
		if OpState(st.Op.Load()) == OpStarting && srv.SlowStart > 0 && w > 0 {
			since := time.Since(time.Unix(st.LastChange.Load(), 0))
			w = max(1, int32(int64(w)*int64(min(max(since, 0), srv.SlowStart))/int64(srv.SlowStart)))
		}
	}
	return st.EWeight.Swap(w) != w
}

// ShownWeight is the effective weight in the user's scale, rounded up; of a server
// out of use the one that it will have.
func (srv *Server) ShownWeight() int64 {
	st := srv.State
	if !st.Usable() {
		return int64(st.UWeight.Load())
	}
	return (int64(st.EWeight.Load()) + WeightScale - 1) / WeightScale
}

// InUse are the servers that traffic is balanced to: the active ones or, without
// any, the first backup or, with option allbackups, all of them.
func (px *Proxy) InUse() iter.Seq[*Server] {
	return func(yield func(*Server) bool) {
		all := px.All()
		backup := !slices.ContainsFunc(all, func(srv *Server) bool { return !srv.Backup && srv.State.Usable() })
		for _, srv := range all {
			if srv.Backup != backup || !srv.State.Usable() {
				continue
			}
			if !yield(srv) || backup && !px.Options.Has(OptAllBackups) {
				return
			}
		}
	}
}

// takesTraffic reports whether new streams may be balanced to the server.
func (srv *Server) takesTraffic() bool {
	st := srv.State
	op := OpState(st.Op.Load())
	return st.Up() && op != OpStopping && !st.Ejected.Load() && AdminState(st.Admin.Load())&AdmDrain == 0
}
