package main

import (
	"fmt"
	"os"
	"strings"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/engine/trace"
	"hawser/parser"
	"hawser/parser/diag"
)

// evaluate is -cc.
func evaluate(f *flags) int {
	ok, err := parser.EvalCondition(f.condition, parser.Options{Env: environment(f), Facts: facts()})
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "%v\n", err)
		return 2
	case ok:
		return 0
	}
	return 1
}

// options are those of a load under these flags.
func (f *flags) options() build.Options {
	trace.Events = f.debug
	o := build.Options{
		CheckOnly: f.check,
		Parser:    parser.Options{Env: environment(f), Facts: facts()},
		Edit:      f.edit,
	}
	for _, s := range f.masterCLI {
		o.MasterSockets = append(o.MasterSockets, strings.Split(s, ","))
	}
	return o
}

// edit lets the command line win over the global section.
func (f *flags) edit(rt *engine.Runtime) {
	g := &rt.Global
	if f.maxConn > 0 {
		g.MaxConn = f.maxConn
	}
	if g.MaxConn == 0 {
		g.MaxConn = defaultMaxConn(g.FDHardLimit)
	}
	if f.defConn > 0 {
		for _, px := range rt.Proxies {
			if px.MaxConn == 0 {
				px.MaxConn = f.defConn
			}
		}
	}
	g.NoReusePort = g.NoReusePort || f.noReuse
	if f.localPeer != "" {
		g.LocalPeer = f.localPeer
	}
	if f.pidFile != "" {
		g.PidFile = f.pidFile
	}
	g.InsecureFork = g.InsecureFork || f.fork
	g.NoSplice = g.NoSplice || f.noSplice
	g.ServerVerifyNone = g.ServerVerifyNone || f.noVerify
	g.IPv4Only = f.ipv4
	g.ZeroWarning = g.ZeroWarning || f.warnings
	g.Daemon = (g.Daemon || f.daemon) && !f.front && !f.debug
	g.MasterWorker = g.MasterWorker || f.master
}

// check is -c.
func check(f *flags) int {
	res := build.Load(f.files, f.options())
	code := f.report(res)
	if f.dumpKeys != "" {
		dumpKeywords(os.Stdout, f.dumpKeys)
	}
	if f.dumpConf {
		dumpConfig(os.Stdout, f)
	}
	if code == 0 {
		f.tellIgnored()
	}
	if code == 0 && f.verbose && !f.quiet {
		fmt.Println("Configuration file is valid")
	}
	return code
}

// tellIgnored names the flags that Hawser accepts without doing anything.
func (f *flags) tellIgnored() {
	if len(f.ignored) > 0 && !f.quiet {
		f.say(diag.Notice, "no effect in Hawser: "+strings.Join(f.ignored, " "))
	}
}

// report prints what a load has to say and returns the exit status that it means.
func (f *flags) report(res build.Result) int {
	if res.RT != nil && res.RT.Global.Quiet {
		f.quiet = true
	}
	p := f.printer(res)
	if !f.quiet || res.Diags.Failed() {
		p.PrintList(res.Diags)
	}
	if res.Diags.Failed() {
		for _, name := range f.files {
			p.Sayf(diag.Alert, "config : Error(s) found in configuration file : %s", name)
		}
		p.Sayf(diag.Alert, "config : Fatal errors found in configuration.")
		return 1
	}
	zero := f.warnings || res.RT != nil && res.RT.Global.ZeroWarning
	if zero && res.Diags.Count(diag.Warning) > 0 {
		p.Sayf(diag.Alert, "Some warnings were found and 'zero-warning' is set. Aborting.")
		return 1
	}
	return 0
}

func (f *flags) printer(res build.Result) *diag.Printer {
	p := &diag.Printer{W: os.Stderr, PID: os.Getpid(), Sources: res.Sources, Min: diag.Notice}
	if f.diag {
		p.Min = diag.Diag
	}
	path, _ := os.Executable()
	if f.told {
		return p
	}
	p.Preamble = []string{"hawser version is " + Version + " (HAProxy " + compatible + ")", "path to executable is " + path}
	return p
}
