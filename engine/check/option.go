package check

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// checkOption makes the row of a kind of check.
func checkOption(name string, maxArgs int, usage string, parse func(b *engine.Build, c *conf, l *engine.Line, args []engine.Word) error) engine.Keyword {
	return engine.Keyword{Name: "option " + name, In: engine.InAllBE, Max: maxArgs, Flags: engine.TakesNo | engine.TakesDefault, Usage: usage, Parse: func(b *engine.Build, l *engine.Line) error {
		c := confs.Edit(b.Px)
		if l.No || l.Default {
			return diag.Errorf(l.Words[1].Pos, "negation/default is not supported for option '%s'.", name).AsTight()
		}
		c.kind, c.proto, c.linger = name, nil, false
		return parse(b, c, l, l.Words[2:])
	}}
}

func init() {
	row := checkOption
	engine.AddKeywords(
		row("httpchk", -1, "option httpchk [<method>] [<uri>] [<version>] [<host>]: check servers with an HTTP request", parseHTTPChk),
		row("tcp-check", 0, "option tcp-check: check servers with the dialogue of the tcp-check rules", nothing),
		row("ssl-hello-chk", 0, "option ssl-hello-chk: check that servers answer an SSLv3 hello", fixed(sslHello)),
		row("smtpchk", -1, "option smtpchk [<hello> <domain>]: check SMTP servers", parseSMTP),
		row("ldap-check", 0, "option ldap-check: check LDAP servers with an anonymous bind", fixed(ldapCheck)),
		row("mysql-check", -1, "option mysql-check [user <name> [post-41|pre-41|post-80]]: check MySQL servers", parseMySQL),
		row("pgsql-check", -1, "option pgsql-check user <name>: check PostgreSQL servers", parsePgSQL),
		row("redis-check", 0, "option redis-check: check Redis servers with PING", fixed(redisCheck)),
		row("external-check", 0, "option external-check: check servers with a program", nothing),
		engine.Keyword{Name: "external-check", In: engine.InAllBE, Max: -1, Usage: "external-check { command <program> | path <PATH> }: the program of option external-check", Parse: parseExternal},
		engine.Keyword{Name: "external-check", In: engine.InGlobal, Max: 1, Usage: "external-check [preserve-env]: allow checks by programs", Parse: parseExternalGlobal},
		engine.Keyword{Name: "http-check", In: engine.InAllBE, Max: -1, Usage: "http-check { connect | send | expect | comment | disable-on-404 | send-state | set-var(…) | unset-var(…) } …: a rule of option httpchk", Parse: parseHTTPCheck},
		engine.Keyword{Name: "tcp-check", In: engine.InAllBE, Max: -1, Usage: "tcp-check { connect | send | send-lf | send-binary | send-binary-lf | expect | comment | set-var(…) | unset-var(…) } …: a rule of option tcp-check", Parse: parseTCPCheck},
	)
}

func nothing(*engine.Build, *conf, *engine.Line, []engine.Word) error { return nil }

func fixed(steps func() []step) func(*engine.Build, *conf, *engine.Line, []engine.Word) error {
	return func(_ *engine.Build, c *conf, _ *engine.Line, _ []engine.Word) error {
		c.proto = steps()
		return nil
	}
}

// parseHTTPChk reads the request. Headers hidden in the version, which HAProxy
// does not take any more, become headers, with a warning.
func parseHTTPChk(b *engine.Build, c *conf, l *engine.Line, a []engine.Word) error {
	c.request = request{}
	q := &c.request
	switch {
	case len(a) == 0:
		return nil
	case len(a) == 1:
		q.uri = a[0].Text
		return nil
	}
	q.method, q.uri = a[0].Text, a[1].Text
	if len(a) > 2 {
		version, hidden, _ := strings.Cut(a[2].Text, "\r\n")
		q.version = version
		if hidden != "" {
			b.Warn(a[2].Pos, "'option httpchk' : hiding headers or body at the end of the version string is unsupported in HAProxy. Use 'http-check send' directive instead.")
			q.hidden(b, a[2], hidden)
		}
	}
	if len(a) > 3 {
		f, err := b.LogFormat(a[3], engine.AtCheck, 0)
		if err != nil {
			return err
		}
		q.names, q.values = append(q.names, "host"), append(q.values, f)
	}
	return nil
}

