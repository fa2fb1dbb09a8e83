package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"hawser/engine/conn"
)

// Session lasts as long as a client connection. Owned by the connection's
// goroutine (with HTTP/2 and later: read-only for its streams but for Vars,
// which have a lock there).
type Session struct {
	Slots
	RT         *Runtime // pinned: moves to a newer generation between requests only
	Front      *Proxy
	Bind       *Bind
	Conn       *conn.Conn
	Src, Dst   netip.AddrPort // as seen or as told by PROXY, set-src …
	SrcPath    string         // UNIX peer
	TLS        TLSInfo        // nil on clear connections
	TLVs       []byte         // of a PROXY v2 header, raw
	Vars       VarStore
	SC         Tracks
	Env        Env       // for the rules before the first stream
	Accept     time.Time // when the connection came in
	AcceptMono int64     // the same on the monotonic clock, ns
	Handshake  time.Duration
	Requests   int
	LogLevel   int // set-log-level in tcp-request session; -1 none
	ID         uint64
	Rest       Rest         // between two requests it may be looked at and closed
	Gen        atomic.Int64 // the generation of RT, for other goroutines
	Glitches   int          // what the client did against the protocol
	ErrCause   string       // why the session failed before a stream: for error-log-format
}

// TLSInfo is what a TLS connection can tell.
type TLSInfo interface {
	SNI() string
	ALPN() string
	Version() string
	Cipher() string
	Resumed() bool
	PeerCerts() [][]byte // DER, leaf first
}

// HTTPKind is the version of the protocol on the client side.
type HTTPKind uint8

// The kinds.
const (
	NotHTTP HTTPKind = iota
	HTTP1
	HTTP2
	HTTP3
)

// Renew moves the session, which is between two requests, to the generation in
// force. It is false when the session's frontend or listener is gone there.
func (sess *Session) Renew() bool {
	rt := sess.RT.Proc.Current.Load()
	if rt == nil || rt == sess.RT {
		return true
	}
	px, b := sess.place(rt)
	if b == nil {
		return false
	}
	sess.Vars.rename(sess.RT.VarNames[VarSess], rt.VarNames[VarSess])
	sess.RT, sess.Front, sess.Bind = rt, px, b
	sess.Gen.Store(int64(rt.Generation))
	return true
}

// Homeless reports whether the session's frontend or listener is gone in the
// generation in force: it serves nothing more.
func (sess *Session) Homeless() bool {
	rt := sess.RT.Proc.Current.Load()
	if rt == nil || rt == sess.RT {
		return false
	}
	_, b := sess.place(rt)
	return b == nil
}

// place finds the session's frontend and listener in another generation.
func (sess *Session) place(rt *Runtime) (*Proxy, *Bind) {
	px := rt.Frontend(sess.Front.Name)
	if px == nil || px.Mode != sess.Front.Mode || px.Disabled || sess.Bind == nil {
		return nil, nil
	}
	for _, b := range px.Binds {
		if b.State == sess.Bind.State {
			return px, b
		}
	}
	return nil, nil
}

// ServeCLI runs a connection to the runtime API; the command feature provides it.
var ServeCLI func(sess *Session)

// LogSession logs a session that failed before its first stream (ErrCause); the
// logging feature provides it.
var LogSession func(sess *Session)

// LogEarly writes the line of a stream whose connection was just made, where
// option logasap wants it; the logging feature provides it.
var LogEarly func(s *Stream)

// Glitch counts a message of the client that is against the protocol, whether it is
// refused or, where violations are allowed, accepted.
func (s *Session) Glitch() {
	s.Glitches++
	if CountGlitch != nil {
		CountGlitch(s)
	}
}

// CountGlitch lets tracked counters know of it.
var CountGlitch func(*Session)

// EndSession lets features give back what they hold for a session (tracked
// counters); they chain themselves in with OnEndSession.
var EndSession func(sess *Session)

// OnEndSession adds f to EndSession; for init functions.
func OnEndSession(f func(*Session)) {
	before := EndSession
	EndSession = func(sess *Session) {
		if before != nil {
			before(sess)
		}
		f(sess)
	}
}

// Recycle empties the session for its next use.
func (sess *Session) Recycle() {
	sess.Slots.clear()
	sess.Vars.Clear()
	sess.SC.Clear()
	slots, vars, tmp := sess.Slots, sess.Vars, sess.Env.Tmp[:0]
	sess.reset()
	sess.Slots, sess.Vars, sess.Env.Tmp = slots, vars, tmp
}

func (sess *Session) reset() {
	sess.RT, sess.Front, sess.Bind, sess.Conn, sess.TLS = nil, nil, nil, nil, nil
	sess.Src, sess.Dst, sess.SrcPath = netip.AddrPort{}, netip.AddrPort{}, ""
	sess.Env = Env{}
	sess.Handshake, sess.Requests, sess.LogLevel, sess.Glitches, sess.ErrCause = 0, 0, 0, 0, ""
	sess.TLVs = sess.TLVs[:0]
	sess.Rest.Leave()
}
