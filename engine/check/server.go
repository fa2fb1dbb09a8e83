package check

import (
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

// option makes a row without argument.
func option(name, usage string, set func(*engine.Server)) engine.ServerKeyword {
	return engine.ServerKeyword{Name: name, Usage: name + ": " + usage,
		Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
			set(srv)
			return nil
		}}
}

// delay makes a row with a time.
func delay(name, called, usage string, def time.Duration, field func(*engine.Server) *time.Duration) engine.ServerKeyword {
	return engine.ServerKeyword{Name: name, Args: 1, Missing: "'" + name + "' expects a delay as argument.", Usage: name + " <time>: " + usage,
		Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, a []engine.Word) error {
			d, err := unit.Time(a[0].Text, time.Millisecond)
			if err != nil {
				if err.Fault == unit.TimeOver || err.Fault == unit.TimeUnder {
					return diag.Errorf(a[0].Pos, "timer overflow in argument <%s> to <%s> of server %s", a[0].Text, called, srv.Name)
				}
				return diag.Errorf(a[0].Pos, "unexpected character '%c' in '%s' argument of server %s", err.Bad, called, srv.Name)
			}
			if d <= 0 && def > 0 {
				return diag.Errorf(a[0].Pos, "invalid value %d for argument '%s' of server %s", d/time.Millisecond, name, srv.Name)
			}
			*field(srv) = d
			return nil
		}}
}

// count makes a row with a number from one on.
func count(name, usage, sentence string, field func(*engine.Server) *int) engine.ServerKeyword {
	return engine.ServerKeyword{Name: name, Args: 1, Missing: "'" + name + "' expects an integer argument.", Usage: name + " <number>: " + usage,
		Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, a []engine.Word) error {
			n, _ := strconv.Atoi(a[0].Text)
			if n <= 0 {
				return diag.Errorf(a[0].Pos, "%s", sentence)
			}
			*field(srv) = n
			return nil
		}}
}

// choice makes a row with a word out of several.
func choice(name, usage, expects string, words []string, field func(*engine.Server) *string) engine.ServerKeyword {
	return engine.ServerKeyword{Name: name, Args: 1, Missing: "'" + name + "' expects " + expects + " as argument", Usage: name + " { " + strings.Join(words, " | ") + " }: " + usage,
		Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, a []engine.Word) error {
			for _, w := range words {
				if w == a[0].Text {
					*field(srv) = w
					return nil
				}
			}
			return diag.Errorf(a[0].Pos, "'%s' expects %s but got '%s'", name, expects, a[0].Text)
		}}
}

