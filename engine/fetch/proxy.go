package fetch

import (
	"strconv"

	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	back := func(name, usage string, f func(px *engine.Proxy) int64) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: engine.AtTraffic, Args: engine.Args(engine.ArgBack), Usage: usage,
			Eval: func(_ env, a args) (smp, stat) {
				if a[0].Px == nil {
					return none()
				}
				return sint(f(a[0].Px))
			}})
	}
	back("nbsrv", "([backend]): how many servers of the backend are usable.", usable)
	back("be_conn", "([backend]): current sessions of the backend.", func(px *engine.Proxy) int64 { return px.State.BE.Conns.Load() })
	back("be_sess_rate", "([backend]): sessions of the backend in the last second.", func(px *engine.Proxy) int64 { return px.State.BE.SessRate.Value(clock.Now()) })
	back("queue", "([backend]): streams waiting in the backend's queues.", func(px *engine.Proxy) int64 { return px.State.Pending.Load() })
	back("avg_queue", "([backend]): streams waiting per usable server.", func(px *engine.Proxy) int64 {
		if n := usable(px); n > 0 {
			return (px.State.Pending.Load() + n - 1) / n
		}
		return px.State.Pending.Load()
	})
	back("connslots", "([backend]): connections and queue places that the backend's servers still have.", connSlots)
	back("be_conn_free", "([backend]): connections that the backend's servers still take; -1: any number.", connFree)

	front := func(name, usage string, f func(px *engine.Proxy) int64) {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: engine.AtTraffic, Args: engine.Args(engine.ArgFront), Usage: usage,
			Eval: func(_ env, a args) (smp, stat) {
				if a[0].Px == nil {
					return none()
				}
				return sint(f(a[0].Px))
			}})
	}
	front("fe_conn", "([frontend]): current connections of the frontend.", func(px *engine.Proxy) int64 { return px.State.FE.Conns.Load() })
	front("fe_req_rate", "([frontend]): requests of the frontend in the last second.", func(px *engine.Proxy) int64 { return px.State.FE.ReqRate.Value(clock.Now()) })
	front("fe_sess_rate", "([frontend]): sessions of the frontend in the last second.", func(px *engine.Proxy) int64 { return px.State.FE.SessRate.Value(clock.Now()) })
	engine.AddFetches(
		row("act_conn", engine.TSint, engine.Everywhere, "Current client connections of the process.", func(e env, _ args) (smp, stat) {
			if e.RT == nil || e.RT.Proc == nil {
				return none()
			}
			return sint(e.RT.Proc.Conns.Load())
		}),
		row("dst_conn", engine.TSint, engine.UntilLog, "Current connections of the listener.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Bind == nil || e.Sess.Bind.State == nil {
				return none()
			}
			return sint(e.Sess.Bind.State.C.Conns.Load())
		}),
		row("stopping", engine.TBool, engine.AtTraffic, "True while the process is stopping.", func(e env, _ args) (smp, stat) {
			return boolean(e.RT != nil && e.RT.Proc != nil && e.RT.Proc.Stopping.Load())
		}),
		row("fe_name", engine.TStr, engine.UntilLog, "The frontend's name.", func(e env, _ args) (smp, stat) { return frontOf(e, func(px *engine.Proxy) string { return px.Name }) }),
		row("fe_defbe", engine.TStr, engine.UntilLog, "The name of the frontend's default backend.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Front == nil || e.Sess.Front.Default == nil {
				return none()
			}
			return text(e, e.Sess.Front.Default.Name)
		}),
		row("fe_id", engine.TSint, engine.UntilLog, "The frontend's number.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Front == nil {
				return none()
			}
			return sint(int64(e.Sess.Front.ID))
		}),
		row("so_id", engine.TSint, engine.UntilLog, "The listener's number.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Bind == nil {
				return none()
			}
			return sint(int64(e.Sess.Bind.ID))
		}),
		row("so_name", engine.TStr, engine.UntilLog, "The listener's name.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Bind == nil || e.Sess.Bind.Name == "" || e.Sess.Bind.Name == "sock-"+strconv.Itoa(e.Sess.Bind.ID) {
				return none()
			}
			return text(e, e.Sess.Bind.Name)
		}),
		row("be_name", engine.TStr, engine.OnBackend, "The backend's name.", func(e env, _ args) (smp, stat) {
			if px := backOf(e); px != nil {
				return text(e, px.Name)
			}
			return none()
		}),
		row("be_id", engine.TSint, engine.OnBackend, "The backend's number.", func(e env, _ args) (smp, stat) {
			if px := backOf(e); px != nil {
				return sint(int64(px.ID))
			}
			return none()
		}),
	)
	timeoutFetches()
}

func frontOf(e env, f func(*engine.Proxy) string) (smp, stat) {
	if e.Sess == nil || e.Sess.Front == nil {
		return none()
	}
	return text(e, f(e.Sess.Front))
}

