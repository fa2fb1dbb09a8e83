package engine

// Where is the set of places in which a fetch can be used. A place is one bit,
// in the order of HAProxy's own listing (haproxy -dKall).
type Where uint32

// The places.
const (
	FeTCPConn     Where = 1 << iota // tcp-request connection
	FeTCPSess                       // tcp-request session
	FeTCPCont                       // tcp-request content in a frontend
	FeHTTPHdr                       // http-request in a frontend
	FeHTTPBody                      // the same, once the body was waited for
	FeSwitch                        // use_backend
	BeTCPCont                       // tcp-request content in a backend
	BeHTTPHdr                       // http-request in a backend
	BeHTTPBody                      // the same, once the body was waited for
	BeServer                        // use-server, balance, stick
	SrvSource                       // source, sni, and what else precedes a connection
	BeTCPRes                        // tcp-response content
	BeHTTPRes                       // http-response in a backend
	BeHTTPResBody                   // the same, with body
	StickStore                      // stick store-response
	FeTCPRes                        // (response, seen from the frontend)
	FeHTTPRes                       // http-response in a frontend
	FeHTTPResBody                   // the same, with body
	AtLog                           // log-format
	AtCheck                         // tcp-check, http-check
	AtConfig                        // global set-var, .if
	AtCLI                           // runtime API
)

// The sets that fetches use.
const (
	Everywhere = AtCLI<<1 - 1
	// AtTraffic: as long as there is a session, a check or a command.
	AtTraffic = Everywhere &^ AtConfig
	// OnClient: what a client connection has; also without one, as in checks.
	OnClient = Everywhere &^ (AtConfig | AtCLI)
	// OnSession: from tcp-request session on, while the session lasts.
	OnSession = OnClient &^ (FeTCPConn | AtCheck)
	// OnRequest: the request's contents, gone once the response begins.
	OnRequest = FeTCPCont | FeHTTPHdr | FeHTTPBody | FeSwitch | BeTCPCont | BeHTTPHdr | BeHTTPBody | BeServer | SrvSource
	// OnResponse: the response's contents.
	OnResponse = BeTCPRes | BeHTTPRes | BeHTTPResBody | StickStore | FeTCPRes | FeHTTPRes | FeHTTPResBody | AtCheck
	// OnServerSide: once a server connection may exist.
	OnServerSide = BeTCPRes | BeHTTPRes | BeHTTPResBody | StickStore | FeTCPRes | FeHTTPRes | FeHTTPResBody | AtLog | AtCheck
	// OnBoth: request or response contents.
	OnBoth = OnRequest | OnResponse
	// OnStream: what is kept of the request until the log.
	OnStream = OnRequest | BeTCPRes | BeHTTPRes | BeHTTPResBody | StickStore | FeTCPRes | FeHTTPRes | FeHTTPResBody | AtLog
	// OnBackend: once a backend was chosen.
	OnBackend = OnClient &^ (FeTCPConn | FeTCPSess | FeTCPCont | FeHTTPHdr | FeHTTPBody | FeSwitch)
	// OnServer: once a server was chosen.
	OnServer = BeServer | SrvSource | BeTCPRes | BeHTTPRes | BeHTTPResBody | StickStore | FeTCPRes | FeHTTPRes | FeHTTPResBody | AtLog
	// UntilLog: a session, no check.
	UntilLog = OnClient &^ AtCheck
)
