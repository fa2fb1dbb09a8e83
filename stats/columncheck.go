package stats

import "hawser/engine"

// checkColumns tell of health and agent checks.
var checkColumns = columnTable{
	"chkfail": func(o *Object) Value { return checked(o, o.Srv.State.CheckFails.Load()) },
	"chkdown": downs,
	"check_status": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return text(star(r)) })
	},
	"check_code": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return some(int64(r.Code), r.Status != "" && r.Code >= 0) })
	},
	"check_duration": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
	},
	"check_desc": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return text(description(r)) })
	},
	"check_rise":   func(o *Object) Value { return awake(o, int64(o.Srv.Rise)) },
	"check_fall":   func(o *Object) Value { return awake(o, int64(o.Srv.Fall)) },
	"check_health": func(o *Object) Value { return awake(o, int64(o.Srv.State.Health.Load())) },
	"last_chk": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Last} })
	},
	"agent_status": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return text(star(r)) })
	},
	"agent_code": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return some(int64(r.Code), r.Status != "" && r.Code >= 0) })
	},
	"last_agt": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return Value{true, true, 0, r.Last} })
	},
	"agent_rise": func(o *Object) Value { return some(1, hasAgent(o.Srv)) },
	"agent_fall": func(o *Object) Value { return some(1, hasAgent(o.Srv)) },
	"agent_health": func(o *Object) Value {
		if o.Srv.State.AgentDown.Load() {
			return some(0, hasAgent(o.Srv))
		}
		return some(1, hasAgent(o.Srv))
	},
	"agent_duration": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
	},
	"agent_desc": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return text(description(r)) })
	},
}

// checked shows a value of servers that are checked.
func checked(o *Object, n int64) Value { return some(n, hasCheck(o.Srv)) }

// awake shows a value of servers whose checks do not rest.
func awake(o *Object, n int64) Value { return some(n, hasCheck(o.Srv) && !inMaintenance(o.Srv.State)) }

func downs(o *Object) Value {
	if o.Kind == Backend {
		return num(o.Px.State.Downs.Load())
	}
	return checked(o, o.Srv.State.Downs.Load())
}

// report reads the last check of a server that is checked.
func report(o *Object, get func(*engine.CheckReport) Value) Value {
	st := o.Srv.State
	if !hasCheck(o.Srv) || inMaintenance(st) {
		return Value{}
	}
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return get(&st.CheckStatus)
}

// agent reads what an agent said that is asked.
func agent(o *Object, get func(*engine.CheckReport) Value) Value {
	st := o.Srv.State
	if !hasAgent(o.Srv) {
		return Value{}
	}
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return get(&st.AgentStatus)
}

// inMaintenance reports whether checks rest.
func inMaintenance(st *engine.ServerState) bool {
	return engine.AdminState(st.Admin.Load())&engine.AdmMaint != 0
}

// hasAgent reports whether an agent is asked about a server.
func hasAgent(srv *engine.Server) bool {
	if engine.CheckSwitched == nil {
		return false
	}
	configured, on := engine.CheckSwitched(srv, true)
	return configured && on
}

// hasCheck reports whether a server is checked and the checks are not switched off.
func hasCheck(srv *engine.Server) bool {
	if !srv.Check || engine.CheckSwitched == nil {
		return srv.Check
	}
	_, on := engine.CheckSwitched(srv, false)
	return on
}

// star marks a check that is running.
func star(r *engine.CheckReport) string {
	switch {
	case r.Status == "":
		return "INI"
	case r.Running:
		return "* " + r.Status
	}
	return r.Status
}

func description(r *engine.CheckReport) string {
	if r.Status == "" {
		return "Initializing"
	}
	return r.Desc
}
