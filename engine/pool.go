package engine

import "hawser/engine/conn"

// ConnPool is what ServerState.Pool holds.
type ConnPool interface {
	// Figures counts; with look, those that their server closed do not count.
	Figures(look bool) PoolFigures
}

// PoolFigures count the connections to a server.
type PoolFigures struct {
	Used   int // streams have them; those that a session keeps for itself do not count
	Peak   int // the most of them since the pool was purged last
	Need   int // estimate of how many are needed
	Kept   int // idle, kept by sessions for themselves
	Fresh  int // idle, used once
	Proven int // idle, used more often
}

// Connections returns the figures of the server's pool; with look, idle
// connections that the server closed are taken out first.
func (st *ServerState) Connections(look bool) PoolFigures {
	if p, ok := st.Pool.Load().(ConnPool); ok {
		return p.Figures(look)
	}
	return PoolFigures{}
}

// LendIdle takes an idle connection of the server that has this name (pool-conn-name,
// or the server name of TLS; "" none) for a check, and tells how many requests it
// carried; nil: there is none that http-reuse would give to a first request.
var LendIdle func(srv *Server, name string) (c *conn.Conn, uses int)

// ReturnIdle puts a connection that a check used among the idle ones; false: there
// is no need of it.
var ReturnIdle func(srv *Server, name string, c *conn.Conn, uses int) bool

// MaxSockets is how many descriptors the process may open.
func (rt *Runtime) MaxSockets() int {
	if n := rt.Global.UlimitN; n > 0 {
		return n
	}
	return 2*rt.Global.MaxConn + 32
}
