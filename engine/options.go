package engine

// Options is the set of "option" switches that are on.
type Options uint64

// The switches of proxies that the engine itself obeys.
const (
	OptAbortOnClose Options = 1 << iota
	OptAllBackups
	OptDontLogNormal
	OptDontLogNull
	OptBufferRequest
	OptDropReqTrailers
	OptDropResTrailers
	OptIgnoreProbes
	OptPretendKeepAlive
	OptIdleCloseOnResponse
	OptLogHealthChecks
	OptLogSeparateErrors
	OptLogASAP
	OptNoLinger
	OptPersist
	OptCheckCache
	OptPreferLastServer
	OptSocketStats
	OptClientKA
	OptServerKA
	OptUnsafeRequest
	OptUnsafeResponse
	OptCaseAdjustClient
	OptCaseAdjustServer
	OptSmartAccept
	OptSmartConnect
	OptSpliceAuto
	OptSpliceRequest
	OptSpliceResponse
	// OptTransparent: connect to the address that the client asked for.
)

// Has reports whether all of o are on.
func (s Options) Has(o Options) bool { return s&o == o }

// HTTPMode is how connections are kept after a transaction.
type HTTPMode uint8

// The modes; keep-alive is the default. A frontend's and a backend's mode
// combine to the more restrictive one.
const (
	HTTPKeepAlive HTTPMode = iota
	HTTPServerClose
	HTTPClose
)

// ReuseMode is http-reuse.
type ReuseMode uint8

// The modes of http-reuse; safe is the default.
const (
	ReuseSafe ReuseMode = iota
	ReuseNever
	ReuseAggressive
	ReuseAlways
)

// RetryOn is the set of events after which a request may be sent again.
type RetryOn uint32

// The events of retry-on; the zero value stands for conn-failure.
const (
	RetryConnFailure RetryOn = 1 << iota
	RetryEmptyResponse
	RetryJunkResponse
	RetryResponseTimeout
	Retry0RTT
	RetryDisabled
	Retry401
	Retry403
	Retry404
	Retry408
	Retry421
	Retry425
	Retry429
	Retry500
	Retry501
	Retry502
	Retry503
	Retry504
)
