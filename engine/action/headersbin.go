package action

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	const form = " <expression> [prefix <text>]: "
	add(engine.InHTTPAll, "set-headers-bin", "set-headers-bin"+form+"set-header for all headers of a binary list (req.hdrs_bin), or those whose names begin so", headersBin(true))
	add(engine.InHTTPAll, "add-headers-bin", "add-headers-bin"+form+"add-header for all headers of a binary list (req.hdrs_bin), or those whose names begin so", headersBin(false))
	add(engine.InHTTPAll, "del-headers-bin", "del-headers-bin <expression> [-m { str | beg | end | sub }]: removes all headers whose names are in a binary list", delHeadersBin)
}

func headersBin(alone bool) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		if len(a.Words) == 0 {
			return nil, fail(a, "expects exactly one argument or three arguments <headers> prefix <pfx>.")
		}
		x, err := b.Expr(a.Words[0], a.Where)
		if err != nil {
			return nil, err
		}
		h := &headerList{x: x, alone: alone}
		n := 1
		if len(a.Words) > 1 && a.Words[1].Text == "prefix" {
			if len(a.Words) < 3 {
				return nil, diag.Errorf(a.Words[1].Pos, "expects 1 argument: <headers>; or 3 arguments: <headers> prefix <pfx>.")
			}
			h.prefix = []byte(a.Words[2].Text)
			n = 3
		}
		a.Only(n)
		return h, nil
	}
}

// headerList sets or adds the headers that an expression lists.
type headerList struct {
	x      *engine.Expr
	prefix []byte
	alone  bool
}

// Run goes through the list up to its end, an empty name and value; without one it is an error.
func (h *headerList) Run(e env) verd {
	m := e.Msg()
	mark := e.Mark()
	defer func() { e.Tmp = e.Tmp[:mark] }()
	in, ok := binary(e, h.x)
	if m == nil || !ok {
		return engine.Continue
	}
	for {
		if len(in) == 0 {
			return engine.Failed
		}
		var name, value []byte
		if name, in, ok = cutString(in); !ok {
			return unfit(e)
		}
		if value, in, ok = cutString(in); !ok || len(name) == 0 && len(value) > 0 {
			return unfit(e)
		}
		if len(name) == 0 {
			return engine.Continue // the end of the list
		}
		if len(h.prefix) > 0 && !bytes.HasPrefix(name, h.prefix) {
			continue
		}
		k := htx.NewKey(string(name))
		if h.alone {
			m.DelKey(k)
		}
		if !addField(e, m, k, value) {
			return unfit(e)
		}
	}
}

func binary(e env, x *engine.Expr) ([]byte, bool) {
	s, st := x.EvalAs(e, engine.TBin)
	return s.B, st == engine.Found
}

func delHeadersBin(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "expects at least 1 argument.")
	}
	x, err := b.Expr(a.Words[0], a.Where)
	if err != nil {
		return nil, err
	}
	method, n := "str", 1
	if len(a.Words) > 1 && a.Words[1].Text == "-m" {
		if len(a.Words) < 3 {
			return nil, diag.Errorf(a.Words[1].Pos, "-m flag expects exactly 1 argument.")
		}
		method, n = a.Words[2].Text, 3
	}
	a.Only(n)
	fit := map[string]func(name, want []byte) bool{"str": bytes.Equal, "beg": bytes.HasPrefix, "end": bytes.HasSuffix, "sub": bytes.Contains}[method]
	switch {
	case method == "reg":
		return nil, diag.Errorf(a.Words[2].Pos, "-m reg is unsupported with del-headers-bin due to performance reasons.")
	case fit == nil:
		return nil, diag.Errorf(a.Words[2].Pos, "-m with unsupported matching method '%s'.", method)
	}
	return engine.ActionFunc(func(e env) verd { return deleteListed(e, x, fit) }), nil
}

func deleteListed(e env, x *engine.Expr, fit func(name, want []byte) bool) verd {
	m := e.Msg()
	mark := e.Mark()
	defer func() { e.Tmp = e.Tmp[:mark] }()
	in, ok := binary(e, x)
	if m == nil || !ok {
		return engine.Continue
	}
	for {
		if len(in) == 0 {
			return engine.Failed
		}
		var want []byte
		if want, in, ok = cutString(in); !ok {
			return unfit(e)
		}
		if len(want) == 0 {
			return engine.Continue
		}
		want = bytes.ToLower(want)
		for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
			if fit(m.Name(i), want) {
				m.Del(i)
			}
		}
	}
}

// cutString takes a string behind its length off in; lengths are variable-length
// integers as in the SPOE protocol.
func cutString(in []byte) (s, rest []byte, ok bool) {
	if len(in) == 0 {
		return nil, nil, false
	}
	n, i := uint64(in[0]), 1
	if n >= 240 {
		for shift := 4; ; shift += 7 {
			if i >= len(in) || shift > 56 {
				return nil, nil, false
			}
			c := in[i]
			i++
			n += uint64(c) << shift
			if c < 128 {
				break
			}
		}
	}
	if n > uint64(len(in)-i) {
		return nil, nil, false
	}
	return in[i : i+int(n)], in[i+int(n):], true
}
