package engine

import (
	"sync"
	"time"
)

// adminMu serializes changes of administrative states, which reach from a server
// to those that track it. Taken before any other lock.
var adminMu sync.Mutex

func init() {
	ChangeAdmin = func(srv *Server, drop, add AdminState) { srv.Administer(drop, add) }
	ServerAction = func(srv *Server, action string) bool {
		do := serverActions[action]
		return do != nil && do(srv)
	}
}

// serverActions are what the statistics page and the runtime API can do to a
// server. False: it could not be done.
var serverActions = map[string]func(srv *Server) bool{
	"ready":    func(srv *Server) bool { srv.Administer(AdmFMaint|AdmFDrain, 0); return true },
	"drain":    func(srv *Server) bool { srv.Administer(AdmFMaint, AdmFDrain); return true },
	"maint":    func(srv *Server) bool { srv.Administer(AdmFDrain, AdmFMaint); return true },
	"dhlth":    func(srv *Server) bool { return switchCheck(srv, false, false) },
	"ehlth":    func(srv *Server) bool { return switchCheck(srv, false, true) },
	"dagent":   func(srv *Server) bool { return switchCheck(srv, true, false) },
	"eagent":   func(srv *Server) bool { return switchCheck(srv, true, true) },
	"hrunn":    func(srv *Server) bool { return force(srv, OpRunning) },
	"hnolb":    func(srv *Server) bool { return force(srv, OpStopping) },
	"hdown":    func(srv *Server) bool { return force(srv, OpStopped) },
	"arunn":    func(srv *Server) bool { return hasAgent(srv) && agentSays(srv, OpRunning) },
	"adown":    func(srv *Server) bool { return hasAgent(srv) && agentSays(srv, OpStopped) },
	"shutdown": func(srv *Server) bool { KillStreams(srv, 'K'); return true },
}

func switchCheck(srv *Server, agent, on bool) bool {
	return SwitchCheck != nil && SwitchCheck(srv, agent, on)
}

func hasAgent(srv *Server) bool {
	if CheckSwitched == nil {
		return false
	}
	configured, _ := CheckSwitched(srv, true)
	return configured
}

// force sets the operational state by hand; a tracking server has none of its own.
func force(srv *Server, op OpState) bool {
	if srv.TrackSrv != nil {
		return false
	}
	srv.SetOp(op, ", changed from CLI")
	if op != OpStopped {
		srv.State.Health.Store(int32(max(srv.Rise+srv.Fall-1, 0)))
	}
	return true
}

// agentSays is force in the name of the server's agent: what the checks found stays.
func agentSays(srv *Server, op OpState) bool {
	st := srv.State
	st.AgentDown.Store(op == OpStopped)
	health := st.Health.Load()
	done := force(srv, op)
	st.Health.Store(health)
	return done
}

// Administer takes bits out of the administrative state of a server and puts
// others in, with all that follows: weight, balancer, queue, streams, the servers
// that track it, and the log. It reports whether anything changed (management
// manual, "set server").
func (srv *Server) Administer(drop, add AdminState) bool {
	return srv.AdministerFor(drop, add, "")
}

// AdministerFor is Administer with a reason for the log, which begins with a space.
func (srv *Server) AdministerFor(drop, add AdminState, why string) bool {
	adminMu.Lock()
	defer adminMu.Unlock()
	return srv.administer(drop, add, why)
}

// administer does it for one server and then for its trackers; via is the reason:
// the tracked server or what AdministerFor was told.
func (srv *Server) administer(drop, add AdminState, via string) bool {
	st := srv.State
	was := AdminState(st.Admin.Load())
	is := was&^drop | add
	if is == was {
		return false
	}
	hadServers := srv.Px.anyUsable()
	st.Admin.Store(uint32(is))
	wasMaint, isMaint := was&AdmMaint != 0, is&AdmMaint != 0
	wasDrain, isDrain := was&AdmDrain != 0, is&AdmDrain != 0
	switch {
	case isMaint && !wasMaint:
		srv.enterMaint(via)
	case isMaint:
		srv.stillMaint(was, is, via)
	case wasMaint:
		srv.leaveMaint(was, is, via)
	case isDrain && !wasDrain:
		srv.enterDrain(via)
	case wasDrain && !isDrain:
		srv.leaveDrain(was, via)
	default:
		srv.Settle()
	}
	srv.Px.servicesLeft(hadServers)
	srv.passOn(isMaint, isDrain)
	return true
}

// passOn gives maintenance and drain to those that track the server.
func (srv *Server) passOn(maint, drain bool) {
	for _, o := range srv.Trackers() {
		drop, add := AdmIMaint|AdmIDrain, AdminState(0)
		if maint {
			add |= AdmIMaint
		}
		if drain {
			add |= AdmIDrain
		}
		o.administer(drop&^add, add, " via "+srv.Px.Name+"/"+srv.Name)
	}
}

// enterMaint takes the server out of everything.
func (srv *Server) enterMaint(via string) {
	st := srv.State
	wasUp := OpState(st.Op.Load()) != OpStopped
	st.Op.Store(uint32(OpStopped))
	st.Health.Store(0)
	srv.Settle()
	if !wasUp {
		srv.tell(" was DOWN and now enters maintenance" + via + ".")
		return
	}
	st.Downs.Add(1)
	st.LastChange.Store(time.Now().Unix())
	requeued := srv.abandon()
	b := append([]byte(srv.Title()), " is going DOWN for maintenance"...)
	b = append(append(b, via...), ". "...)
	srv.Px.Announce(1, string(srv.appendLeft(b, true, requeued)))
}

