package logging

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// A backend of mode log spreads log lines over its servers (configuration manual,
// "mode log"); its balancer chooses, health and weights are as in any backend.

// logServer is what the line of a server of such a backend says.
type logServer struct {
	counted bool // log-proto octet-count
	room    int  // log-bufsize, 0: not given
}

var logServers = engine.NewSlot[*engine.Server, logServer]("server of a log backend")

func init() {
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "log-proto", Args: 1, Missing: "'log-proto' : missing argument", Parse: parseLogProto,
			Usage: "log-proto { legacy | octet-count }: how lines are told apart on a TCP connection, by newline or by their length in front (RFC 6587)"},
		engine.ServerKeyword{Name: "log-bufsize", Args: 1, Missing: "'log-bufsize' expects an integer argument.", Parse: parseLogBufsize,
			Usage: "log-bufsize <bytes>: what may wait for a slow TCP server of a backend of mode log"},
	)
	engine.OnFinish(finishLogBackend)
}

func parseLogProto(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "legacy", "octet-count":
		logServers.Edit(srv).counted = args[0].Text == "octet-count"
		return nil
	}
	return fail(args[0], "'log-proto' expects one of 'legacy' or 'octet-count'")
}

func parseLogBufsize(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	n, err := strconv.Atoi(args[0].Text)
	if err != nil || n <= 0 {
		return fail(args[0], "'log-bufsize' expects a positive number of bytes")
	}
	logServers.Edit(srv).room = n
	return nil
}

// hashedLine is the balancer of log-hash: it goes by a key that the line gives.
type hashedLine interface {
	PickKey(key []byte) *engine.Server
}

// lineHash is "balance log-hash": the converters that make a key of a line.
type lineHash struct{ key *engine.Expr }

var lineHashes = engine.NewSlot[*engine.Proxy, lineHash]("balance log-hash")

// finishLogBackend tells what cannot work with mode log, or without it.
func finishLogBackend(b *engine.Build, px *engine.Proxy) {
	if px.Side&engine.Back == 0 {
		return
	}
	if px.Mode != engine.ModeLog {
		for _, srv := range px.Servers {
			if srv.Addr.Dgram {
				b.Alert(srv.Pos, "unsupported transport for server address in '%s' backend.", px.Mode).AsLate()
			}
			if logServers.Get(srv) != nil {
				b.Notice(srv.Pos, "'log-proto' and 'log-bufsize' of server '%s/%s' have no effect without 'mode log'", px.Name, srv.Name)
			}
		}
		return
	}
	checkLogServers(b, px)
	for _, set := range []engine.RulesetID{engine.TCPReqCont, engine.TCPResCont} {
		if len(px.Rules[set]) > 0 {
			b.Warn(px.Pos, "Cannot use %s rules with 'mode log' in %s '%s'. They will be ignored.", strings.TrimSuffix(engine.RulesetName[set], " content"), px.Kind, px.Name).AsLate()
		}
	}
	if len(px.Balance.Words) > 0 {
		checkLogBalance(b, px, px.Balance.Words)
	}
}

// checkLogServers refuses to send in the clear what should be encrypted, and tells of
// options that lines do not obey.
func checkLogServers(b *engine.Build, px *engine.Proxy) {
	for _, srv := range px.Servers {
		if srv.SSL {
			b.Alert(srv.Pos, "'ssl' on server '%s/%s' of a log backend is known to HAProxy but not supported by Hawser yet", px.Name, srv.Name).AsLate()
		}
		if srv.SendProxy != 0 {
			b.Warn(srv.Pos, "'send-proxy*' server option is unsupported there, ignoring it").AsLate()
		}
		if srv.MaxConn > 0 {
			b.Notice(srv.Pos, "'maxconn' of server '%s/%s' has no effect in a log backend", px.Name, srv.Name)
		}
	}
}

// checkLogBalance refuses algorithms that need streams, and compiles the key of log-hash.
func checkLogBalance(b *engine.Build, px *engine.Proxy, words []engine.Word) {
	switch words[0].Text {
	case "roundrobin", "random", "sticky":
	case "log-hash":
		if len(px.Balance.HashType) > 0 && px.Balance.HashType[0].Text == "consistent" {
			b.Alert(px.Balance.HashType[0].Pos, "log backend '%s': failed to initialize: unsupported hash method (from \"hash-type\").", px.Name).
				WithAdvice("'map-based' is the only one for log backends")
			return
		}
		x, err := b.Convs(words[len(words)-1])
		if err != nil {
			var d *diag.Diagnostic
			if errors.As(err, &d) {
				err = errors.New(d.Message)
			}
			b.Alert(words[len(words)-1].Pos, "log backend '%s': failed to initialize: %s (from converter list argument in \"balance log-hash\").", px.Name, err)
			return
		}
		lineHashes.Edit(px).key = x
	default:
		b.Alert(words[0].Pos, "in %s '%s': \"balance\" only supports 'roundrobin', 'random', 'sticky' and 'log-hash'.", px.Kind, px.Name).AsLate()
	}
}

