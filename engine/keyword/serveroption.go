package keyword

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

type serverParse = func(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error

func init() {
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "weight", Args: 1, Missing: "'weight' expects an integer argument.", Usage: "weight <0..256>: share of the traffic", Parse: parseWeight},
		engine.ServerKeyword{Name: "maxconn", Args: 1, Missing: "'maxconn' expects an integer argument.", Usage: "maxconn <number>: limit of concurrent requests, more wait in a queue", Parse: serverInt(func(s *engine.ServerSpec) *int { return &s.MaxConn })},
		engine.ServerKeyword{Name: "minconn", Args: 1, Missing: "'minconn' expects an integer argument.", Usage: "minconn <number>: the limit while the backend's load is low (see fullconn)", Parse: serverInt(func(s *engine.ServerSpec) *int { return &s.MinConn })},
		engine.ServerKeyword{Name: "maxqueue", Args: 1, Missing: "'maxqueue' expects an integer argument.", Usage: "maxqueue <number>: limit of the server's queue", Parse: serverInt(func(s *engine.ServerSpec) *int { return &s.MaxQueue })},
		engine.ServerKeyword{Name: "backup", Usage: "backup: used only when no other server is there", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.Backup }, true)},
		engine.ServerKeyword{Name: "no-backup", Usage: "no-backup: undoes backup", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.Backup }, false)},
		engine.ServerKeyword{Name: "disabled", Usage: "disabled: starts in maintenance", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.Disabled }, true)},
		engine.ServerKeyword{Name: "enabled", Usage: "enabled: undoes disabled", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.Disabled }, false)},
		engine.ServerKeyword{Name: "non-stick", Usage: "non-stick: never remembered by stick tables", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.NonStick }, true)},
		engine.ServerKeyword{Name: "stick", Usage: "stick: undoes non-stick", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.NonStick }, false)},
		engine.ServerKeyword{Name: "strict-maxconn", Usage: "strict-maxconn: maxconn counts all connections, idle ones too, which are closed to make room for a new one", Parse: serverFlag(func(s *engine.ServerSpec) *bool { return &s.MaxConnStrict }, true)},
		engine.ServerKeyword{Name: "cookie", Args: 1, Missing: "'cookie' expects <value> as argument.", Usage: "cookie <value>: the value that the persistence cookie has for this server", Parse: serverString(func(s *engine.ServerSpec) *string { return &s.Cookie })},
		engine.ServerKeyword{Name: "redir", Args: 1, Missing: "'redir' expects <prefix> as argument.", Usage: "redir <prefix>: GET and HEAD are answered with a redirection to their path below this prefix (mode http)", Parse: serverString(func(s *engine.ServerSpec) *string { return &s.Redir })},
		engine.ServerKeyword{Name: "id", Args: 1, Flags: engine.NotInDefault, Missing: "'id' : custom id has to be between 1 and 4294967295.", Usage: "id <number>: the server's number in statistics", Parse: parseServerID},
		engine.ServerKeyword{Name: "guid", Args: 1, Flags: engine.NotInDefault, Missing: "'guid' : expects an argument", Usage: "guid <text>: a unique name over all objects", Parse: parseServerGUID},
		engine.ServerKeyword{Name: "init-addr", Args: 1, Missing: "'init-addr' : expects a comma-delimited list of 'last', 'libc', 'none' or an address.", Usage: "init-addr { last | libc | none | <ip> }[,...]: where the address comes from at start", Parse: parseInitAddr},
		engine.ServerKeyword{Name: "max-reuse", Args: 1, Missing: "'max-reuse' expects <value> as argument.", Usage: "max-reuse <number>: how often a connection serves again; -1: any", Parse: serverInt(func(s *engine.ServerSpec) *int { return &s.MaxReuse })},
		engine.ServerKeyword{Name: "pool-max-conn", Args: 1, Missing: "'pool-max-conn' expects <value> as argument.", Usage: "pool-max-conn <number>: limit of idle connections; -1: none", Parse: parsePoolMax},
		engine.ServerKeyword{Name: "pool-low-conn", Args: 1, Missing: "'pool-low-conn' expects <value> as argument.", Usage: "pool-low-conn <number>: idle connections that are kept", Parse: serverInt(func(s *engine.ServerSpec) *int { return &s.PoolLow })},
		engine.ServerKeyword{Name: "pool-purge-delay", Args: 1, Missing: "'pool-purge-delay' expects <value> as argument.", Usage: "pool-purge-delay <time>: how often half of the idle connections are closed", Parse: parsePurgeDelay},
		engine.ServerKeyword{Name: "cc", Args: 1, Usage: "cc <name>: TCP congestion control of connections to the server", Parse: parseServerCC},
		engine.ServerKeyword{Name: "idle-ping", Args: 1, Flags: engine.NoEffect, Usage: "idle-ping <time>: of HTTP/2 only, which does not exist here yet", Parse: serverIgnore},
		engine.ServerKeyword{Name: "shard", Args: 1, Flags: engine.NoEffect, Usage: "shard <number>: of peers only", Parse: serverIgnore},
		engine.ServerKeyword{Name: "proto", Args: 1, Missing: "'proto' : missing value", Usage: "proto { h1 | none }: the protocol spoken to the server", Parse: parseServerProto},
		engine.ServerKeyword{Name: "ws", Args: 1, Missing: "'ws' has to be 'auto', 'h1' or 'h2'", Usage: "ws { auto | h1 }: the protocol of WebSocket streams, always h1 here", Parse: parseWS},
		engine.ServerKeyword{Name: "usesrc", Usage: "usesrc: only behind source", Parse: func(_ *engine.Build, _ *engine.Server, name engine.Word, _ []engine.Word) error {
			return fail(name, "'usesrc' only allowed after a 'source' statement.")
		}},
	)
}

