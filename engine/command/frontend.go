package command

import (
	"strconv"

	"hawser/engine"
)

func init() {
	const admin = engine.LevelAdmin
	engine.AddCommands(
		engine.Command{Words: "disable frontend", Level: admin, Usage: "<frontend>: temporarily disable specific frontend", Run: disableFrontend},
		engine.Command{Words: "enable frontend", Level: admin, Usage: "<frontend>: re-enable specific frontend", Run: enableFrontend},
		engine.Command{Words: "shutdown frontend", Level: admin, Usage: "<frontend>: stop a specific frontend", Run: shutdownFrontend},
		engine.Command{Words: "set maxconn frontend", Level: admin, Usage: "<frontend> <value>: change a frontend's maxconn setting", Run: setFrontendMaxConn},
		engine.Command{Words: "set maxconn global", Level: admin, Usage: "<value>: change the per-process maxconn setting", Run: setGlobalMaxConn},
		engine.Command{Words: "set rate-limit", Level: admin, Usage: "<setting> <value>: change a rate limiting value", Run: setRateLimit},
		engine.Command{Words: "publish backend", Level: admin, Usage: "<backend>: mark backend as ready for traffic", Run: publish(false, "Backend published.\n")},
		engine.Command{Words: "unpublish backend", Level: admin, Usage: "<backend>: remove backend for traffic processing", Run: publish(true, "Backend unpublished.\n")},
	)
}

// The states of ProxyState.FEStatus.
const (
	feRunning = iota
	fePaused
	feStopped
)

func frontendOf(c *engine.CLI, args []string) (*engine.Proxy, error) {
	if len(args) == 0 {
		return nil, engine.Refuse("A frontend name is expected.\n")
	}
	px := c.RT.Frontend(args[0])
	if px == nil {
		return nil, engine.Refuse("No such frontend.\n")
	}
	return px, nil
}

// listenersChanged has the accept loops look at their limits again.
func listenersChanged() {
	if engine.ListenersChanged != nil {
		engine.ListenersChanged()
	}
}

func disableFrontend(c *engine.CLI, args []string) error {
	px, err := frontendOf(c, args)
	if err != nil {
		return err
	}
	switch px.State.FEStatus.Load() {
	case feStopped:
		return engine.Refuse("Frontend was previously shut down, cannot disable.\n")
	case fePaused:
		return engine.Refuse("All sockets are already disabled.\n")
	}
	px.State.FEStatus.Store(fePaused)
	listenersChanged()
	px.Announce(4, "Paused "+px.TypeName()+" "+px.Name+".")
	return nil
}

func enableFrontend(c *engine.CLI, args []string) error {
	px, err := frontendOf(c, args)
	if err != nil {
		return err
	}
	switch px.State.FEStatus.Load() {
	case feStopped:
		return engine.Refuse("Frontend was previously shut down, cannot enable.\n")
	case feRunning:
		return engine.Refuse("All sockets are already enabled.\n")
	}
	px.State.FEStatus.Store(feRunning)
	listenersChanged()
	px.Announce(4, "Resumed "+px.TypeName()+" "+px.Name+".")
	return nil
}

func shutdownFrontend(c *engine.CLI, args []string) error {
	px, err := frontendOf(c, args)
	if err != nil {
		return err
	}
	if px.State.FEStatus.Swap(feStopped) == feStopped {
		return engine.Refuse("Frontend was already shut down.\n")
	}
	if engine.CloseFrontend != nil {
		engine.CloseFrontend(px)
	}
	px.Announce(4, "Proxy "+px.Name+" stopped (cumulated conns: FE: "+strconv.FormatInt(px.State.FE.CumConns.Load(), 10)+
		", BE: "+strconv.FormatInt(px.State.BE.CumSess.Load(), 10)+").")
	return nil
}

func setFrontendMaxConn(c *engine.CLI, args []string) error {
	px, err := frontendOf(c, args)
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return engine.Refuse("Integer value expected.\n")
	}
	n, _, _ := number(args[1])
	if n < 0 {
		return engine.Refuse("Value out of range.\n")
	}
	px.State.MaxConn.Store(int64(n))
	listenersChanged()
	return nil
}

func setGlobalMaxConn(c *engine.CLI, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("Expects an integer value.\n")
	}
	n, _, _ := number(args[0])
	if hard := c.RT.Global.MaxConn; n < 0 || hard > 0 && n > hard {
		return engine.Refuse("Value out of range.\n")
	}
	c.RT.Proc.MaxConn.Store(int64(n))
	listenersChanged()
	return nil
}

const rateLimits = "'set rate-limit' only supports :\n" +
	"   - 'connections global' to set the per-process maximum connection rate\n" +
	"   - 'sessions global' to set the per-process maximum session rate\n" +
	"   - 'ssl-sessions global' to set the per-process maximum SSL session rate\n" +
	"   - 'http-compression global' to set the per-process maximum compression speed in kB/s\n"

func setRateLimit(c *engine.CLI, args []string) error {
	l := &c.RT.Proc.Limits
	if len(args) < 2 || args[1] != "global" {
		return engine.Refuse(rateLimits)
	}
	to := &l.Conn
	switch args[0] {
	case "connections":
	case "sessions":
		to = &l.Sess
	case "ssl-sessions":
		to = &l.SSL
	case "http-compression":
		to = &l.Comp
	default:
		return engine.Refuse(rateLimits)
	}
	if len(args) < 3 {
		return engine.Refuse("Expects an integer value.\n")
	}
	n, _, _ := number(args[2])
	switch {
	case n < 0:
		return engine.Refuse("Value out of range.\n")
	case n == 0:
		n = -1
	}
	if to == &l.Comp && n > 0 {
		n *= 1024
	}
	to.Store(int64(n))
	listenersChanged()
	return nil
}

func publish(hide bool, said string) func(*engine.CLI, []string) error {
	return func(c *engine.CLI, args []string) error {
		var px *engine.Proxy
		if len(args) > 0 {
			px = c.RT.Backend(args[0])
		}
		if px == nil {
			return engine.Refuse("No such backend.\n")
		}
		px.State.Unpublished.Store(hide)
		return &engine.CLIError{Severity: 5, Text: said}
	}
}
