// Package build turns the sections that the parser read into one checked,
// compiled and immutable engine.Runtime, or a list of diagnostics. It walks
// sections and lines, finds each keyword's row, checks section, prefix and
// arity, and calls the row; then it runs the stages in which rows resolve names,
// compile and cross-check. It knows sections and proxies, but no keyword: those
// register themselves (engine/keyword and the features).
package build

import (
	"time"

	"hawser/engine"
	"hawser/parser"
	"hawser/parser/diag"
)

// Options say how to load.
type Options struct {
	Old       *engine.Runtime // the generation in force, on a reload
	CheckOnly bool            // -c
	Parser    parser.Options
	// Proc is the state that the process keeps; nil makes a new one.
	Proc *engine.ProcState
	// MasterSockets are the runtime sockets of the master (-S): address and bind
	// options.
	MasterSockets [][]string
	// Edit, where set, changes the global settings before the cross checks, as
	// command-line flags do (-n, -m …).
	Edit func(*engine.Runtime)
}

// Result is what a load gave: RT is nil when Diags.Failed().
type Result struct {
	RT      *engine.Runtime
	Diags   *diag.List
	Sources *diag.Sources
	Files   []string // all that was read, also when it failed
}

// Load reads and compiles the configuration files.
func Load(inputs []string, o Options) Result {
	cfg, diags := parser.Parse(inputs, o.Parser)
	rt := newRuntime(o)
	b := engine.NewBuild(rt, diags)
	b.Old, b.CheckOnly = o.Old, o.CheckOnly
	res := Result{Diags: diags}
	if cfg != nil {
		res.Sources = cfg.Sources
		rt.Files = append(rt.Files, cfg.Files...)
		if cfg.Env != nil {
			b.Getenv = cfg.Env.Get
			rt.Env = cfg.Env.Environ()
		}
		w := &walker{Build: b}
		w.sections(cfg.Sections)
		for _, words := range o.MasterSockets {
			w.masterSocket(words)
		}
		if o.Edit != nil {
			o.Edit(rt)
		}
		if !diags.Failed() {
			finish(b)
			b.RunStages()
		} else {
			missingBackends(b)
			b.RunStagesQuietly()
		}
	}
	res.Files = rt.Files
	if !diags.Failed() {
		rt.Built = time.Now()
		rt.Warnings = diags.Count(diag.Warning)
		rt.Index()
		res.RT = rt
	}
	return res
}

func newRuntime(o Options) *engine.Runtime {
	rt := &engine.Runtime{Proc: o.Proc, ProcVars: &engine.ProcVars{}}
	if o.Old != nil {
		rt.Generation = o.Old.Generation + 1
		rt.Proc, rt.ProcVars = o.Old.Proc, o.Old.ProcVars
	}
	if rt.Proc == nil {
		rt.Proc = &engine.ProcState{Started: time.Now()}
	}
	engine.SetGlobalDefaults(&rt.Global)
	return rt
}
