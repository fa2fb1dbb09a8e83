package command

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	"hawser/engine"
)

const (
	noChecks = "health checks are not enabled on this server\n"
	noAgent  = "agent checks are not enabled on this server\n"
)

func agentOf(srv *engine.Server) bool {
	if engine.CheckSwitched == nil {
		return false
	}
	configured, _ := engine.CheckSwitched(srv, true)
	return configured
}

func setAgent(srv *engine.Server, args []string) error {
	if !agentOf(srv) || !switched(srv, true) {
		return engine.Refuse("agent checks are not enabled on this server.\n")
	}
	do := map[string]string{"up": "arunn", "down": "adown"}[first(args)]
	if do == "" {
		return engine.Refuse("'set server <srv> agent' expects 'up' or 'down'.\n")
	}
	engine.ServerAction(srv, do)
	return nil
}

// set changes what the runtime API says of a server's checks.
func set(srv *engine.Server, f func(p *engine.ProbeSettings)) {
	srv.State.Mu.Lock()
	defer srv.State.Mu.Unlock()
	f(&srv.State.Probing)
}

func setCheckAddr(srv *engine.Server, args []string) error {
	if !srv.Check {
		return engine.Refuse(noChecks)
	}
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> check-addr requires an address and optionally a port.\n")
	}
	at, port, err := probeAddr(args, netip.ParseAddr)
	if err != nil {
		return err
	}
	set(srv, func(p *engine.ProbeSettings) {
		p.CheckAddr = at
		if port > 0 {
			p.CheckPort = port
		}
	})
	return nil
}

func setAgentAddr(srv *engine.Server, args []string) error {
	if !agentOf(srv) {
		return engine.Refuse(noAgent)
	}
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> agent-addr requires an address and optionally a port.\n")
	}
	at, port, err := probeAddr(args, resolve)
	if err != nil {
		return err
	}
	set(srv, func(p *engine.ProbeSettings) {
		p.AgentAddr = at
		if port > 0 {
			p.AgentPort = port
		}
	})
	return nil
}

// probeAddr reads "<addr> [port <port>]", where checks are to go: port is 0 where it is
// not given.
func probeAddr(args []string, parse func(string) (netip.Addr, error)) (at *engine.ServerAddr, port int, err error) {
	ip, err := parse(args[0])
	if err != nil {
		return nil, 0, engine.Refuse("invalid addr '" + args[0] + "'\n")
	}
	if len(args) > 1 && args[1] == "port" {
		port, err = portOf(first(args[2:]))
	}
	return &engine.ServerAddr{IP: ip}, port, err
}

// resolve takes an address, or a name that the system knows one of.
func resolve(s string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(s)
	if err == nil || !hostName(s) {
		return ip, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s)
	if err != nil {
		return ip, err
	}
	return list[0].Unmap(), nil
}

func portOf(s string) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, engine.Refuse("provided port is not an integer\n")
	case n < 0 || n > 65535:
		return 0, engine.Refuse("provided port is invalid\n")
	}
	return n, nil
}

func setCheckPort(srv *engine.Server, args []string) error {
	if !srv.Check {
		return engine.Refuse(noChecks)
	}
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> check-port requires a port.\n")
	}
	n, err := portOf(args[0])
	if err == nil {
		set(srv, func(p *engine.ProbeSettings) { p.CheckPort = n })
	}
	return err
}

func setAgentPort(srv *engine.Server, args []string) error {
	if !agentOf(srv) {
		return engine.Refuse(noAgent)
	}
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> agent-port requires a port.\n")
	}
	n, err := portOf(args[0])
	if err == nil {
		set(srv, func(p *engine.ProbeSettings) { p.AgentPort = n })
	}
	return err
}

func setAgentSend(srv *engine.Server, args []string) error {
	if !agentOf(srv) {
		return engine.Refuse("agent checks are not enabled on this server.\n")
	}
	text := first(args)
	set(srv, func(p *engine.ProbeSettings) { p.AgentSend = &text })
	return nil
}
