package fetch

import (
	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	srv := func(name string, out engine.Type, usage string, f func(s *engine.Server) int64) {
		engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: engine.AtTraffic, Args: engine.Args(engine.ArgServer), Usage: usage,
			Eval: func(_ env, a args) (smp, stat) {
				if a[0].Srv == nil {
					return none()
				}
				return smp{Type: out, Int: f(a[0].Srv)}, found
			}})
	}
	srv("srv_conn", engine.TSint, "([backend/]server): current sessions of the server.", func(s *engine.Server) int64 { return s.State.C.Conns.Load() })
	srv("srv_conn_free", engine.TSint, "([backend/]server): connections that the server still takes; -1: any number.", func(s *engine.Server) int64 {
		limit := int64(s.State.MaxConn.Load())
		if limit == 0 {
			return -1
		}
		return max(limit-s.State.Served.Load(), 0)
	})
	srv("srv_is_up", engine.TBool, "([backend/]server): true if the server is up.", func(s *engine.Server) int64 { return int64(b2i(s.State.Up())) })
	srv("srv_queue", engine.TSint, "([backend/]server): streams waiting for the server.", func(s *engine.Server) int64 { return s.State.Queued.Load() })
	srv("srv_sess_rate", engine.TSint, "([backend/]server): sessions of the server in the last second.", func(s *engine.Server) int64 { return s.State.C.SessRate.Value(clock.Now()) })
	srv("srv_iweight", engine.TSint, "([backend/]server): the server's configured weight.", func(s *engine.Server) int64 { return int64(s.Weight) })
	srv("srv_uweight", engine.TSint, "([backend/]server): the weight that a user gave the server.", func(s *engine.Server) int64 { return int64(s.State.UWeight.Load()) })
	srv("srv_weight", engine.TSint, "([backend/]server): the server's weight in force.", func(s *engine.Server) int64 { return s.ShownWeight() })
	at := engine.OnServerSide | engine.SrvSource
	engine.AddFetches(
		row("srv_name", engine.TStr, at, "The server's name.", func(e env, _ args) (smp, stat) {
			if s := serverOf(e); s != nil {
				return text(e, s.Name)
			}
			return none()
		}),
		row("srv_id", engine.TSint, at, "The server's number.", func(e env, _ args) (smp, stat) {
			if s := serverOf(e); s != nil {
				return sint(int64(s.ID))
			}
			return none()
		}),
	)
	engine.AddConvs(
		engine.Conv{Name: "nbsrv", In: engine.TStr, Out: engine.TSint, Usage: "Usable servers of the backend that the input names.", Eval: func(e env, _ args, s smp) (smp, stat) {
			if px := e.RT.BackendBytes(s.B); px != nil {
				return sint(usable(px))
			}
			return none()
		}},
		engine.Conv{Name: "fe_exists", In: engine.TStr, Out: engine.TBool, Usage: "True if a frontend has the name that is the input.", Eval: func(e env, _ args, s smp) (smp, stat) {
			return boolean(e.RT.Frontend(string(s.B)) != nil)
		}},
		engine.Conv{Name: "srv_is_up", In: engine.TStr, Out: engine.TBool, Usage: "True if the server that the input names ([backend/]server) is up.", Eval: func(e env, _ args, s smp) (smp, stat) {
			if srv := namedServer(e, s.B); srv != nil {
				return boolean(srv.State.Up())
			}
			return none()
		}},
		engine.Conv{Name: "srv_queue", In: engine.TStr, Out: engine.TSint, Usage: "Streams waiting for the server that the input names ([backend/]server).", Eval: func(e env, _ args, s smp) (smp, stat) {
			if srv := namedServer(e, s.B); srv != nil {
				return sint(srv.State.Queued.Load())
			}
			return none()
		}},
	)
}

func serverOf(e env) *engine.Server {
	switch {
	case e.Strm != nil:
		return e.Strm.Server
	case e.Check != nil:
		return e.Check.Srv
	}
	return nil
}

func namedServer(e env, name []byte) *engine.Server {
	px := e.Px
	for i, c := range name {
		if c == '/' {
			px, name = e.RT.BackendBytes(name[:i]), name[i+1:]
			break
		}
	}
	if px == nil {
		return nil
	}
	for _, s := range px.All() {
		if s.Name == string(name) {
			return s
		}
	}
	return nil
}
