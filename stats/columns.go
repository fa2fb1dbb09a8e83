package stats

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/counter"
)

// columns give the value of each field by its name.
var columns map[string]func(o *Object) Value

func total(pick func(c *engine.SideCounters) *counter.Int) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}

func init() {
	type sc = engine.SideCounters
	columns = map[string]func(o *Object) Value{
		"pxname": func(o *Object) Value { return text(o.Px.Name) },
		"svname": svname,
		"qcur":   func(o *Object) Value { return num(o.C.Queue.Load()) },
		"qmax":   func(o *Object) Value { return num(o.C.Queue.Max()) },
		"scur":   func(o *Object) Value { return num(o.C.Conns.Load()) },
		"smax":   func(o *Object) Value { return num(o.C.Conns.Max()) },
		"slim":   slim, "stot": total(func(c *sc) *counter.Int { return &c.CumSess }),
		"bin": total(func(c *sc) *counter.Int { return &c.BytesIn }), "bout": total(func(c *sc) *counter.Int { return &c.BytesOut }),
		"dreq": total(func(c *sc) *counter.Int { return &c.ReqDenied }), "dresp": total(func(c *sc) *counter.Int { return &c.ResDenied }),
		"ereq": total(func(c *sc) *counter.Int { return &c.ReqErrors }), "econ": total(func(c *sc) *counter.Int { return &c.ConnErrors }),
		"eresp": total(func(c *sc) *counter.Int { return &c.ResErrors }), "wretr": total(func(c *sc) *counter.Int { return &c.Retries }),
		"wredis": total(func(c *sc) *counter.Int { return &c.Redisp }), "status": func(o *Object) Value { return text(o.Status()) },
		"weight": weight, "act": active, "bck": backups,
		"chkfail":  func(o *Object) Value { return checked(o, o.Srv.State.CheckFails.Load()) },
		"chkdown":  func(o *Object) Value { return downs(o) },
		"lastchg":  lastChange,
		"downtime": downtime,
		"qlimit":   func(o *Object) Value { return some(int64(o.Srv.MaxQueue), o.Srv.MaxQueue > 0) },
		"pid":      func(*Object) Value { return num(1) },
		"iid":      func(o *Object) Value { return num(int64(o.Px.ID)) },
		"sid":      sid,
		"throttle": throttle,
		"lbtot":    total(func(c *sc) *counter.Int { return &c.LBTotal }),
		"tracked":  tracked,
		"type": func(o *Object) Value {
			return num(map[Kind]int64{Frontend: 0, Backend: 1, Server: 2, Listener: 3}[o.Kind])
		},
		"rate":     func(o *Object) Value { return num(o.C.SessRate.Value(o.now)) },
		"rate_lim": func(o *Object) Value { return num(int64(o.Px.RateLimit)) },
		"rate_max": func(o *Object) Value { return num(o.C.SessRate.Max()) },
		"check_status": func(o *Object) Value {
			return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, star(r)} })
		},
		"check_code": func(o *Object) Value {
			return report(o, func(r *engine.CheckReport) Value { return some(int64(r.Code), r.Code > 0) })
		},
		"check_duration": func(o *Object) Value {
			return report(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
		},
		"hrsp_1xx": class(1), "hrsp_2xx": class(2), "hrsp_3xx": class(3), "hrsp_4xx": class(4), "hrsp_5xx": class(5), "hrsp_other": class(0),
		"req_rate":     requests(func(o *Object) Value { return num(o.C.ReqRate.Value(o.now)) }),
		"req_rate_max": requests(func(o *Object) Value { return num(o.C.ReqRate.Max()) }),
		"req_tot":      requests(total(func(c *sc) *counter.Int { return &c.Requests })),
		"cli_abrt":     total(func(c *sc) *counter.Int { return &c.CliAborts }), "srv_abrt": total(func(c *sc) *counter.Int { return &c.SrvAborts }),
		"comp_in": total(func(c *sc) *counter.Int { return &c.CompIn }), "comp_out": total(func(c *sc) *counter.Int { return &c.CompOut }),
		"comp_byp": total(func(c *sc) *counter.Int { return &c.CompBypassed }), "comp_rsp": total(func(c *sc) *counter.Int { return &c.CompResponses }),
		"lastsess": lastSession,
		"last_chk": func(o *Object) Value {
			return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Last} })
		},
		"qtime": mean(func(c *sc) *counter.Mean { return &c.QTime }), "ctime": mean(func(c *sc) *counter.Mean { return &c.CTime }),
		"rtime": mean(func(c *sc) *counter.Mean { return &c.RTime }), "ttime": mean(func(c *sc) *counter.Mean { return &c.TTime }),
		"agent_status": func(o *Object) Value {
			return agent(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, star(r)} })
		},
		"agent_duration": func(o *Object) Value {
			return agent(o, func(r *engine.CheckReport) Value { return some(r.Duration, r.Status != "" && r.Duration >= 0) })
		},
		"check_desc": func(o *Object) Value {
			return report(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Desc} })
		},
		"agent_desc": func(o *Object) Value {
			return agent(o, func(r *engine.CheckReport) Value { return Value{r.Status != "", true, 0, r.Desc} })
		},
		"check_rise":   func(o *Object) Value { return checked(o, int64(o.Srv.Rise)) },
		"check_fall":   func(o *Object) Value { return checked(o, int64(o.Srv.Fall)) },
		"check_health": func(o *Object) Value { return checked(o, int64(o.Srv.State.Health.Load())) },
		"addr":         func(o *Object) Value { return text(o.Address()) },
		"cookie":       cookie,
		"mode":         func(o *Object) Value { return text(o.Px.Mode.String()) },
		"algo":         algo,
		"conn_rate":    func(o *Object) Value { return num(o.C.ConnRate.Value(o.now)) }, "conn_rate_max": func(o *Object) Value { return num(o.C.ConnRate.Max()) },
		"conn_tot":    total(func(c *sc) *counter.Int { return &c.CumConns }),
		"intercepted": http(total(func(c *sc) *counter.Int { return &c.Intercepted })),
		"dcon":        total(func(c *sc) *counter.Int { return &c.ConnDenied }), "dses": total(func(c *sc) *counter.Int { return &c.SessDenied }),
		"wrew":    total(func(c *sc) *counter.Int { return &c.Rewrites }),
		"connect": total(func(c *sc) *counter.Int { return &c.Connects }), "reuse": total(func(c *sc) *counter.Int { return &c.Reuses }),
		"cache_lookups": http(total(func(c *sc) *counter.Int { return &c.CacheLookups })), "cache_hits": http(total(func(c *sc) *counter.Int { return &c.CacheHits })),
		"srv_icur":  func(o *Object) Value { return num(o.Srv.State.Idle.Load()) },
		"src_ilim":  func(o *Object) Value { return some(int64(o.Srv.PoolMax), o.Srv.PoolMax >= 0) },
		"qtime_max": top(func(c *sc) *counter.Max { return &c.QMax }), "ctime_max": top(func(c *sc) *counter.Max { return &c.CMax }),
		"rtime_max": top(func(c *sc) *counter.Max { return &c.RMax }), "ttime_max": top(func(c *sc) *counter.Max { return &c.TMax }),
		"eint": total(func(c *sc) *counter.Int { return &c.InternalErrors }), "idle_conn_cur": zero,
		"safe_conn_cur": func(o *Object) Value { return num(o.Srv.State.Idle.Load()) }, "used_conn_cur": func(o *Object) Value { return num(o.C.Conns.Load()) },
		"need_conn_est": func(o *Object) Value { return num(o.C.Conns.Max()) }, "uweight": uweight,
		"agg_server_status": zero, "agg_server_check_status": zero, "agg_check_status": zero, "srid": zero,
		"sess_other": zero, "h1sess": http(total(func(c *sc) *counter.Int { return &c.CumSess })), "h2sess": zero, "h3sess": zero,
		"req_other": zero, "h1req": http(total(func(c *sc) *counter.Int { return &c.Requests })), "h2req": zero, "h3req": zero,
		"priv_idle_cur": zero, "proto": func(*Object) Value { return text("") },
		"reqbin": total(func(c *sc) *counter.Int { return &c.BytesIn }), "reqbout": total(func(c *sc) *counter.Int { return &c.ReqOut }),
		"resbin": total(func(c *sc) *counter.Int { return &c.BytesOut }), "resbout": total(func(c *sc) *counter.Int { return &c.ResOut }),
		"cache_hint_hits": http(total(func(c *sc) *counter.Int { return &c.HintHits })),
	}
}

