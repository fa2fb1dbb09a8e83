package stats

import "hawser/engine"

// checkColumns tell of health and agent checks.
var checkColumns = columnTable{
	"chkfail": func(o *Object) Value { return checked(o, o.Srv.State.CheckFails.Load()) },
	"chkdown": downs,
	"check_status": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, star(r)} })
	},
	"check_code": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return some(int64(r.Code), r.Code > 0) })
	},
	"check_duration": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
	},
	"check_desc": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Desc} })
	},
	"check_rise":   func(o *Object) Value { return checked(o, int64(o.Srv.Rise)) },
	"check_fall":   func(o *Object) Value { return checked(o, int64(o.Srv.Fall)) },
	"check_health": func(o *Object) Value { return checked(o, int64(o.Srv.State.Health.Load())) },
	"last_chk": func(o *Object) Value {
		return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Last} })
	},
	"agent_status": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, star(r)} })
	},
	"agent_duration": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
	},
	"agent_desc": func(o *Object) Value {
		return agent(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Desc} })
	},
}

// checked shows a value of servers that are checked.
func checked(o *Object, n int64) Value { return some(n, o.Srv.Check) }

func downs(o *Object) Value {
	if o.Kind == Backend {
		return num(o.Px.State.Downs.Load())
	}
	return checked(o, o.Srv.State.Downs.Load())
}

// report reads the last check of a server that is checked.
func report(o *Object, get func(*engine.CheckReport) Value) Value {
	if !o.Srv.Check {
		return Value{}
	}
	st := o.Srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return get(&st.CheckStatus)
}

func agent(o *Object, get func(*engine.CheckReport) Value) Value {
	st := o.Srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	if st.AgentStatus.Status == "" {
		return Value{}
	}
	return get(&st.AgentStatus)
}

// star marks a check that is running.
func star(r *engine.CheckReport) string {
	if r.Running {
		return "* " + r.Status
	}
	return r.Status
}
