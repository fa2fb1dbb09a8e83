package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/engine/daemon"
	"hawser/engine/logging"
	"hawser/parser/diag"
)

// serve runs the proxy until it is stopped and returns the exit status.
func serve(f *flags) int {
	f.child = isChild()
	stopProfile := profile()
	defer stopProfile()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGQUIT)
	signal.Ignore(syscall.SIGPIPE)
	d := f.newDaemon()
	if d.Load() != nil {
		return 1
	}
	if d.Runtime().Global.Daemon && !f.child {
		return daemonize()
	}
	if !f.begin(d) {
		return 1
	}
	return f.wait(d, signals)
}

// newDaemon prepares a daemon that speaks on standard error and to systemd.
func (f *flags) newDaemon() *daemon.Daemon {
	d := daemon.New(f.files, f.options)
	d.Report = func(res build.Result) bool {
		first := d.Runtime() == nil
		if first && f.child && !res.Diags.Failed() { // the parent said it
			return true
		}
		f.told = f.told || !first
		return f.report(res) == 0
	}
	d.Say, engine.Say = f.say, f.say
	d.Notify = sdNotify
	return d
}

// begin opens the sockets of what was loaded, gives privileges up and serves.
func (f *flags) begin(d *daemon.Daemon) bool {
	rt := d.Runtime()
	setLimits(f, rt)
	if f.oldStats != "" && f.oldStats != "/dev/null" {
		if err := d.TakeOver(f.oldStats); err != nil {
			f.say(diag.Alert, "Failed to get the sockets from the old process: "+err.Error())
			return false
		}
	}
	if rt.Global.MasterWorker {
		f.say(diag.Notice, fmt.Sprintf("New worker (%d) forked", os.Getpid()))
	}
	d.Commands()
	if err := d.Start(); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			f.say(diag.Alert, line)
		}
		f.say(diag.Alert, "["+os.Args[0]+".main()] Some protocols failed to start their listeners! Exiting.")
		return false
	}
	if err := writePID(rt.Global.PidFile); err != nil {
		f.say(diag.Alert, fmt.Sprintf("[%s.main()] Cannot create pidfile %s", os.Args[0], rt.Global.PidFile))
		return false
	}
	kept, err := dropPrivileges(rt)
	if err != nil {
		f.say(diag.Alert, fmt.Sprintf("[%s.main()] %v", os.Args[0], err))
		return false
	}
	if !kept {
		f.say(diag.Warning, "no capabilities could be kept: reloads will read files and bind ports as the user that the process has become (build with CGO_ENABLED=0).")
	}
	if err := d.Watch(); err != nil {
		f.say(diag.Warning, "files cannot be watched for changes: "+err.Error())
	}
	if rt.Global.MasterWorker {
		f.say(diag.Notice, "Loading success.")
	}
	f.tellIgnored()
	tellOld(f)
	ready()
	return true
}

// setLimits applies ulimit-n, fd-hard-limit and -m.
func setLimits(f *flags, rt *engine.Runtime) {
	n := uint64(rt.Global.UlimitN)
	lim := syscall.Rlimit{Cur: n, Max: n}
	if hard := uint64(rt.Global.FDHardLimit); n == 0 && hard > 0 && syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) == nil && hard < lim.Cur {
		n, lim.Cur = hard, hard
	}
	if n > 0 {
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
			f.say(diag.Warning, fmt.Sprintf("[%s.main()] Cannot raise FD limit to %d.", os.Args[0], n))
		}
	}
	if f.memory > 0 {
		debug.SetMemoryLimit(int64(f.memory) << 20)
	}
}

// say prints a line about the process in HAProxy's form.
func (f *flags) say(sev diag.Severity, text string) {
	if f.quiet && sev != diag.Alert {
		return
	}
	p := diag.Printer{W: os.Stderr, PID: os.Getpid(), Min: diag.Notice}
	p.Sayf(sev, "%s", text)
}

// wait handles signals until the daemon is done (management manual, section 4).
func (f *flags) wait(d *daemon.Daemon, signals <-chan os.Signal) int {
	code := 0
	for {
		select {
		case <-d.Done():
			rt := d.Runtime()
			logging.Flush(time.Second)
			removePID(rt)
			if rt.Global.MasterWorker {
				f.say(diag.Warning, fmt.Sprintf("All workers exited. Exiting... (%d)", code))
			}
			return code
		case sig := <-signals:
			f.handle(d, sig, &code)
		}
	}
}

func (f *flags) handle(d *daemon.Daemon, sig os.Signal, code *int) {
	master := d.Runtime().Global.MasterWorker
	switch sig {
	case syscall.SIGUSR2:
		go d.Reload()
	case syscall.SIGHUP:
		if master {
			go d.Reload()
		} else {
			d.DumpStatus()
		}
	case syscall.SIGUSR1:
		f.stopping(master)
		d.SoftStop()
	case syscall.SIGTERM, syscall.SIGINT:
		f.stopping(master)
		if sig == syscall.SIGINT && master {
			*code = 128 + int(syscall.SIGINT)
		}
		go d.HardStop()
	case syscall.SIGQUIT:
		d.DumpStatus()
	case syscall.SIGTTOU:
		d.Pause()
	case syscall.SIGTTIN:
		d.Resume()
	}
}

func (f *flags) stopping(master bool) {
	sdNotify("STOPPING=1")
	if master && !f.leaving {
		f.leaving = true
		f.say(diag.Warning, "Exiting Master process...")
	}
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

// removePID removes the pid file unless a newer process has written it.
func removePID(rt *engine.Runtime) {
	file := rt.Global.PidFile
	if file == "" {
		return
	}
	if pid, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(pid)) == strconv.Itoa(os.Getpid()) {
		os.Remove(file)
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
