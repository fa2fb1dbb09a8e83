package action

import (
	"strconv"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	content := engine.InContent
	add(content|httpAfter, "set-log-level", "set-log-level <level>: the level of the stream's log line; silent: no line", parseLogLevel)
	engine.AddActions(engine.ActionKeyword{Name: "set-nice", In: content, Idle: true,
		Usage: "set-nice <value>: streams have no priority among each other here", Parse: parseNice})
	client := engine.InTCPReq | tcpRes | engine.InHTTP
	for _, n := range []string{"set-tos", "set-fc-tos"} {
		add(client, n, n+" <value>: the type of service of packets to the client", socketValue(func(s *engine.Session, v int) { s.Conn.Lower().TOS(v) }))
	}
	for _, n := range []string{"set-mark", "set-fc-mark"} {
		add(client, n, n+" <value>: the netfilter mark of packets to the client", socketValue(func(s *engine.Session, v int) { s.Conn.Lower().Mark(v) }))
	}
	back := httpReq | tcpCont
	add(back, "set-bc-tos", "set-bc-tos { <tos> | <expression> }: the type of service of packets to the server", backSocket(engine.SetTOS))
	add(back, "set-bc-mark", "set-bc-mark { <mark> | <expression> }: the netfilter mark of packets to the server", backSocket(engine.SetMark))
	add(engine.InHTTP, "set-timeout", "set-timeout { client | connect | queue | server | tarpit | tunnel } { <time> | <expression> }: another timeout for this stream", parseSetTimeout)
	add(httpReq|tcpCont, "set-retries", "set-retries { <number> | <expression> }: how often connecting is tried again", parseSetRetries)
	add(httpReq|tcpCont, "set-priority-class", "set-priority-class <expression>: the stream's class in queues, lower ones first", priority(func(s *engine.Stream, v int64) {
		s.Prio = int32(min(max(v, -2047), 2047))
	}))
	add(httpReq|tcpCont, "set-priority-offset", "set-priority-offset <expression>: milliseconds to add to the stream's time in queues", priority(func(s *engine.Stream, v int64) {
		s.PrioOffset = min(max(v, -524287), 524287)
	}))
	add(httpReq|tcpCont, "use-service", "use-service <name>: answers with a built-in service", parseUseService)
}

var levels = map[string]int{"emerg": 0, "alert": 1, "crit": 2, "err": 3, "warning": 4, "notice": 5, "info": 6, "debug": 7, "silent": -2}

func parseLogLevel(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	const say = "expects exactly 1 argument (log level name or 'silent')"
	w, err := exactly(a, 1, say)
	if err != nil {
		return nil, err
	}
	level, ok := levels[w[0].Text]
	if !ok {
		return nil, fail(a, "%s.", say)
	}
	level++
	return engine.ActionFunc(func(e env) verd {
		e.Strm.LogLevel = level
		return engine.Continue
	}), nil
}

// socketValue sets an option of the client's socket to a number or the result of
// an expression.
func socketValue(set func(*engine.Session, int)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		v, err := number(b, a)
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e env) verd {
			if n, ok := v(e); ok && e.Sess != nil && e.Sess.Conn != nil {
				set(e.Sess, int(n))
			}
			return engine.Continue
		}), nil
	}
}

// backSocket sets an option of the connection that the stream will make.
func backSocket(bit uint8) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		v, err := number(b, a)
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e env) verd {
			n, ok := v(e)
			if !ok {
				return engine.Continue
			}
			o := &e.Strm.BackSock
			if o.Set |= bit; bit == engine.SetTOS {
				o.TOS = uint32(n)
			} else {
				o.Mark = uint32(n)
			}
			return engine.Continue
		}), nil
	}
}

