package stats

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// Identity is what cmd tells of the program.
var Identity = struct{ Name, Version, Release string }{"HAProxy", "3.5.0-hawser", "2026/11/21"}

// infoValues give the lines of "show info" by name.
func infoValue(rt *engine.Runtime, name string) Value {
	if get := infoLines[name]; get != nil {
		return get(rt, rt.Proc)
	}
	return num(0)
}

var infoLines = map[string]func(rt *engine.Runtime, p *engine.ProcState) Value{
	"Name":         func(*engine.Runtime, *engine.ProcState) Value { return text(Identity.Name) },
	"Version":      func(*engine.Runtime, *engine.ProcState) Value { return text(Identity.Version) },
	"Release_date": func(*engine.Runtime, *engine.ProcState) Value { return text(Identity.Release) },
	"Build info":   func(*engine.Runtime, *engine.ProcState) Value { return text(Identity.Version) },
	"Nbthread":     func(*engine.Runtime, *engine.ProcState) Value { return num(int64(runtime.GOMAXPROCS(0))) },
	"Nbproc":       one, "Process_num": one, "NbThreadGroups": one,
	"Pid":    func(*engine.Runtime, *engine.ProcState) Value { return num(int64(os.Getpid())) },
	"Uptime": func(_ *engine.Runtime, p *engine.ProcState) Value { return text(Uptime(time.Since(p.Started))) },
	"Uptime_sec": func(_ *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(time.Since(p.Started).Seconds()))
	},
	"Start_time_sec":  func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.Started.Unix()) },
	"PoolUsed_MB":     func(*engine.Runtime, *engine.ProcState) Value { return num(heap() >> 20) },
	"PoolAlloc_MB":    func(*engine.Runtime, *engine.ProcState) Value { return num(heap() >> 20) },
	"PoolUsed_bytes":  func(*engine.Runtime, *engine.ProcState) Value { return num(heap()) },
	"PoolAlloc_bytes": func(*engine.Runtime, *engine.ProcState) Value { return num(heap()) },
	"Ulimit-n":        func(rt *engine.Runtime, _ *engine.ProcState) Value { return num(int64(rt.MaxSockets())) },
	"Maxsock":         func(rt *engine.Runtime, _ *engine.ProcState) Value { return num(int64(rt.MaxSockets())) },
	"Maxconn": func(rt *engine.Runtime, p *engine.ProcState) Value {
		if n := p.MaxConn.Load(); n > 0 {
			return num(n)
		}
		return num(int64(rt.Global.MaxConn))
	},
	"Hard_maxconn": func(rt *engine.Runtime, _ *engine.ProcState) Value { return num(int64(rt.Global.MaxConn)) },
	"CurrConns":    func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.Conns.Load()) },
	"Maxpipes":     func(*engine.Runtime, *engine.ProcState) Value { _, _, n := conn.Pipes(); return num(int64(n)) },
	"PipesUsed":    func(*engine.Runtime, *engine.ProcState) Value { n, _, _ := conn.Pipes(); return num(int64(n)) },
	"PipesFree":    func(*engine.Runtime, *engine.ProcState) Value { _, n, _ := conn.Pipes(); return num(int64(n)) },
	"CumConns":     func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CumConns.Load()) },
	"CumReq":       func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CumReqs.Load()) },
	"MaxSslConns":  func(rt *engine.Runtime, _ *engine.ProcState) Value { return num(int64(rt.Global.MaxSSLConn)) },
	"CurrSslConns": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.SSLConns.Load()) },
	"CumSslConns":  func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CumSSL.Load()) },
	"ConnRate":     func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.ConnRate.Value(clock.Now())) },
	"ConnRateLimit": func(rt *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(engine.LimitOf(&p.Limits.Conn, rt.Global.MaxConnRate)))
	},
	"MaxConnRate": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.ConnRate.Max()) },
	"SessRate":    func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.SessRate.Value(clock.Now())) },
	"SessRateLimit": func(rt *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(engine.LimitOf(&p.Limits.Sess, rt.Global.MaxSessRate)))
	},
	"MaxSessRate": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.SessRate.Max()) },
	"SslRate":     func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.SSLRate.Value(clock.Now())) },
	"SslRateLimit": func(rt *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(engine.LimitOf(&p.Limits.SSL, rt.Global.MaxSSLRate)))
	},
	"MaxSslRate": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.SSLRate.Max()) },
	"Tasks":      func(*engine.Runtime, *engine.ProcState) Value { return num(int64(runtime.NumGoroutine())) },
	"Idle_pct":   func(*engine.Runtime, *engine.ProcState) Value { return num(int64(100 - clock.CPU())) },
	"node": func(rt *engine.Runtime, _ *engine.ProcState) Value {
		if rt.Global.Node != "" {
			return text(rt.Global.Node)
		}
		host, _ := os.Hostname()
		return text(host)
	},
	"description": func(rt *engine.Runtime, _ *engine.ProcState) Value {
		return Value{rt.Global.Description != "", true, 0, rt.Global.Description}
	},
	"Stopping":    func(_ *engine.Runtime, p *engine.ProcState) Value { return num(flag(p.Stopping.Load())) },
	"Jobs":        func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.Conns.Load()) },
	"Listeners":   listeners,
	"DroppedLogs": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.Dropped.Load()) },
	"TotalWarnings": func(rt *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(rt.Warnings) + p.Warnings.Load())
	},
	"BytesOutRate": func(_ *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(p.BytesRate.Value(clock.Now(), time.Second)))
	},
	"TotalBytesOut": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.BytesOut.Load()) },
	"CurrStreams": func(_ *engine.Runtime, p *engine.ProcState) Value {
		n := int64(0)
		p.Streams.Each(func(*engine.Stream) { n++ })
		return num(n)
	},
	"CompressBpsIn":  func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CompIn.Value(clock.Now())) },
	"CompressBpsOut": func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CompOut.Value(clock.Now())) },
	"CompressBpsRateLim": func(rt *engine.Runtime, p *engine.ProcState) Value {
		return num(int64(engine.LimitOf(&p.Limits.Comp, rt.Global.MaxCompRate)))
	},
	"ZlibMemUsage":    func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CompMem.Load()) },
	"MaxZlibMemUsage": func(rt *engine.Runtime, _ *engine.ProcState) Value { return num(int64(rt.Global.MaxZlibMem)) },
	"CumStreams":      func(_ *engine.Runtime, p *engine.ProcState) Value { return num(p.CumReqs.Load()) },
}

