package dial

import (
	"encoding/binary"
	"errors"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// socksConf is the SOCKS4 proxy through which a server is reached.
type socksConf struct {
	proxy *engine.ServerAddr // nil: none was named
	check bool               // checks go through it, too
}

var socks = engine.NewSlot[*engine.Server, socksConf]("socks4")

func init() {
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "socks4", Args: 1, Missing: "'socks4' expects <addr>:<port> as argument.", Parse: parseSocks,
			Usage: "socks4 <addr>:<port>: connect to the server through that SOCKS4 proxy"},
		engine.ServerKeyword{Name: "check-via-socks4", Usage: "check-via-socks4: checks go through the server's SOCKS4 proxy, too",
			Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
				socks.Edit(srv).check = true
				return nil
			}},
	)
}

func parseSocks(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	a, err := unit.ParseAddr(args[0].Text, unit.Want{PortRequired: true, NoDgram: true, Env: b.Getenv})
	if err != nil {
		return diag.Errorf(args[0].Pos, "'%s %s' : %s", name.Text, args[0].Text, err)
	}
	if !a.IP.IsValid() {
		return diag.Errorf(args[0].Pos, "'%s %s' : only IP addresses are supported by Hawser yet", name.Text, args[0].Text)
	}
	socks.Edit(srv).proxy = &engine.ServerAddr{IP: a.IP, Port: a.Port}
	return nil
}

// via is the proxy that a connection goes through; nil: it goes straight.
func (d *dialer) via(spec *engine.DialSpec) *engine.ServerAddr {
	c := d.socks
	if c == nil || spec.Check != nil && !c.check && !spec.Socks {
		return nil
	}
	return c.proxy
}

var (
	errSocksFamily = errors.New("SOCKS4 reaches IPv4 addresses only")
	errSocksDenied = &engine.Caused{Name: "SOCKS4_DENY", Err: errors.New("SOCKS4 Proxy deny the request")}
)

// askSocks asks a SOCKS4 proxy for the connection to to and waits for its answer.
func askSocks(c *conn.Conn, to *target, limit time.Duration) error {
	ip := to.ip.Addr().Unmap()
	if !ip.Is4() {
		return errSocksFamily
	}
	four := ip.As4()
	out := append([]byte{4, 1}, binary.BigEndian.AppendUint16(nil, to.ip.Port())...)
	out = append(append(out, four[:]...), "HAProxy\x00"...)
	if limit > 0 {
		c.SetReadBy(conn.Handshake, clock.Now().Add(limit))
		defer c.SetReadBy(conn.NoClass, 0)
	}
	if _, err := c.Write(out); err != nil {
		return &engine.Caused{Name: "SOCKS4_SEND", Err: err}
	}
	const answer = 8
	for c.Buffered() < answer {
		if _, err := c.ReadMore(); err != nil {
			return &engine.Caused{Name: "SOCKS4_RECV", Err: err}
		}
	}
	granted := c.Bytes()[1] == 90
	c.Discard(answer)
	if !granted {
		return errSocksDenied
	}
	return nil
}
