package logging

import (
	"strings"

	"hawser/engine"
	"hawser/engine/clock"
)

// logSteps are the steps of "log-steps", as bits; a proxy without the directive has
// no such slot and logs as option logasap says.
type logSteps struct{ set uint8 }

var stepsOf = engine.NewSlot[*engine.Proxy, logSteps]("log-steps")

func init() {
	engine.AddKeywords(engine.Keyword{Name: "log-steps", In: engine.InDefaults | engine.InProxy, Max: -1, Parse: parseSteps,
		Usage: "log-steps { all | <step>[,...] }: when log lines are written: accept, request, connect, response, close"})
	hook := func(step int, ph engine.Phase, order int) {
		engine.AddHook(engine.Hook{Name: "log-steps " + txnSteps[step], Phase: ph, Order: order,
			Enabled: func(px *engine.Proxy) bool { return logs(px) && wants(px, step) },
			Run: func(s *engine.Stream) engine.Verdict {
				if ph != engine.PhaseRequest || s.Env.Px == s.Front {
					logStep(s, step)
				}
				return engine.Continue
			}})
	}
	hook(stepAccept, engine.PhaseStart, 1<<20)
	hook(stepRequest, engine.PhaseRequest, -1<<20)
	hook(stepConnect, engine.PhaseConnect, 1<<20)
	hook(stepResponse, engine.PhaseResRules, 1<<20)
}

// wants tells whether log-steps names a step.
func wants(px *engine.Proxy, step int) bool {
	c := stepsOf.Get(px)
	return c != nil && c.set&(1<<step) != 0
}

// skipsClose tells that log-steps chooses the lines, and the one of the end is not among
// them.
func skipsClose(px *engine.Proxy) bool {
	c := stepsOf.Get(px)
	return c != nil && c.set != 0 && c.set&(1<<stepClose) == 0
}

func parseSteps(b *engine.Build, l *engine.Line) error {
	w := word2(l, 1)
	if b.Px.Side == engine.Back {
		b.Warn(l.Words[0].Pos, "log-steps will be ignored because %s '%s' has no frontend capability", b.Px.Kind, b.Px.Name)
		return nil
	}
	c := stepsOf.Edit(b.Px)
	c.set = 0
	if w.Text == "all" {
		c.set = 1<<(stepClose+1) - 1
		return nil
	}
	for name := range strings.SplitSeq(w.Text, ",") {
		i := stepOf(name)
		switch {
		case name == "":
		case i < 0 || i == stepError || i == stepAny:
			return fail(w, "invalid log step name (%s). Expected values are: accept, request, connect, response, close, %s", name, strings.Join(ruleNames(), ", "))
		case i <= stepClose: // lines of do-log are written where it stands
			c.set |= 1 << i
		}
	}
	return nil
}

// logStep writes a line before the stream's end; it does not stand for the one there.
func logStep(s *engine.Stream, step int) {
	px := s.Front
	if s.LogLevel < 0 || s.Kind != engine.NotHTTP && s.Req.Err != nil {
		return
	}
	level := 6
	if s.LogLevel > 0 {
		level = s.LogLevel - 1
	}
	e := &s.Env
	place, m := e.Place, e.Mark()
	e.Place, e.Origin = engine.AtLog, txnOrigins[step]
	b := lines.Get().(*buffer)
	b.msg, b.sd = b.msg[:0], b.sd[:0]
	if f := px.LogFmt.Fmt; f != nil {
		b.msg = f.Append(b.msg, e)
	}
	b.sd = px.LogSD.Fmt.Append(b.sd, e)
	px.State.Lines.Add(1)
	emit(e, px, step, level, b, nil, clock.Wall())
	lines.Put(b)
	e.Tmp, e.Place, e.Origin = e.Tmp[:m], place, ""
}
