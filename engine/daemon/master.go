package daemon

import (
	"fmt"
	"os"
	"time"

	"hawser/engine"
)

// The master's socket (-S). One process plays master and worker, so that both
// have the same number; "@1 <command>" is the command of the worker.

func init() {
	engine.AddCommands(
		engine.Command{Words: "show proc", Master: true, Usage: ": show processes status", Run: showProc},
		engine.Command{Words: "reload", Level: engine.LevelAdmin, Master: true, Worker: true, Usage: ": read the configuration again and replace it without losing anything", Run: reloadCommand},
		engine.Command{Words: "hard-reload", Level: engine.LevelAdmin, Master: true, Usage: ": read the configuration again and end what runs on the former one", Run: hardReload},
		engine.Command{Words: "show startup-logs", Master: true, Worker: true, Usage: ": report logs emitted during HAProxy startup", Run: startupLogs},
	)
}

// shared are the worker's commands that the master has, too.
var shared = []string{"prompt", "quit", "user", "operator", "help", "echo", "show version", "show cli level", "show cli sockets", "show env"}

func shareCommands() {
	for _, name := range shared {
		if row, ok := engine.Commands.Get(name); ok {
			row.Master = true
		}
	}
}

func showProc(c *engine.CLI, _ []string) error {
	proc := c.RT.Proc
	up := time.Since(proc.Started)
	uptime := func(d time.Duration) string {
		s := int(d / time.Second)
		return fmt.Sprintf("%dd%02dh%02dm%02ds", s/86400, s/3600%24, s/60%60, s%60)
	}
	row := func(cols ...any) { c.Print(fmt.Sprintf("%-15v %-15v %-15v %-15v %-15v\n", cols...)) }
	row("#<PID>", "<type>", "<reloads>", "<uptime>", "<version>")
	row(os.Getpid(), "master", fmt.Sprintf("%d [failed: %d]", proc.Reloads.Load(), proc.FailedReloads.Load()), uptime(up), engine.Compatible)
	c.Print("# workers\n")
	row(os.Getpid(), "worker", 0, uptime(time.Since(c.RT.Built)), engine.Compatible)
	c.Print("\n")
	return nil
}

func reloadCommand(c *engine.CLI, _ []string) error {
	if engine.ReloadFunc == nil {
		return engine.Refuse("there is no configuration to reload")
	}
	text, err := engine.ReloadFunc()
	if text == "" && err != nil {
		return engine.Refuse(err.Error())
	}
	c.Print(text)
	return nil
}

func hardReload(c *engine.CLI, args []string) error {
	l, old := handOver.Load(), c.RT.Generation
	err := reloadCommand(c, args)
	if now := c.RT.Proc.Current.Load(); err == nil && l != nil && now != nil && now.Generation > old {
		l.AbortOld(old)
	}
	return err
}

func startupLogs(c *engine.CLI, _ []string) error {
	if text, ok := startup.Load().(string); ok {
		c.Print(text)
	}
	return nil
}
