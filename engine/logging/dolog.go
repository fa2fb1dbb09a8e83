package logging

import (
	"hawser/engine"
	"hawser/engine/clock"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(engine.ActionKeyword{Name: "do-log", In: engine.InAnywhere,
		Usage: "do-log [profile <name>]: write a log line now, besides the one at the end", Parse: parseDoLog})
}

func parseDoLog(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	d := &doLog{set: a.Ruleset}
	if len(a.Words) == 0 || a.Words[0].Text != "profile" {
		a.Only(0)
		return d, nil
	}
	if len(a.Words) < 2 {
		return nil, diag.Errorf(a.Words[0].Pos, "action 'do-log': 'profile' expects argument.")
	}
	name, px := a.Only(2)[1], b.Px
	b.Later(func() {
		if set := profiles.Get(b.RT); set != nil {
			d.prof = set.byName[name.Text]
		}
		if d.prof == nil {
			b.Alert(name.Pos, "Proxy '%s': do-log action: profile '%s' is invalid.", px.Name, name.Text).AsLate()
		}
	})
	return d, nil
}

// origins are the names of the rulesets in %OG.
var origins = [engine.NRulesets]string{"tcp-req-conn", "tcp-req-sess", "tcp-req-cont", "http-req", "tcp-res-cont", "http-res", "http-after-res", "quic-init"}

// doLog is a do-log action.
type doLog struct {
	set  engine.RulesetID
	prof *profile // instead of those of the log targets; nil: none was named
}

// Run writes the frontend's line as far as it can be told yet.
func (d *doLog) Run(e *engine.Env) engine.Verdict {
	px := viewOf(e).px
	if px == nil || len(px.Logs) == 0 || px.LogFmt.Fmt == nil && d.prof == nil && profiledLogs.Get(px) == nil {
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
	e.Origin = origins[d.set]
	b := lines.Get().(*buffer)
	b.msg = b.msg[:0]
	if px.LogFmt.Fmt != nil {
		b.msg = px.LogFmt.Fmt.Append(b.msg, e)
	}
	b.sd = px.LogSD.Fmt.Append(b.sd[:0], e)
	px.State.Lines.Add(1)
	emit(e, px, stepRules+int(d.set), level, b, d.prof, clock.Wall())
	e.Tmp, e.Origin = e.Tmp[:m], ""
	lines.Put(b)
	return engine.Continue
}
