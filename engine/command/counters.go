package command

import (
	"reflect"

	"hawser/engine"
	"hawser/engine/counter"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "clear counters", Level: engine.LevelOperator, Usage: "[all|server <bk>/<srv> [force]]: clear max statistics counters (or all, or one server's)", Run: clearCounters},
	)
}

func clearCounters(c *engine.CLI, args []string) error {
	all := first(args) == "all"
	if (all || first(args) == "server") && c.Level < engine.LevelAdmin {
		return engine.Refuse("Permission denied\n")
	}
	if first(args) == "server" {
		srv, err := serverOf(c, args[1:])
		if err != nil {
			return err
		}
		clearServer(srv, true)
		return &engine.CLIError{Severity: 6, Text: "Server counters cleared.\n"}
	}
	for _, px := range c.RT.All() {
		reset(&px.State.FE, all)
		reset(&px.State.BE, all)
		if all {
			px.State.Downs.Store(0)
		}
		for _, b := range px.Binds {
			reset(&b.State.C, all)
		}
		for _, srv := range px.All() {
			clearServer(srv, all)
		}
	}
	for _, b := range c.RT.Global.StatsBinds {
		reset(&b.State.C, all)
		reset(&b.Px.State.FE, all)
	}
	clearProcess(c.RT.Proc, all)
	if all {
		clearNameservers(c.RT)
	}
	return nil
}

func clearNameservers(rt *engine.Runtime) {
	if engine.Nameservers == nil {
		return
	}
	for _, ns := range engine.Nameservers(rt) {
		for _, f := range engine.NameserverFields {
			f.Of(ns.C).Store(0)
		}
	}
}

func clearServer(srv *engine.Server, all bool) {
	reset(&srv.State.C, all)
	if all {
		srv.State.Downs.Store(0)
		srv.State.CheckFails.Store(0)
	}
}

func clearProcess(p *engine.ProcState, all bool) {
	for _, g := range [...]*counter.Gauge{&p.Conns, &p.SSLConns} {
		g.ResetMax()
	}
	for _, r := range [...]*counter.Rate{&p.ConnRate, &p.SessRate, &p.SSLRate} {
		r.ResetMax()
	}
	if !all {
		return
	}
	for _, i := range [...]*counter.Int{&p.CumConns, &p.CumReqs, &p.CumSSL, &p.BytesOut, &p.Dropped} {
		i.Store(0)
	}
}

// reset clears the maxima of a group of counters; all of them when all is set.
// What is current stays.
func reset(c *engine.SideCounters, all bool) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		resetOne(v.Field(i).Addr().Interface(), all)
	}
}

func resetOne(f any, all bool) {
	switch f := f.(type) {
	case *counter.Gauge:
		f.ResetMax()
	case *counter.Rate:
		f.ResetMax()
	case *counter.Max:
		f.Store(0)
	case *counter.Mean:
		if all {
			f.Reset()
		}
	case *counter.Int:
		if all {
			f.Store(0)
		}
	case *[6]counter.Int:
		for i := range f {
			resetOne(&f[i], all)
		}
	}
}
