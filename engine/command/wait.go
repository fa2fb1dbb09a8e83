package command

import (
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/unit"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "wait", Usage: "{-h|<delay_ms>} cond [args...]: wait the specified delay or condition (-h to see list)", Run: wait},
	)
}

const waitHelp = "Usage: wait {-h|<duration>} [condition [args...]]\n" +
	"  - '-h' displays this help\n" +
	"  - <duration> is the maximum wait time, optionally suffixed by the unit among\n" +
	"    'us', 'ms', 's', 'm', 'h', and 'd'. ; the default unit is milliseconds.\n" +
	"  - <condition> indicates what to wait for, no longer than the specified\n" +
	"    duration. Supported conditions are:\n" +
	"    - <none> : by default, just sleep for the specified duration.\n" +
	"    - srv-removable <px>/<sv> : wait for this server to become removable.\n"

// look is how often a condition is looked at.
const look = 20 * time.Millisecond

func wait(c *engine.CLI, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("Expects a duration in milliseconds.\n")
	}
	if args[0] == "-h" {
		return &engine.CLIError{Severity: 6, Text: waitHelp}
	}
	d, terr := unit.Time(args[0], time.Millisecond)
	if terr != nil || d == 0 {
		return engine.Refuse("Invalid duration.\n")
	}
	limit := time.NewTimer(d)
	defer limit.Stop()
	if len(args) == 1 {
		return waitFor(c, limit, nil, nil)
	}
	if cond := conditions[args[1]]; cond != nil {
		return cond(c, limit, args[2:])
	}
	return &engine.CLIError{Severity: 6, Text: waitHelp}
}

// conditions are what can be waited for.
var conditions = map[string]func(c *engine.CLI, limit *time.Timer, args []string) error{
	"srv-removable": waitServer,
	"be-removable":  waitBackend,
}

func waitServer(c *engine.CLI, limit *time.Timer, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("Missing server name (<backend>/<server>).\n")
	}
	srv, err := serverOf(c, args)
	switch {
	case err != nil && !strings.Contains(args[0], "/"):
		return err
	case err != nil:
		return engine.Refuse("Failed. " + err.Error())
	}
	return becomesRemovable(c, limit, func() (string, bool) { return removable(srv) })
}

func waitBackend(c *engine.CLI, limit *time.Timer, args []string) error {
	if len(args) == 0 {
		return engine.Refuse("Missing backend name.\n")
	}
	px := c.RT.Backend(args[0])
	if px == nil {
		return engine.Refuse("Failed. No such backend.\n")
	}
	return becomesRemovable(c, limit, func() (string, bool) { return proxyRemovable(px) })
}

// waitFor waits until done (nil: never), the limit, or the peer's end.
// Why tells what it still waits for.
func waitFor(c *engine.CLI, limit *time.Timer, done func() bool, why func() string) error {
	t := time.NewTicker(look)
	defer t.Stop()
	for {
		if done != nil && done() {
			c.Print("Done.\n")
			return nil
		}
		select {
		case <-limit.C:
			if done != nil {
				return engine.Refuse("Wait delay expired. " + why() + "\n")
			}
			c.Print("Done.\n")
			return nil
		case <-c.Closed:
			if done != nil {
				return engine.Refuse("Interrupted. " + why() + "\n")
			}
			return engine.Refuse("Interrupted.\n")
		case <-t.C:
		}
	}
}
