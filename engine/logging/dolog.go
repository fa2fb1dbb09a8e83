package logging

import (
	"hawser/engine"
	"hawser/engine/clock"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(engine.ActionKeyword{Name: "do-log", In: engine.InAnywhere,
		Usage: "do-log: write a log line now, besides the one at the end", Parse: parseDoLog})
}

func parseDoLog(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) > 0 && a.Words[0].Text == "profile" {
		return nil, diag.Errorf(a.Words[0].Pos, "'do-log profile' is known to HAProxy but not supported by Hawser yet")
	}
	a.Only(0)
	origin := origins[a.Ruleset]
	return engine.ActionFunc(func(e *engine.Env) engine.Verdict { return doLog(e, origin) }), nil
}

// origins are the names of the rulesets in %OG.
var origins = [engine.NRulesets]string{"tcp-req-conn", "tcp-req-sess", "tcp-req-cont", "http-req", "tcp-res-cont", "http-res", "http-after-res", "quic-init"}

// doLog writes the frontend's line as far as it can be told yet.
func doLog(e *engine.Env, origin string) engine.Verdict {
	px := viewOf(e).px
	if px == nil || px.LogFmt.Fmt == nil || len(px.Logs) == 0 {
		return engine.Continue
	}
	level := 6
	if s := e.Strm; s != nil && s.LogLevel != 0 {
		if s.LogLevel < 0 {
			return engine.Continue
		}
		level = s.LogLevel - 1
	}
	m := e.Mark()
	e.Origin = origin
	b := lines.Get().(*buffer)
	b.msg = px.LogFmt.Fmt.Append(b.msg[:0], e)
	b.sd = px.LogSD.Fmt.Append(b.sd[:0], e)
	e.Tmp, e.Origin = e.Tmp[:m], ""
	px.State.Lines.Add(1)
	deliver(px.Logs, level, px.LogTag, b.sd, b.msg, clock.Wall())
	lines.Put(b)
	return engine.Continue
}
