package build

import (
	"fmt"

	"hawser/engine"
	"hawser/parser/diag"
)

// finish registers what build itself does once all sections are read and every
// name is resolved.
func finish(b *engine.Build) {
	b.RT.Index()
	b.Px = nil
	b.At(engine.StageFinish, func() {
		adopt(b)
		beginServers(b)
	})
	for _, px := range b.RT.Proxies {
		b.Px = px
		b.At(engine.StageFinish, func() { check(b, px) })
		b.At(engine.StageMake, func() { makeProxy(b, px) })
	}
	b.Px = nil
	b.At(engine.StageFinish, func() { fullConn(b.RT) })
}

// beginServers gives the servers that are new their first state.
func beginServers(b *engine.Build) {
	for _, px := range b.RT.Proxies {
		for _, srv := range px.Servers {
			if srv.State == nil {
				srv.State = &engine.ServerState{}
			}
			if srv.Was == nil {
				srv.Begin()
			}
		}
	}
}

// check warns of what will not work as meant.
func check(b *engine.Build, px *engine.Proxy) {
	resolveDefault(b, px)
	engine.Finish(b, px)
	if px.Disabled {
		return
	}
	if px.Side&engine.Front != 0 && len(px.Binds) == 0 {
		b.Warn(diag.Pos{}, "%s '%s' has no 'bind' directive. Please declare it as a backend if this was intended.", px.TypeName(), px.Name).AsLate()
	}
	missingTimeouts(b, px)
	engine.CompileHooks(px)
}

// resolveDefault finds the default backend by name.
func resolveDefault(b *engine.Build, px *engine.Proxy) {
	name := px.DefaultBackend
	if name.Text == "" || px.Side&engine.Front == 0 {
		return
	}
	px.Default = b.FindBackend(name.Text)
	if px.Default == nil {
		b.Alert(name.Pos, "Proxy '%s': unable to find required default_backend: '%s'.", px.Name, name.Text).
			WithHint(nearestBackend(b, name.Text)).AsLate()
		return
	}
	px.Default.Referenced = true
	CheckModes(b, px, px.Default, name)
}

// missingBackends tells of default backends that are not there in a configuration
// that has other errors: HAProxy would tell only once those are mended.
func missingBackends(b *engine.Build) {
	for _, px := range b.RT.Proxies {
		name := px.DefaultBackend
		if name.Text == "" || px.Side&engine.Front == 0 || b.FindBackend(name.Text) != nil {
			continue
		}
		d := b.Alert(name.Pos, "proxy '%s': unable to find required default_backend: '%s'", px.Name, name.Text)
		if near := nearestBackend(b, name.Text); near != "" {
			d.Message += "; did you mean '" + near + "' maybe ?"
			d.WithHint(near)
		}
	}
}

// CheckModes refuses a switch from an HTTP frontend to a TCP backend.
func CheckModes(b *engine.Build, px, be *engine.Proxy, name engine.Word) {
	if px.Mode == be.Mode || px.Mode == engine.ModeTCP && be.Mode == engine.ModeHTTP {
		return
	}
	b.Alert(name.Pos, "%s '%s' (mode %s) tries to use incompatible %s '%s' (mode %s) in a 'default_backend' rule (see 'mode').",
		px.TypeName(), px.Name, px.Mode, be.Kind, be.Name, be.Mode).WithRelated(be.Pos, "declared here").AsLate()
}

func nearestBackend(b *engine.Build, name string) string {
	var names []string
	for _, p := range b.RT.Proxies {
		if p.Side&engine.Back != 0 {
			names = append(names, p.Name)
		}
	}
	near, _ := engine.NearestOf(name, names)
	return near
}

func missingTimeouts(b *engine.Build, px *engine.Proxy) {
	if px.Mode == engine.ModeLog {
		return
	}
	t := &px.Timeout
	client := px.Side&engine.Front != 0 && t.Client == 0
	server := px.Side&engine.Back != 0 && len(px.Servers) > 0 && (t.Connect == 0 || t.Server == 0)
	if !client && !server {
		return
	}
	b.Warn(diag.Pos{}, "missing timeouts for %s '%s'.", px.TypeName(), px.Name).AsLate().
		WithAdvice("While not properly invalid, you will certainly encounter various problems with such a configuration. To fix this, please ensure that all following timeouts are set to a non-zero value: 'client', 'connect', 'server'.")
}

// makeProxy makes what needs everything else.
func makeProxy(b *engine.Build, px *engine.Proxy) {
	engine.Make(b, px)
	if px.Side&engine.Back == 0 {
		return
	}
	name := "random" // configuration manual, "balance"
	words := px.Balance.Words
	if len(words) > 0 {
		name = words[0].Text
		words = words[1:]
	}
	row, ok := engine.Balances.Get(name)
	if !ok {
		b.Alert(px.Pos, "balance algorithm '%s' is missing", name)
		return
	}
	bal, err := row.New(b, px, words)
	if err != nil {
		b.Report(px.Pos, fmt.Errorf("backend '%s': %w", px.Name, err))
		return
	}
	px.Balancer = bal
}