func zero(*Object) Value { return num(0) }

func svname(o *Object) Value {
	switch o.Kind {
	case Frontend:
		return text("FRONTEND")
	case Backend:
		return text("BACKEND")
	case Server:
		return text(o.Srv.Name)
	}
	if o.Bind.Name != "" {
		return text(o.Bind.Name)
	}
	return text("sock-" + strconv.Itoa(o.Bind.ID))
}

// http hides a value of proxies that are not in HTTP mode.
func http(get func(*Object) Value) func(*Object) Value {
	return func(o *Object) Value {
		if !o.Px.IsHTTP() {
			return Value{}
		}
		return get(o)
	}
}

// requests is a figure of requests: a frontend in TCP mode has it, too, since it may
// go over to HTTP.
func requests(get func(*Object) Value) func(*Object) Value {
	return func(o *Object) Value {
		if !o.Px.IsHTTP() && o.Kind != Frontend {
			return Value{}
		}
		return get(o)
	}
}

func class(i int) func(*Object) Value {
	return http(func(o *Object) Value { return num(o.C.Responses[i].Load()) })
}

func mean(pick func(*engine.SideCounters) *counter.Mean) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}

func top(pick func(*engine.SideCounters) *counter.Max) func(*Object) Value {
	return func(o *Object) Value { return num(pick(o.C).Load()) }
}