// backOf is the backend of the stream or of the check.
func backOf(e env) *engine.Proxy {
	switch {
	case e.Strm != nil:
		return e.Strm.Back
	case e.Check != nil && e.Check.Srv != nil:
		return e.Check.Srv.Px
	}
	return nil
}

func usable(px *engine.Proxy) (n int64) {
	for range px.InUse() {
		n++
	}
	return n
}

func connSlots(px *engine.Proxy) (n int64) {
	for _, s := range px.All() {
		st := s.State
		if !st.Up() {
			continue
		}
		limit := int64(st.MaxConn.Load())
		if limit == 0 || s.MaxQueue == 0 {
			return -1
		}
		n += max(limit-st.Served.Load(), 0) + max(int64(s.MaxQueue)-st.Queued.Load(), 0)
	}
	return n
}

func connFree(px *engine.Proxy) (n int64) {
	for s := range px.InUse() {
		st := s.State
		limit := int64(st.MaxConn.Load())
		if limit == 0 {
			return -1
		}
		n += max(limit-st.Served.Load(), 0)
	}
	return n
}

// timeoutFetches: be_*_timeout and fe_* as configured, cur_* as in force.
func timeoutFetches() {
	ms := func(d time.Duration) (smp, stat) { return sint(d.Milliseconds()) }
	be := func(name, usage string, f func(*engine.Timeouts) time.Duration) {
		engine.AddFetches(row(name, engine.TSint, engine.OnBackend, usage, func(e env, _ args) (smp, stat) {
			if px := backOf(e); px != nil {
				return ms(f(&px.Timeout))
			}
			return none()
		}))
	}
	fe := func(name, usage string, f func(*engine.Timeouts) time.Duration) {
		engine.AddFetches(row(name, engine.TSint, engine.UntilLog, usage, func(e env, _ args) (smp, stat) {
			if e.Sess == nil || e.Sess.Front == nil {
				return none()
			}
			return ms(f(&e.Sess.Front.Timeout))
		}))
	}
	cur := func(name string, where engine.Where, usage string, f func(*engine.Timeouts) time.Duration) {
		engine.AddFetches(row(name, engine.TSint, where, usage, func(e env, _ args) (smp, stat) {
			switch {
			case e.Strm != nil:
				return ms(f(&e.Strm.Timeout))
			case e.Px != nil:
				return ms(f(&e.Px.Timeout))
			}
			return none()
		}))
	}
	connect := func(t *engine.Timeouts) time.Duration { return t.Connect }
	queue := func(t *engine.Timeouts) time.Duration { return or(t.Queue, t.Connect) }
	server := func(t *engine.Timeouts) time.Duration { return t.Server }
	client := func(t *engine.Timeouts) time.Duration { return t.Client }
	tarpit := func(t *engine.Timeouts) time.Duration { return or(t.Tarpit, t.Connect) }
	tunnel := func(t *engine.Timeouts) time.Duration { return t.Tunnel }
	be("be_connect_timeout", "timeout connect of the backend in ms.", connect)
	be("be_queue_timeout", "timeout queue of the backend in ms.", queue)
	be("be_server_timeout", "timeout server of the backend in ms.", server)
	be("be_tarpit_timeout", "timeout tarpit of the backend in ms.", tarpit)
	be("be_tunnel_timeout", "timeout tunnel of the backend in ms.", tunnel)
	fe("fe_client_timeout", "timeout client of the frontend in ms.", client)
	engine.AddFetches(row("fe_tarpit_timeout", engine.TSint, engine.UntilLog, "timeout tarpit of the frontend in ms; timeout connect instead in a listen section.", func(e env, _ args) (smp, stat) {
		if e.Sess == nil {
			return none()
		}
		px := e.Sess.Front
		if px.Kind == "listen" {
			return sint(tarpit(&px.Timeout).Milliseconds())
		}
		return sint(px.Timeout.Tarpit.Milliseconds())
	}))
	cur("cur_client_timeout", engine.UntilLog, "timeout client in force in ms.", client)
	cur("cur_tarpit_timeout", engine.OnClient, "timeout tarpit in force in ms.", tarpit)
	cur("cur_connect_timeout", engine.OnBackend, "timeout connect in force in ms.", connect)
	cur("cur_queue_timeout", engine.OnBackend, "timeout queue in force in ms.", queue)
	cur("cur_server_timeout", engine.OnBackend, "timeout server in force in ms.", server)
	cur("cur_tunnel_timeout", engine.OnBackend, "timeout tunnel in force in ms.", tunnel)
	retries := func(name, usage string, set bool) {
		engine.AddFetches(row(name, engine.TSint, engine.OnBackend, usage, func(e env, _ args) (smp, stat) {
			px := backOf(e)
			switch {
			case px == nil:
				return none()
			case set && e.Strm != nil && e.Strm.RetriesSet >= 0:
				return sint(int64(e.Strm.RetriesSet))
			}
			return sint(int64(px.Retries))
		}))
	}
	retries("be_max_retries", "retries of the backend.", false)
	retries("cur_max_retries", "The retries in force.", true)
}

func or(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}
