package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"syscall"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/engine/daemon"
	"hawser/parser/diag"
)

// serve runs the proxy until it is stopped and returns the exit status.
func serve(f *flags) int {
	raiseLimits()
	stopProfile := profile()
	defer stopProfile()
	d := daemon.New(f.files, f.options())
	code := 0
	d.Report = func(res build.Result) { code = f.report(res) }
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGQUIT)
	signal.Ignore(syscall.SIGPIPE)
	if err := d.Load(); err != nil || code != 0 {
		return 1
	}
	if rt := d.Runtime(); rt.Global.Daemon && !isChild() {
		return daemonize()
	}
	if err := d.Start(); err != nil {
		f.alert("%v", err)
		return 1
	}
	rt := d.Runtime()
	if err := writePID(rt.Global.PidFile); err != nil {
		f.alert("Cannot create pidfile %s : %v", rt.Global.PidFile, err)
	}
	if err := dropPrivileges(rt); err != nil {
		f.alert("%v", err)
		return 1
	}
	if err := d.Watch(); err != nil && !f.quiet {
		fmt.Fprintf(os.Stderr, "[WARNING]  (%d) : files cannot be watched for changes: %v\n", os.Getpid(), err)
	}
	d.ReloadCommand()
	tellOld(f)
	ready()
	return wait(f, d, signals)
}

func (f *flags) alert(format string, args ...any) {
	p := diag.Printer{W: os.Stderr, PID: os.Getpid()}
	p.Sayf(diag.Alert, format, args...)
}

// wait handles signals until the daemon is done (management manual, section 4).
func wait(f *flags, d *daemon.Daemon, signals <-chan os.Signal) int {
	code := 0
	for {
		select {
		case <-d.Done():
			removePID(d.Runtime())
			return code
		case sig := <-signals:
			master := d.Runtime().Global.MasterWorker
			switch sig {
			case syscall.SIGUSR2:
				reload(f, d)
			case syscall.SIGHUP:
				if master {
					reload(f, d)
				} else {
					d.DumpStatus()
				}
			case syscall.SIGUSR1:
				sdNotify("STOPPING=1")
				d.SoftStop()
			case syscall.SIGTERM, syscall.SIGINT:
				if n := sig.(syscall.Signal); master {
					code = 128 + int(n)
				}
				sdNotify("STOPPING=1")
				d.HardStop()
			case syscall.SIGQUIT:
				d.DumpStatus()
			case syscall.SIGTTOU:
				d.Pause()
			case syscall.SIGTTIN:
				d.Resume()
			}
		}
	}
}

func reload(f *flags, d *daemon.Daemon) {
	sdNotify("RELOADING=1")
	if _, err := d.Reload(); err != nil && !errors.Is(err, daemon.ErrConfig) {
		f.alert("%v", err)
	}
	sdNotify("READY=1")
}

// tellOld has the processes of -sf and -st stop.
func tellOld(f *flags) {
	for _, pid := range f.softPIDs {
		syscall.Kill(pid, syscall.SIGUSR1)
	}
	for _, pid := range f.hardPIDs {
		syscall.Kill(pid, syscall.SIGTERM)
	}
}

func writePID(file string) error {
	if file == "" {
		return nil
	}
	return os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

func removePID(rt *engine.Runtime) {
	if rt != nil && rt.Global.PidFile != "" {
		os.Remove(rt.Global.PidFile)
	}
}

// profile writes a CPU profile to the file that HAWSER_CPUPROFILE names.
func profile() func() {
	name := os.Getenv("HAWSER_CPUPROFILE")
	if name == "" {
		return func() {}
	}
	file, err := os.Create(name)
	if err != nil {
		return func() {}
	}
	pprof.StartCPUProfile(file)
	return func() {
		pprof.StopCPUProfile()
		file.Close()
	}
}
