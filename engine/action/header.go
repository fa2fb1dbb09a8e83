package action

import (
	"bytes"
	"strings"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/engine/rx"
)

func init() {
	all := engine.InHTTPAll
	add(all, "set-header", "set-header <name> <format>: replaces all headers of that name by one", headerEdit(true))
	add(all, "add-header", "add-header <name> <format>: appends a header", headerEdit(false))
	add(all, "del-header", "del-header <name> [-m { str | beg | end | sub | reg }]: removes all headers of that name", parseDelHeader)
	add(all, "replace-header", "replace-header <name> <regex> <format>: gives headers that match the regex another value; \\1 is its first group", replace(false))
	add(all, "replace-value", "replace-value <name> <regex> <format>: as replace-header, for each comma-separated value", replace(true))
}

func headerEdit(alone bool) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		w, err := exactly(a, 2, "expects exactly 2 arguments")
		if err != nil {
			return nil, err
		}
		f, err := format(b, a, w[1])
		if err != nil {
			return nil, err
		}
		warnOfName(b, w[0])
		k := htx.NewKey(w[0].Text)
		return engine.ActionFunc(func(e env) verd {
			m := e.Msg()
			if m == nil {
				return engine.Continue
			}
			v, mark := value(e, f)
			if alone {
				m.DelKey(k)
			}
			ok := addField(e, m, k, v)
			e.Tmp = e.Tmp[:mark]
			if !ok {
				return unfit(e)
			}
			return engine.Continue
		}), nil
	}
}

// warnOfName tells of the first byte that no header name may have (RFC 9110, 5.6.2).
func warnOfName(b *engine.Build, name engine.Word) {
	for i := range len(name.Text) {
		c := name.Text[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 {
			continue
		}
		b.Warn(name.Pos, "header name '%s' contains forbidden character '%s'.", name.Text, name.Text[i:i+1])
		return
	}
}

func parseDelHeader(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	if len(a.Words) == 0 {
		return nil, fail(a, "expects at least 1 argument.")
	}
	name := a.Words[0].Text
	if len(a.Words) < 3 || a.Words[1].Text != "-m" {
		a.Only(1)
		k := htx.NewKey(name)
		return engine.ActionFunc(func(e env) verd {
			if m := e.Msg(); m != nil {
				m.DelKey(k)
			}
			return engine.Continue
		}), nil
	}
	fit, err := nameTest(a, a.Words[2].Text, name)
	if err != nil {
		return nil, err
	}
	a.Only(3)
	return engine.ActionFunc(func(e env) verd {
		m := e.Msg()
		if m == nil {
			return engine.Continue
		}
		for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
			if fit(m.Name(i)) {
				m.Del(i)
			}
		}
		return engine.Continue
	}), nil
}

func nameTest(a *engine.RuleArgs, method, name string) (func([]byte) bool, error) {
	want := []byte(strings.ToLower(name))
	switch method {
	case "str":
		return func(b []byte) bool { return bytes.Equal(b, want) }, nil
	case "beg":
		return func(b []byte) bool { return bytes.HasPrefix(b, want) }, nil
	case "end":
		return func(b []byte) bool { return bytes.HasSuffix(b, want) }, nil
	case "sub":
		return func(b []byte) bool { return bytes.Contains(b, want) }, nil
	case "reg":
		re, err := rx.Compile(name, true)
		if err != nil {
			return nil, fail(a, "regex '%s' is invalid (error=%s).", name, err.Error())
		}
		return re.Match, nil
	}
	return nil, fail(a, "-m with unsupported matching method '%s'.", method)
}

// replace rewrites the values of a header that match.
func replace(each bool) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		w, err := exactly(a, 3, "expects exactly 3 arguments")
		if err != nil {
			return nil, err
		}
		re, err := compile(a, w[1])
		if err != nil {
			return nil, err
		}
		f, err := format(b, a, w[2])
		if err != nil {
			return nil, err
		}
		return &replacement{key: htx.NewKey(w[0].Text), re: re, with: f, each: each}, nil
	}
}

type replacement struct {
	key  htx.Key
	re   *rx.Regex
	with *engine.LogFormat
	each bool
}

// Run rewrites every occurrence; the format is evaluated once.
func (r *replacement) Run(e env) verd {
	m := e.Msg()
	if m == nil {
		return engine.Continue
	}
	i := m.NextKey(r.key, 0)
	if i < 0 {
		return engine.Continue
	}
	start := e.Mark()
	var with string
	if r.with.IsConst {
		with = r.with.Text
	}
	if !r.with.IsConst || string(r.with.Const) != with {
		e.Tmp = r.with.Append(e.Tmp, e)
		with = string(e.Since(start))
	}
	fits := true
	for ; i >= 0 && fits; i = m.NextKey(r.key, i+1) {
		if r.each {
			r.values(e, m, i, with)
			fits = room(e, m, 0, 0)
			continue
		}
		v := m.Value(i)
		if g := r.re.Find(v, 0); g != nil {
			mark := e.Mark()
			e.Tmp = rx.Expand(e.Tmp, with, v, g)
			if fits = room(e, m, len(e.Tmp)-mark-len(v), 0); fits {
				m.ReplaceValue(i, e.Tmp[mark:])
			}
		}
	}
	e.Tmp = e.Tmp[:start]
	if !fits {
		return unfit(e)
	}
	return engine.Continue
}

// values rewrites the comma-separated values of one field; an empty field has one.
// With a value go the blanks around it, as with HAProxy.
func (r *replacement) values(e env, m *htx.Msg, i int, with string) {
	empty := len(m.Value(i)) == 0
	for off := 0; ; {
		v := m.Value(i)
		from, to, next, ok := htx.NextItem(v, off)
		if empty {
			from, to, next, ok, empty = 0, 0, 1, true, false
		}
		if !ok {
			return
		}
		begin, end := off, next-1
		off = next
		g := r.re.Find(v[from:to], 0)
		if g == nil {
			continue
		}
		mark := e.Mark()
		e.Tmp = rx.Expand(e.Tmp, with, v[from:to], g)
		put := e.Tmp[mark:]
		m.ReplaceRange(i, begin, end, put)
		off += len(put) - (end - begin)
		e.Tmp = e.Tmp[:mark]
	}
}