func slim(o *Object) Value {
	switch o.Kind {
	case Server:
		n := int64(o.Srv.State.MaxConn.Load())
		return some(n, n > 0)
	case Backend:
		return num(int64(o.Px.FullConn))
	case Listener:
		if o.Bind.MaxConn > 0 {
			return num(int64(o.Bind.MaxConn))
		}
	}
	if n := o.Px.State.MaxConn.Load(); n > 0 {
		return num(n)
	}
	if o.Px.MaxConn > 0 {
		return num(int64(o.Px.MaxConn))
	}
	return num(int64(o.Px.RT.Global.MaxConn))
}

// Status is the state of the object as HAProxy words it.
func (o *Object) Status() string {
	switch o.Kind {
	case Frontend:
		return [...]string{"OPEN", "PAUSED", "STOP"}[min(max(o.Px.State.FEStatus.Load(), 0), 2)]
	case Listener:
		return "OPEN"
	case Backend:
		state := "DOWN"
		if len(o.Px.All()) == 0 || usable(o.Px, false)+usable(o.Px, true) > 0 {
			state = "UP"
		}
		if o.Px.State.Unpublished.Load() {
			state += " (UNPUB)"
		}
		return state
	}
	return serverStatus(o.Srv)
}

func serverStatus(srv *engine.Server) string {
	st := srv.State
	adm := engine.AdminState(st.Admin.Load())
	ref := srv
	for ref.TrackSrv != nil {
		ref = ref.TrackSrv
	}
	health, rise, fall := int(st.Health.Load()), ref.Rise, ref.Fall
	switch {
	case adm&engine.AdmRMaint != 0:
		return "MAINT (resolution)"
	case adm&engine.AdmIMaint != 0:
		return "MAINT (via " + ref.Px.Name + "/" + ref.Name + ")"
	case adm&engine.AdmMaint != 0:
		return "MAINT"
	}
	op := engine.OpState(st.Op.Load())
	progress := ""
	switch {
	case op == engine.OpStopped:
		if health > 0 && health < rise {
			progress = " " + strconv.Itoa(health) + "/" + strconv.Itoa(rise)
		}
		return "DOWN" + progress
	case adm&engine.AdmDrain != 0:
		return "DRAIN"
	case op == engine.OpStopping:
		return "NOLB"
	case !ref.Check:
		return "no check"
	case health < rise+fall-1:
		progress = " " + strconv.Itoa(health-rise+1) + "/" + strconv.Itoa(fall)
	}
	return "UP" + progress
}

// usable counts the servers that take traffic.
func usable(px *engine.Proxy, backup bool) (n int64) {
	for _, srv := range px.All() {
		if srv.Backup == backup && srv.State.Up() {
			n++
		}
	}
	return n
}

func weight(o *Object) Value {
	if o.Kind == Server {
		return num(effective(o.Srv))
	}
	var sum int64
	for _, srv := range o.Px.All() {
		if srv.State.Usable() && !srv.Backup {
			sum += effective(srv)
		}
	}
	return num(sum)
}