// number reads an integer, or else an expression that gives one.
func number(b *engine.Build, a *engine.RuleArgs) (func(env) (int64, bool), error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "expects an argument.")
	}
	w := a.Only(1)[0]
	if n, err := strconv.ParseInt(w.Text, 0, 64); err == nil {
		return func(env) (int64, bool) { return n, true }, nil
	}
	x, err := b.Expr(w, a.Where)
	if err != nil {
		return nil, err
	}
	return func(e env) (int64, bool) {
		m := e.Mark()
		s, st := x.EvalAs(e, engine.TSint)
		e.Tmp = e.Tmp[:m]
		return s.Int, st == engine.Found
	}, nil
}

var timeoutNames = map[string]func(*engine.Timeouts) *time.Duration{
	"client":  func(t *engine.Timeouts) *time.Duration { return &t.Client },
	"connect": func(t *engine.Timeouts) *time.Duration { return &t.Connect },
	"queue":   func(t *engine.Timeouts) *time.Duration { return &t.Queue },
	"server":  func(t *engine.Timeouts) *time.Duration { return &t.Server },
	"tarpit":  func(t *engine.Timeouts) *time.Duration { return &t.Tarpit },
	"tunnel":  func(t *engine.Timeouts) *time.Duration { return &t.Tunnel },
}

func parseSetTimeout(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	w, err := exactly(a, 2, "expects exactly 2 arguments")
	if err != nil {
		return nil, err
	}
	of := timeoutNames[w[0].Text]
	if of == nil {
		return nil, fail(a, "'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' (got '%s').", w[0].Text)
	}
	if w[0].Text != "client" && w[0].Text != "tarpit" && b.Px.Side&(engine.Back|engine.IsDefaults) == 0 {
		return nil, fail(a, "'%s' has no backend capability.", b.Px.Name)
	}
	if d, terr := unit.Time(w[1].Text, time.Millisecond); terr == nil {
		if d <= 0 {
			return nil, fail(a, "null value is not valid for a 'set-timeout' rule.")
		}
		return engine.ActionFunc(func(e env) verd {
			*of(&e.Strm.Timeout) = d
			return engine.Continue
		}), nil
	}
	x, err := b.Expr(w[1], a.Where)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(func(e env) verd {
		m := e.Mark()
		if s, st := x.EvalAs(e, engine.TSint); st == engine.Found && s.Int > 0 {
			*of(&e.Strm.Timeout) = time.Duration(s.Int) * time.Millisecond
		}
		e.Tmp = e.Tmp[:m]
		return engine.Continue
	}), nil
}

func parseSetRetries(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if b.Px.Side&(engine.Back|engine.IsDefaults) == 0 {
		return nil, fail(a, "'set-retries' only available in backend or listen section.")
	}
	w, err := exactly(a, 1, "expects exactly 1 argument (an expression or an integer between 1 and 100)")
	if err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(w[0].Text); err == nil && (n < 0 || n > 100) {
		return nil, diag.Errorf(w[0].Pos, "expects an expression or an integer between 1 and 100.")
	}
	v, err := number(b, a)
	if err != nil {
		return nil, err
	}
	return engine.ActionFunc(func(e env) verd {
		if n, ok := v(e); ok && n >= 0 && n <= 100 {
			e.Strm.RetriesSet = int(n)
		}
		return engine.Continue
	}), nil
}

func priority(set func(*engine.Stream, int64)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		x, err := oneExpr(b, a)
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e env) verd {
			m := e.Mark()
			if s, st := x.EvalAs(e, engine.TSint); st == engine.Found {
				set(e.Strm, s.Int)
			}
			e.Tmp = e.Tmp[:m]
			return engine.Continue
		}), nil
	}
}

func parseUseService(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "'%s' expects a service name.", a.Name.Text)
	}
	name := a.Words[0]
	svc, ok := engine.Services.Get(name.Text)
	if !ok {
		return nil, fail(a, "'%s' unknown service name..", name.Text)
	}
	a.Only(1)
	return engine.ActionFunc(func(e env) verd { return svc.Serve(e.Strm) }), nil
}

func parseNice(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if _, err := exactly(a, 1, "expects exactly 1 argument (integer value)"); err != nil {
		return nil, err
	}
	return engine.ActionFunc(func(env) verd { return engine.Continue }), nil
}
