package command

import (
	"maps"
	"slices"
	"strings"
	"time"

	"hawser/engine"
)

func init() {
	const admin = engine.LevelAdmin
	engine.AddCommands(
		engine.Command{Words: "add server", Level: admin, Usage: "<bk>/<srv>  : create a new server", Run: addServer},
		engine.Command{Words: "del server", Level: admin, Usage: "<bk>/<srv>  : remove a dynamically added server", Run: delServer},
		engine.Command{Words: "add backend", Level: admin, Usage: "<backend> from <defproxy> [mode <px_mode>] [guid <val>] : add a new backend", Run: addBackend},
		engine.Command{Words: "del backend", Level: admin, Usage: "<backend> : delete a backend", Run: delBackend},
		engine.Command{Words: "show defaults", Usage: ": list named default proxies instances", Run: showDefaults},
		engine.Command{Words: "show default-server", Usage: "[<backend>]: list default-server instances", Run: showDefaultServers},
	)
}

// told is an answer that is not a refusal.
func told(text string) error { return &engine.CLIError{Severity: 5, Text: text} }

func addServer(c *engine.CLI, args []string) error {
	if len(args) > 0 && args[0] == "help" {
		c.Print("List of keywords supported for dynamic server:\n" + strings.Join(engine.DynamicOptions, "\n") + "\n")
		return nil
	}
	be, name, ok := strings.Cut(first(args), "/")
	if !ok || name == "" {
		return engine.Refuse("Require 'backend/server'.\n")
	}
	px := c.RT.Backend(be)
	switch {
	case px == nil:
		return engine.Refuse("No such backend.\n")
	case static(px):
		return engine.Refuse("Backend does not support dynamic servers : backend '" + px.Name + "' uses a non dynamic load balancing method.\n")
	case px.Server(name) != nil:
		return engine.Refuse("Already exists a server with the same name in backend.\n")
	}
	srv, err := engine.MakeServer(px, name, args[1:])
	if err != nil {
		return engine.Refuse(err.Error() + "\n")
	}
	if !px.AddServer(srv) {
		return engine.Refuse("Already exists a server with the same name in backend.\n")
	}
	engine.StartServer(srv)
	return told("New server registered.\n")
}

// removable tells why a server cannot be deleted now; "" when it can. Lasting
// says that waiting would not help.
func removable(srv *engine.Server) (why string, lasting bool) {
	st := srv.State
	switch {
	case srv.Referenced:
		return "This server cannot be removed at runtime due to other configuration elements pointing to it.", true
	case engine.AdminState(st.Admin.Load())&engine.AdmMaint == 0:
		return "Only servers in maintenance mode can be deleted.", true
	case st.Served.Load() > 0 || st.Idle.Load() > 0 || st.Queued.Load() > 0:
		return "Server still has connections attached to it, cannot remove it.", false
	}
	return "", false
}

func delServer(c *engine.CLI, args []string) error {
	srv, err := serverOf(c, args)
	if err != nil {
		return err
	}
	if why, _ := removable(srv); why != "" {
		return engine.Refuse(why + "\n")
	}
	srv.Px.RemoveServer(srv)
	engine.StopServer(srv)
	if bal := srv.Px.Balancer; bal != nil {
		bal.Changed(nil)
	}
	return told("Server deleted.\n")
}

const addBackendUsage = "Usage: add backend <name> from <defproxy>"

func addBackend(c *engine.CLI, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("Require backend name.\n")
	}
	name := args[0]
	for i := range len(name) {
		if !nameByte(name[i]) {
			return engine.Refuse("Invalid character '" + name[i:i+1] + "' in backend name.\n")
		}
	}
	if len(args) < 3 || args[1] != "from" {
		return engine.Refuse(addBackendUsage + ".\n")
	}
	from := defaultsOf(c.RT, args[2])
	if from == nil {
		return engine.Refuse("Cannot find default proxy '" + args[2] + "'.\n")
	}
	mode, guid, err := backendOptions(args[3:])
	switch {
	case err != nil:
		return err
	case mode == "" && !from.ModeSet:
		return engine.Refuse("Mode is required as '" + from.Name + "' default proxy does not explicitly defines it.\n")
	case mode == "" && !from.IsHTTP() && from.Mode != engine.ModeTCP:
		return engine.Refuse("Dynamic backends only support TCP or HTTP mode, whereas default proxy '" + from.Name + "' uses 'mode " + from.Mode.String() + "'.\n")
	}
	px, err := engine.MakeBackend(c.RT, name, from, mode, guid)
	if err != nil {
		return engine.Refuse("Error during backend creation : " + sentenceOf(err) + ".\n")
	}
	c.RT.AddProxy(px)
	return told("New backend registered.\n")
}

