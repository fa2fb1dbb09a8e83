package command

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "stats socket", In: engine.InGlobal, Max: -1, Usage: "stats socket {<path>|<address>:<port>} [level <level>] [bind options]: opens a socket of the runtime API", Parse: parseSocket},
		engine.Keyword{Name: "stats timeout", In: engine.InGlobal, Max: 1, Usage: "stats timeout <time>: how long connections to the runtime API may be inactive (10s)", Parse: parseTimeout},
		engine.Keyword{Name: "stats maxconn", In: engine.InGlobal, Max: 1, Usage: "stats maxconn <number>: limit of connections to the runtime API (10)", Parse: parseMaxConn},
		engine.Keyword{Name: "stats", In: engine.InGlobal, Max: -1, Usage: "stats {socket|maxconn|bind-process|timeout} ...: settings of the runtime API", Parse: parseOther},
	)
	engine.ServeCLI = Serve
}

// proxySlot keeps the one internal proxy that all sockets of a generation share.
var proxySlot = engine.NewSlot[*engine.Runtime, holder]("stats socket")

type holder struct{ px *engine.Proxy }

// internal returns the internal proxy of the runtime API, made at the first use.
func internal(b *engine.Build) *engine.Proxy {
	h := proxySlot.Edit(b.RT)
	if h.px != nil {
		return h.px
	}
	px := &engine.Proxy{Name: engine.CLIProxy, Side: engine.Front, Kind: "proxy", ID: 1, RT: b.RT, State: &engine.ProxyState{}}
	h.px = px
	rt, old := b.RT, b.Old
	b.At(engine.StageFinish, func() {
		px.Timeout.Client = rt.Global.StatsTimeout
		px.MaxConn = rt.Global.StatsMaxConn
		if old != nil {
			if was := proxySlot.Get(old); was != nil && was.px != nil {
				px.State = was.px.State
			}
		}
	})
	return px
}

func parseSocket(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 3 {
		return diag.Errorf(l.Words[1].Pos, "'stats socket' in global section expects an address or a path to a UNIX socket")
	}
	kw := engine.Word{Text: "stats socket", Pos: l.Words[1].Pos}
	list, err := engine.ParseBind(b, l.Words[2:], kw, unit.BindWant, "global")
	if err != nil {
		return sentence(err, l.Words[2].Text)
	}
	px := internal(b)
	for _, bind := range list {
		bind.Px = px
		if bind.Level == "" {
			bind.Level = "operator"
		}
		if bind.ID == 0 {
			bind.ID = len(px.Binds) + 1
		}
		if bind.Name == "" {
			bind.Name = "sock-" + strconv.Itoa(bind.ID)
		}
		px.Binds = append(px.Binds, bind)
	}
	b.RT.Global.StatsBinds = px.Binds
	return nil
}

// sentence turns what ParseBind says of a bind line into what HAProxy says of a
// stats socket.
func sentence(err error, addr string) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		return err
	}
	who := "'stats socket " + addr + "' in section 'global'"
	if rest, ok := strings.CutPrefix(d.Message, who+" : "); ok {
		d.Message = "'stats socket' : '" + rest + "'"
	} else if rest, ok := strings.CutPrefix(d.Message, who+": "); ok {
		d.Message = "'stats socket' : " + rest
	}
	return d
}

func parseTimeout(b *engine.Build, l *engine.Line) error {
	w := l.Words[1]
	if len(l.Words) < 3 {
		return diag.Errorf(w.Pos, "'stats timeout' expects a positive value")
	}
	w = l.Words[2]
	d, err := unit.Time(w.Text, time.Millisecond)
	switch {
	case err != nil && err.Fault == unit.TimeChar:
		return diag.Errorf(w.Pos, "'stats timeout' : unexpected character '%c'", err.Bad)
	case err != nil && err.Warning():
		b.Warn(w.Pos, "%s", err.For("stats timeout"))
	case err != nil:
		return diag.Errorf(w.Pos, "%s", err.For("stats timeout"))
	}
	if d == 0 {
		return diag.Errorf(w.Pos, "'stats timeout' expects a positive value")
	}
	b.RT.Global.StatsTimeout = d
	return nil
}

func parseMaxConn(b *engine.Build, l *engine.Line) error {
	if len(l.Words) > 2 {
		if n, err := strconv.Atoi(l.Words[2].Text); err == nil && n > 0 {
			b.RT.Global.StatsMaxConn = n
			return nil
		}
	}
	return diag.Errorf(l.Words[len(l.Words)-1].Pos, "'stats maxconn' expects a positive value")
}

func parseOther(_ *engine.Build, l *engine.Line) error {
	got, pos := "", l.Words[0].Pos
	if len(l.Words) > 1 {
		got, pos = l.Words[1].Text, l.Words[1].Pos
	}
	if got == "calculate-max-counters" {
		return diag.Errorf(pos, "'stats calculate-max-counters' is known to HAProxy but not supported by Hawser yet")
	}
	return diag.Errorf(pos, "'stats' only supports 'socket', 'maxconn', 'bind-process', 'calculate-max-counters'  and 'timeout' (got '%s')", got).
		WithAllowed("socket", "timeout", "maxconn", "bind-process")
}
