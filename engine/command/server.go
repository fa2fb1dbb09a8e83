package command

import (
	"strings"

	"hawser/engine"
)

func init() {
	const admin = engine.LevelAdmin
	engine.AddCommands(
		engine.Command{Words: "enable server", Level: admin, Usage: " (DEPRECATED): enable a disabled server (use 'set server' instead)", Run: action("ready", "")},
		engine.Command{Words: "disable server", Level: admin, Usage: "(DEPRECATED): disable a server for maintenance (use 'set server' instead)", Run: action("maint", "")},
		engine.Command{Words: "enable health", Level: admin, Usage: ": enable health checks", Run: action("ehlth", "Health check was not configured on this server, cannot enable.\n")},
		engine.Command{Words: "disable health", Level: admin, Usage: ": disable health checks", Run: action("dhlth", "")},
		engine.Command{Words: "enable agent", Level: admin, Usage: ": enable agent checks", Run: action("eagent", "Agent was not configured on this server, cannot enable.\n")},
		engine.Command{Words: "disable agent", Level: admin, Usage: ": disable agent checks", Run: action("dagent", "")},
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