func backendOptions(args []string) (mode, guid string, err error) {
	for len(args) > 0 {
		if len(args) < 2 {
			return "", "", engine.Refuse(addBackendUsage + " [mode <px_mode>] [guid <val>].\n")
		}
		switch args[0] {
		case "mode":
			switch mode = args[1]; mode {
			case "tcp", "http":
			case "log", "spop":
				return "", "", engine.Refuse("Dynamic backends are compatible with only TCP or HTTP mode.\n")
			default:
				return "", "", engine.Refuse("Unknown proxy mode.\n")
			}
		case "guid":
			guid = args[1]
		default:
			return "", "", engine.Refuse(addBackendUsage + " [mode <px_mode>] [guid <val>].\n")
		}
		args = args[2:]
	}
	return mode, guid, nil
}

// sentenceOf takes the keyword out of the front of a sentence.
func sentenceOf(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	if rest, ok := strings.CutPrefix(text, "'guid': "); ok {
		return "GUID insertion : " + rest
	}
	return text
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:", c) >= 0
}

func defaultsOf(rt *engine.Runtime, name string) *engine.Proxy {
	for _, d := range rt.Defaults {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// proxyRemovable tells why a backend cannot be deleted now; "" when it can.
func proxyRemovable(px *engine.Proxy) (why string, lasting bool) {
	switch {
	case px.Referenced || px.Side&engine.Front != 0:
		return "This proxy cannot be removed at runtime due to other configuration elements pointing to it.", true
	case !px.State.Unpublished.Load():
		return "Backend must be unpublished prior to its deletion.", true
	case len(px.All()) > 0:
		return "Only a backend without server can be deleted.", true
	case px.State.BE.Conns.Load() > 0 || px.State.Pending.Load() > 0:
		return "Backend still has attached streams on it.", false
	}
	return "", false
}

func delBackend(c *engine.CLI, args []string) error {
	px := c.RT.Backend(first(args))
	switch {
	case px == nil:
		return engine.Refuse("No such backend.\n")
	case px.Side&engine.Front != 0:
		return engine.Refuse("Cannot delete a listen section.\n")
	}
	if why, _ := proxyRemovable(px); why != "" {
		return engine.Refuse(why + "\n")
	}
	c.RT.RemoveProxy(px)
	return told("Backend deleted.\n")
}

// becomesRemovable waits until nothing keeps a server or backend in use.
func becomesRemovable(c *engine.CLI, limit *time.Timer, look func() (why string, lasting bool)) error {
	if why, lasting := look(); lasting {
		return engine.Refuse("Failed. " + why + "\n")
	}
	return waitFor(c, limit, func() bool {
		why, _ := look()
		return why == ""
	}, func() string {
		why, _ := look()
		return why
	})
}

func showDefaults(c *engine.CLI, _ []string) error {
	for _, d := range c.RT.Defaults {
		c.Print(d.Name + "\n")
	}
	return nil
}

func showDefaultServers(c *engine.CLI, args []string) error {
	list, err := backends(c, args)
	if err != nil {
		return err
	}
	for _, px := range list {
		if d := px.DefaultServer; d != nil && d.Touched {
			c.Print("* " + px.Name + "\n")
		}
		for _, name := range slices.Sorted(maps.Keys(px.NamedServers)) {
			c.Print("  " + px.Name + "/" + name + "\n")
		}
	}
	return nil
}
