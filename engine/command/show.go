package command

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/unit"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show version", Usage: ": show version of the current process", Run: showVersion},
		engine.Command{Words: "show env", Level: engine.LevelOperator, Usage: "[var]: dump environment variables known to the process", Run: showEnv},
		engine.Command{Words: "show cli level", Usage: ": display the level of the current CLI session", Run: showLevel},
		engine.Command{Words: "show cli sockets", Level: engine.LevelOperator, Usage: ": dump list of cli sockets", Run: showSockets},
		engine.Command{Words: "show backend", Usage: ": list backends in the current running config", Run: showBackend},
	)
}

func showVersion(c *engine.CLI, _ []string) error {
	c.Print(engine.Compatible + "\n")
	return nil
}

func showEnv(c *engine.CLI, args []string) error {
	for _, v := range c.RT.Env {
		if len(args) == 0 {
			c.Print(v + "\n")
			continue
		}
		if strings.HasPrefix(v, args[0]+"=") {
			c.Print(v + "\n")
			return nil
		}
	}
	if len(args) > 0 {
		return engine.Refuse("Variable not found\n")
	}
	return nil
}

var levels = [...]string{"user", "operator", "admin"}

func showLevel(c *engine.CLI, _ []string) error {
	c.Print(levels[c.Level] + "\n")
	return nil
}

func showSockets(c *engine.CLI, _ []string) error {
	c.Print("# socket lvl processes\n")
	for _, b := range c.RT.Global.StatsBinds {
		c.Print(socketName(b) + " " + b.Level + " all\n")
	}
	return nil
}

func socketName(b *engine.Bind) string {
	a := &b.Addr
	switch a.Family {
	case unit.Unix:
		return "unix@" + a.Path
	case unit.Abns:
		return "abns@" + a.Path
	case unit.AbnsZ:
		return "abnsz@" + a.Path
	case unit.FD:
		return "fd@" + strconv.Itoa(a.Num)
	case unit.IPv6:
		return "ipv6@[" + hostText(a) + "]:" + strconv.Itoa(a.Port)
	}
	return "ipv4@" + hostText(a) + ":" + strconv.Itoa(a.Port)
}

func hostText(a *unit.Addr) string {
	if a.IP.IsValid() {
		return a.IP.String()
	}
	if a.Family == unit.IPv6 {
		return "::"
	}
	return "0.0.0.0"
}

func showBackend(c *engine.CLI, _ []string) error {
	c.Print("# name\n")
	for _, px := range c.RT.All() {
		if px.Side&engine.Back != 0 {
			c.Print(px.Name + "\n")
		}
	}
	return nil
}
