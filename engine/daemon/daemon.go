// Package daemon is the life of the process: it loads the configuration, opens
// the sockets, publishes the first generation, replaces it on a reload without
// losing anything, and stops. It owns the Runtime in force; state is kept by its
// owners behind State types.
//
// It parses no flags and sets no signal handlers: cmd/hawser does.
package daemon

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"hawser/engine"
	"hawser/engine/build"
	"hawser/engine/clock"
	"hawser/engine/listen"
	"hawser/parser/diag"
)

// Daemon is a running proxy.
type Daemon struct {
	inputs []string
	opts   func() build.Options
	// Report prints what a load has to say and tells whether it is acceptable
	// (with zero-warning a warning is not). Set before Load.
	Report func(build.Result) bool
	// Say prints a line about the process. Set before Load.
	Say func(diag.Severity, string)
	// Notify tells the service manager (sd_notify). Set before Load.
	Notify func(state string)

	mu        sync.Mutex // one load or stop at a time; guards what follows
	stopping  bool
	watcher   *watcher
	seen      files
	loaded    *engine.Runtime // before Start
	current   atomic.Pointer[engine.Runtime]
	listeners *listen.Listeners
	done      chan struct{}
	once      sync.Once
}

// New prepares a daemon for configuration files. opts is asked at every load.
func New(inputs []string, opts func() build.Options) *Daemon {
	return &Daemon{
		inputs: inputs, opts: opts, listeners: listen.New(), done: make(chan struct{}),
		Report: func(res build.Result) bool { return res.RT != nil },
		Say:    func(diag.Severity, string) {},
		Notify: func(string) {},
	}
}

// ErrConfig says that the configuration was refused; diagnostics were reported.
var ErrConfig = errors.New("the configuration has errors")

// Load reads the configuration for the first time.
func (d *Daemon) Load() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	res, ok := d.load(nil)
	if !ok {
		return ErrConfig
	}
	d.loaded = res.RT
	startup.Store(render(res))
	d.current.Store(res.RT)
	return nil
}

// Start opens the sockets of what was loaded and begins to serve.
func (d *Daemon) Start() error {
	clock.Start()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.publish(d.loaded, nil); err != nil {
		clock.Stop()
		return err
	}
	d.loaded = nil
	d.listeners.Drop()
	return nil
}

// Commands makes the runtime API's commands about the process work.
func (d *Daemon) Commands() {
	engine.ReloadFunc = d.Reload
	engine.CloseFrontend = d.listeners.CloseFrontend
	engine.ListenersChanged = d.listeners.Poke
	engine.ReportPanic = func(text string) { d.Say(diag.Alert, text) }
	handOver.Store(d.listeners)
	shareCommands()
}

// Runtime returns the generation in force, or what was loaded before Start.
func (d *Daemon) Runtime() *engine.Runtime { return d.current.Load() }

// Listeners returns the sockets.
func (d *Daemon) Listeners() *listen.Listeners { return d.listeners }

func (d *Daemon) load(old *engine.Runtime) (build.Result, bool) {
	begun := time.Now()
	before := look(append(d.seen.names(), d.inputs...))
	o := d.opts()
	o.Old = old
	res := build.Load(d.inputs, o)
	ok := d.Report(res) && res.RT != nil
	names := append(res.Files, d.inputs...)
	if !ok { // it may not have come to all of them
		names = append(names, d.seen.names()...)
	}
	d.seen = look(names)
	d.seen.since(before, begun)
	if d.watcher != nil {
		d.watcher.watch(names)
		if d.seen.changed { // while it was being read: once more
			d.watcher.soon()
		}
	}
	return res, ok
}

// publish makes rt the generation in force; on an error the old one goes on.
func (d *Daemon) publish(rt, old *engine.Runtime) error {
	plan, err := d.listeners.Prepare(rt)
	if err != nil {
		return err
	}
	engine.Commit(rt)
	d.current.Store(rt)
	rt.Proc.Current.Store(rt)
	plan.Commit()
	for _, text := range plan.Untaken {
		d.Say(diag.Warning, text)
	}
	engine.StartFeatures(rt, old)
	if old == nil {
		return nil
	}
	engine.StopFeatures(old, rt)
	d.listeners.CloseIdle(rt, rt.Global.CloseSpread)
	if limit := old.Global.HardStopAfter; limit > 0 {
		gen := old.Generation
		time.AfterFunc(limit, func() { d.listeners.AbortOld(gen) })
	}
	return nil
}

// Done is closed when the process may exit.
func (d *Daemon) Done() <-chan struct{} { return d.done }
