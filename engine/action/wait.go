package action

import (
	"strconv"
	"time"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	add(engine.InHTTP, "wait-for-body", "wait-for-body time <time> [at-least <bytes>]: buffers the body before the next rule", parseWaitBody)
	add(engine.InHTTP, "pause", "pause { <time> | <expression> }: waits before the next rule", parsePause)
	add(httpReq, "early-hint", "early-hint <name> <format>: sends a 103 response with that header", parseEarlyHint)
	add(httpReq, "auth", "auth [realm <realm>]: asks for a user and a password", parseAuth)
}

func parseWaitBody(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	var limit time.Duration
	least, n := 0, 0
	for n < len(a.Words) {
		w := a.Words[n]
		if w.Text != "time" && w.Text != "at-least" && w.Text != "use-large-buffer" {
			break
		}
		if w.Text == "use-large-buffer" {
			b.Notice(w.Pos, "'use-large-buffer' has no effect in Hawser: bodies are buffered up to tune.bufsize")
			n++
			continue
		}
		if n+1 >= len(a.Words) {
			return nil, fail(a, "missing argument for '%s'.", w.Text)
		}
		v := a.Words[n+1]
		if d, err := unit.Time(v.Text, time.Millisecond); w.Text == "time" {
			if err != nil {
				return nil, diag.Errorf(v.Pos, "unexpected character '%s'.", badByte(v.Text))
			}
			limit = d
		} else {
			size, err := unit.Size(v.Text)
			if err != nil {
				return nil, diag.Errorf(v.Pos, "unexpected character '%s'.", badByte(v.Text))
			}
			least = int(size)
		}
		n += 2
	}
	a.Only(n)
	if limit == 0 {
		return nil, fail(a, "expects time <time> [ at-least <bytes> ].")
	}
	if a.Ruleset == engine.HTTPRes {
		return engine.ActionFunc(func(e env) verd { return engine.HoldResponse(e.Strm, limit, least) }), nil
	}
	return engine.ActionFunc(func(e env) verd { return engine.WaitBody(e.Strm, limit, least) }), nil
}

func badByte(s string) string {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			if i > 0 && i+1 < len(s) {
				continue
			}
			return s[i : i+1]
		}
	}
	return ""
}

func parsePause(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "unexpected character '.")
	}
	w := a.Only(1)[0]
	wait := func(e env, d time.Duration) verd {
		t := time.NewTimer(d)
		defer t.Stop()
		<-t.C
		return engine.Continue
	}
	if d, terr := unit.Time(w.Text, time.Millisecond); terr == nil {
		return engine.ActionFunc(func(e env) verd { return wait(e, d) }), nil
	}
	x, err := b.Expr(w, a.Where)
	if err != nil {
		return nil, fail(a, "unexpected character '%s' in rule 'pause'.", badByte(w.Text))
	}
	return engine.ActionFunc(func(e env) verd {
		m := e.Mark()
		s, st := x.EvalAs(e, engine.TSint)
		e.Tmp = e.Tmp[:m]
		if st != engine.Found || s.Int <= 0 {
			return engine.Continue
		}
		return wait(e, time.Duration(s.Int)*time.Millisecond)
	}), nil
}

func parseEarlyHint(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	w, err := exactly(a, 2, "expects exactly 2 arguments")
	if err != nil {
		return nil, err
	}
	f, err := format(b, a, w[1])
	if err != nil {
		return nil, err
	}
	k := htx.NewKey(w[0].Text)
	return engine.ActionFunc(func(e env) verd {
		if !e.Strm.Req.Has(htx.Version11) {
			return engine.Continue
		}
		var m htx.Msg
		m.StartResponse(103, "Early Hints")
		m.Flags |= htx.Interim
		v, mark := value(e, f)
		m.AddKey(k, v)
		e.Tmp = e.Tmp[:mark]
		if e.Strm.Ex.Interim(&m) != nil {
			return engine.Abort
		}
		return engine.Continue
	}), nil
}

func parseAuth(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	realm := b.Px.Name
	if len(a.Words) > 0 && a.Words[0].Text == "realm" {
		if len(a.Words) < 2 {
			return nil, fail(a, "missing realm value.\n")
		}
		realm = a.Words[1].Text
		a.Only(2)
	} else {
		a.Only(0)
	}
	ask := []byte("Basic realm=" + strconv.Quote(realm))
	return engine.ActionFunc(func(e env) verd {
		s := e.Strm
		status, id := 401, htx.WWWAuthenticate
		if t := s.Req.Bytes(s.Req.Target); len(t) > 0 && t[0] != '/' && s.Req.MethodID != htx.OPTIONS {
			status, id = 407, htx.ProxyAuthenticate
		}
		r := page(s, status)
		if r.Raw == nil {
			s.Local.Reply = r
			return engine.Done
		}
		if s.Res == nil {
			s.Res = &htx.Msg{}
		}
		r.Raw.Head.Clone(s.Res)
		s.Res.AddID(id, ask)
		s.Local = engine.Local{Set: true, Body: r.Raw.Body, Reply: r}
		s.HasRes = true
		return engine.Done
	}), nil
}
