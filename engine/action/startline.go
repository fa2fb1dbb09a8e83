package action

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/engine/rx"
)

func init() {
	for _, x := range []struct {
		name, usage string
		set         func(*htx.Msg, []byte)
	}{
		{"set-method", "set-method <format>: changes the method", (*htx.Msg).SetMethod},
		{"set-path", "set-path <format>: changes the path and keeps the query", (*htx.Msg).SetPath},
		{"set-pathq", "set-pathq <format>: changes path and query", (*htx.Msg).SetPathQuery},
		{"set-query", "set-query <format>: changes the query", (*htx.Msg).SetQuery},
		{"set-uri", "set-uri <format>: changes the whole target", (*htx.Msg).SetTarget},
	} {
		add(httpReq, x.name, x.usage, requestEdit(x.set))
	}
	for _, x := range []struct {
		name, usage string
		get         func(*htx.Msg) htx.Span
		set         func(*htx.Msg, []byte)
	}{
		{"replace-path", "replace-path <regex> <format>: rewrites the path if it matches", (*htx.Msg).Path, (*htx.Msg).SetPath},
		{"replace-pathq", "replace-pathq <regex> <format>: rewrites path and query if they match", (*htx.Msg).PathQuery, (*htx.Msg).SetPathQuery},
		{"replace-uri", "replace-uri <regex> <format>: rewrites the target if it matches", func(m *htx.Msg) htx.Span { return m.Target }, (*htx.Msg).SetTarget},
	} {
		add(httpReq, x.name, x.usage, replaceTarget(x.get, x.set))
	}
	add(httpRes|httpAfter, "set-status", "set-status <code> [reason <text>]: changes the status", parseSetStatus)
}

func requestEdit(set func(*htx.Msg, []byte)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		w, err := exactly(a, 1, "expects exactly 1 argument <format>")
		if err != nil {
			return nil, err
		}
		f, err := format(b, a, w[0])
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e env) verd {
			m := e.Req()
			if m == nil {
				return engine.Continue
			}
			v, mark := value(e, f)
			fits := room(e, m, len(v), 0) || room(e, m, len(v)-int(m.Target.Len), 0)
			if fits {
				set(m, v)
			}
			e.Tmp = e.Tmp[:mark]
			if !fits {
				return unfit(e)
			}
			return engine.Continue
		}), nil
	}
}

func replaceTarget(get func(*htx.Msg) htx.Span, set func(*htx.Msg, []byte)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		w, err := exactly(a, 2, "expects exactly 2 arguments <match-regex> and <replace-format>")
		if err != nil {
			return nil, err
		}
		re, err := compile(a, w[0])
		if err != nil {
			return nil, err
		}
		f, err := format(b, a, w[1])
		if err != nil {
			return nil, err
		}
		return engine.ActionFunc(func(e env) verd {
			m := e.Req()
			if m == nil {
				return engine.Continue
			}
			v := m.Bytes(get(m))
			g := re.Find(v, 0)
			if g == nil {
				return engine.Continue
			}
			with, mark := value(e, f)
			at := e.Mark()
			e.Tmp = rx.Expand(e.Tmp, string(with), v, g)
			set(m, e.Tmp[at:])
			e.Tmp = e.Tmp[:mark]
			return engine.Continue
		}), nil
	}
}

func parseSetStatus(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>.")
	}
	code, err := strconv.Atoi(a.Words[0].Text)
	if err != nil || code < 100 || code > 999 {
		return nil, fail(a, "expects an integer status code between 100 and 999.")
	}
	reason := []byte(engine.Reason(code))
	if len(a.Words) >= 3 && a.Words[1].Text == "reason" {
		reason = []byte(a.Words[2].Text)
		a.Only(3)
	} else {
		a.Only(1)
	}
	return engine.ActionFunc(func(e env) verd {
		if m := e.Res(); m != nil {
			m.SetStatus(code)
			m.SetReason(reason)
		}
		return engine.Continue
	}), nil
}