func serverIgnore(*engine.Build, *engine.Server, engine.Word, []engine.Word) error { return nil }

func serverInt(field func(*engine.ServerSpec) *int) serverParse {
	return func(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
		n, err := number(b, args[0], "'%s' expects an integer argument", name.Text)
		if err == nil {
			*field(&srv.ServerSpec) = n
		}
		return err
	}
}

func serverFlag(field func(*engine.ServerSpec) *bool, v bool) serverParse {
	return func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
		*field(&srv.ServerSpec) = v
		return nil
	}
}

func serverString(field func(*engine.ServerSpec) *string) serverParse {
	return func(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
		*field(&srv.ServerSpec) = args[0].Text
		return nil
	}
}

func parseWeight(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	n, err := number(b, args[0], "'weight' expects an integer argument")
	if err == nil && (n < 0 || n > 256) {
		err = fail(args[0], "weight of server %s is not within 0 and 256 (%d).", srv.Name, n)
	}
	if err == nil {
		srv.Weight = n
	}
	return err
}

func parseServerID(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	n, err := strconv.ParseUint(args[0].Text, 10, 32)
	if err != nil || n == 0 {
		return fail(args[0], "'id' : custom id has to be between 1 and 4294967295.")
	}
	for _, o := range srv.Px.All() {
		if o.ID == int(n) {
			return fail(args[0], "'id' : custom id %d already used at %s ('server %s')", n, o.Pos, o.Name).WithRelated(o.Pos, "the first one")
		}
	}
	srv.ID, srv.CustomID = int(n), true
	return nil
}

func parseServerGUID(b *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	srv.GUID = args[0].Text
	return claimGUID(b, args[0], "server "+srv.Px.Name+"/"+srv.Name)
}

func parseInitAddr(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	for m := range strings.SplitSeq(args[0].Text, ",") {
		switch m {
		case "last", "libc", "none", "": // HAProxy passes empty ones over
			continue
		}
		if _, err := netip.ParseAddr(m); err != nil {
			return fail(args[0], "'init-addr' : unknown init-addr method '%s', supported methods are 'libc', 'last', 'none'.", m)
		}
	}
	srv.InitAddr = args[0].Text
	return nil
}

func parsePoolMax(b *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	n, err := number(b, args[0], "'pool-max-conn' expects an integer argument")
	if err == nil && n < -1 {
		err = fail(args[0], "'pool-max-conn' must be >= -1")
	}
	if err == nil {
		srv.PoolMax = n
	}
	return err
}

func parsePurgeDelay(b *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	d, err := delay(b, args[0], time.Millisecond, "pool-purge-delay")
	if err == nil {
		srv.PoolPurgeDelay = d
	}
	return err
}

func parseServerProto(_ *engine.Build, _ *engine.Server, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "h1", "none":
		return nil
	case "h2", "fcgi", "quic", "spop":
		return fail(args[0], "'proto' : the protocol '%s' is known to HAProxy but not supported by Hawser yet", args[0].Text)
	}
	return fail(args[0], "'proto' :  unknown MUX protocol '%s'", args[0].Text)
}

func parseWS(_ *engine.Build, _ *engine.Server, _ engine.Word, args []engine.Word) error {
	switch args[0].Text {
	case "auto", "h1":
		return nil
	case "h2":
		return fail(args[0], "'ws' : 'h2' is known to HAProxy but not supported by Hawser yet")
	}
	return fail(args[0], "'ws' has to be 'auto', 'h1' or 'h2'")
}

func parseServerCC(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
	srv.CC = args[0].Text
	return nil
}