// abandon ends or moves what the server was to serve.
func (srv *Server) abandon() (requeued int) {
	if AddressChanged != nil {
		AddressChanged(srv)
	}
	if srv.OnMarkedDown == "shutdown-sessions" && KillStreams != nil {
		KillStreams(srv, 'D')
	}
	if FlushServer != nil {
		requeued = FlushServer(srv)
	}
	return requeued
}

// stillMaint tells that one reason for maintenance went or came among others.
func (srv *Server) stillMaint(was, is AdminState, via string) {
	switch {
	case was&AdmFMaint != 0 && is&AdmFMaint == 0:
		if to := srv.TrackSrv; is&AdmIMaint != 0 && to != nil {
			via = " via " + to.Px.Name + "/" + to.Name
		}
		srv.tell(" is leaving forced maintenance but remains in maintenance" + via + ".")
	case was&AdmRMaint != 0 && is&AdmRMaint == 0:
		srv.tell(srv.quoted() + " resolves again but remains in maintenance.")
	case was&AdmIMaint != 0 && is&AdmIMaint == 0:
		srv.tell(" remains in forced maintenance.")
	}
}

// leaveMaint gives the server back what the checks, or the server that it tracks,
// make of it; without checks it is up.
func (srv *Server) leaveMaint(was, is AdminState, via string) {
	st := srv.State
	now := time.Now().Unix()
	op := OpRunning
	if srv.SlowStart > 0 {
		op = OpStarting
	}
	if srv.Check && checkOn(srv) {
		st.Health.Store(int32(srv.Rise)) // one failure takes it down
		st.Op.Store(uint32(op))
		srv.beginHealth() // as init-state says
		op = OpState(st.Op.Load())
	}
	if st.AgentDown.Load() { // until the agent says otherwise
		op = OpStopped
	}
	if to := srv.TrackSrv; to != nil {
		op = OpState(to.State.Op.Load())
	}
	if since := st.LastChange.Load(); op != OpStopped && since > 0 && since < now {
		st.DownTime.Add(now - since)
	}
	st.Op.Store(uint32(op))
	st.LastChange.Store(now)
	srv.Settle()
	state, how, cause := "UP", "/READY", "forced maintenance"
	if op == OpStopped {
		state = "DOWN"
	}
	if is&AdmDrain != 0 {
		how = "/DRAIN"
	}
	if was&AdmFMaint == 0 {
		cause = "maintenance"
	}
	if was&AdmRMaint != 0 {
		srv.tell(srv.quoted() + " is " + state + how + " (resolves again).")
	} else {
		srv.tell(" is " + state + how + " (leaving " + cause + ").")
	}
	switch {
	case is&AdmFDrain != 0:
		srv.tell(" remains in forced drain mode.")
	case is&AdmIDrain != 0:
		srv.tell(" remains in drain mode" + via + ".")
	}
	if op == OpStarting && Ramp != nil {
		Ramp(srv)
	}
}

func checkOn(srv *Server) bool {
	if CheckSwitched == nil {
		return true
	}
	_, on := CheckSwitched(srv, false)
	return on
}

// Ramp begins slowstart; the check feature provides it.
var Ramp func(srv *Server)

func (srv *Server) enterDrain(via string) {
	st := srv.State
	st.LastChange.Store(time.Now().Unix())
	srv.Settle()
	down := OpState(st.Op.Load()) == OpStopped
	requeued := 0
	if FlushServer != nil {
		requeued = FlushServer(srv)
	}
	b := append([]byte(srv.Title()), " enters drain state"...)
	b = append(append(b, via...), ". "...)
	b = srv.appendLeft(b, down, requeued)
	srv.Px.Announce(5, string(b))
	srv.Px.mail(5, b)
}

func (srv *Server) leaveDrain(was AdminState, via string) {
	st := srv.State
	st.LastChange.Store(time.Now().Unix())
	srv.Settle()
	state, cause := "UP", "forced drain"
	if OpState(st.Op.Load()) == OpStopped {
		state = "DOWN"
	}
	if was&AdmFDrain == 0 {
		cause = "drain"
	}
	srv.tell(" is " + state + " (leaving " + cause + ")" + via + ".")
}

// quoted is the host name as the lines about resolution have it.
func (srv *Server) quoted() string { return " ('" + srv.State.Host(srv) + "')" }

func (srv *Server) tell(what string) { srv.Px.Announce(5, srv.Title()+what) }

// SetWeight changes the user's weight and reports whether the backend lost or
// got its last usable server by it in the log.
func (srv *Server) SetWeight(w int) {
	before := srv.Px.anyUsable()
	srv.State.UWeight.Store(int32(w))
	srv.Settle()
	srv.Px.servicesLeft(before)
}

// ProbeSettings are what the runtime API set about a server's checks; zero means
// as configured. Guarded by the State's Mu.
type ProbeSettings struct {
	CheckAddr, AgentAddr *ServerAddr
	CheckPort, AgentPort int
	AgentSend            *string
}

// Probe returns a copy of what the runtime API set about the checks.
func (st *ServerState) Probe() ProbeSettings {
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return st.Probing
}
