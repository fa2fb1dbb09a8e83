package daemon

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"hawser/engine/build"
	"hawser/parser/diag"
)

// Reload reads the configuration again and replaces the generation in force. It
// applies whole or not at all; the text, which says what happened, is what the
// "reload" command answers: Success=1 or 0, and the diagnostics.
func (d *Daemon) Reload() (string, error) { return d.reload("") }

func (d *Daemon) reload(why string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return "", errors.New("the process is stopping")
	}
	d.Notify("RELOADING=1\nSTATUS=Reloading.")
	d.Say(diag.Notice, "Reloading HAProxy"+why)
	text, err := d.replace()
	proc := d.Runtime().Proc
	if err != nil {
		proc.FailedReloads.Add(1)
		d.Say(diag.Warning, "Loading failure! The configuration before stays in force.")
		d.Notify("READY=1\nSTATUS=Reload failed.")
		return "Success=0\n--\n" + text, err
	}
	proc.Reloads.Add(1)
	d.Say(diag.Notice, "Loading success.")
	d.Notify("READY=1\nSTATUS=Ready.")
	return "Success=1\n--\n" + text, nil
}

// replace loads and publishes; the text holds the diagnostics.
func (d *Daemon) replace() (string, error) {
	old := d.Runtime()
	res, ok := d.load(old)
	text := render(res)
	startup.Store(text)
	if !ok {
		return text, ErrConfig
	}
	if err := d.publish(res.RT, old); err != nil {
		d.seen.forget() // the next change of a file tries again, and so does a signal
		for _, line := range strings.Split(err.Error(), "\n") {
			d.Say(diag.Alert, line)
			text += fmt.Sprintf("[ALERT]    (%d) : %s\n", os.Getpid(), line)
		}
		return text, err
	}
	return text + fmt.Sprintf("[NOTICE]   (%d) : Loading success.\n", os.Getpid()), nil
}

// render prints the diagnostics of a load as text.
func render(res build.Result) string {
	var b lines
	p := diag.Printer{W: &b, PID: os.Getpid(), Sources: res.Sources, Min: diag.Notice}
	p.PrintList(res.Diags)
	return string(b)
}

type lines []byte

func (l *lines) Write(p []byte) (int, error) {
	*l = append(*l, p...)
	return len(p), nil
}
