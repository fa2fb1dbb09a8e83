package stats

import (
	"hawser/engine"
	"hawser/engine/counter"
)

// connColumns tell of sessions, queues, and connections to servers.
var connColumns = columnTable{
	"qcur":          func(o *Object) Value { return num(o.C.Queue.Load()) },
	"qmax":          func(o *Object) Value { return num(o.C.Queue.Max()) },
	"qlimit":        func(o *Object) Value { return some(int64(o.Srv.MaxQueue), o.Srv.MaxQueue > 0) },
	"scur":          func(o *Object) Value { return num(o.C.Conns.Load()) },
	"smax":          func(o *Object) Value { return num(o.C.Conns.Max()) },
	"slim":          slim,
	"stot":          total(func(c *side) *counter.Int { return &c.CumSess }),
	"lastsess":      lastSession,
	"rate":          func(o *Object) Value { return num(o.C.SessRate.Value(o.now)) },
	"rate_lim":      func(o *Object) Value { return num(int64(o.Px.RateLimit)) },
	"rate_max":      func(o *Object) Value { return num(o.C.SessRate.Max()) },
	"conn_rate":     func(o *Object) Value { return num(o.C.ConnRate.Value(o.now)) },
	"conn_rate_max": func(o *Object) Value { return num(o.C.ConnRate.Max()) },
	"conn_tot":      total(func(c *side) *counter.Int { return &c.CumConns }),
	"dcon":          total(func(c *side) *counter.Int { return &c.ConnDenied }),
	"dses":          total(func(c *side) *counter.Int { return &c.SessDenied }),
	"sess_other":    zero,
	"h1sess":        http(total(func(c *side) *counter.Int { return &c.CumSess })),
	"h2sess":        zero,
	"h3sess":        zero,
	"lbtot":         total(func(c *side) *counter.Int { return &c.LBTotal }),
	"econ":          total(func(c *side) *counter.Int { return &c.ConnErrors }),
	"wretr":         total(func(c *side) *counter.Int { return &c.Retries }),
	"wredis":        total(func(c *side) *counter.Int { return &c.Redisp }),
	"connect":       total(func(c *side) *counter.Int { return &c.Connects }),
	"reuse":         total(func(c *side) *counter.Int { return &c.Reuses }),
	"srv_icur":      func(o *Object) Value { return num(o.Srv.State.Idle.Load()) },
	"src_ilim":      func(o *Object) Value { return some(int64(o.Srv.PoolMax), o.Srv.PoolMax >= 0) },
	"idle_conn_cur": pooled(func(f *engine.PoolFigures) int { return f.Fresh }),
	"safe_conn_cur": pooled(func(f *engine.PoolFigures) int { return f.Proven }),
	"used_conn_cur": pooled(func(f *engine.PoolFigures) int { return f.Used }),
	"need_conn_est": pooled(func(f *engine.PoolFigures) int { return f.Need }),
	"priv_idle_cur": pooled(func(f *engine.PoolFigures) int { return f.Kept }),
}

// pooled is a figure of the server's connections.
func pooled(figure func(*engine.PoolFigures) int) func(*Object) Value {
	return func(o *Object) Value {
		f := o.Srv.State.Connections(false)
		return num(int64(figure(&f)))
	}
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
