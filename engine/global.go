package engine

import "time"

// Global is what the global section says. Durations are zero where not set;
// the getters of build fill defaults in before a Runtime is published.
type Global struct {
	MaxConn, MaxConnRate, MaxSessRate            int
	MaxSSLConn, MaxSSLRate                       int
	NbThread, UlimitN, MaxPipes                  int
	FDHardLimit                                  int
	NoReusePort                                  bool
	NeverSendLocal                               bool // pp2-never-send-local
	Daemon, MasterWorker, Quiet                  bool
	AnyPayload, KeepInsecureTE, RejectPrivileged bool // h1-accept-payload-with-any-method, h1-do-not-close-on-insecure-transfer-encoding, harden.reject-privileged-ports.tcp
	ZeroWarning                                  bool
	NoSplice                                     bool
	PidFile, Chroot                              string
	User, Group                                  string
	UID, GID                                     int
	Node, Description, LocalPeer                 string
	CABase, CrtBase, KeyBase                     string
	HardStopAfter, Grace, CloseSpread            time.Duration
	SpreadChecks                                 int // percent
	MaxCompRate                                  int // bytes per second
	MaxCompCPU                                   int // percent; 0 or 100: no limit
	MaxZlibMem                                   int // bytes
	MaxSpreadChecks                              time.Duration
	ServerVerifyNone                             bool // ssl-server-verify none
	IPv4Only                                     bool // -4: names are resolved to IPv4 addresses only
	StatsTimeout                                 time.Duration
	StatsMaxConn                                 int
	LogSendHostname                              string
	LogTag                                       string
	Logs                                         []LogTarget
	HTTPErrCodes, HTTPFailCodes                  CodeSet
	ServerStateBase, ServerStateFile             string
	CaseAdjust                                   map[string]string // h1-case-adjust: lower case to written form
	InsecureFork                                 bool
	Experimental                                 bool // expose-experimental-directives
	Tune                                         Tune
	StatsBinds                                   []*Bind // sockets of the runtime API, of a proxy called CLIProxy
}

// CLIProxy is the name of the internal proxy of the runtime API's sockets.
const CLIProxy = "GLOBAL"

// Tune is the tune.* family that Hawser obeys. Sizes are bytes.
type Tune struct {
	BufSize, MaxRewrite           int
	MaxHdr                        int
	LogURILen, CookieLen          int
	StickCounters                 int
	RcvBufClient, RcvBufServer    int
	SndBufClient, SndBufServer    int
	PipeSize                      int // 0: what suits
	NotSentClient, NotSentServer  int // tune.notsent-lowat.*
	CLIPayload                    int // 0: 128 kB
	VarsProc                      int
	VarsSess, VarsTxn, VarsReqRes int
	VarsCheck                     int
	CompLevel                     int // 0: 1
	PoolLowFD, PoolHighFD         int // percent of the sockets: see pool of package backend
}

// CodeSet is a set of HTTP status codes 100 to 599.
type CodeSet [8]uint64

// Add puts code into the set.
func (s *CodeSet) Add(code int) {
	if i := code - 100; i >= 0 && i < 512 {
		s[i/64] |= 1 << (i % 64)
	}
}

// Remove takes code out.
func (s *CodeSet) Remove(code int) {
	if i := code - 100; i >= 0 && i < 512 {
		s[i/64] &^= 1 << (i % 64)
	}
}

// Has reports whether code is in the set.
func (s *CodeSet) Has(code int) bool {
	i := code - 100
	return i >= 0 && i < 512 && s[i/64]&(1<<(i%64)) != 0
}
