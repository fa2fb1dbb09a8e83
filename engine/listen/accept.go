package listen

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/backend"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/engine/h1"
	"hawser/engine/raw"
	"hawser/engine/stream"

	"golang.org/x/sys/unix"
)

// loop accepts until the socket is stopped; then it takes what waits in the
// kernel's queue, so that no client that was let in is turned away.
func (sk *Socket) loop() {
	defer sk.end()
	for {
		sk.admit()
		if sk.closed.Load() {
			sk.empty()
			return
		}
		fd, err := sk.next()
		switch {
		case err == nil:
			sk.accepted(fd)
		case errors.Is(err, os.ErrDeadlineExceeded): // poked
			sk.file.SetReadDeadline(time.Time{})
			if sk.closed.Load() { // stop may have come between the two lines above
				sk.poke()
			}
		case errors.Is(err, unix.EINVAL) && sk.halted.Load(): // not listening: admit waits
		default:
			sk.exhausted(err)
		}
	}
}

func (sk *Socket) end() {
	sk.file.Close()
	sk.l.ending.Add(-1)
}

// empty takes what clients have queued up.
func (sk *Socket) empty() {
	for !sk.halted.Load() {
		fd, err := sk.ready()
		if err != nil {
			return
		}
		sk.accepted(fd)
	}
}

// exhausted waits a moment after an error that is not a connection's: the
// process or the system is out of descriptors or memory.
func (sk *Socket) exhausted(err error) {
	px := sk.bind.Load().Px
	if sk.l.complaints.allow() {
		engine.Notify(px, fmt.Sprintf("Proxy %s cannot accept connections (%s). Please check system tunables.", px.Name, reason(err)))
	}
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-sk.wake:
	}
}

// accepted starts a session in a goroutine of its own.
func (sk *Socket) accepted(fd int) {
	b := sk.bind.Load()
	px := b.Px
	rt := px.RT
	proc := rt.Proc
	if px.Name == engine.CLIProxy {
		px.State.FE.Conns.Add(1)
	} else {
		sk.count(px, proc)
	}
	b.State.C.Conns.Add(1)
	b.State.C.CumConns.Add(1)
	sess := sessionPool.Get().(*engine.Session)
	sess.RT, sess.Front, sess.Bind = rt, px, b
	sess.Gen.Store(int64(rt.Generation))
	sess.Accept, sess.AcceptMono = clock.Wall(), clock.Mono()
	sess.ID = proc.UniqueSeq.Add(1)
	sess.LogLevel = 0
	sess.Src = sk.acceptor.peer()
	sess.Dst = sk.local
	sess.Conn = conn.New(conn.NewLink(fd, sess.Src), rt.Global.Tune.BufSize)
	sk.l.sessions.add(sess)
	go sk.serve(sess)
}

func (sk *Socket) count(px *engine.Proxy, proc *engine.ProcState) {
	now := clock.Now()
	proc.Conns.Add(1)
	proc.CumConns.Add(1)
	proc.ConnRate.Inc(now)
	fe := &px.State.FE
	fe.Conns.Add(1)
	fe.CumConns.Add(1)
	fe.ConnRate.Inc(now)
}

var sessionPool = sync.Pool{New: func() any { return new(engine.Session) }}

// serve runs a session from its first byte to its end.
func (sk *Socket) serve(sess *engine.Session) {
	defer sk.ended(sess)
	defer rescue(sess)
	if begin(sess) {
		run(sess)
	} else {
		sess.Conn.Close()
	}
}

// rescue turns a panic outside of streams into the end of this session alone.
func rescue(sess *engine.Session) {
	p := recover()
	if p == nil {
		return
	}
	engine.Panicked(sess.RT, fmt.Sprintf("session %d of proxy %s", sess.ID, sess.Front.Name), p, debug.Stack())
	sess.Conn.Close()
}

