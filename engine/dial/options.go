package dial

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "tcp-ut", Args: 1, Parse: parseUserTimeout,
			Usage: "tcp-ut <delay>: how long sent data may stay unacknowledged before the connection is broken (TCP_USER_TIMEOUT)"},
		engine.ServerKeyword{Name: "tfo", Parse: parseTFO,
			Usage: "tfo: TCP Fast Open when connecting"},
		engine.ServerKeyword{Name: "tcp-md5sig", Args: 1, Missing: "'tcp-md5sig' : missing TCP MD5 signature password", Parse: parseMD5,
			Usage: "tcp-md5sig <password>: every TCP segment is signed with it (RFC 2385)"},
		engine.ServerKeyword{Name: "no-tfo", Usage: "no-tfo: undoes tfo",
			Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
				sockets.Edit(srv).tfo = false
				return nil
			}},
	)
	engine.AddKeywords(
		engine.Keyword{Name: "srvtcpka-cnt", In: engine.InAllBE, Min: 1, Max: 1, Parse: parseProbeCount,
			Usage: "srvtcpka-cnt <count>: TCP keep-alive probes without answer before the server's connection is dead"},
		engine.Keyword{Name: "srvtcpka-idle", In: engine.InAllBE, Min: 1, Max: 1, Parse: parseProbeTime(func(p *probeConf) *time.Duration { return &p.idle }),
			Usage: "srvtcpka-idle <timeout>: idle time of a server's connection before the first TCP keep-alive probe"},
		engine.Keyword{Name: "srvtcpka-intvl", In: engine.InAllBE, Min: 1, Max: 1, Parse: parseProbeTime(func(p *probeConf) *time.Duration { return &p.interval }),
			Usage: "srvtcpka-intvl <timeout>: time between two TCP keep-alive probes to a server"},
	)
}

// probeConf is srvtcpka-*; zero leaves the system's value.
type probeConf struct {
	count          int
	idle, interval time.Duration
}

// socketConf holds rarer socket options of a server.
type socketConf struct {
	tfo   bool
	netns string // network namespace
	md5   string // tcp-md5sig
}

var (
	probes  = engine.NewSlot[*engine.Proxy, probeConf]("srvtcpka")
	sockets = engine.NewSlot[*engine.Server, socketConf]("socket options")
)

func parseUserTimeout(_ *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	d, err := unit.Time(args[0].Text, time.Millisecond)
	if err != nil {
		return diag.Errorf(args[0].Pos, "'%s' : unable to parse '%s'.", name.Text, args[0].Text)
	}
	srv.TCPUserTimeout = d
	return nil
}

func parseMD5(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	if len(args[0].Text) > conn.MaxMD5Key {
		return diag.Errorf(args[0].Pos, "'tcp-md5sig' : password too long (at most %d characters expected)", conn.MaxMD5Key)
	}
	sockets.Edit(srv).md5 = args[0].Text
	return nil
}

func parseTFO(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
	sockets.Edit(srv).tfo = true
	return nil
}

func parseProbeCount(b *engine.Build, l *engine.Line) error {
	w := l.Words[1]
	n, err := strconv.Atoi(w.Text)
	if err != nil || n < 0 {
		return diag.Errorf(w.Pos, "'%s' : expects a positive integer (got '%s').", l.Words[0].Text, w.Text)
	}
	probes.Edit(b.Px).count = n
	return nil
}

func parseProbeTime(field func(*probeConf) *time.Duration) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		w := l.Words[1]
		d, err := unit.Time(w.Text, time.Second)
		if err != nil {
			return diag.Errorf(w.Pos, "unexpected character in '%s' argument '%s'.", l.Words[0].Text, w.Text)
		}
		*field(probes.Edit(b.Px)) = d
		return nil
	}
}

// options sets what the server's line and its backend ask of the socket.
func (d *dialer) options(fd int) {
	if d.keepAlive {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
		if p := d.probes; p != nil {
			set(fd, unix.TCP_KEEPCNT, p.count)
			set(fd, unix.TCP_KEEPIDLE, int(p.idle/time.Second))
			set(fd, unix.TCP_KEEPINTVL, int(p.interval/time.Second))
		}
	}
	if t := d.tune; t != nil {
		buffer(fd, unix.SO_RCVBUF, t.RcvBufServer)
		buffer(fd, unix.SO_SNDBUF, t.SndBufServer)
		set(fd, unix.TCP_NOTSENT_LOWAT, t.NotSentServer)
	}
	if d.srv.Px.Options.Has(engine.OptSmartConnect) {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
	}
	if d.srv.CC != "" {
		unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, d.srv.CC)
	}
	if d.srv.Px.Options.Has(engine.OptNoLinger) {
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	set(fd, unix.TCP_USER_TIMEOUT, int(d.srv.TCPUserTimeout/time.Millisecond))
	if c := sockets.Get(d.srv); c != nil && c.tfo {
		set(fd, unix.TCP_FASTOPEN_CONNECT, 1)
	}
}

func buffer(fd, option, size int) {
	if size > 0 {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, size)
	}
}

func set(fd, option, value int) {
	if value > 0 {
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, option, value)
	}
}

// ruleOptions sets what set-bc-tos and set-bc-mark asked for, as far as the system
// lets us.
func ruleOptions(fd int, o *engine.SocketOptions) {
	if o.Set&engine.SetTOS != 0 {
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, int(o.TOS))
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, int(o.TOS))
	}
	if o.Set&engine.SetMark != 0 {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(o.Mark))
	}
}
