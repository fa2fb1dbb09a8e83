package engine

import (
	"net/netip"
	"time"

	"hawser/parser/diag"
)

// Side tells what a proxy can do.
type Side uint8

// The sides; a listen section has both. IsDefaults is a template.
const (
	Front Side = 1 << iota
	Back
	IsDefaults
)

// Mode is the protocol of a proxy.
type Mode uint8

// The modes.
const (
	ModeTCP Mode = iota
	ModeHTTP
	ModeLog
	ModeSPOP
	ModeHAProxyTerm
)

func (m Mode) String() string { return [...]string{"tcp", "http", "syslog", "spop", "haterm"}[m] }

// Proxy is a frontend, a backend, both (listen) or a defaults section.
// Immutable after build; State is shared between generations.
type Proxy struct {
	Slots
	Settings
	Name     string
	Side     Side
	Kind     string // as the section is called: frontend, backend, listen, defaults
	ID       int
	CustomID bool // chosen by an id line
	GUID     string
	Pos      diag.Pos
	RT       *Runtime
	Defaults *Proxy // the defaults section it came from, or nil

	Binds       []*Bind
	Servers     []*Server
	ACLs        map[string]*ACL
	Tests       []*ACLTest // of all conditions, while building
	Rules       [NRulesets][]Rule
	Switch      []SwitchRule // use_backend
	UseServer   []SwitchRule // use-server
	Hooks       [NPhases][]func(*Stream) Verdict
	Filters     []*Filter
	FilterOrder [2]*[]*Filter // by Dir, where filter-sequence tells it; see FiltersOf
	Default     *Proxy        // default_backend; nil: none (a listen is its own)
	Balancer    Balancer
	MonitorFail []*Cond
	ForceSwitch []*Cond // force-be-switch: unpublished backends may be used
	// Deterministic: the algorithm sends equal requests to the same server.
	Deterministic bool
	// WantsBody reports that a rule or the algorithm wants the request body first.
	WantsBody bool

	// Referenced: named by something that is compiled, so it cannot be deleted.
	Referenced bool
	Farm       *FarmState // the servers as they are now (see All)
	State      *ProxyState
}

// SwitchRule is a use_backend or use-server line.
type SwitchRule struct {
	Cond *Cond
	Back *Proxy
	Srv  *Server
	Name *LogFormat // dynamic: the name is made per stream
	Pos  diag.Pos
}

// Settings are what a proxy takes over from its defaults section. Slices and
// maps are copied before they are changed.
type Settings struct {
	Mode        Mode
	ModeSet     bool // by a mode line
	Options     Options
	OptionsSet  Options // those that were named, on or off
	HTTPMode    HTTPMode
	Reuse       ReuseMode
	Disabled    bool
	Description string
	MaxConn     int
	FullConn    int
	Backlog     int
	Retries     int
	Redispatch  int // 0 off; n: at every nth retry, negative counts from the last
	RetryOn     RetryOn
	MaxKAQueue  int // max-keep-alive-queue, -1 unlimited
	MaxOwn      int // connections to servers that a session keeps for itself (max-session-srv-conns)
	RateLimit   int // rate-limit sessions
	Timeout     Timeouts

	DefaultBackend Word
	Balance        BalanceSpec

	Logs     []LogTarget
	LogTag   string
	LogFmt   LogSpec
	LogSD    LogSpec
	LogErr   LogSpec
	UniqueID LogSpec
	// UniqueIDHeader is the header that carries the unique ID to servers.
	UniqueIDHeader string

	Errors     map[int]*Reply
	MonitorURI string
	Source     *SourceSpec

	CookieCapture *CaptureCookie
	ReqCaptures   []CaptureHeader
	ResCaptures   []CaptureHeader

	// DefaultServer holds the options of the default-server lines so far;
	// NamedServers those of the lines with a name.
	DefaultServer *Server
	NamedServers  map[string]*Server
}

// Timeouts in milliseconds granularity; zero is "not set", which means for ever.
type Timeouts struct {
	Check, Client, ClientFin, ClientHS, Connect, KeepAlive, HTTPRequest,
	Queue, Server, ServerFin, Tarpit, Tunnel, Inspect, InspectRes time.Duration
}

// BalanceSpec is the balance line: its words and place, until the balancer is made.
type BalanceSpec struct {
	Words    []Word
	HashType []Word
	Factor   int // hash-balance-factor in percent, 0 off
	Affinity string
}

// LogSpec is a log format before and after it is compiled for a proxy. Preset
// names a built-in one (httplog, tcplog, clf, httpslog).
type LogSpec struct {
	Preset string
	Words  []Word
	Fmt    *LogFormat
}

// Set reports whether the format was configured.
func (s *LogSpec) Set() bool { return s.Preset != "" || len(s.Words) > 0 }

// CaptureCookie is "capture cookie".
type CaptureCookie struct {
	Name string // the beginning of the cookie: a whole name ends in "="
	Len  int
}

// CaptureHeader is a capture slot. Name is empty for "declare capture".
type CaptureHeader struct {
	Name string // lower case
	Len  int
}

// SourceSpec is a source line.
type SourceSpec struct {
	IP             netip.Addr
	Port, PortHigh int
	Interface      string
	// UseSrc: transparent: client, clientip, or an address; "" none.
	UseSrc   string
	UseSrcIP netip.AddrPort
}

// IsHTTP reports whether the proxy is in HTTP mode.
func (px *Proxy) IsHTTP() bool { return px.Mode == ModeHTTP }

// SeesHTTP reports whether HTTP may pass the proxy: it is in HTTP mode, or a
// frontend in TCP mode that may go over to HTTP, by switch-mode or by its choice
// of backends. For use at load, when names are resolved.
func (px *Proxy) SeesHTTP() bool {
	if px.IsHTTP() {
		return true
	}
	if px.Mode != ModeTCP || px.Side&Front == 0 {
		return false
	}
	if px.Default != nil && px.Default.IsHTTP() || px.switchesMode() || px.Defaults != nil && px.Defaults.switchesMode() {
		return true
	}
	for i := range px.Switch {
		if be := px.Switch[i].Back; be == nil || be.IsHTTP() {
			return true
		}
	}
	return false
}

func (px *Proxy) switchesMode() bool {
	for i := range px.Rules[TCPReqCont] {
		if px.Rules[TCPReqCont][i].Name == "switch-mode" {
			return true
		}
	}
	return false
}

// Server returns the server called name, or nil.
func (px *Proxy) Server(name string) *Server {
	for _, s := range px.All() {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Inherit takes the settings and slots of a defaults section over.
func (px *Proxy) Inherit(d *Proxy) {
	px.Settings = d.Settings
	px.Slots.inherit(&d.Slots)
	px.Defaults = d
}

// AbortsOnClose tells whether a client that closes its side ends what was not
// begun for it: the default in HTTP mode (option abortonclose).
func (px *Proxy) AbortsOnClose() bool {
	if px.OptionsSet.Has(OptAbortOnClose) {
		return px.Options.Has(OptAbortOnClose)
	}
	return px.IsHTTP()
}

// CookieName returns the name of a backend's persistence cookie, "" without one;
// the persistence feature provides it.
var CookieName func(px *Proxy) string

// TypeName is what messages about the whole proxy call it: a listen section is
// a proxy there, as in HAProxy.
func (px *Proxy) TypeName() string {
	if px.Kind == "listen" {
		return "proxy"
	}
	return px.Kind
}
