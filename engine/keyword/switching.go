package keyword

import (
	"fmt"
	"strings"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "use_backend", In: engine.InFE, Max: -1, Usage: "use_backend <name> [if | unless <condition>]: which backend serves; the name may hold %[expressions]", Parse: parseUseBackend},
		engine.Keyword{Name: "force-be-switch", In: engine.InFE, Max: -1, Usage: "force-be-switch { if | unless } <condition>: use backends that are not published, too", Parse: parseForceSwitch},
		engine.Keyword{Name: "use-server", In: engine.InBE, Max: -1, Usage: "use-server <name> { if | unless } <condition>: which server serves", Parse: parseUseServer},
	)
}

func parseUseBackend(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'use_backend' expects a backend name.")
	}
	if c := word(l, 2); len(l.Words) > 2 && c.Text != "if" && c.Text != "unless" {
		return fail(c, "unexpected keyword '%s' after switching rule, only 'if' and 'unless' are allowed.", c.Text)
	}
	px := b.Px
	r := engine.SwitchRule{Pos: w.Pos}
	var err error
	if r.Cond, err = b.Cond(rest(l, 2), engine.FeSwitch, "switching rule"); err != nil {
		return err
	}
	if strings.Contains(w.Text, "%[") || strings.Contains(w.Text, "%") {
		if r.Name, err = b.LogFormat(w, engine.FeSwitch, 0); err != nil {
			return engine.Dotted(prefixed(w, err, fmt.Sprintf("failed to parse use_backend rule '%s' : ", w.Text)))
		}
		if r.Name.IsConst {
			w.Text, r.Name = string(r.Name.Const), nil
		}
	}
	i := len(px.Switch)
	px.Switch = append(px.Switch, r)
	if r.Name == nil {
		b.Later(func() { resolveBackend(b, px, i, w) })
	}
	return nil
}

// resolveBackend finds the backend that the ith use_backend line names.
func resolveBackend(b *engine.Build, px *engine.Proxy, i int, w engine.Word) {
	be := b.FindBackend(w.Text)
	if be == nil {
		b.Alert(w.Pos, "Proxy '%s': unable to find required use_backend: '%s'.", px.Name, w.Text).WithHint(nearestBackend(b, w.Text)).AsLate()
		return
	}
	if px.Mode != be.Mode && !(px.Mode == engine.ModeTCP && be.Mode == engine.ModeHTTP) {
		b.Alert(w.Pos, "%s '%s' (mode %s) tries to use incompatible %s '%s' (mode %s) in a 'use_backend' rule (see 'mode').",
			px.TypeName(), px.Name, px.Mode, be.Kind, be.Name, be.Mode).WithRelated(be.Pos, "declared here").AsLate()
	}
	be.Referenced = true
	px.Switch[i].Back = be
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

func parseUseServer(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(w, "'use-server' expects a server name.")
	}
	if c := word(l, 2); c.Text != "if" && c.Text != "unless" {
		return fail(c, "'use-server' requires either 'if' or 'unless' followed by a condition.")
	}
	px := b.Px
	r := engine.SwitchRule{Pos: w.Pos}
	var err error
	if r.Cond, err = b.Cond(rest(l, 2), engine.BeServer, "switching rule"); err != nil {
		return err
	}
	if strings.Contains(w.Text, "%") {
		if r.Name, err = b.LogFormat(w, engine.BeServer, 0); err != nil {
			return prefixed(w, err, fmt.Sprintf("failed to parse use-server rule '%s' : ", w.Text))
		}
	}
	i := len(px.UseServer)
	px.UseServer = append(px.UseServer, r)
	if r.Name == nil {
		b.Later(func() { resolveUseServer(b, px, i, w) })
	}
	return nil
}

func resolveUseServer(b *engine.Build, px *engine.Proxy, i int, w engine.Word) {
	srv := px.Server(w.Text)
	if srv == nil {
		d := b.Alert(w.Pos, "%s '%s' : unable to find server '%s' referenced in a 'use-server' rule.", px.TypeName(), px.Name, w.Text).AsLate()
		var names []string
		for _, s := range px.Servers {
			names = append(names, s.Name)
		}
		near, _ := engine.NearestOf(w.Text, names)
		d.WithHint(near)
	}
	if srv != nil {
		srv.Referenced = true
	}
	px.UseServer[i].Srv = srv
}

func parseForceSwitch(b *engine.Build, l *engine.Line) error {
	if c := word(l, 1); c.Text != "if" && c.Text != "unless" {
		return fail(c, "'force-be-switch' requires either 'if' or 'unless' followed by a condition.")
	}
	c, err := b.Cond(rest(l, 1), engine.FeSwitch, "a 'force-be-switch' rule")
	if err != nil {
		return err
	}
	b.Px.ForceSwitch = append(b.Px.ForceSwitch, c)
	return nil
}
