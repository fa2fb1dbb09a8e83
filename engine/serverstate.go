package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine/counter"
)

// AdminState is what the administrator wants of a server.
type AdminState uint32

// The bits; "ready" is none of them. The I-bits are inherited from a tracked
// server. CMaint only tells that the configuration (disabled) began with FMaint.
const (
	AdmFMaint AdminState = 1 << iota // forced maintenance
	AdmIMaint
	AdmCMaint
	AdmFDrain
	AdmIDrain
	AdmRMaint // name resolution failed
	AdmHMaint // not as configured: the host name, set by hand or by an SRV record
	AdmMaint  = AdmFMaint | AdmIMaint | AdmRMaint
	AdmDrain  = AdmFDrain | AdmIDrain
)

// OpState is what the checks found.
type OpState uint32

// The operational states.
const (
	OpStopped OpState = iota
	OpStarting
	OpRunning
	OpStopping
)

// ServerState is what a server keeps over reloads, found again by backend and
// name.
type ServerState struct {
	C           SideCounters
	Admin       atomic.Uint32 // AdminState
	Op          atomic.Uint32 // OpState
	Health      atomic.Int32  // 0 … rise+fall-1
	UWeight     atomic.Int32  // user weight 0 … 256
	EWeight     atomic.Int32  // effective weight, ramped by slowstart, 0 when not usable
	MaxConn     atomic.Int32  // run-time limit; 0 none
	Served      atomic.Int64  // streams that hold a slot
	Queued      atomic.Int64
	Queue       Queue
	LastChange  atomic.Int64 // seconds
	DownTime    atomic.Int64
	Downs       counter.Int
	CheckFails  counter.Int
	LastSess    atomic.Int64
	Idle        atomic.Int64           // idle connections
	NoTLS       atomic.Bool            // "set server … ssl off"
	Errors      atomic.Int32           // consecutive, for observe
	AgentDown   atomic.Bool            // the agent holds it for down
	Ejected     atomic.Bool            // outlier-ejection holds it out of the balancing
	Pool        atomic.Value           // idle connections, the backend feature's own
	Cookie      atomic.Pointer[string] // set at run time; nil: as configured
	Mu          sync.Mutex             // guards what follows
	Addr        *ServerAddr            // set at run time; nil: as configured
	HostName    string                 // set at run time; "": as configured
	Probing     ProbeSettings
	CheckStatus CheckReport
	AgentStatus CheckReport
	AdminCause  string
	OpCause     string
	Checker     any // the check feature's own
	LB          any // the balance feature's own
}

// Usable reports whether new streams may be sent to the server at all.
func (st *ServerState) Usable() bool { return st.EWeight.Load() > 0 }

// Limit is how many streams the server may serve at once; 0 is any number. It
// follows the backend's load between minconn and maxconn (fullconn), and grows over
// slowstart.
func (st *ServerState) Limit(srv *Server) int {
	limit := int(st.MaxConn.Load())
	if limit == 0 {
		return 0
	}
	limit = st.limitByLoad(srv, limit)
	if srv.SlowStart > 0 && OpState(st.Op.Load()) == OpStarting {
		limit = max(1, int(int64(limit)*int64(time.Since(time.Unix(st.LastChange.Load(), 0)))/int64(srv.SlowStart)))
		limit = min(limit, int(st.MaxConn.Load()))
	}
	return limit
}

func (st *ServerState) limitByLoad(srv *Server, limit int) int {
	if srv.MinConn <= 0 || srv.MinConn >= limit {
		return limit
	}
	full := srv.Px.FullConn
	if full <= 0 {
		return limit
	}
	load := int(srv.Px.State.BE.Conns.Load())
	if load >= full {
		return limit
	}
	return max(srv.MinConn, limit*load/full)
}

// Up reports whether the checks hold the server for alive.
func (st *ServerState) Up() bool {
	return OpState(st.Op.Load()) != OpStopped && AdminState(st.Admin.Load())&AdmMaint == 0
}

// CookieValue is what the persistence cookie has for the server: set at run time, or
// as configured; "" when it has none.
func (srv *Server) CookieValue() string {
	if v := srv.State.Cookie.Load(); v != nil {
		return *v
	}
	return srv.Cookie
}

// CheckReport is the outcome of the last check.
type CheckReport struct {
	Status   string // L4OK, L7STS …; "" none yet
	Code     int    // HTTP status or similar; -1 none
	Duration int64  // ms, -1 unknown
	Desc     string
	Last     string // what the server said
	Running  bool
}

// Host is the name that the server's address comes from: set at run time, or as
// configured; "" when it has none.
func (st *ServerState) Host(srv *Server) string {
	st.Mu.Lock()
	defer st.Mu.Unlock()
	if st.HostName != "" {
		return st.HostName
	}
	return srv.Host
}

// Address is where the server is now: set at run time, or as configured.
func (st *ServerState) Address(srv *Server) ServerAddr {
	st.Mu.Lock()
	defer st.Mu.Unlock()
	if st.Addr != nil {
		return *st.Addr
	}
	return srv.Addr
}

// ServerAction carries out an action of the statistics page or of "set server"
// (ready, drain, maint, dhlth, ehlth, hrunn, hnolb, hdown, shutdown …) and tells
// whether it changed anything; serveradmin provides it.
var ServerAction func(srv *Server, action string) bool
