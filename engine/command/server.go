package command

import (
	"net/netip"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	const admin = engine.LevelAdmin
	engine.AddCommands(
		engine.Command{Words: "set server", Level: admin, Usage: "<bk>/<srv> [opts]: change a server's state, weight, address, name or ssl", Run: setServer},
		engine.Command{Words: "enable server", Level: admin, Usage: " (DEPRECATED): enable a disabled server (use 'set server' instead)", Run: action("ready", "")},
		engine.Command{Words: "disable server", Level: admin, Usage: "(DEPRECATED): disable a server for maintenance (use 'set server' instead)", Run: action("maint", "")},
		engine.Command{Words: "enable health", Level: admin, Usage: ": enable health checks", Run: action("ehlth", "Health check was not configured on this server, cannot enable.\n")},
		engine.Command{Words: "disable health", Level: admin, Usage: ": disable health checks", Run: action("dhlth", "")},
		engine.Command{Words: "enable agent", Level: admin, Usage: ": enable agent checks", Run: action("eagent", "Agent was not configured on this server, cannot enable.\n")},
		engine.Command{Words: "disable agent", Level: admin, Usage: ": disable agent checks", Run: action("dagent", "")},
		engine.Command{Words: "get weight", Usage: "<bk>/<srv>: report a server's current weight", Run: getWeight},
		engine.Command{Words: "set weight", Level: admin, Usage: "<bk>/<srv>  (DEPRECATED): change a server's weight (use 'set server' instead)", Run: setWeight},
		engine.Command{Words: "set maxconn server", Level: admin, Usage: "<bk>/<srv>: change a server's maxconn setting", Run: setServerMaxConn},
		engine.Command{Words: "shutdown sessions server", Level: admin, Usage: "<bk>/<srv>: kill sessions on a server", Run: action("shutdown", "")},
	)
}

// serverOf finds the server that the first argument names.
func serverOf(c *engine.CLI, args []string) (*engine.Server, error) {
	if len(args) == 0 {
		return nil, engine.Refuse("Require 'backend/server'.\n")
	}
	be, name, ok := strings.Cut(args[0], "/")
	if !ok || name == "" {
		return nil, engine.Refuse("Require 'backend/server'.\n")
	}
	px := c.RT.Backend(be)
	if px == nil {
		return nil, engine.Refuse("No such backend.\n")
	}
	srv := px.Server(name)
	if srv == nil {
		return nil, engine.Refuse("No such server.\n")
	}
	return srv, nil
}

// action is a command that does one thing to a server; failed is what it says
// when that cannot be done.
func action(name, failed string) func(*engine.CLI, []string) error {
	return func(c *engine.CLI, args []string) error {
		srv, err := serverOf(c, args)
		if err != nil {
			return err
		}
		if !engine.ServerAction(srv, name) && failed != "" {
			return engine.Refuse(failed)
		}
		return nil
	}
}

func getWeight(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	c.Print(strconv.Itoa(int(srv.State.UWeight.Load())) + " (initial " + strconv.Itoa(srv.Weight) + ")\n")
	return nil
}

func setWeight(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	return changeWeight(srv, args[1:])
}

// changeWeight takes an absolute weight, or a percentage of the configured one.
func changeWeight(srv *engine.Server, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return engine.Refuse("Require <weight> or <weight%>.\n")
	}
	n, rest, ok := number(args[0])
	percent := rest == "%"
	switch {
	case !ok:
		return engine.Refuse("Empty weight string empty or preceded by garbage\n")
	case rest != "" && !percent:
		return engine.Refuse("Trailing garbage in weight string\n")
	case percent && n < 0:
		return engine.Refuse("Relative weight must be positive.\n")
	case !percent && (n < 0 || n > 256):
		return engine.Refuse("Absolute weight can only be between 0 and 256 inclusive.\n")
	case percent:
		n = min((n*srv.Weight+50)/100, 256)
		if n == 0 && rest == "%" && args[0] != "0%" && srv.Weight > 0 {
			n = 1
		}
	}
	if static(srv.Px) && n != 0 && n != srv.Weight {
		return engine.Refuse("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n")
	}
	srv.SetWeight(n)
	return nil
}

