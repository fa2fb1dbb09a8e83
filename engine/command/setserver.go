package command

import (
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddCommands(engine.Command{Words: "set server", Level: engine.LevelAdmin, Usage: "<bk>/<srv> [opts]: change a server's state, weight, address, name or ssl", Run: setServer})
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

func setSSL(srv *engine.Server, args []string) error {
	if srv.TLS != nil {
		switch first(args) {
		case "on", "off":
			srv.State.NoTLS.Store(args[0] == "off")
			if engine.AddressChanged != nil {
				engine.AddressChanged(srv)
			}
			return told("server ssl setting updated.\n")
		}
		return engine.Refuse("'set server <srv> ssl' expects 'on' or 'off'.\n")
	}
	return engine.Refuse("'set server <srv> ssl' cannot be set.  default-server should define ssl settings\n")
}

// setName gives a server in maintenance another name.
func setName(srv *engine.Server, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("set server <b>/<s> name requires a new name.\n")
	}
	name := args[0]
	switch {
	case name == "" || !plainName(name):
		return engine.Refuse("Server name contains invalid characters.\n")
	case engine.AdminState(srv.State.Admin.Load())&engine.AdmMaint == 0:
		return engine.Refuse("Server must be in maintenance mode to be renamed (set server <b>/<s> state maint).\n")
	case srv.Referenced || len(srv.Trackers()) > 0:
		return engine.Refuse("Cannot rename: server's name is statically referenced (use-server, track, or sample argument).\n")
	}
	if name != srv.Name && !rename(srv, name) {
		return engine.Refuse("A server with the same name already exists in this backend.\n")
	}
	return told("Server name updated.\n")
}

// rename has a copy of the server, with the same state, take its place.
func rename(srv *engine.Server, name string) bool {
	o, ok := srv.Px.RenameServer(srv, name)
	if !ok {
		return false
	}
	var on [2]bool
	if engine.CheckSwitched != nil {
		_, on[0] = engine.CheckSwitched(srv, false)
		_, on[1] = engine.CheckSwitched(srv, true)
	}
	engine.StopServer(srv)
	engine.StartServer(o)
	for i, action := range []string{"ehlth", "eagent"} {
		if on[i] {
			engine.ServerAction(o, action)
		}
	}
	return true
}

func plainName(s string) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return true
}

func setFQDN(srv *engine.Server, args []string) error {
	if first(args) == "" {
		return engine.Refuse("set server <b>/<s> fqdn requires a FQDN.\n")
	}
	host, was := args[0], srv.State.Host(srv)
	const by = " by 'stats socket command'\n"
	switch {
	case srv.Resolvers.Text == "" || engine.Rename == nil:
		return engine.Refuse("set server <b>/<s> fqdn failed because no resolution is configured.\n")
	case !hostName(host):
		return engine.Refuse("could not update " + srv.Px.Name + "/" + srv.Name + " FQDN" + by)
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
