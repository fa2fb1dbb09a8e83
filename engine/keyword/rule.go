package keyword

import (
	"errors"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

const (
	inRules   = engine.InProxy | engine.InNamedDefaults
	inRulesFE = engine.InFE | engine.InNamedDefaults
	inRulesBE = engine.InBE | engine.InNamedDefaults
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "acl", In: inRules, Max: -1, Usage: "acl <name> <criterion> [flags] [operator] <value>...: declare or complete a named test", Parse: parseACL},
		engine.Keyword{Name: "http-request", In: inRules, Max: -1, Usage: "http-request <action> [options] [if | unless <condition>]: a rule for requests", Parse: ruleset(engine.HTTPReq, 1)},
		engine.Keyword{Name: "http-response", In: inRules, Max: -1, Usage: "http-response <action> [options] [if | unless <condition>]: a rule for responses of servers", Parse: ruleset(engine.HTTPRes, 1)},
		engine.Keyword{Name: "http-after-response", In: inRules, Max: -1, Usage: "http-after-response <action> [options] [if | unless <condition>]: a rule for all responses", Parse: ruleset(engine.HTTPAfter, 1)},
		engine.Keyword{Name: "tcp-request connection", In: inRulesFE, Max: -1, Usage: "tcp-request connection <action> [if | unless <condition>]: a rule for new connections", Parse: ruleset(engine.TCPReqConn, 2)},
		engine.Keyword{Name: "tcp-request session", In: inRulesFE, Max: -1, Usage: "tcp-request session <action> [if | unless <condition>]: a rule for new sessions, after handshakes", Parse: ruleset(engine.TCPReqSess, 2)},
		engine.Keyword{Name: "tcp-request content", In: inRules, Max: -1, Usage: "tcp-request content <action> [if | unless <condition>]: a rule for the first bytes that arrive", Parse: ruleset(engine.TCPReqCont, 2)},
		engine.Keyword{Name: "tcp-request inspect-delay", In: inRules, Max: 1, Usage: "tcp-request inspect-delay <time>: how long to wait for what the content rules want to see", Parse: parseInspect("tcp-request inspect-delay", func(t *engine.Timeouts) *time.Duration { return &t.Inspect })},
		engine.Keyword{Name: "tcp-request", In: inRules, Max: -1, Usage: "tcp-request { connection | session | content | inspect-delay } ...", Parse: badTCPRequest},
		engine.Keyword{Name: "tcp-response content", In: inRulesBE, Max: -1, Usage: "tcp-response content <action> [if | unless <condition>]: a rule for the first bytes of a response", Parse: ruleset(engine.TCPResCont, 2)},
		engine.Keyword{Name: "tcp-response inspect-delay", In: inRulesBE, Max: 1, Usage: "tcp-response inspect-delay <time>: how long to wait for what the content rules want to see", Parse: parseInspect("tcp-response inspect-delay", func(t *engine.Timeouts) *time.Duration { return &t.InspectRes })},
		engine.Keyword{Name: "tcp-response", In: inRulesBE, Max: -1, Usage: "tcp-response { content | inspect-delay } ...", Parse: badTCPResponse},
		engine.Keyword{Name: "redirect", In: engine.InProxy, Max: -1, Usage: "redirect { location | prefix | scheme } <to> [code <code>] [options] [if | unless <condition>]: answer with a redirection, after all http-request rules", Parse: parseRedirect},
	)
	engine.AddHook(engine.Hook{Name: "redirect", Phase: engine.PhaseReqRules, Order: 100,
		Enabled: func(px *engine.Proxy) bool { return redirects.Get(px) != nil }, Run: runRedirects})
}

func parseACL(b *engine.Build, l *engine.Line) error {
	if len(l.Words) > 1 && strings.ToLower(l.Words[1].Text) == "or" {
		return fail(l.Words[1], "acl name '%s' will never match. 'or' is used to express a logical disjunction within a condition.", l.Words[1].Text)
	}
	return b.AddACL(b.Px, rest(l, 1))
}

// ruleset appends a rule whose action is the nth word.
func ruleset(set engine.RulesetID, n int) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		r, err := b.ParseRule(set, l, rest(l, n))
		if err != nil {
			return err
		}
		px := b.Px
		if k := len(px.Rules[set]); k > 0 {
			afterFinal(b, &px.Rules[set][k-1], set, l.Words[0])
		}
		misplaced(b, l.Words[0], engine.RulesetName[set])
		px.Rules[set] = append(px.Rules[set], *r)
		return nil
	}
}

// finals end a ruleset: what follows one without a condition is never reached.
var finals = map[string]bool{"allow": true, "deny": true, "tarpit": true, "redirect": true, "return": true, "reject": true, "silent-drop": true, "accept": true}

func afterFinal(b *engine.Build, last *engine.Rule, set engine.RulesetID, at engine.Word) {
	if set != engine.HTTPReq && set != engine.HTTPRes && set != engine.HTTPAfter {
		return
	}
	if last.Cond == nil && finals[last.Name] {
		b.Warn(at.Pos, "previous '%s' action is final and has no condition attached, further entries are NOOP.", engine.RulesetName[set]).
			AsTight().WithRelated(last.Pos, "nothing passes this one")
	}
}

func parseInspect(name string, field func(*engine.Timeouts) *time.Duration) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		w := word(l, 2)
		if w.Text == "" {
			return fail(w, "'%s' expects a positive delay in milliseconds, in %s '%s'", name, b.Px.Kind, b.Px.Name)
		}
		d, err := duration(b, w, time.Millisecond, name)
		if err == nil {
			*field(&b.Px.Timeout) = d
		}
		return err
	}
}

func badTCPRequest(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "missing argument for 'tcp-request' in %s '%s'", b.Px.Kind, b.Px.Name)
	}
	return fail(word(l, 1), "'tcp-request' expects 'inspect-delay', 'connection', or 'content' in %s '%s' (got '%s')", b.Px.Kind, b.Px.Name, l.Arg(1))
}

func badTCPResponse(b *engine.Build, l *engine.Line) error {
	return fail(word(l, 1), "'tcp-response' expects 'inspect-delay' or 'content' in %s '%s' (got '%s')", b.Px.Kind, b.Px.Name, l.Arg(1))
}

// redirectRules are the "redirect" lines of a proxy, which follow all its
// http-request rules.
type redirectRules struct{ list []engine.Rule }

var redirects = engine.NewSlot[*engine.Proxy, redirectRules]("redirect")

func parseRedirect(b *engine.Build, l *engine.Line) error {
	r, err := b.ParseRule(engine.HTTPReq, l, l.Words)
	if err != nil {
		var d *diag.Diagnostic
		if errors.As(err, &d) {
			d.Message = strings.Replace(d.Message, "'http-request redirect' rule", "redirect rule", 1)
		}
		return err
	}
	misplaced(b, l.Words[0], "redirect")
	rr := redirects.Edit(b.Px)
	rr.list = append(rr.list, *r)
	return nil
}

func runRedirects(s *engine.Stream) engine.Verdict {
	e := &s.Env
	for i := range redirects.Get(e.Px).list {
		r := &redirects.Get(e.Px).list[i]
		if !r.Cond.Holds(e) {
			continue
		}
		e.Rule = r
		if v := r.Do.Run(e); v != engine.Continue {
			s.LastRule = r
			return v
		}
	}
	return engine.Continue
}
