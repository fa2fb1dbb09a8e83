package stats

import (
	"strconv"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show stat", Level: engine.LevelUser, Usage: "show stat [desc|json|no-maint|typed|up]*       : report counters for each proxy and server", Run: showStat},
		engine.Command{Words: "show info", Level: engine.LevelUser, Usage: "show info [desc|json|typed|float]*             : report information about the running process", Run: showInfo},
	)
}

// showStat is the command: show stat [domain <resolvers|proxy>] [{<iid>|<proxy>} <type> <sid>] [typed|json|desc|up|no-maint].
func showStat(c *engine.CLI, args []string) error {
	sc := Scope{}
	domain := "proxy"
	if len(args) > 0 && args[0] == "domain" {
		if len(args) < 2 || args[1] != "proxy" && args[1] != "resolvers" {
			return engine.Refuse("Invalid statistics domain.\n")
		}
		domain, args = args[1], args[2:]
	}
	if len(args) >= 3 && isNumber(args[1]) {
		if n, err := strconv.Atoi(args[0]); err == nil {
			sc.ID = max(n, 0)
		} else if domain == "proxy" {
			sc.Proxy = args[0]
			if c.RT.Frontend(args[0]) == nil && c.RT.Backend(args[0]) == nil {
				return engine.Refuse("No such proxy.")
			}
		}
		t, _ := strconv.Atoi(args[1])
		sc.Kinds = typeMask(t)
		sc.SID, _ = strconv.Atoi(args[2])
		sc.SID = max(sc.SID, 0)
		args = args[3:]
	}
	form, desc := "", false
	for _, a := range args {
		switch a {
		case "typed", "json":
			form = a
		case "desc":
			desc = true
		case "up":
			sc.Up = true
		case "no-maint":
			sc.Ready = true
		}
	}
	if domain == "resolvers" {
		c.Out = appendResolvers(c.Out, c.RT, form, desc)
		return nil
	}
	switch form {
	case "typed":
		c.Out = AppendTyped(c.Out, c.RT, sc, desc)
	case "json":
		c.Out = AppendJSON(c.Out, c.RT, sc)
	default:
		c.Out = AppendCSV(c.Out, c.RT, sc)
	}
	return nil
}

// typeMask: 1 frontends, 2 backends, 4 servers, 8 listeners; -1 everything.
func typeMask(t int) Kind {
	if t < 0 {
		return 0
	}
	var k Kind
	for bit, kind := range map[int]Kind{1: Frontend, 2: Backend, 4: Server, 8: Listener} {
		if t&bit != 0 {
			k |= kind
		}
	}
	return k
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}
