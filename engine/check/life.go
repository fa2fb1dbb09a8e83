package check

import (
	"time"

	"hawser/engine"
)

func init() {
	engine.OnStart(start)
	engine.OnStop(stop)
	engine.SwitchCheck = switchCheck
	engine.CheckSwitched = checkSwitched
	engine.AgentAt = func(srv *engine.Server) (string, int) {
		if sc := servers.Get(srv); sc != nil && sc.agent.on {
			return sc.agent.addr, sc.agent.port
		}
		return "", 0
	}
	engine.ServerCame(came)
	engine.ServerGone(retire)
	engine.Ramp = func(srv *engine.Server) {
		if k := checkerOf(srv); k != nil {
			k.ramp()
		}
	}
}

// threshold: the first checks of servers with shorter intervals are spread over the
// least interval of the others, where there are some.
const threshold = time.Second

// start begins the checks of a generation. Servers that were checked before go
// on with their new settings.
func start(rt, _ *engine.Runtime) {
	var list []*engine.Server
	least := time.Duration(0)
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if !watched(srv) || px.Disabled {
				retire(srv)
				continue
			}
			list = append(list, srv)
			if srv.Inter >= threshold && (least == 0 || srv.Inter < least) {
				least = srv.Inter
			}
		}
	}
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			follow(srv)
		}
	}
	for i, srv := range list {
		over := max(srv.Inter, least)
		if limit := rt.Global.MaxSpreadChecks; limit > 0 {
			over = min(over, limit)
		}
		watch(srv, over*time.Duration(i)/time.Duration(len(list)))
	}
}

// came prepares the checks of a server that was added at run time: they wait to
// be enabled.
func came(srv *engine.Server) {
	if watched(srv) {
		k, _ := makeChecker(srv)
		k.healthOff, k.agentOff = true, true
		watch(srv, 0)
	}
	if to := srv.TrackSrv; to != nil {
		follow(srv)
		if adm := engine.AdminState(to.State.Admin.Load()); adm&engine.AdmMaint != 0 {
			srv.State.Admin.Or(uint32(engine.AdmIMaint))
		}
	}
}

// follow gives a server that tracks another the state that one begins with.
func follow(srv *engine.Server) {
	to := srv.TrackSrv
	if to == nil {
		return
	}
	for to.TrackSrv != nil {
		to = to.TrackSrv
	}
	if op := to.State.Op.Load(); srv.State.Op.Load() != op {
		srv.State.Op.Store(op)
		srv.Settle()
	}
}

func watched(srv *engine.Server) bool { return srv.Check || agentAsked(srv) }

func agentAsked(srv *engine.Server) bool {
	sc := servers.Get(srv)
	return sc != nil && sc.agent.on && sc.agent.port > 0
}

// watch gives a server its checker, or its checker new settings.
func watch(srv *engine.Server, after time.Duration) {
	k, fresh := makeChecker(srv)
	p := plans.Get(srv)
	k.mu.Lock()
	changed := k.plan != nil && p != nil && k.plan.print != p.print
	hadHealth, hadAgent := k.plan != nil, k.hasAgent
	k.srv, k.plan = srv, p
	k.hasAgent = agentAsked(srv)
	proc := srv.Px.RT.Proc
	k.health.proc, k.agent.proc = proc, proc
	k.mu.Unlock()
	if srv.Check {
		switch {
		case fresh || !hadHealth:
			k.health.stopped = false
			k.health.start(after)
		case changed:
			srv.Begin()
			srv.Settle()
			k.health.kick(0)
		}
	} else {
		k.health.stop()
	}
	switch {
	case k.hasAgent && !hadAgent:
		k.agent.start(after)
	case !k.hasAgent:
		k.agent.stop()
		srv.State.AgentDown.Store(false)
	}
}

// retire ends the checks of a server that has none any more.
func retire(srv *engine.Server) {
	st := srv.State
	st.Mu.Lock()
	k, _ := st.Checker.(*checker)
	st.Checker = nil
	st.CheckStatus.Running = false
	st.Mu.Unlock()
	if k != nil {
		k.cancel()
		k.health.stop()
		k.agent.stop()
	}
}

// stop ends the checks of servers that the next generation does not have.
func stop(rt, next *engine.Runtime) {
	kept := map[*engine.ServerState]bool{}
	if next != nil {
		for _, px := range next.All() {
			for _, srv := range px.All() {
				kept[srv.State] = true
			}
		}
	}
	for _, px := range rt.All() {
		for _, srv := range px.All() {
			if !kept[srv.State] {
				retire(srv)
			}
		}
	}
}

// switchCheck is "enable health", "disable agent" and the like; false: there is no
// such check.
func switchCheck(srv *engine.Server, agent, on bool) bool {
	if agent && !agentAsked(srv) || !agent && !srv.Check {
		return false
	}
	k, _ := makeChecker(srv)
	k.mu.Lock()
	if agent {
		k.agentOff = !on
	} else {
		k.healthOff = !on
	}
	k.mu.Unlock()
	return true
}

func checkSwitched(srv *engine.Server, agent bool) (configured, on bool) {
	k := checkerOf(srv)
	if k == nil {
		return false, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if agent {
		return k.hasAgent, k.hasAgent && !k.agentOff
	}
	return srv.Check, srv.Check && !k.healthOff
}
