package engine

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine/htx"
)

// Stream is one request and its response, or the data of one TCP connection.
// Owned by the goroutine that runs it; pooled.
type Stream struct {
	Slots
	Sess   *Session
	Env    Env
	Ex     Exchange
	Up     Upstream
	Front  *Proxy
	Back   *Proxy // nil until chosen
	Server *Server
	Req    *htx.Msg
	Res    *htx.Msg
	HasReq bool
	HasRes bool
	Kind   HTTPKind

	Local                Local
	Term                 Term
	Times                Times
	Vars                 VarStore // txn
	ReqVars              VarStore
	ResVars              VarStore
	Groups               GroupRoom // answers of tests
	SC                   Tracks    // tracked counters of the stream; the session has its own
	SCEnded              bool      // they were given back
	SCBackEnded          bool      // the backend's last hooks ran
	ReqCaps              [][]byte  // captured request headers, by slot
	ResCaps              [][]byte
	CookieReq, CookieRes []byte // capture cookie
	ReqBody              []byte // what was buffered of the request body
	BodyDone             bool   // ReqBody is all of it
	ResBuf               []byte // what was buffered of the response body for rules; forwarded with it

	Logged              bool                     // its log line was written
	Service             string                   // the built-in content that answers, as logs name it: STATS, PROMEX
	ReqOut, ResOut      int64                    // bytes of the request sent on, of the response sent to the client
	BackErr             error                    // why the last attempt to connect to a server failed; nil: it did not
	BackTLS             net.Conn                 // the connection to the server, if it is TLS
	BackLocal, BackPeer net.Addr                 // ends of the connection to the server
	ResBody             htx.Body                 // the response body to forward; a filter may put its own around it
	ReqWrap             func(*Stream, Body) Body // what filters put around the request body; see WrapRequest
	BytesIn, BytesOut   int64                    // request bytes from the client, response bytes from the server, as htx.Msg.Size counts them
	Retries             int
	RetriesSet          int // set-retries; -1 none
	Redispatched        bool
	Avoid               *Server       // the server that just failed
	HasSlot             bool          // a slot of Server is held
	BytesBody           int64         // request body bytes that went to a server and were not kept
	ClientLeft          bool          // the client closed before its response
	NoRetry             bool          // disable-l7-retry
	Peek                Peek          // what a stream without HTTP begins with
	Refused             *Rule         // the tcp-response content rule that ended a stream without HTTP
	BackSock            SocketOptions // set-bc-tos, set-bc-mark
	SwitchHTTP          bool          // switch-mode http: a stream without HTTP is to become one
	ConnReused          bool
	QueueBack, QueueSrv int // places before us when queued
	LogLevel            int // set-log-level: -1 silent, 0 not set, else syslog number + 1
	Prio                int32
	PrioOffset          int64
	Timeout             Timeouts // in force: of the proxies, or set-timeout
	UniqueID            []byte
	URI                 []byte // first line's target as logged
	Status              int
	ReplyFrom           *Proxy // whose rule replied
	LastRule            *Rule
	Tarpit              bool
	Persist             PersistKind
	PersistRule         PersistKind // what force-persist or ignore-persist said
	Imposed             *Server     // what Impose chose
	ServerCookie        ServerCookieState
	ID                  uint64
	Killed              atomic.Bool // shutdown session; see Kill
	Seen                Seen
	Cause               string // what ended it, for fs.* and logs
	listed              int    // place in its shard of StreamList
}

// SocketOptions are options of a connection that rules asked for.
type SocketOptions struct {
	TOS, Mark uint32
	Set       uint8 // SetTOS, SetMark
}

// The bits of SocketOptions.Set.
const (
	SetTOS uint8 = 1 << iota
	SetMark
)

// Term is the pair of termination flags and the two about the cookie
// (configuration manual, 8.5). Zero bytes print as "-".
type Term struct{ Cause, State, CookieIn, CookieOut byte }

// Times are taken on the monotonic clock in nanoseconds; zero is "not reached".
type Times struct {
	Start     int64 // request: first byte; TCP: accept
	Idle      int64 // time the connection was idle before
	Request   int64 // head complete
	Queued    int64 // entered a queue
	Connect   int64 // left the queue: connecting
	Connected int64
	Response  int64 // response head complete
	End       int64
	Date      time.Time // wall clock of Start
}

// PersistKind tells how a server was imposed on the stream.
type PersistKind uint8

