// Package daemon is the life of the process: it loads the configuration, opens
// the sockets, publishes the first generation, replaces it on a reload without
// losing anything, and stops. It owns the Runtime in force; state is kept by its
// owners behind State types.
//
// It parses no flags and sets no signal handlers: cmd/hawser does.
package daemon

import (
	"errors"
	"fmt"
	"sync"
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
	opts   build.Options
	// Report prints diagnostics of loads.
	Report func(build.Result)

	mu        sync.Mutex // serializes reloads and the stop
	rt        *engine.Runtime
	listeners *listen.Listeners
	watcher   *watcher
	sums      map[string][32]byte
	done      chan struct{}
	stopping  bool
	once      sync.Once
}

// New prepares a daemon for configuration files.
func New(inputs []string, opts build.Options) *Daemon {
	return &Daemon{inputs: inputs, opts: opts, listeners: listen.New(), done: make(chan struct{})}
}

// ErrConfig says that the configuration was refused; diagnostics were reported.
var ErrConfig = errors.New("the configuration has errors")

// Load reads the configuration for the first time.
func (d *Daemon) Load() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	res := d.load(nil)
	if res.RT == nil {
		return ErrConfig
	}
	d.rt = res.RT
	return nil
}

// Start opens the sockets of what was loaded and begins to serve.
func (d *Daemon) Start() error {
	clock.Start()
	d.mu.Lock()
	defer d.mu.Unlock()
	rt := d.rt
	d.rt = nil
	if err := d.publish(rt); err != nil {
		d.rt = rt
		return err
	}
	return nil
}

// ReloadCommand makes the runtime API's "reload" and "shutdown frontend" work.
func (d *Daemon) ReloadCommand() {
	engine.ReloadFunc = d.Reload
	engine.CloseFrontend = d.listeners.CloseFrontend
}

// DumpStatus logs how servers and proxies are (SIGHUP, SIGQUIT).
func (d *Daemon) DumpStatus() {
	rt := d.Runtime()
	for _, px := range rt.Proxies {
		for _, srv := range px.Servers {
			state := "UP"
			if !srv.State.Up() {
				state = "DOWN"
			}
			engine.Notify(px, fmt.Sprintf("SIGHUP: Server %s/%s is %s. Conn: %d act, %d pend, %d tot.", px.Name, srv.Name, state,
				srv.State.C.Conns.Load(), srv.State.Queued.Load(), srv.State.C.CumSess.Load()))
		}
	}
}

// Runtime returns the generation in force.
func (d *Daemon) Runtime() *engine.Runtime {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rt
}

func (d *Daemon) load(old *engine.Runtime) build.Result {
	o := d.opts
	o.Old = old
	res := build.Load(d.inputs, o)
	if d.Report != nil {
		d.Report(res)
	}
	d.sums = checksums(res.Files)
	if d.watcher != nil {
		d.watcher.watch(res.Files)
	}
	return res
}

// publish makes rt the generation in force; on an error the old one goes on.
func (d *Daemon) publish(rt *engine.Runtime) error {
	plan, err := d.listeners.Prepare(rt)
	if err != nil {
		return err
	}
	old := d.rt
	engine.Commit(rt)
	d.rt = rt
	rt.Proc.Current.Store(rt)
	plan.Commit()
	engine.StartFeatures(rt, old)
	if old != nil {
		engine.StopFeatures(old, rt)
		d.listeners.CloseIdle(rt, rt.Global.CloseSpread)
	}
	return nil
}

// Reload reads the configuration again and replaces the generation in force. It
// applies whole or not at all; the text says what happened.
func (d *Daemon) Reload() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return "", errors.New("the process is stopping")
	}
	proc := d.rt.Proc
	res := d.load(d.rt)
	if res.RT == nil {
		proc.FailedReloads.Add(1)
		return render(res), ErrConfig
	}
	if err := d.publish(res.RT); err != nil {
		proc.FailedReloads.Add(1)
		return err.Error() + "\n", err
	}
	proc.Reloads.Add(1)
	return render(res) + fmt.Sprintf("Success=1\n--\nreloaded: generation %d\n", res.RT.Generation), nil
}

// render prints the diagnostics of a load as text.
func render(res build.Result) string {
	var b lines
	p := diag.Printer{W: &b, Sources: res.Sources, Min: diag.Notice}
	p.PrintList(res.Diags)
	return string(b)
}

type lines []byte

func (l *lines) Write(p []byte) (int, error) {
	*l = append(*l, p...)
	return len(p), nil
}

// Done is closed when the process may exit.
func (d *Daemon) Done() <-chan struct{} { return d.done }

func (d *Daemon) finish() { d.once.Do(func() { close(d.done) }) }

// SoftStop closes the listeners and ends when the last stream has, or at
// hard-stop-after.
func (d *Daemon) SoftStop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return
	}
	d.stopping = true
	if d.watcher != nil {
		d.watcher.close()
	}
	proc, g := d.rt.Proc, &d.rt.Global
	go func() {
		time.Sleep(g.Grace)
		proc.Stopping.Store(true)
		d.listeners.Stop(true)
		d.listeners.CloseIdle(nil, g.CloseSpread)
		d.drain(g.HardStopAfter)
		d.end()
	}()
}

// drain waits for the client connections to end.
func (d *Daemon) drain(limit time.Duration) {
	var over <-chan time.Time
	if limit > 0 {
		over = time.After(limit)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for d.listeners.Traffic() > 0 {
		d.listeners.CloseIdle(nil, 0)
		select {
		case <-tick.C:
		case <-over:
			d.listeners.Abort()
			return
		}
	}
}

// HardStop ends everything at once.
func (d *Daemon) HardStop() {
	d.mu.Lock()
	d.stopping = true
	if d.watcher != nil {
		d.watcher.close()
	}
	if d.rt != nil {
		d.rt.Proc.Stopping.Store(true)
	}
	d.mu.Unlock()
	d.listeners.Stop(false)
	d.listeners.Abort()
	d.end()
}

func (d *Daemon) end() {
	d.listeners.Stop(false)
	if d.rt != nil {
		engine.StopFeatures(d.rt, nil)
	}
	d.finish()
}

// Pause and Resume make the listeners of traffic stop and go on accepting
// (SIGTTOU, SIGTTIN).
func (d *Daemon) Pause() { d.setPaused(true) }

// Resume undoes Pause.
func (d *Daemon) Resume() { d.setPaused(false) }

func (d *Daemon) setPaused(on bool) {
	rt := d.Runtime()
	for _, px := range rt.Proxies {
		for _, b := range px.Binds {
			b.State.Paused.Store(on)
		}
	}
}
