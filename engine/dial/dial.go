package dial

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

func init() {
	engine.OnMakeServer(func(_ *engine.Build, srv *engine.Server) {
		if srv.Dial == nil {
			srv.Dial = New(srv)
		}
	})
}

// New makes the connector of a server.
func New(srv *engine.Server) engine.Connector {
	d := &dialer{srv: srv, src: srv.Source, header: header.Get(srv)}
	px := srv.Px
	if d.src == nil {
		d.src = px.Source
	}
	d.ports = rangeOf(srv, d.src)
	d.keepAlive = px.Options.Has(engine.OptServerKA)
	d.probes = probes.Get(px)
	d.socks = socks.Get(srv)
	if c := sockets.Get(srv); c != nil {
		d.netns = c.netns
	}
	d.special = d.keepAlive || srv.TCPUserTimeout > 0 || sockets.Get(srv) != nil
	d.special = d.special || srv.CC != "" || px.Options.Has(engine.OptNoLinger) || px.Options.Has(engine.OptSmartConnect)
	if px.RT != nil {
		t := &px.RT.Global.Tune
		d.bufSize = t.BufSize
		d.asProxy = px.RT.Global.NeverSendLocal
		if t.RcvBufServer > 0 || t.SndBufServer > 0 || t.NotSentServer > 0 {
			d.tune, d.special = t, true
		}
	}
	return d
}

// dialer connects to one server. Immutable after build.
type dialer struct {
	srv       *engine.Server
	src       *engine.SourceSpec
	ports     *portRange // of src; nil without a range
	header    *headerConf
	probes    *probeConf
	socks     *socksConf // nil without socks4
	netns     string     // network namespace; "": ours
	keepAlive bool
	tune      *engine.Tune // the limits of the kernel's buffers; nil: the system's
	special   bool         // some socket option beyond TCP_NODELAY is wanted
	asProxy   bool         // pp2-never-send-local
	bufSize   int
}

// Connect implements engine.Connector.
func (d *dialer) Connect(spec *engine.DialSpec) (*conn.Conn, error) {
	began := clock.Mono()
	to := d.resolve(spec)
	first, proxy := &to, d.via(spec)
	if proxy != nil {
		first = &target{ip: netip.AddrPortFrom(proxy.IP, uint16(proxy.Port))}
	}
	s, err := d.open(spec, first)
	if err != nil {
		return nil, failure(err)
	}
	c := conn.New(s, d.bufSize)
	if proxy != nil {
		if err := askSocks(c, &to, spec.Timeout); err != nil {
			c.Abort()
			return nil, failure(err)
		}
	}
	if spec.SendProxy != 0 {
		if err := d.sendHeader(spec, c, &to); err != nil {
			c.Abort()
			return nil, failure(err)
		}
	}
	if spec.TLS == nil {
		return c, nil
	}
	left := spec.Timeout
	if left > 0 {
		if left -= time.Duration(clock.Mono() - began); left <= 0 {
			c.Abort()
			return nil, &engine.ConnectError{Err: os.ErrDeadlineExceeded, Timeout: true, TLS: true}
		}
	}
	secure, _, err := spec.TLS.Handshake(spec, d.srv, c, left)
	if err != nil {
		c.Abort()
		_, slow := conn.IsTimeout(err)
		return nil, &engine.ConnectError{Err: err, TLS: true, Timeout: slow || errors.Is(err, os.ErrDeadlineExceeded)}
	}
	return secure, nil
}

// open makes the socket and connects it.
func (d *dialer) open(spec *engine.DialSpec, to *target) (*socket, error) {
	family := to.family()
	fd, err := NewSocket(d.netns, family, 0)
	if err != nil {
		return nil, err
	}
	var port uint16
	if family != unix.AF_UNIX {
		if port, err = d.prepare(fd, spec, to); err != nil {
			unix.Close(fd)
			d.unbound(err)
			return nil, &localError{err}
		}
	}
	err = to.connect(fd)
	for err == unix.EINTR {
		err = to.connect(fd)
	}
	if err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		d.free(port)
		return nil, err
	}
	s, e := newSocket(fd)
	if e != nil {
		d.free(port)
		return nil, e
	}
	if port != 0 {
		s.ports, s.port = d.ports, port
	}
	s.remote = to.addr()
	if err == nil {
		return s, nil
	}
	if err := s.await(spec.Timeout); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// free gives a port of the range back.
func (d *dialer) free(port uint16) {
	if port != 0 {
		d.ports.give(port)
	}
}

// unbound tells the log that an address could not be had.
func (d *dialer) unbound(err error) {
	var b *bindError
	if !errors.As(err, &b) {
		return
	}
	what := "source"
	if b.foreign {
		what = "tproxy source"
	}
	d.srv.Px.Log(0, "Cannot bind to "+what+" address before connect() for backend "+d.srv.Px.Name+".")
}

// prepare sets the options that precede the connection, and binds it; port is one of
// the range that it took.
func (d *dialer) prepare(fd int, spec *engine.DialSpec, to *target) (port uint16, err error) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if spec.Check != nil && !spec.Listens {
		// The acknowledgement waits for the check's first bytes; a check that only
		// connects then ends in a reset that the server's program never sees.
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
	}
	if d.special {
		d.options(fd)
	}
	if c := sockets.Get(d.srv); c != nil && c.md5 != "" {
		if err := conn.SignTCP(fd, to.ip.Addr(), c.md5); err != nil {
			return 0, err
		}
	}
	if s := spec.Strm; s != nil && s.BackSock.Set != 0 {
		ruleOptions(fd, &s.BackSock)
	}
	if d.src != nil {
		return d.bindSource(fd, spec, to)
	}
	return 0, nil
}

// await waits until the connection is there.
func (s *socket) await(limit time.Duration) error {
	if limit > 0 {
		s.SetWriteDeadline(time.Now().Add(limit))
		defer s.SetWriteDeadline(time.Time{})
	}
	errno := 0
	err := s.raw.Write(func(fd uintptr) bool {
		// The state is looked at before waiting: the poller's event may be past.
		var err error
		if errno, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); err != nil || errno != 0 {
			return true
		}
		_, err = unix.Getpeername(int(fd))
		return err == nil
	})
	if err != nil {
		return err
	}
	if errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}

// localError marks what failed before anything was sent.
type localError struct{ error }

func (e *localError) Unwrap() error { return e.error }

// failure turns an error into a ConnectError.
func failure(err error) *engine.ConnectError {
	ce := &engine.ConnectError{Err: err}
	var local *localError
	var bound *bindError
	switch {
	case errors.Is(err, errNoSource):
		ce.Internal = true
	case errors.As(err, &bound):
	case slow(err), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, unix.ETIMEDOUT):
		ce.Timeout = true
	case errors.Is(err, unix.ECONNREFUSED):
		ce.Refused = true
	case errors.As(err, &local), errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE),
		errors.Is(err, unix.EADDRNOTAVAIL), errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EAGAIN):
		ce.Local = true
	}
	return ce
}

func slow(err error) bool {
	_, slow := conn.IsTimeout(err)
	return slow
}

// zone is the interface's number of a link-local address.
func zone(a netip.Addr) uint32 {
	if a.Zone() == "" {
		return 0
	}
	if n, err := strconv.Atoi(a.Zone()); err == nil {
		return uint32(n)
	}
	if ifi, err := net.InterfaceByName(a.Zone()); err == nil {
		return uint32(ifi.Index)
	}
	return 0
}
