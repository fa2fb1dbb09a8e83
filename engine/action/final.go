package action

import (
	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	add(engine.InHTTPAll, "allow", "allow: ends the ruleset and lets the message pass", constant(engine.Stop))
	add(engine.InTCPReq, "accept", "accept: ends the ruleset and lets the connection pass", bare("accept", engine.Stop))
	add(tcpRes, "accept", "accept: ends the ruleset and lets the response pass", bare("accept", engine.Stop))
	add(engine.InTCPReq, "reject", "reject: closes the connection", bare("reject", engine.Abort))
	add(tcpRes, "reject", "reject: closes the connection", bare("reject", engine.Abort))
	add(tcpRes, "close", "close: closes the connection to the server", bare("close", engine.Abort))
	add(httpReq, "reject", "reject: closes the connection without an answer", constant(engine.Abort))
	add(engine.InTCPReq|tcpRes|engine.InHTTP, "silent-drop", "silent-drop [rst-ttl <ttl>]: makes the connection vanish without telling the client", silentDrop)
	add(engine.InHTTPAll, "strict-mode", "strict-mode { on | off }: whether a failed rewrite is an error", strictMode)
	add(httpReq, "wait-for-handshake", "wait-for-handshake: wait for the TLS handshake to end before going on", constant(engine.Continue))
	add(httpReq, "disable-l7-retry", "disable-l7-retry: do not send this request again (retry-on)", noRetry)
}

func constant(v verd) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		a.Only(0)
		return engine.ActionFunc(func(env) verd { return v }), nil
	}
}

// bare is an action of TCP rules, which say it differently when more follows.
func bare(name string, v verd) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		if len(a.Words) > 0 {
			return nil, diag.Errorf(a.Words[0].Pos, "'%s %s' only accepts 'if' or 'unless', in %s '%s' (got '%s')",
				engine.RulesetName[a.Ruleset], name, b.Px.Kind, b.Px.Name, a.Words[0].Text)
		}
		return engine.ActionFunc(func(env) verd { return v }), nil
	}
}

func silentDrop(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) > 0 && a.Words[0].Text == "rst-ttl" {
		if _, err := exactly(a, 2, "'rst-ttl' expects a ttl as argument"); err != nil {
			return nil, err
		}
	} else {
		a.Only(0)
	}
	return engine.ActionFunc(func(env) verd { return engine.Drop }), nil
}

// noEffect tells of an action that is accepted and does nothing.
func noEffect(b *engine.Build, a *engine.RuleArgs) {
	b.Notice(a.Pos, "'%s' has no effect in Hawser", a.Name.Text)
}

func strictMode(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	w, err := exactly(a, 1, "expects exactly 1 argument")
	if err != nil {
		return nil, err
	}
	if w[0].Text != "on" && w[0].Text != "off" {
		return nil, fail(a, "Unexpected value '%s'. Only 'on' and 'off' are supported.", w[0].Text)
	}
	noEffect(b, a)
	return engine.ActionFunc(func(env) verd { return engine.Continue }), nil
}

func noRetry(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	a.Only(0)
	return engine.ActionFunc(func(e env) verd {
		e.Strm.NoRetry = true
		return engine.Continue
	}), nil
}