func init() {
	engine.AddServerKeywords(
		option("check", "check the server's health", func(s *engine.Server) { s.Check = true }),
		option("no-check", "undoes check", func(s *engine.Server) { s.Check = false }),
		option("check-ssl", "checks use TLS", func(s *engine.Server) { servers.Edit(s).ssl = 1 }),
		option("no-check-ssl", "checks do not use TLS", func(s *engine.Server) { servers.Edit(s).ssl = -1 }),
		option("check-send-proxy", "checks begin with a PROXY protocol header", func(s *engine.Server) { servers.Edit(s).sendProxy = true }),
		option("no-check-send-proxy", "undoes check-send-proxy", func(s *engine.Server) { servers.Edit(s).sendProxy = false }),
		option("agent-check", "ask an agent on the server for weight and state", func(s *engine.Server) { servers.Edit(s).agent.on = true }),
		option("no-agent-check", "undoes agent-check", func(s *engine.Server) { servers.Edit(s).agent.on = false }),
		delay("inter", "inter", "time between two checks (2s)", 1, func(s *engine.Server) *time.Duration { return &s.Inter }),
		delay("fastinter", "fastinter", "time between two checks while the state is about to change (inter)", 0, func(s *engine.Server) *time.Duration { return &s.FastInter }),
		delay("downinter", "downinter", "time between two checks of a server that is down (inter)", 0, func(s *engine.Server) *time.Duration { return &s.DownInter }),
		delay("slowstart", "slowstart", "time over which a server that came up gets its full weight", 0, func(s *engine.Server) *time.Duration { return &s.SlowStart }),
		delay("agent-inter", "agent-inter", "time between two questions to the agent (2s)", 1, func(s *engine.Server) *time.Duration { return &servers.Edit(s).agent.inter }),
		count("rise", "checks that must pass before the server is up (2)", "'rise' has to be > 0.", func(s *engine.Server) *int { return &s.Rise }),
		count("fall", "checks that must fail before the server is down (3)", "'fall' has to be > 0.", func(s *engine.Server) *int { return &s.Fall }),
		count("error-limit", "errors in a row before on-error acts (10)", "error-limit has to be > 0.", func(s *engine.Server) *int { return &s.ErrorLimit }),
		choice("observe", "judge the server by its traffic, too", "one of 'none', 'layer4', 'layer7'", []string{"none", "layer4", "layer7"}, func(s *engine.Server) *string { return &s.Observe }),
		choice("on-error", "what follows when observe finds error-limit errors in a row", "one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down'", []string{"fastinter", "fail-check", "sudden-death", "mark-down"}, func(s *engine.Server) *string { return &s.OnError }),
		choice("on-marked-down", "end the streams of a server that goes down", "'shutdown-sessions'", []string{"shutdown-sessions"}, func(s *engine.Server) *string { return &s.OnMarkedDown }),
		choice("on-marked-up", "end the streams of the backups when the server comes up", "'shutdown-backup-sessions'", []string{"shutdown-backup-sessions"}, func(s *engine.Server) *string { return &s.OnMarkedUp }),
		choice("init-state", "the state in which a server begins", "one of 'none', 'fully-up', 'up', 'down', or 'fully-down'", []string{"none", "fully-up", "up", "down", "fully-down"}, func(s *engine.Server) *string { return &s.InitState }),
		engine.ServerKeyword{Name: "port", Args: 1, Missing: "'port' expects a port number", Usage: "port <port>: where checks connect to", Parse: parsePort(func(s *engine.Server) *int { return &s.CheckPort })},
		engine.ServerKeyword{Name: "addr", Args: 1, Missing: "'addr' expects an address", Usage: "addr <address>: where checks and agents connect to", Parse: parseAddr},
		engine.ServerKeyword{Name: "agent-port", Args: 1, Missing: "'agent-port' expects a port number", Usage: "agent-port <port>: where the agent listens", Parse: parsePort(func(s *engine.Server) *int { return &servers.Edit(s).agent.port })},
		engine.ServerKeyword{Name: "agent-addr", Args: 1, Missing: "'agent-addr' expects an address as argument.", Usage: "agent-addr <address>: where the agent listens", Parse: parseAgentAddr},
		engine.ServerKeyword{Name: "agent-send", Args: 1, Missing: "'agent-send' expects a string as argument.", Usage: "agent-send <text>: sent to the agent first", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, a []engine.Word) error {
			servers.Edit(s).agent.send = a[0].Text
			return nil
		}},
		engine.ServerKeyword{Name: "check-sni", Args: 1, Missing: "'check-sni' : missing SNI.", Usage: "check-sni <name>: the server name that checks over TLS ask for", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, a []engine.Word) error {
			servers.Edit(s).sni = a[0].Text
			return nil
		}},
		engine.ServerKeyword{Name: "check-alpn", Args: 1, Missing: "'check-alpn' : missing the comma-delimited ALPN protocol suite.", Usage: "check-alpn <protocols>: the protocols that checks over TLS offer", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, a []engine.Word) error {
			servers.Edit(s).alpn = a[0].Text
			return nil
		}},
		engine.ServerKeyword{Name: "check-proto", Args: 1, Missing: "'check-proto' : missing value.", Usage: "check-proto h1: the protocol of HTTP checks", Parse: func(_ *engine.Build, _ *engine.Server, n engine.Word, a []engine.Word) error {
			switch a[0].Text {
			case "h1", "none":
				return nil
			case "h2", "fcgi":
				return diag.Errorf(a[0].Pos, "'%s' : protocol '%s' is known to HAProxy but not supported by Hawser yet", n.Text, a[0].Text)
			}
			return diag.Errorf(a[0].Pos, "'%s' :  unknown MUX protocol '%s'", n.Text, a[0].Text)
		}},
		engine.ServerKeyword{Name: "healthcheck", Args: 1, Missing: "'healthcheck' expects a name as argument", Usage: "healthcheck <name>: check as the section of that name says", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, a []engine.Word) error {
			servers.Edit(s).section = a[0].Text
			return nil
		}},
		engine.ServerKeyword{Name: "check-reuse-pool", Usage: "check-reuse-pool: HTTP checks use an idle connection to the server where http-reuse is aggressive or always", Parse: reusePool(true)},
		engine.ServerKeyword{Name: "no-check-reuse-pool", Usage: "no-check-reuse-pool: checks open connections of their own (the default)", Parse: reusePool(false)},
		engine.ServerKeyword{Name: "check-pool-conn-name", Args: 1, Missing: "'check-pool-conn-name' : missing value", Usage: "check-pool-conn-name <name>: checks use idle connections of this name (see pool-conn-name)", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, a []engine.Word) error {
			servers.Edit(s).connName = a[0].Text
			return nil
		}},
		engine.ServerKeyword{Name: "track", Args: 1, Missing: "'track' expects [<proxy>/]<server> as argument.", Usage: "track [<backend>/]<server>: has the state of that server", Parse: parseTrack},
		engine.ServerKeyword{Name: "no-track", Usage: "no-track: undoes track", Parse: func(_ *engine.Build, s *engine.Server, _ engine.Word, _ []engine.Word) error {
			s.Track = engine.Word{}
			return nil
		}},
	)
}