func one(*engine.Runtime, *engine.ProcState) Value { return num(1) }

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func listeners(rt *engine.Runtime, _ *engine.ProcState) Value {
	n := len(rt.Global.StatsBinds)
	for _, px := range rt.All() {
		n += len(px.Binds)
	}
	return num(int64(n))
}

// Uptime writes a duration as HAProxy does.
func Uptime(d time.Duration) string {
	s := int64(d.Seconds())
	return fmt.Sprintf("%dd %dh%02dm%02ds", s/86400, s/3600%24, s/60%60, s%60)
}

// showInfo is the command.
func showInfo(c *engine.CLI, args []string) error {
	form, desc := "", false
	for _, a := range args {
		switch a {
		case "typed", "json":
			form = a
		case "desc":
			desc = true
		}
	}
	if form == "json" {
		return infoJSON(c)
	}
	for i := range InfoFields {
		f := &InfoFields[i]
		v := infoValue(c.RT, f.Name)
		if !v.Set {
			continue
		}
		if form == "typed" {
			c.Print(strconv.Itoa(i) + "." + f.Name + ".1:" + f.Tags + ":" + f.Type + ":" + v.String())
		} else {
			c.Print(f.Name + ": " + v.String())
		}
		if desc {
			c.Print(strings.Repeat(":", 1) + "\"" + f.Desc + "\"")
		}
		c.Print("\n")
	}
	return nil
}

func infoJSON(c *engine.CLI) error {
	c.Print("[")
	n := 0
	for i := range InfoFields {
		f := &InfoFields[i]
		v := infoValue(c.RT, f.Name)
		if !v.Set {
			continue
		}
		if n++; n > 1 {
			c.Print(",")
		}
		c.Out = append(c.Out, '{')
		c.Out = appendJSONField(c.Out, i, f, f.Tags, v)
	}
	c.Print("]\n")
	return nil
}