// begin takes a connection through the rules and handshakes that precede its
// first stream; false means that it ends here.
func begin(sess *engine.Session) bool {
	b := sess.Bind
	if !sess.Src.IsValid() {
		_, sess.SrcPath = peer(sess.Conn.RemoteAddr())
	} else if !sess.Dst.IsValid() {
		sess.Dst, _ = peer(sess.Conn.LocalAddr())
	}
	if sess.RT.Global.RejectPrivileged && sess.Src.IsValid() && sess.Src.Port() < 1024 {
		return false
	}
	if sess.Front.Options.Has(engine.OptNoLinger) {
		sess.Conn.NoLinger()
	}
	e := &sess.Env
	e.RT, e.Sess, e.Px, e.Dir, e.Final = sess.RT, sess, sess.Front, engine.Req, true
	e.Place = engine.FeTCPConn
	if !rules(sess, engine.TCPReqConn) {
		return false
	}
	if (b.AcceptProxy || b.AcceptCIP) && !proxyHeader(sess) {
		return false
	}
	if b.TLS != nil && !handshake(sess) {
		return false
	}
	e.Place = engine.FeTCPSess
	if !rules(sess, engine.TCPReqSess) {
		return false
	}
	fe := &sess.Front.State.FE
	now := clock.Now()
	fe.CumSess.Add(1)
	fe.SessRate.Inc(now)
	b.State.C.CumSess.Add(1)
	sess.RT.Proc.SessRate.Inc(now)
	engine.SessionStarted(sess)
	return true
}

// rules runs the rules of a layer; a refusal closes.
func rules(sess *engine.Session, set engine.RulesetID) bool {
	px := sess.Front
	if len(px.Rules[set]) == 0 && (px.Defaults == nil || len(px.Defaults.Rules[set]) == 0) {
		return true
	}
	v := stream.SessionRules(&sess.Env, px, set)
	switch v {
	case engine.Continue, engine.Stop, engine.Wait4Data:
		return true
	}
	fe, c := &px.State.FE, &sess.Bind.State.C
	if set == engine.TCPReqConn {
		fe.ConnDenied.Add(1)
		c.ConnDenied.Add(1)
	} else {
		fe.SessDenied.Add(1)
		c.SessDenied.Add(1)
	}
	return false
}

func proxyHeader(sess *engine.Session) bool {
	sess.Conn.SetReadBy(conn.Handshake, clock.Now().Add(handshakeTimeout(sess.Front)))
	err := readProxy(sess)
	sess.Conn.SetReadBy(conn.NoClass, 0)
	if err != nil {
		failed(sess, err.Error())
		return false
	}
	return true
}

func handshake(sess *engine.Session) bool {
	c, info, err := sess.Bind.TLS.Handshake(sess, sess.Conn, handshakeTimeout(sess.Front))
	proc := sess.RT.Proc
	if err != nil {
		sess.TLS = info // for the log only
		failed(sess, err.Error())
		sess.TLS = nil
		return false
	}
	sess.Conn, sess.TLS = c, info
	proc.SSLConns.Add(1)
	proc.CumSSL.Add(1)
	proc.SSLRate.Inc(clock.Now())
	sess.Handshake = time.Duration(clock.Mono() - sess.AcceptMono)
	return true
}

// handshakeTimeout is timeout client-hs, http-request or client, whichever is
// set first; unset ones leave a minute, so that no handshake can stay for ever.
func handshakeTimeout(px *engine.Proxy) time.Duration {
	t := &px.Timeout
	for _, d := range [...]time.Duration{t.ClientHS, t.HTTPRequest, t.Client} {
		if d > 0 {
			return d
		}
	}
	return time.Minute
}

// failed counts and logs a session that ended before its first stream.
func failed(sess *engine.Session, why string) {
	sess.ErrCause = why
	sess.Front.State.FE.ReqErrors.Add(1)
	if engine.LogSession != nil {
		engine.LogSession(sess)
	}
}

// run hands the session to the mux that its proxy and its protocol ask for.
func run(sess *engine.Session) {
	switch {
	case sess.Front.Name == engine.CLIProxy:
		engine.ServeCLI(sess)
		sess.Conn.Close()
	case sess.Front.IsHTTP():
		h1.Serve(sess, stream.HTTP)
	default:
		raw.Serve(sess, stream.TCP)
	}
}

// ended gives back what the session counted in.
func (sk *Socket) ended(sess *engine.Session) {
	backend.CloseSession(sess)
	if engine.EndSession != nil {
		engine.EndSession(sess)
	}
	sk.l.sessions.remove(sess)
	px, b, proc := sess.Front, sess.Bind, sess.RT.Proc
	if sess.TLS != nil {
		proc.SSLConns.Add(-1)
	}
	px.State.FE.Conns.Add(-1)
	b.State.C.Conns.Add(-1)
	if px.Name != engine.CLIProxy {
		proc.Conns.Add(-1)
	}
	sess.Recycle()
	sessionPool.Put(sess)
	sk.l.freed()
}

func peer(a net.Addr) (netip.AddrPort, string) {
	switch a := a.(type) {
	case *net.TCPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), ""
	case *net.UnixAddr:
		return netip.AddrPort{}, a.Name
	}
	return netip.AddrPort{}, ""
}