// effective is the weight in the user's scale, rounded up; of a server out of use
// the one that it will have.
func effective(srv *engine.Server) int64 {
	if !srv.State.Usable() {
		return int64(srv.State.UWeight.Load())
	}
	return (int64(srv.State.EWeight.Load()) + engine.WeightScale - 1) / engine.WeightScale
}

func uweight(o *Object) Value {
	if o.Kind == Server {
		return num(int64(o.Srv.State.UWeight.Load()))
	}
	var sum int64
	for _, srv := range o.Px.All() {
		if srv.State.Up() && !srv.Backup {
			sum += int64(srv.State.UWeight.Load())
		}
	}
	return num(sum)
}

func active(o *Object) Value {
	if o.Kind == Server {
		return num(flag(!o.Srv.Backup))
	}
	return num(usable(o.Px, false))
}

func backups(o *Object) Value {
	if o.Kind == Server {
		return num(flag(o.Srv.Backup))
	}
	return num(usable(o.Px, true))
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// checked shows a value of servers that are checked.
func checked(o *Object, n int64) Value { return some(n, o.Srv.Check) }

func downs(o *Object) Value {
	if o.Kind == Backend {
		return num(o.Px.State.Downs.Load())
	}
	return checked(o, o.Srv.State.Downs.Load())
}

func lastChange(o *Object) Value {
	at := o.Px.State.LastChange.Load()
	if o.Kind == Server {
		at = o.Srv.State.LastChange.Load()
	}
	if at == 0 {
		at = o.Px.RT.Proc.Started.Unix()
	}
	return num(max(o.sec-at, 0))
}

func downtime(o *Object) Value {
	if o.Kind == Backend {
		if len(o.Px.All()) == 0 {
			return Value{}
		}
		d := o.Px.State.DownTime.Load()
		if o.Status() == "DOWN" {
			d += o.sec - o.Px.State.LastChange.Load()
		}
		return num(d)
	}
	d := o.Srv.State.DownTime.Load()
	if !o.Srv.State.Up() {
		d += o.sec - o.Srv.State.LastChange.Load()
	}
	return checked(o, d)
}

func sid(o *Object) Value {
	switch o.Kind {
	case Server:
		return num(int64(o.Srv.ID))
	case Listener:
		return num(int64(o.Bind.ID))
	}
	return num(0)
}

func throttle(o *Object) Value {
	st := o.Srv.State
	if engine.OpState(st.Op.Load()) != engine.OpStarting || st.UWeight.Load() == 0 {
		return Value{}
	}
	return num(int64(st.EWeight.Load()) * 100 / int64(st.UWeight.Load()*engine.WeightScale))
}

func tracked(o *Object) Value {
	if t := o.Srv.TrackSrv; t != nil {
		return text(t.Px.Name + "/" + t.Name)
	}
	return Value{}
}

func lastSession(o *Object) Value {
	at := o.Px.State.LastSess.Load()
	if o.Kind == Server {
		at = o.Srv.State.LastSess.Load()
	}
	if at == 0 {
		return num(-1)
	}
	return num(o.sec - at)
}

func cookie(o *Object) Value {
	if o.Kind == Server {
		return Value{o.Srv.Cookie != "", true, 0, o.Srv.Cookie}
	}
	name := ""
	if engine.CookieName != nil {
		name = engine.CookieName(o.Px)
	}
	return Value{name != "", true, 0, name}
}

func algo(o *Object) Value {
	if len(o.Px.All()) == 0 {
		return text("unknown")
	}
	if w := o.Px.Balance.Words; len(w) > 0 {
		name, _, _ := strings.Cut(w[0].Text, "(")
		return text(name)
	}
	if o.Px.IsHTTP() {
		return text("random")
	}
	return text("roundrobin")
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

// Address is where a server or listener is.
func (o *Object) Address() string {
	if o.Kind == Listener {
		a := &o.Bind.Addr
		if a.Path != "" {
			return a.Path
		}
		return a.IP.String() + ":" + strconv.Itoa(a.Port)
	}
	a := o.Srv.State.Address(o.Srv)
	switch {
	case a.Path != "":
		return "unix"
	case !a.IP.IsValid():
		return ""
	case a.IP.Is6():
		return "[" + a.IP.String() + "]:" + strconv.Itoa(a.Port)
	}
	return a.IP.String() + ":" + strconv.Itoa(a.Port)
}
