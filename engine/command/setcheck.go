package command

import (
	"net/netip"
	"strconv"

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
	at, port, err := probeAddr(args, "invalid addr '"+first(args)+"'\n")
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
	at, port, err := probeAddr(args, "incorrect addr value given for agent\n")
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
// not given, bad the sentence about an address that is none.
func probeAddr(args []string, bad string) (at *engine.ServerAddr, port int, err error) {
	ip, err := netip.ParseAddr(first(args))
	if err != nil {
		return nil, 0, engine.Refuse(bad)
	}
	if len(args) > 2 && args[1] == "port" {
		port, err = portOf(args[2])
	}
	return &engine.ServerAddr{IP: ip}, port, err
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
	n, err := portOf(first(args))
	if err == nil {
		set(srv, func(p *engine.ProbeSettings) { p.CheckPort = n })
	}
	return err
}

func setAgentPort(srv *engine.Server, args []string) error {
	if !agentOf(srv) {
		return engine.Refuse(noAgent)
	}
	n, err := portOf(first(args))
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
