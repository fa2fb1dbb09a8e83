package command

import (
	"strings"
	"time"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "prompt", Usage: "[help | n | i | p | timed ]*: toggle interactive mode with prompt", Run: prompt},
		engine.Command{Words: "quit", Usage: ": disconnect", Run: quit},
		engine.Command{Words: "user", Usage: ": lower the level of the current CLI session to user", Run: lower(engine.LevelUser)},
		engine.Command{Words: "operator", Usage: ": lower the level of the current CLI session to operator", Level: engine.LevelOperator, Run: lower(engine.LevelOperator)},
		engine.Command{Words: "echo", Usage: "<text>: print text to the output", Run: echo},
		engine.Command{Words: "set severity-output", Usage: "[none|number|string]: set presence of severity level in feedback information", Run: setSeverity},
		engine.Command{Words: "set timeout", Usage: "[cli] <delay>: change a timeout setting", Run: setTimeout},
		engine.Command{Words: "expert-mode", Level: engine.LevelAdmin, Hidden: true, Usage: "[on|off]: commands for experts", Run: expert},
		engine.Command{Words: "experimental-mode", Level: engine.LevelAdmin, Hidden: true, Usage: "[on|off]: experimental commands", Run: experimental},
	)
}

const promptHelp = "Usage: prompt [help | n | i | p | timed]*\n" +
	"Changes the default prompt and interactive mode. Available options:\n" +
	"  help    display this help\n" +
	"  n       set to single-command mode (no prompt, single command)\n" +
	"  i       set to interactive mode only (no prompt, multi-command)\n" +
	"  p       set to prompt+interactive mode (prompt + multi-command)\n" +
	"  timed   toggle displaying the current date in the prompt\n" +
	"Without any argument, toggles between n/i->p, p->n.\n"

func prompt(c *engine.CLI, args []string) error {
	s := of(c)
	if s == nil {
		return nil
	}
	for _, a := range args {
		switch a {
		case "n":
			s.mode = oneLine
		case "i":
			s.mode = interactive
		case "p":
			s.mode = prompted
		case "timed":
			s.mode, s.timed = prompted, !s.timed
		default:
			return &engine.CLIError{Severity: 6, Text: promptHelp}
		}
	}
	if len(args) == 0 {
		if s.mode == prompted {
			s.mode = oneLine
		} else {
			s.mode = prompted
		}
	}
	return nil
}

func quit(c *engine.CLI, _ []string) error {
	if s := of(c); s != nil {
		s.quit = true
	}
	return nil
}

func lower(to engine.Level) func(*engine.CLI, []string) error {
	return func(c *engine.CLI, _ []string) error {
		c.Level = min(c.Level, to)
		c.Expert = false
		return nil
	}
}

func echo(c *engine.CLI, args []string) error {
	c.Print(strings.Join(args, " ") + "\n")
	return nil
}

func setSeverity(c *engine.CLI, args []string) error {
	s := of(c)
	if len(args) > 0 && s != nil {
		switch args[0] {
		case "none", "number", "string":
			s.severity = args[0]
			return nil
		}
	}
	return engine.Refuse("one of 'none', 'number', 'string' is a required argument\n")
}

func setTimeout(c *engine.CLI, args []string) error {
	if len(args) == 0 || args[0] != "cli" {
		return engine.Refuse("'set timeout' only supports 'cli'.\n")
	}
	if len(args) < 2 {
		return engine.Refuse("Expects an integer value.\n")
	}
	d, err := duration(args[1], time.Second)
	if err != nil {
		return engine.Refuse("Invalid timeout value.\n")
	}
	if s := of(c); s != nil {
		s.setTimeout(d)
	}
	return nil
}

func expert(c *engine.CLI, args []string) error {
	return toggle(c, "expert-mode", &c.Expert, args)
}

func experimental(c *engine.CLI, args []string) error {
	if s := of(c); s != nil {
		return toggle(c, "experimental-mode", &s.experimental, args)
	}
	return nil
}

func toggle(c *engine.CLI, name string, flag *bool, args []string) error {
	switch {
	case len(args) == 0:
		state := "OFF"
		if *flag {
			state = "ON"
		}
		return &engine.CLIError{Severity: 6, Text: name + " is " + state + "\n"}
	case args[0] == "on":
		*flag = true
	default:
		*flag = false
	}
	return nil
}
