package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine/counter"
)

// ProcState lives as long as the process.
type ProcState struct {
	Current       atomic.Pointer[Runtime] // the generation in force
	Started       time.Time
	Conns         counter.Gauge // current client connections
	BackConns     atomic.Int64  // current HTTP connections to servers
	MaxConn       atomic.Int64  // run-time limit; 0: the configured one
	Limits        RateLimits
	CumConns      counter.Int
	CumReqs       counter.Int
	ConnRate      counter.Rate
	SessRate      counter.Rate
	SSLRate       counter.Rate
	CompIn        counter.Rate // bytes given to compression
	CompOut       counter.Rate
	CompMem       atomic.Int64 // what its states take
	SSLConns      counter.Gauge
	CumSSL        counter.Int
	BytesOut      counter.Int
	BytesRate     counter.Freq // of BytesOut, in a second
	Panics        counter.Int
	Dropped       counter.Int // log lines lost
	Stopping      atomic.Bool
	Jobs          atomic.Int64
	Streams       StreamList
	Reloads       atomic.Int64
	Warnings      atomic.Int64 // announced since the start
	FailedReloads atomic.Int64
	UniqueSeq     atomic.Uint64
}

// RateLimits are what "set rate-limit" said: 0 is as configured, -1 no limit.
type RateLimits struct{ Conn, Sess, SSL, Comp atomic.Int64 }

// LimitOf returns the limit in force: set at run time, or the configured one.
func LimitOf(set *atomic.Int64, configured int) int {
	switch n := set.Load(); {
	case n < 0:
		return 0
	case n > 0:
		return int(n)
	}
	return configured
}

// SideCounters are the statistics that frontends, backends, servers and
// listeners have in common. All are updated without locks.
type SideCounters struct {
	Conns                      counter.Gauge // current sessions (scur) with maximum (smax)
	CumConns                   counter.Int   // connections (conn_tot)
	CumSess                    counter.Int   // sessions (stot)
	ConnRate                   counter.Rate
	SessRate                   counter.Rate
	ReqRate                    counter.Rate
	Requests                   counter.Int // HTTP requests (req_tot)
	BytesIn                    counter.Int
	BytesOut                   counter.Int // responses from servers (bout, resbin)
	ReqOut                     counter.Int // requests sent on (reqbout)
	ResOut                     counter.Int // responses sent to clients (resbout)
	ReqDenied                  counter.Int
	ResDenied                  counter.Int
	ReqErrors                  counter.Int
	ConnErrors                 counter.Int
	ResErrors                  counter.Int
	Retries                    counter.Int
	Redisp                     counter.Int
	ConnDenied                 counter.Int // dcon
	SessDenied                 counter.Int // dses
	CliAborts                  counter.Int
	SrvAborts                  counter.Int
	Responses                  [6]counter.Int // other, 1xx … 5xx
	Intercepted                counter.Int
	CacheLookups, CacheHits    counter.Int
	HintHits                   counter.Int // 103 responses out of a cache
	CompIn, CompOut            counter.Int // bytes that were compressed, and what they became
	CompBypassed               counter.Int // bytes that a limit kept from being compressed
	CompResponses              counter.Int
	Connects, Reuses           counter.Int
	LBTotal                    counter.Int
	InternalErrors, Rewrites   counter.Int
	Queue                      counter.Gauge
	QTime, CTime, RTime, TTime counter.Mean
	QMax, CMax, RMax, TMax     counter.Max
}

// ProxyState is what a proxy keeps over reloads, found again by name and side.
type ProxyState struct {
	FE, BE      SideCounters
	FEStatus    atomic.Int32 // 0 running, 1 paused, 2 stopped
	MaxConn     atomic.Int64 // frontend: run-time limit; 0: the configured one
	LastChange  atomic.Int64 // seconds; backend
	Downs       counter.Int
	DownTime    atomic.Int64 // seconds, of past outages
	LastSess    atomic.Int64
	Queue       Queue
	LB          any          // the balance feature's own
	Pending     atomic.Int64 // streams waiting in the backend's or its servers' queues
	Served      atomic.Int64 // streams being served
	Active      atomic.Int64 // usable servers in use (active ones, or backups)
	Unpublished atomic.Bool
	Lines       atomic.Uint64 // log lines written (%lc)
	Cookies     atomic.Pointer[DynamicCookies]
}

// DynamicCookies is what the runtime API said of a backend's dynamic cookies.
type DynamicCookies struct {
	On  bool
	Key string
}

// BindState is what a listener keeps over reloads.
type BindState struct {
	C      SideCounters
	Paused atomic.Bool
}

// Queue holds the streams that wait for a slot; the backend feature owns the
// order. Its zero value is empty.
type Queue struct {
	Mu     sync.Mutex
	Wait   []*Waiter
	Served int // how many were given a slot so far
}

// Waiter is a stream in a queue.
type Waiter struct {
	Stream *Stream
	Class  int32 // priority class
	Offset int64 // date offset in milliseconds
	Since  time.Time
	From   int          // what the queue had served when it came
	Place  int          // one more than were served while it waited (%sq, %bq)
	Ready  chan *Server // one value: the server whose slot it was given, nil: try again
}
