package check

import (
	"errors"
	"net/netip"
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// connect opens the connection that the next steps use.
type connect struct {
	implicit  bool
	byDefault bool
	port      *engine.Expr
	portNum   int
	addr      *engine.ServerAddr
	sendProxy bool
	ssl       bool
	sni, alpn string
	linger    bool
	socks     bool
	listens   bool // the step behind it waits for the server
	comment   string
}

const connectWords = "expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default' but got '%s' as argument."

func parseConnect(w *words) (step, error) {
	c := &connect{}
	for w.more() {
		var err error
		switch n := w.next(); n.Text {
		case "default":
			c.byDefault = true
		case "send-proxy":
			c.sendProxy = true
		case "ssl":
			c.ssl = true
		case "linger":
			c.linger = true
		case "via-socks4":
			c.socks = true
		case "port":
			err = c.readPort(w)
		case "addr":
			err = c.readAddr(w)
		case "sni":
			c.sni, err = text(w.arg("'sni' expects <string> as argument."))
		case "alpn":
			c.alpn, err = text(w.arg("'alpn' expects the comma-delimited list of protocol names as argument."))
		case "proto":
			_, err = w.arg("'proto' expects a MUX protocol as argument.")
		case "comment":
			c.comment, err = text(w.arg("'comment' expects a string as argument."))
		default:
			return nil, w.fail(connectWords, n.Text)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

func text(w engine.Word, err error) (string, error) { return w.Text, err }

func (c *connect) readPort(w *words) error {
	a, err := w.arg("'port' expects a port number or a sample expression as argument.")
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(a.Text); err == nil {
		if n < 1 || n > 65535 {
			return w.fail("expects a valid TCP port (from range 1 to 65535) or a sample expression, got %d.", n)
		}
		c.portNum, c.port = n, nil
		return nil
	}
	c.portNum = 0
	c.port, err = w.expr(a)
	if err != nil {
		return w.fail("error detected in proxy '%s' while parsing 'port' : %s", w.b.Px.Name, said(err))
	}
	return nil
}

// said is an error's sentence without its place.
func said(err error) string {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d.Message
	}
	return err.Error()
}

func (c *connect) readAddr(w *words) error {
	a, err := w.arg("'addr' expects <ipv4|ipv6> as argument.")
	if err != nil {
		return err
	}
	c.addr, err = address(a)
	return err
}

// address reads an address that may lack its port.
func address(a engine.Word) (*engine.ServerAddr, error) {
	addr, err := unit.ParseAddr(a.Text, unit.Want{NoDgram: true, Zero: true})
	if err != nil {
		return nil, diag.Errorf(a.Pos, "%s", err)
	}
	out := &engine.ServerAddr{IP: addr.IP, Port: addr.Port}
	switch addr.Family {
	case unit.Unix, unit.Abns, unit.AbnsZ:
		out.Path = addr.SocketPath()
	}
	if addr.Host != "" {
		if out.IP = lookup(addr.Host); !out.IP.IsValid() {
			return nil, diag.Errorf(a.Pos, "could not resolve address '%s'", addr.Host)
		}
	}
	return out, nil
}

func (c *connect) run(r *run) *result {
	r.linger = r.linger || r.plan.http && !r.stays // another connection follows
	r.close()
	r.In, r.eof, r.head, r.last, r.uses = nil, false, nil, nil, 0
	r.stays, r.linger = false, c.linger || c.implicit && r.plan.linger
	if !c.implicit {
		r.did = 'c'
	}
	srv := r.srv
	sc := servers.Get(srv)
	if sc == nil {
		sc = &serverConf{}
	}
	spec := engine.DialSpec{Check: &r.CheckConn, Timeout: r.plan.connect, SNI: c.sni, ALPN: c.alpn, Listens: c.listens, Socks: c.socks}
	spec.Addr = c.target(r)
	elsewhere := srv.CheckPort != 0 || srv.CheckAddr != ""
	useTLS := c.ssl
	if c.implicit || c.byDefault {
		useTLS = useTLS || sc.ssl > 0 || sc.ssl == 0 && srv.SSL && !elsewhere
		if sc.sendProxy || srv.SendProxy != 0 && !elsewhere {
			spec.SendProxy = max(srv.SendProxy, 1)
		}
		if spec.SNI == "" {
			spec.SNI = sc.sni
		}
		if spec.ALPN == "" {
			spec.ALPN = sc.alpn
		}
	}
	if c.sendProxy {
		spec.SendProxy = max(srv.SendProxy, 1)
	}
	if c.borrow(r, sc, &spec) {
		return nil
	}
	if useTLS {
		if spec.TLS = srv.TLS; spec.TLS == nil {
			if own := tlsOf.Get(srv); own != nil {
				spec.TLS = *own
			}
		}
	}
	conn, err := srv.Dial.Connect(&spec)
	if err != nil {
		return c.failed(r, err)
	}
	r.Conn = conn
	r.allow()
	return nil
}

// target is where the connection goes.
func (c *connect) target(r *run) *engine.ServerAddr {
	srv := r.srv
	st := srv.State
	st.Mu.Lock()
	a := srv.Addr
	if st.Addr != nil {
		a = *st.Addr
	}
	st.Mu.Unlock()
	if own := checkAddr(srv); own != nil {
		port := a.Port
		if a = *own; a.Port == 0 {
			a.Port = port
		}
	}
	if srv.CheckPort != 0 {
		a.Port = srv.CheckPort
	}
	if set := st.Probe(); set.CheckAddr != nil || set.CheckPort != 0 {
		if set.CheckAddr != nil {
			a.IP, a.Path, a.Dst = set.CheckAddr.IP, "", false
		}
		if set.CheckPort != 0 {
			a.Port = set.CheckPort
		}
	}
	if c.addr != nil {
		port := a.Port
		if a = *c.addr; a.Port == 0 {
			a.Port = port
		}
	}
	switch {
	case c.portNum != 0:
		a.Port = c.portNum
	case c.port != nil:
		if v, st := c.port.EvalAs(&r.Env, engine.TSint); st == engine.Found {
			a.Port = int(v.Int)
		}
	}
	if a.Dst || !a.IP.IsValid() && a.Path == "" {
		a.IP = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	a.Dst, a.MapPort = false, false
	return &a
}

// where says which rule failed.
func (c *connect) where(r *run) string {
	switch {
	case !r.plan.tcp:
		return ""
	case c.implicit:
		return " at initial connection step of tcp-check"
	}
	s := " at step " + strconv.Itoa(r.n) + " of tcp-check (connect"
	if c.portNum != 0 {
		s += " port " + strconv.Itoa(c.portNum)
	} else if c.port != nil {
		s += " port (expr)"
	}
	s += ")"
	if c.comment != "" {
		s += " comment: '" + c.comment + "'"
	}
	return s
}

func (c *connect) failed(r *run, err error) *result {
	var ce *engine.ConnectError
	if !errors.As(err, &ce) {
		return r.fail("SOCKERR", err.Error())
	}
	switch {
	case ce.TLS && ce.Timeout:
		return r.fail("L6TOUT", c.where(r))
	case ce.TLS:
		return r.fail("L6RSP", "SSL handshake failure"+c.where(r))
	case ce.Timeout:
		return r.fail("L4TOUT", c.where(r))
	}
	return r.fail("L4CON", osError(ce.Err)+c.where(r))
}
