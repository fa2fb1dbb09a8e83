package engine

import (
	"errors"
	"strings"

	"hawser/engine/registry"
	"hawser/parser/diag"
)

// NearestOf finds the name closest to word, for hints.
func NearestOf(word string, names []string) (string, bool) { return registry.Nearest(word, names) }

// placeOf is where expressions of a ruleset are evaluated, by side.
func placeOf(set RulesetID, side Side) Where {
	switch set {
	case TCPReqConn:
		return FeTCPConn
	case TCPReqSess:
		return FeTCPSess
	case TCPReqCont:
		return bySide(side, FeTCPCont, BeTCPCont)
	case HTTPReq:
		return bySide(side, FeHTTPHdr, BeHTTPHdr)
	case TCPResCont:
		return BeTCPRes
	case HTTPRes, HTTPAfter:
		return bySide(side, FeHTTPRes, BeHTTPRes)
	}
	return 0
}

func bySide(side Side, fe, be Where) Where {
	if side&IsDefaults != 0 {
		return fe | be
	}
	switch {
	case side&Front == 0:
		return be
	case side&Back == 0:
		return fe
	}
	return fe | be
}

// PlaceName is HAProxy's name of a place, for messages.
func placeName(w Where) string {
	switch {
	case w&FeTCPConn != 0:
		return "frontend tcp-request connection rule"
	case w&FeTCPSess != 0:
		return "frontend tcp-request session rule"
	case w&FeTCPCont != 0:
		return "frontend tcp-request content rule"
	case w&FeHTTPHdr != 0:
		return "frontend http-request header rule"
	case w&FeSwitch != 0:
		return "frontend use-backend rule"
	case w&BeTCPCont != 0:
		return "backend tcp-request content rule"
	case w&BeHTTPHdr != 0:
		return "backend http-request header rule"
	case w&BeServer != 0:
		return "backend use-server, balance or stick-match rule"
	case w&BeTCPRes != 0:
		return "backend tcp-response content rule"
	case w&BeHTTPRes != 0:
		return "backend http-response header rule"
	case w&FeHTTPRes != 0:
		return "frontend http-response header rule"
	case w&AtLog != 0:
		return "log"
	}
	return "rule"
}

// ParseRule reads "action args [if cond]" of a ruleset of b.Px.
func (b *Build) ParseRule(set RulesetID, l *Line, words []Word) (*Rule, error) {
	head := RulesetName[set]
	if len(words) == 0 {
		return nil, diag.Errorf(l.Pos, "'%s' expects %s, but got ''.", head, actionList(set)).AsTight()
	}
	name := words[0]
	key, _, _ := strings.Cut(name.Text, "(")
	row, ok := Actions[set].Get(name.Text)
	if !ok {
		row, ok = Actions[set].Get(key)
	}
	if !ok {
		return nil, b.unknownAction(set, name)
	}
	args, cond := SplitCond(words[1:])
	where := placeOf(set, b.Px.Side)
	ra := &RuleArgs{Ruleset: set, Name: name, Words: args, Where: where, Pos: name.Pos, Line: l}
	if row.Idle {
		b.Notice(name.Pos, "'%s' has no effect in Hawser: %s", row.Name, row.Usage)
	}
	do, err := row.Parse(b, ra)
	if err != nil {
		return nil, b.ruleError(set, row, name, err)
	}
	if w := ra.extra; w != nil && set.In()&InHTTPAll == 0 {
		return nil, diag.Errorf(w.Pos, "'%s %s' only accepts 'if' or 'unless', in %s '%s' (got '%s')", head, name.Text, b.Px.TypeName(), b.Px.Name, w.Text)
	} else if w != nil {
		return nil, diag.Errorf(w.Pos, "'%s %s' expects either 'if' or 'unless' followed by a condition but found '%s'.", head, name.Text, w.Text).AsTight()
	}
	r := &Rule{Do: do, Name: name.Text, Pos: name.Pos}
	if len(cond) == 0 {
		return r, nil
	}
	who := article(head+" "+name.Text) + " condition"
	before := "error detected while parsing " + who + " : "
	if set.In()&InHTTPAll == 0 {
		before = "'" + head + " " + name.Text + "' : error detected in " + b.Px.TypeName() + " '" + b.Px.Name + "' while parsing '" + cond[0].Text + "' condition : "
	}
	r.Cond, err = b.cond(cond, where, who, before)
	var d *diag.Diagnostic
	if errors.As(err, &d) && set.In()&InHTTPAll == 0 {
		d.Message = strings.TrimSuffix(d.Message, ".")
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ruleError says of an action's mistake where it stands, as HAProxy does: at length
// for HTTP rules, whose sentences end in a dot, and not at all for TCP rules.
func (b *Build) ruleError(set RulesetID, row *ActionKeyword, name Word, err error) error {
	var d *diag.Diagnostic
	if set.In()&InHTTPAll != 0 {
		err = prefixed(name.Pos, err, "error detected in "+b.Px.TypeName()+" '"+b.Px.Name+"' while parsing '"+RulesetName[set]+" "+name.Text+"' rule : ")
		if errors.As(err, &d) && !strings.HasSuffix(d.Message, ".") {
			d.Message += "."
		}
		return err
	}
	if !errors.As(err, &d) {
		return diag.Errorf(name.Pos, "%s", err.Error())
	}
	if row.In&InHTTPAll != 0 {
		d.Message = strings.TrimSuffix(d.Message, ".")
	}
	if d.Pos.IsZero() {
		d.Pos = name.Pos
	}
	return d
}

// Dotted ends an error's sentence with a dot.
func Dotted(err error) error { return dotted(err) }

func dotted(err error) error {
	var d *diag.Diagnostic
	if errors.As(err, &d) && !strings.HasSuffix(strings.TrimRight(d.Message, "\n"), ".") {
		d.Message += "."
	}
	return err
}

func article(what string) string {
	if strings.IndexByte("aeiouh", what[0]) >= 0 {
		return "an '" + what + "'"
	}
	return "a '" + what + "'"
}

func (b *Build) unknownAction(set RulesetID, name Word) error {
	if KnownAction != nil && KnownAction(set, name.Text) {
		return diag.Errorf(name.Pos, "'%s %s' is known to HAProxy but not supported by Hawser yet", RulesetName[set], name.Text)
	}
	d := diag.Errorf(name.Pos, "'%s' expects %s, but got '%s'", RulesetName[set], actionList(set), name.Text).AsTight()
	if near, ok := Actions[set].Nearest(name.Text); ok {
		d.Message += ". Did you mean '" + near + "' maybe ?"
		d.WithHint(near)
	} else {
		d.Message += "."
	}
	return d
}

// KnownAction tells whether HAProxy has an action that Hawser lacks.
var KnownAction func(set RulesetID, name string) bool

func actionList(set RulesetID) string {
	names := Actions[set].Names()
	for i, n := range names {
		if p, ok := strings.CutSuffix(n, "*"); ok {
			n = p + "(*)"
		}
		names[i] = "'" + n + "'"
	}
	return strings.Join(names, ", ")
}
