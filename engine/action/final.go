package action

import (
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	add(engine.InHTTPAll, "allow", "allow: ends the ruleset and lets the message pass", constant(engine.Stop))
	add(engine.InTCPReq, "accept", "accept: ends the ruleset and lets the connection pass", constant(engine.Stop))
	add(tcpRes, "accept", "accept: ends the ruleset and lets the response pass", constant(engine.Stop))
	add(engine.InTCPReq, "reject", "reject: closes the connection", constant(engine.Abort))
	add(tcpRes, "reject", "reject: closes the connection", constant(engine.Abort))
	add(tcpRes, "close", "close: closes the connection to the server", constant(engine.Abort))
	add(httpReq, "reject", "reject: closes the connection without an answer", constant(engine.Abort))
	add(engine.InTCPReq|tcpRes|engine.InHTTP, "silent-drop", "silent-drop [rst-ttl <ttl>]: makes the connection vanish without telling the client", silentDrop)
	add(httpReq, "wait-for-handshake", "wait-for-handshake: wait for the TLS handshake to end before going on", constant(engine.Continue))
	add(tcpCont, "switch-mode", "switch-mode http [proto <name>]: goes on in HTTP mode with a connection to a TCP frontend", switchMode)
	add(httpReq, "disable-l7-retry", "disable-l7-retry: do not send this request again (retry-on)", noRetry)
}

func constant(v verd) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		a.Only(0)
		return engine.ActionFunc(func(env) verd { return v }), nil
	}
}

func silentDrop(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	ttl := 0
	if len(a.Words) > 0 && a.Words[0].Text == "rst-ttl" {
		if len(a.Words) < 2 {
			return nil, fail(a, "missing rst-ttl value.")
		}
		w := a.Only(2)[1]
		if i := strings.IndexFunc(w.Text, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			return nil, diag.Errorf(w.Pos, "invalid character starting at '%s' (value 1-255 expected).", w.Text[i:])
		}
		n, err := strconv.Atoi(w.Text)
		if err != nil || n < 1 || n > 255 {
			return nil, diag.Errorf(w.Pos, "valid rst-ttl values are [1-255].")
		}
		ttl = n
	} else {
		a.Only(0)
	}
	return engine.ActionFunc(func(e env) verd {
		if e.Sess != nil && e.Sess.Conn != nil {
			e.Sess.Conn.Vanish(ttl)
		}
		return engine.Drop
	}), nil
}

func noRetry(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	a.Only(0)
	return engine.ActionFunc(func(e env) verd {
		e.Strm.NoRetry = true
		return engine.Continue
	}), nil
}

func switchMode(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	const at = "'tcp-request switch-mode'"
	px, w := b.Px, a.Words
	if px.Side&(engine.Front|engine.IsDefaults) == 0 {
		return nil, fail(a, "%s not allowed because %s '%s' has no frontend capability", at, px.Kind, px.Name)
	}
	if len(w) == 0 {
		return nil, fail(a, "%s expects a mode as argument.", at)
	}
	if w[0].Text != "http" {
		return nil, diag.Errorf(w[0].Pos, "%s expects a valid mode (got '%s').", at, w[0].Text)
	}
	n := 1
	if len(w) > 1 && w[1].Text == "proto" {
		if len(w) < 3 {
			return nil, diag.Errorf(w[1].Pos, "%s: 'proto' expects a protocol as argument.", at)
		}
		switch proto := w[2].Text; {
		case proto == "h1":
		case proto == "h2" || proto == "fcgi" || proto == "spop" || proto == "none" || proto == "quic":
			return nil, diag.Errorf(w[2].Pos, "%s: the protocol '%s' is known to HAProxy but not supported by Hawser yet", at, proto)
		default:
			return nil, diag.Errorf(w[2].Pos, "%s: 'proto' expects a valid MUX protocol, if specified (got '%s')", at, proto)
		}
		n = 3
	}
	a.Only(n)
	return engine.ActionFunc(func(e env) verd {
		e.Strm.SwitchHTTP = true
		return engine.Stop
	}), nil
}
