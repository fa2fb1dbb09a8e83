package engine

import (
	"errors"
	"time"

	"hawser/engine/conn"
	"hawser/engine/htx"
)

// Exchange is the client's side of a stream: what a mux gives to stream.Run.
// All calls come from the stream's goroutine, except that Body may be read by
// one other goroutine while the response is written.
type Exchange interface {
	// Body returns the request body; nil when the request has none.
	Body() htx.Body
	// Continue answers "100 Continue" if the client still waits for it.
	Continue() error
	// Interim relays one 1xx response.
	Interim(m *htx.Msg) error
	// Head sends the response head. bodyless tells that no body will follow
	// (HEAD, 204, 304, or an empty one).
	Head(m *htx.Msg, bodyless bool) error
	// Data sends a piece of the body; it does not keep p.
	Data(p []byte) error
	// End ends the body, with trailers if m has some.
	End(m *htx.Msg) error
	Flush() error
	// Close asks that the connection ends after this exchange.
	Close()
	// Abort ends the exchange at once: no further answer.
	Abort(reset bool)
	// Tunnel takes the raw connection over (CONNECT, Upgrade, TCP); nil where
	// the protocol has none.
	Tunnel() *conn.Conn
}

// Upstream is the server's side of a stream: a connection ready for one exchange.
type Upstream interface {
	SendHead(m *htx.Msg, bodyless bool) error
	SendData(p []byte) error
	SendEnd(m *htx.Msg) error
	Flush() error
	// FlushAtRead is Flush for a request that is complete: the sending may be put
	// off until ReadHead, which must follow.
	FlushAtRead() error
	// ReadHead reads the next response head into m: 1xx ones, too.
	ReadHead(m *htx.Msg, req *htx.Msg) error
	// Body returns the body of the response head read last; nil: none.
	Body() htx.Body
	// Release ends the exchange; reuse puts the connection among the idle ones
	// if the protocol allows.
	Release(reuse bool)
	Abort()
	Conn() *conn.Conn
	// Reused reports whether the connection served a stream before.
	Reused() bool
}

// DialSpec says how to reach a server for one connection.
type DialSpec struct {
	Strm    *Stream     // nil for checks
	Check   *CheckConn  // nil for traffic
	Addr    *ServerAddr // instead of the server's own, or nil
	Timeout time.Duration
	// What the check's options change; for traffic the server's own settings count.
	TLS       TLSClient
	Listens   bool // the server speaks first
	Socks     bool // through the server's SOCKS4 proxy, also for a check
	SendProxy int
	SNI, ALPN string
}

// Connector makes connections to one server: address, source, PROXY header,
// TLS. It fails with a *ConnectError.
type Connector interface {
	Connect(spec *DialSpec) (*conn.Conn, error)
}

// ConnectError tells why a connection to a server failed.
type ConnectError struct {
	Err     error
	Timeout bool
	Refused bool
	TLS     bool // the transport was there, the handshake failed
	Local   bool // the reason is on our side: no port, no descriptor
	// Internal: what the file asks for cannot be had of this request.
	Internal bool
}

func (e *ConnectError) Error() string { return e.Err.Error() }

// Caused is an error of a connection with the name that HAProxy has for its kind
// (fc_err_name), where the error itself does not tell.
type Caused struct {
	Name string
	Err  error
}

func (e *Caused) Error() string { return e.Err.Error() }

func (e *Caused) Unwrap() error { return e.Err }

func (e *ConnectError) Unwrap() error { return e.Err }

// TLSServer does the server's side of a handshake on accepted connections. An error's
// text is one of those that fc_err_str knows; the TLSInfo then tells what was learnt
// before.
type TLSServer interface {
	Handshake(sess *Session, c *conn.Conn, timeout time.Duration) (*conn.Conn, TLSInfo, error)
	// Fingerprint changes with anything that matters to idle connections.
	Fingerprint() string
}

// TLSClient does the client's side of a handshake to a server.
type TLSClient interface {
	Handshake(spec *DialSpec, srv *Server, c *conn.Conn, timeout time.Duration) (*conn.Conn, TLSInfo, error)
	Fingerprint() string
}

// NewTLSClient makes the TLS of a server from its options, also when only its
// checks use it; the TLS feature provides it.
var NewTLSClient func(b *Build, srv *Server) (TLSClient, error)

// SpeaksALPN tells whether a mux for the protocol of that ALPN name is there,
// besides HTTP/1; nil: none.
var SpeaksALPN func(name string) bool

// Balancer chooses among the servers of one backend (configuration manual,
// "balance"). Safe for concurrent use.
type Balancer interface {
	// Pick returns a usable server, or nil. Not chosen is avoid, unless it is
	// the only one.
	Pick(s *Stream, avoid *Server) *Server
	// Changed tells that a server's weight or state changed.
	Changed(srv *Server)
	// Taken and Dropped tell that a stream got and gave back a slot.
	Taken(srv *Server)
	Dropped(srv *Server)
}

// Observed is what passive health checks look at.
type Observed uint8

// The observations: a connection attempt, or a response.
const (
	ObserveConnect Observed = iota
	ObserveResponse
)

// ConnectFailed is told of each connection to a server that failed; the feature
// outlier-ejection provides it.
var ConnectFailed func(srv *Server)

// Observe tells the health feature of a success or a failure on a server that
// asks for it (observe layer4, layer7); nil when the feature is absent.
var Observe func(srv *Server, what Observed, ok bool)

// ErrClientAborted is what a wait for a server returns when the client's end
// made it pointless.
var ErrClientAborted = errors.New("the client aborted")

// RecordError keeps a message that a mux refused, for "show errors": raw is what
// the connection sent, off the first bad byte. The command feature provides it.
var RecordError func(s *Stream, dir Dir, raw []byte, off int, why error)

// WaitBody buffers the request body until it is complete, min bytes (if not zero)
// are there or the time is over: Continue, or what to do with the stream. The
// stream package provides it.
var WaitBody func(s *Stream, limit time.Duration, min int) Verdict

// HoldResponse does so with the response body, into Stream.ResBuf; without a limit it
// takes what is there already. The stream package provides it.
var HoldResponse func(s *Stream, limit time.Duration, min int) Verdict

// ServerOptions reads the options of a server line for a server that stands
// elsewhere (a name server by TCP); what begins the messages. The keyword feature
// provides it.
var ServerOptions func(b *Build, srv *Server, words []Word, what string) error

// AddressChanged tells the backend feature that a server has another address:
// its idle connections lead to the old one.
var AddressChanged func(srv *Server)

// ResolveAgain has the name of a server asked for now: a check could not reach it,
// it may have another address. The resolver feature provides it.
var ResolveAgain func(srv *Server)

// Rename has a server follow another host name; false: nothing resolves names for
// it. The resolver feature provides it.
var Rename func(srv *Server, host string) bool

// VarSetter makes what stores a value in a variable where the conditions of a
// set-var ("ifset,ifgt") allow it. Set by package vars.
var VarSetter func(ref VarRef, conds string) (func(*Env, Sample), error)