// hidden takes headers and a body out of the rest of a version string.
func (q *request) hidden(b *engine.Build, at engine.Word, s string) {
	head, body, _ := strings.Cut(s, "\r\n\r\n")
	q.body = body
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			value = strings.TrimSpace(value)
			q.names = append(q.names, strings.ToLower(strings.TrimSpace(name)))
			q.values = append(q.values, &engine.LogFormat{Text: value, Pos: at.Pos, IsConst: true, Const: []byte(value),
				Items: []engine.LogItem{{Text: []byte(value), Pos: at.Pos}}})
		}
	}
	_ = b
}

// rules are the kinds of rules and their parsers.
var httpRules = map[string]func(w *words) (step, error){
	"connect": parseConnect,
	"send":    parseHTTPSend,
	"expect":  parseHTTPExpect,
	"comment": parseComment,
}

var tcpRules = map[string]func(w *words) (step, error){
	"connect":        parseConnect,
	"send":           func(w *words) (step, error) { return parseSend(w, false, false) },
	"send-lf":        func(w *words) (step, error) { return parseSend(w, false, true) },
	"send-binary":    func(w *words) (step, error) { return parseSend(w, true, false) },
	"send-binary-lf": func(w *words) (step, error) { return parseSend(w, true, true) },
	"expect":         parseExpect,
	"comment":        parseComment,
}

func parseComment(w *words) (step, error) {
	a, err := w.arg("expects a string as argument.")
	return remark{a.Text}, err
}

func parseHTTPCheck(b *engine.Build, l *engine.Line) error {
	c := confs.Edit(b.Px)
	if len(l.Words) > 1 {
		flag := map[string]*bool{"disable-on-404": &c.on404, "send-state": &c.sendState}[l.Words[1].Text]
		if flag != nil {
			if len(l.Words) > 2 {
				return diag.Errorf(l.Words[2].Pos, "'http-check' cannot handle unexpected argument '%s'.", l.Words[2].Text)
			}
			*flag = true
			return nil
		}
	}
	return parseRule(b, l, c.rules(b.Px, true), httpRules,
		"'http-check' only supports 'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'. but got '%s'")
}

func parseTCPCheck(b *engine.Build, l *engine.Line) error {
	return parseRule(b, l, confs.Edit(b.Px).rules(b.Px, false), tcpRules,
		"'tcp-check' only supports 'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'. but got '%s'")
}

func parseRule(b *engine.Build, l *engine.Line, set *ruleset, rules map[string]func(*words) (step, error), unknown string) error {
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, unknown, "")
	}
	kind := l.Words[1]
	w := &words{b: b, rule: l.Words[0].Text + " " + kind.Text, at: kind, rest: l.Words[2:]}
	parse := rules[kind.Text]
	for _, p := range []string{"set-var(", "set-var-fmt(", "unset-var("} {
		if strings.HasPrefix(kind.Text, p) {
			parse = func(w *words) (step, error) { return parseVar(w, kind.Text) }
		}
	}
	if parse == nil {
		return diag.Errorf(kind.Pos, unknown, kind.Text)
	}
	s, err := parse(w)
	if err == nil {
		err = set.order(w, s, l.Words[0].Text == "http-check")
	}
	if err != nil {
		return err
	}
	set.steps = append(set.steps, s)
	return nil
}

func init() {
	engine.AddKeywords(engine.Keyword{Name: "option log-health-checks", In: engine.InAllBE, Flags: engine.TakesNo,
		Usage: "option log-health-checks: log every change of a check's result, not only those of the server's state",
		Parse: func(b *engine.Build, l *engine.Line) error {
			px := b.Px
			px.OptionsSet |= engine.OptLogHealthChecks
			if l.No {
				px.Options &^= engine.OptLogHealthChecks
			} else {
				px.Options |= engine.OptLogHealthChecks
			}
			return nil
		}})
}