func reusePool(on bool) func(*engine.Build, *engine.Server, engine.Word, []engine.Word) error {
	return func(_ *engine.Build, s *engine.Server, _ engine.Word, _ []engine.Word) error {
		servers.Edit(s).reuse = on
		return nil
	}
}

func parsePort(field func(*engine.Server) *int) func(*engine.Build, *engine.Server, engine.Word, []engine.Word) error {
	return func(_ *engine.Build, srv *engine.Server, _ engine.Word, a []engine.Word) error {
		n, err := strconv.Atoi(a[0].Text)
		if err != nil || n < 0 || n > 65535 {
			n = 0
		}
		*field(srv) = n
		return nil
	}
}

func parseAddr(_ *engine.Build, srv *engine.Server, name engine.Word, a []engine.Word) error {
	addr, err := unit.ParseAddr(a[0].Text, unit.Want{NoDgram: true, Zero: true})
	if err != nil {
		return diag.Errorf(a[0].Pos, "'%s' : %s", name.Text, err)
	}
	srv.CheckAddr = a[0].Text
	if addr.HasPort && addr.Port > 0 && srv.CheckPort == 0 {
		srv.CheckPort = addr.Port
	}
	return nil
}

func parseAgentAddr(_ *engine.Build, srv *engine.Server, name engine.Word, a []engine.Word) error {
	if _, err := unit.ParseAddr(a[0].Text, unit.Want{NoDgram: true, Zero: true}); err != nil {
		return diag.Errorf(a[0].Pos, "'%s' : %s", name.Text, err)
	}
	servers.Edit(srv).agent.addr = a[0].Text
	return nil
}

// parseTrack remembers the name; servers are found when all are read.
func parseTrack(b *engine.Build, srv *engine.Server, _ engine.Word, a []engine.Word) error {
	srv.Track = a[0]
	return nil
}