// The kinds. PersistForced: even a server that is down.
const (
	PersistNone PersistKind = iota
	PersistSet
	PersistForced
	PersistIgnored
)

// ServerCookieState is what the persistence cookie did, for the log.
type ServerCookieState struct {
	Inserted, Rewritten bool
	Last, First         int64   // dates in the client's cookie, seconds; 0 none
	Server              *Server // that the client's cookie names
}

// streamRoom is the memory that a pooled stream keeps for its next use.
type streamRoom struct {
	slots                Slots
	vars, req, res       VarStore
	sc                   Tracks
	groups               GroupRoom
	reqMsg, resMsg       *htx.Msg
	reqCaps, resCaps     [][]byte
	reqBody, resBuf      []byte
	id, uri, tmp, out    []byte
	cookieReq, cookieRes []byte
}

// Reset prepares a pooled stream for its next use.
func (s *Stream) Reset() {
	s.Slots.clear()
	s.Vars.Clear()
	s.ReqVars.Clear()
	s.ResVars.Clear()
	s.SC.Clear()
	k := streamRoom{s.Slots, s.Vars, s.ReqVars, s.ResVars, s.SC, s.Groups, s.Req, s.Res, clearCaps(s.ReqCaps), clearCaps(s.ResCaps),
		s.ReqBody[:0], s.ResBuf[:0], s.UniqueID[:0], s.URI[:0], s.Env.Tmp[:0], s.Env.out[:0], s.CookieReq[:0], s.CookieRes[:0]}
	*s = Stream{}
	s.Slots, s.Vars, s.ReqVars, s.ResVars, s.SC, s.Groups = k.slots, k.vars, k.req, k.res, k.sc, k.groups
	s.Req, s.Res, s.ReqCaps, s.ResCaps, s.ReqBody, s.ResBuf = k.reqMsg, k.resMsg, k.reqCaps, k.resCaps, k.reqBody, k.resBuf
	s.UniqueID, s.URI, s.Env.Tmp, s.Env.out, s.CookieReq, s.CookieRes = k.id, k.uri, k.tmp, k.out, k.cookieReq, k.cookieRes
	s.RetriesSet = -1
}

func clearCaps(c [][]byte) [][]byte {
	for i := range c {
		c[i] = c[i][:0]
	}
	return c[:0]
}

// Add enters a running stream.
func (l *StreamList) Add(s *Stream) {
	sh := &l.shards[uint(s.ID)%uint(len(l.shards))]
	sh.mu.Lock()
	s.listed = len(sh.all)
	sh.all = append(sh.all, s)
	sh.mu.Unlock()
}

// Remove takes it out.
func (l *StreamList) Remove(s *Stream) {
	sh := &l.shards[uint(s.ID)%uint(len(l.shards))]
	sh.mu.Lock()
	last := sh.all[len(sh.all)-1]
	sh.all[s.listed] = last
	last.listed = s.listed
	sh.all[len(sh.all)-1] = nil
	sh.all = sh.all[:len(sh.all)-1]
	sh.mu.Unlock()
}

// Each calls f for every running stream while it cannot end; f must be quick.
func (l *StreamList) Each(f func(*Stream)) {
	for i := range l.shards {
		sh := &l.shards[i]
		sh.mu.Lock()
		for _, s := range sh.all {
			f(s)
		}
		sh.mu.Unlock()
	}
}

// StreamList is the set of running streams, for "show sess" and "shutdown
// session": sharded, so that streams of different connections do not meet.
type StreamList struct {
	shards [16]struct {
		mu  sync.Mutex
		all []*Stream
		_   [32]byte
	}
}

// MakeUniqueID returns the stream's unique ID as the frontend's
// unique-id-format makes it, on first use; nothing without such a format.
func (s *Stream) MakeUniqueID() []byte {
	if len(s.UniqueID) == 0 {
		f := s.Front.UniqueID.Fmt
		if f == nil {
			return nil
		}
		e := &s.Env
		m := e.Mark()
		e.Tmp = f.Append(e.Tmp, e)
		s.UniqueID = append(s.UniqueID[:0], e.Tmp[m:]...)
		e.Tmp = e.Tmp[:m]
	}
	return s.UniqueID
}

// Impose has a rule, a cookie or a table choose the server.
func (s *Stream) Impose(srv *Server) {
	s.Server, s.Imposed, s.Persist = srv, srv, PersistSet
	if s.PersistRule == PersistForced {
		s.Persist = PersistForced
	}
}