// static reports whether the backend's algorithm cannot change weights while it
// runs (configuration manual, "balance" and "hash-type").
func static(px *engine.Proxy) bool {
	if len(px.Balance.Words) == 0 {
		return false
	}
	switch px.Balance.Words[0].Text {
	case "static-rr", "first":
		return px.Balance.Words[0].Text == "static-rr"
	case "roundrobin", "leastconn", "random", "sticky", "none":
		return false
	}
	return len(px.Balance.HashType) == 0 || px.Balance.HashType[0].Text == "map-based"
}

// number reads a signed integer at the beginning of s.
func number(s string) (n int, rest string, ok bool) {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	first := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == first {
		return 0, s, false
	}
	n, err := strconv.Atoi(s[:i])
	return n, s[i:], err == nil
}

func setServerMaxConn(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return engine.Refuse("Require <maxconn>.\n")
	}
	n, rest, ok := number(args[1])
	switch {
	case !ok:
		return engine.Refuse("maxconn string empty or preceded by garbage\n")
	case rest != "":
		return engine.Refuse("Trailing garbage in maxconn string\n")
	}
	srv.State.MaxConn.Store(int32(max(n, 0)))
	if engine.WakeServer != nil {
		engine.WakeServer(srv)
	}
	return nil
}

const setServerUsage = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | name | ssl | state | weight\n"

// settings are the third words of "set server".
var settings = map[string]func(srv *engine.Server, args []string) error{
	"state":      setState,
	"health":     setHealth,
	"agent":      setAgent,
	"weight":     changeWeight,
	"addr":       setAddr,
	"check-addr": setCheckAddr,
	"check-port": setCheckPort,
	"agent-addr": setAgentAddr,
	"agent-port": setAgentPort,
	"agent-send": setAgentSend,
	"fqdn":       setFQDN,
	"ssl":        setSSL,
	"name":       setName,
}

