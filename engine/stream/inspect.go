package stream

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/engine/conn"
)

// inspection evaluates tcp-request or tcp-response content rules on what one side
// of a stream sends, reading more where a rule waits for data, until the proxy's
// inspect-delay. The caller has set direction, proxy and place in s.Env.
type inspection struct {
	s        *engine.Stream
	c        *conn.Conn
	deadline int64 // on the scale of clock.Mono
}

// inspecting begins an inspection; without a delay, or once no more data can come,
// rules see what there is.
func inspecting(s *engine.Stream, c *conn.Conn, from int64, delay time.Duration) inspection {
	s.Env.Final = s.Kind != engine.NotHTTP || delay == 0
	return inspection{s, c, from + delay.Nanoseconds()}
}

// rules runs a ruleset of px, its defaults section's before its own. Continue means
// that no rule ended it.
func (in inspection) rules(px *engine.Proxy, set engine.RulesetID) engine.Verdict {
	if d := px.Defaults; d != nil {
		if v := in.list(d.Rules[set]); v != engine.Continue {
			return v
		}
	}
	return in.list(px.Rules[set])
}

func (in inspection) list(rules []engine.Rule) engine.Verdict {
	e := &in.s.Env
	for i := 0; i < len(rules); {
		r := &rules[i]
		e.Rule = r
		v, res := engine.Continue, r.Cond.Eval(e)
		switch res {
		case engine.Maybe:
			v = engine.Wait4Data
		case engine.Yes:
			v = r.Do.Run(e)
		}
		switch {
		case v == engine.Continue, v == engine.Wait4Data && e.Final:
			i++
		case v == engine.Wait4Data:
			in.readMore()
			if res == engine.Maybe {
				i = 0 // a condition that waited has the list begin anew, an action does not
			}
		default:
			in.s.LastRule = r
			return v
		}
	}
	return engine.Continue
}

// readMore waits for more data, or sets Final when none will come.
func (in inspection) readMore() {
	if in.deadline <= clock.Mono() || in.c.Buffered() >= in.c.Size() {
		in.s.Env.Final = true
		return
	}
	in.c.SetReadBy(conn.Inspect, clock.Tick(in.deadline/1e6))
	_, err := in.c.ReadMore()
	in.c.SetReadBy(conn.NoClass, 0)
	if err != nil {
		in.s.Env.Final = true
	}
}

// hasRules tells whether a proxy or its defaults section has rules of a set.
func hasRules(px *engine.Proxy, set engine.RulesetID) bool {
	return len(px.Rules[set]) > 0 || px.Defaults != nil && len(px.Defaults.Rules[set]) > 0
}