// backendSink is the target "backend@name".
type backendSink struct {
	px    *engine.Proxy
	key   *engine.Expr
	sinks sync.Map // *engine.Server to *atomic.Pointer[serverSink]
}

// serverSink is the way to a server at its address.
type serverSink struct {
	addr engine.ServerAddr
	sink engine.LogSink
}

// resolve finds the backend when all sections were read.
func (s *backendSink) resolve(b *engine.Build, w engine.Word) {
	name := strings.TrimPrefix(w.Text, "backend@")
	where := "global log directive"
	if b.Px != nil {
		where = "log directive of " + b.Px.TypeName() + " '" + b.Px.Name + "'"
	}
	switch px := b.FindBackend(name); {
	case px == nil:
		b.Alert(w.Pos, "%s uses unknown log backend '%s'.", where, name)
	case px.Mode != engine.ModeLog:
		b.Alert(w.Pos, "%s uses incompatible log backend '%s'.", where, name).WithRelated(px.Pos, "it has no 'mode log'")
	default:
		px.Referenced = true
		s.px = px
		if h := lineHashes.Get(px); h != nil {
			s.key = h.key
		}
	}
}

// Send implements engine.LogSink.
func (s *backendSink) Send(t *engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	srv := s.pick(msg)
	if srv == nil {
		lost(1)
		return
	}
	s.of(srv).Send(t, level, tag, sd, msg, at)
}

// keyEnvs are what converters work on: no stream is at hand.
var keyEnvs = sync.Pool{New: func() any { return &engine.Env{Tmp: make([]byte, 0, 1024)} }}

// pick chooses the server of a line; nil: there is none.
func (s *backendSink) pick(msg []byte) *engine.Server {
	if s.px == nil || s.px.Balancer == nil {
		return nil
	}
	by, hashed := s.px.Balancer.(hashedLine)
	if !hashed || s.key == nil {
		return s.px.Balancer.Pick(nil, nil)
	}
	e := keyEnvs.Get().(*engine.Env)
	defer keyEnvs.Put(e)
	e.RT, e.Px, e.Tmp = s.px.RT, s.px, e.Tmp[:0]
	key, st := s.key.ConvertAs(e, engine.Str(msg), engine.TStr)
	if st != engine.Found {
		return nil
	}
	return by.PickKey(key.B)
}

// of returns the sink of a server where it is now.
func (s *backendSink) of(srv *engine.Server) engine.LogSink {
	v, ok := s.sinks.Load(srv)
	if !ok {
		v, _ = s.sinks.LoadOrStore(srv, &atomic.Pointer[serverSink]{})
	}
	p, addr := v.(*atomic.Pointer[serverSink]), srv.State.Address(srv)
	if now := p.Load(); now != nil && now.addr == addr {
		return now.sink
	}
	sink := &serverSink{addr: addr, sink: serverSinkAt(srv, addr)}
	p.Store(sink)
	return sink.sink
}

func serverSinkAt(srv *engine.Server, a engine.ServerAddr) engine.LogSink {
	text := a.Path
	if text == "" {
		text = net.JoinHostPort(a.IP.String(), strconv.Itoa(a.Port))
	}
	if a.Dgram {
		return sharedSink("datagrams "+text, func() engine.LogSink {
			return newDgramSink(&unit.Addr{Family: unit.Unix, Path: a.Path, IP: a.IP, Port: a.Port})
		})
	}
	var conf logServer
	if c := logServers.Get(srv); c != nil {
		conf = *c
	}
	return sharedSink("lines "+text+" "+strconv.FormatBool(conf.counted)+" "+strconv.Itoa(conf.room), func() engine.LogSink {
		network := "tcp"
		if a.Path != "" {
			network = "unix"
		}
		sink := newStreamSink(network, strings.Replace(text, "\x00", "@", 1))
		sink.counted = conf.counted
		if conf.room > 0 {
			sink.room = conf.room
		}
		return sink
	})
}