func setServer(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	if len(args) < 2 || settings[args[1]] == nil {
		return engine.Refuse(setServerUsage)
	}
	return settings[args[1]](srv, args[2:])
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func setState(srv *engine.Server, args []string) error {
	switch a := first(args); a {
	case "ready", "drain", "maint":
		engine.ServerAction(srv, a)
		return nil
	}
	return engine.Refuse("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n")
}

func setHealth(srv *engine.Server, args []string) error {
	if srv.TrackSrv != nil {
		return engine.Refuse("cannot change health on a tracking server.\n")
	}
	do := map[string]string{"up": "hrunn", "stopping": "hnolb", "down": "hdown"}[first(args)]
	if do == "" {
		return engine.Refuse("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n")
	}
	engine.ServerAction(srv, do)
	return nil
}

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

const (
	noChecks = "health checks are not enabled on this server\n"
	noAgent  = "agent checks are not enabled on this server\n"
)

func setCheckAddr(srv *engine.Server, args []string) error {
	if !srv.Check {
		return engine.Refuse(noChecks)
	}
	ip, err := netip.ParseAddr(first(args))
	if err != nil {
		return engine.Refuse("invalid addr '" + first(args) + "'\n")
	}
	port := 0
	if len(args) > 2 && args[1] == "port" {
		if port, err = portOf(args[2]); err != nil {
			return err
		}
	}
	set(srv, func(p *engine.ProbeSettings) {
		p.CheckAddr = &engine.ServerAddr{IP: ip}
		if port > 0 {
			p.CheckPort = port
		}
	})
	return nil
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

func setAgentAddr(srv *engine.Server, args []string) error {
	if !agentOf(srv) {
		return engine.Refuse(noAgent)
	}
	ip, err := netip.ParseAddr(first(args))
	if err != nil {
		return engine.Refuse("incorrect addr value given for agent\n")
	}
	port := 0
	if len(args) > 2 && args[1] == "port" {
		if port, err = portOf(args[2]); err != nil {
			return err
		}
	}
	set(srv, func(p *engine.ProbeSettings) {
		p.AgentAddr = &engine.ServerAddr{IP: ip}
		if port > 0 {
			p.AgentPort = port
		}
	})
	return nil
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

func setFQDN(srv *engine.Server, args []string) error {
	if first(args) == "" {
		return engine.Refuse("set server <b>/<s> fqdn requires a FQDN.\n")
	}
	host, was := args[0], srv.State.Host(srv)
	const by = " by 'stats socket command'\n"
	switch {
	case !hostName(host):
		return engine.Refuse("could not update " + srv.Px.Name + "/" + srv.Name + " FQDN" + by)
	case srv.Resolvers.Text == "" || engine.Rename == nil:
		return engine.Refuse("set server <b>/<s> fqdn failed because no resolution is configured.\n")
	case host == was:
		return &engine.CLIError{Severity: 4, Text: "no need to change the FDQN" + by}
	}
	st := srv.State
	st.Mu.Lock()
	st.HostName = host
	st.Mu.Unlock()
	if !engine.Rename(srv, host) {
		return engine.Refuse("set server <b>/<s> fqdn failed because no resolution is configured.\n")
	}
	if was == "" {
		was = "(null)"
	}
	return &engine.CLIError{Severity: 4, Text: srv.Px.Name + "/" + srv.Name + " changed its FQDN from " + was + " to " + host + by}
}

// hostName reports whether s can be a name in the DNS.
func hostName(s string) bool {
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return len(s) < 254
}

func setSSL(srv *engine.Server, args []string) error {
	if srv.TLS != nil {
		switch first(args) {
		case "on", "off":
			srv.State.NoTLS.Store(args[0] == "off")
			if engine.AddressChanged != nil {
				engine.AddressChanged(srv)
			}
			return nil
		}
		return engine.Refuse("'set server <srv> ssl' expects 'on' and 'off'.\n")
	}
	return engine.Refuse("'set server <srv> ssl' cannot be set.  default-server should define ssl settings\n")
}

func setName(srv *engine.Server, args []string) error {
	return engine.Refuse("'set server <srv> name' is known to HAProxy but not supported by Hawser yet\n")
}

// setAddr changes where the server is; it says what changed.
func setAddr(srv *engine.Server, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> addr requires an address and optionally a port.\n")
	}
	ip, err := netip.ParseAddr(strings.Trim(args[0], "[]"))
	if err != nil {
		return engine.Refuse("Invalid addr '" + args[0] + "'\n")
	}
	was := srv.State.Address(srv)
	is := was
	is.IP, is.Path, is.Dst = ip, "", false
	if len(args) > 1 && args[1] == "port" {
		if err := readPort(&is, first(args[2:])); err != nil {
			return err
		}
	}
	said := changes(&was, &is)
	if said == "" {
		return engine.Refuse("nothing changed\n")
	}
	st := srv.State
	st.Mu.Lock()
	st.Addr = &is
	st.Mu.Unlock()
	if engine.AddressChanged != nil {
		engine.AddressChanged(srv)
	}
	return &engine.CLIError{Severity: 4, Text: said + " by 'stats socket command'\n"}
}

// readPort reads a port, or with a sign what is added to the client's.
func readPort(a *engine.ServerAddr, s string) error {
	n, rest, ok := number(s)
	if !ok || rest != "" {
		return engine.Refuse("problem converting port '" + s + "' to an int\n")
	}
	if n > 65535 || n < -65535 {
		return engine.Refuse("provided port is not valid\n")
	}
	a.Port, a.MapPort = n, s[0] == '+' || s[0] == '-'
	return nil
}

func portText(a *engine.ServerAddr) string {
	s := strconv.Itoa(a.Port)
	if a.MapPort && a.Port >= 0 {
		return "+" + s
	}
	return s
}

// changes says how an address differs.
func changes(was, is *engine.ServerAddr) string {
	var said []string
	if from := addrText(was); from != is.IP.String() {
		said = append(said, "IP changed from '"+from+"' to '"+is.IP.String()+"'")
	}
	if portText(was) != portText(is) {
		said = append(said, "port changed from '"+portText(was)+"' to '"+portText(is)+"'")
	}
	return strings.Join(said, ", ")
}

func addrText(a *engine.ServerAddr) string {
	switch {
	case a.Path != "":
		return a.Path
	case a.IP.IsValid():
		return a.IP.String()
	case a.Dst:
		return "0.0.0.0"
	}
	return "-"
}
