package engine

import (
	"net/netip"
	"time"

	"hawser/parser/diag"
)

// Server is one server line. Immutable after build; State is shared between
// generations, and what the runtime API changes (address, weight) lives there.
type Server struct {
	Slots
	ServerSpec
	Name  string
	ID    int
	Px    *Proxy
	Index int // its own among those that the backend ever had, ascending in Px.All
	Pos   diag.Pos
	// Referenced: named by something that is compiled, so it cannot be deleted.
	// Dynamic: added at run time.
	Referenced, Dynamic bool

	State *ServerState
	Dial  Connector // how to reach it: set in StageMake
	TLS   TLSClient // nil: clear
	// Was is the same server in the generation before; cleared when published.
	Was *Server
}

// ServerSpec holds the options of a server line and of default-server.
type ServerSpec struct {
	Host       string // a name still to be resolved, or ""
	HostFamily int    // unit.Family that the name may resolve to
	Unresolved bool   // starts without an address (init-addr none)
	CustomID   bool   // chosen by the id option
	Late       bool   // the name could not be resolved at load: the system is asked again
	Resolvers  Word   // of which the host name is asked while running
	Touched    bool   // of a default-server: some line set something
	Addr       ServerAddr
	Weight     int // configured, 0 to 256
	MaxConn    int
	MinConn    int
	MaxQueue   int
	Backup     bool
	Disabled   bool
	Cookie     string
	NonStick   bool
	GUID       string

	Check                             bool
	Inter                             time.Duration
	FastInter                         time.Duration
	DownInter                         time.Duration
	Rise                              int
	Fall                              int
	CheckPort                         int
	CheckAddr                         string
	SlowStart                         time.Duration
	Track                             Word
	TrackSrv                          *Server
	OnMarkedDown, OnMarkedUp, OnError string
	ErrorLimit                        int
	Observe                           string
	InitAddr                          string
	InitState                         string
	Redir                             string

	SSL       bool
	SendProxy int // 0 none, 1, 2
	Source    *SourceSpec

	PoolMax        int // -1 unlimited
	PoolLow        int
	PoolPurgeDelay time.Duration
	MaxReuse       int // -1 unlimited
	MaxConnStrict  bool
	TCPUserTimeout time.Duration
	CC             string // TCP congestion control; "" the system's
}

// ServerAddr is where a server is: an IP address and port, or a path.
type ServerAddr struct {
	IP      netip.Addr
	Port    int
	MapPort bool   // the port is that of the client's destination plus Port
	Path    string // UNIX socket; abstract ones begin with NUL
	Dst     bool   // 0.0.0.0: the client's destination address
	Dgram   bool   // datagrams: of servers of a log backend
}

// HasPort reports whether a port or path was given.
func (a *ServerAddr) HasPort() bool { return a.Port != 0 || a.Path != "" }

// ByService reports whether name and port of the server come from SRV records:
// its line names a service (configuration manual, 5.3.1).
func (srv *Server) ByService() bool {
	return srv.Resolvers.Text != "" && len(srv.Host) > 0 && srv.Host[0] == '_'
}
