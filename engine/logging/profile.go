package logging

import (
	"slices"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddSection(engine.SectionKeyword{Name: "log-profile", Parse: parseProfile,
		Usage: "log-profile <name>: formats for log lines by the step at which they are written, for log lines that name it (profile <name>) and do-log"})
}

// The steps at which a line may be written, as the user names them: those of a
// transaction, "error", the rulesets of do-log, and "any".
const (
	stepAccept = iota
	stepRequest
	stepConnect
	stepResponse
	stepClose
	stepError
	stepAny
	stepRules // + engine.RulesetID
	nSteps    = stepRules + int(engine.NRulesets)
)

var txnSteps = []string{"accept", "request", "connect", "response", "close", "error", "any"}

// txnOrigins are the names of the steps in %OG.
var txnOrigins = [...]string{"txn_accept", "txn_request", "txn_connect", "txn_response", "txn_close"}

// ruleSteps are the steps of do-log in the order of HAProxy's messages.
var ruleSteps = []engine.RulesetID{engine.HTTPReq, engine.HTTPRes, engine.HTTPAfter, engine.TCPReqConn, engine.TCPReqSess, engine.TCPReqCont, engine.TCPResCont}

func stepOf(name string) int {
	if i := slices.Index(txnSteps, name); i >= 0 {
		return i
	}
	for _, r := range ruleSteps {
		if origins[r] == name {
			return stepRules + int(r)
		}
	}
	return -1
}

// profile is a log-profile section.
type profile struct {
	pos   diag.Pos
	tag   string
	steps [nSteps]*stepFormat
}

// stepFormat is an "on" line.
type stepFormat struct {
	drop    bool
	fmt, sd *engine.LogFormat
}

type profileSet struct{ byName map[string]*profile }

var profiles = engine.NewSlot[*engine.Runtime, profileSet]("log profiles")

func parseProfile(b *engine.Build, s *engine.Section) error {
	switch {
	case len(s.Args) == 0:
		return fail(s.Kind, "missing name for log-profile section.")
	case len(s.Args) > 1:
		return fail(s.Args[1], "'log-profile' cannot handle unexpected argument '%s'.", s.Args[1].Text)
	}
	set := profiles.Edit(b.RT)
	if set.byName == nil {
		set.byName = map[string]*profile{}
	}
	name := s.Args[0]
	if o := set.byName[name.Text]; o != nil {
		return fail(name, "log-profile section '%s' has the same name as another log-profile section declared at %s.", name.Text, o.pos)
	}
	p := &profile{pos: s.Kind.Pos}
	set.byName[name.Text] = p
	for _, l := range s.Lines {
		b.Report(l.Words[0].Pos, p.line(b, l))
	}
	return nil
}

func (p *profile) line(b *engine.Build, l *engine.Line) error {
	w := word2(l, 1)
	switch l.Words[0].Text {
	case "log-tag":
		if w.Text == "" {
			return fail(l.Words[0], "'log-tag' expects a tag for use in syslog.")
		}
		p.tag = w.Text
		return nil
	case "on":
		return p.on(b, l)
	}
	return fail(l.Words[0], "unknown keyword '%s' in log-profile section.", l.Words[0].Text)
}

// on reads "on <step> [drop] [format <fmt>] [sd <fmt>]".
func (p *profile) on(b *engine.Build, l *engine.Line) error {
	name := word2(l, 1)
	i := stepOf(name.Text)
	if i < 0 {
		return diag.Errorf(name.Pos, "'on' expects a log step.\nexpected values are: 'accept', 'request', 'connect', 'response', 'close', 'error' or 'any'.\n"+
			"Or one of the additional log steps: '%s'.", strings.Join(ruleNames(), "', '")).AsTight()
	}
	if len(l.Words) < 3 {
		return fail(name, "'on %s' expects 'drop', 'format' or 'sd'.", name.Text)
	}
	step := &stepFormat{}
	p.steps[i] = step
	for n := 2; n < len(l.Words); n++ {
		w := l.Words[n]
		if w.Text == "drop" {
			step.drop = true
			continue
		}
		if w.Text != "format" && w.Text != "sd" {
			return fail(w, "'on %s' expects 'drop', 'format' or 'sd'.", name.Text)
		}
		n++
		if n >= len(l.Words) {
			return fail(w, "'on %s %s' expects a logformat string.", name.Text, w.Text)
		}
		f, err := b.LogFormat(l.Words[n], engine.AtLog, engine.LogMand|engine.LogLine)
		if err != nil {
			return err
		}
		if w.Text == "sd" {
			step.sd = f
		} else {
			step.fmt = f
		}
	}
	return nil
}

func ruleNames() []string {
	var names []string
	for _, r := range ruleSteps {
		names = append(names, origins[r])
	}
	return names
}

// step is what the profile says of a step: nil when nothing.
func (p *profile) step(i int) *stepFormat {
	if f := p.steps[i]; f != nil {
		return f
	}
	return p.steps[stepAny]
}

// profiled are the profiles of a proxy's log targets, by index; a proxy without any
// has no such slot.
type profiled struct{ list []*profile }

var profiledLogs = engine.NewSlot[*engine.Proxy, profiled]("profiles of log targets")

// resolveProfiles finds the profiles that the log lines of a frontend name.
func resolveProfiles(b *engine.Build, px *engine.Proxy) {
	set := profiles.Get(b.RT)
	for i := range px.Logs {
		t := &px.Logs[i]
		if t.Profile == "" {
			continue
		}
		var p *profile
		if set != nil {
			p = set.byName[t.Profile]
		}
		if p == nil {
			b.Alert(t.Pos, "Proxy '%s': log profile '%s' is not defined.", px.Name, t.Profile).AsLate()
			continue
		}
		c := profiledLogs.Edit(px)
		if c.list == nil {
			c.list = make([]*profile, len(px.Logs))
		}
		c.list[i] = p
	}
}

// emit writes a line to the proxy's targets: msg and sd of b, or what a profile
// makes of the step. only, if not nil, stands for all targets' profiles.
func emit(e *engine.Env, px *engine.Proxy, step, level int, b *buffer, only *profile, at time.Time) {
	c := profiledLogs.Get(px)
	if only == nil && (c == nil || c.list == nil) {
		deliver(px.Logs, level, px.LogTag, b.sd, b.msg, at)
		return
	}
	other := lines.Get().(*buffer)
	for i := range px.Logs {
		p := only
		if p == nil {
			p = c.list[i]
		}
		one := px.Logs[i : i+1]
		if p == nil {
			deliver(one, level, px.LogTag, b.sd, b.msg, at)
			continue
		}
		msg, sd, tag := b.msg, b.sd, px.LogTag
		if p.tag != "" {
			tag = p.tag
		}
		if f := p.step(step); f != nil {
			if f.drop {
				continue
			}
			m := e.Mark()
			if f.fmt != nil {
				other.msg = f.fmt.Append(other.msg[:0], e)
				msg = other.msg
			}
			if f.sd != nil {
				other.sd = f.sd.Append(other.sd[:0], e)
				sd = other.sd
			}
			e.Tmp = e.Tmp[:m]
		}
		deliver(one, level, tag, sd, msg, at)
	}
	lines.Put(other)
}
