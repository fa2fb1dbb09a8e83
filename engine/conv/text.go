package conv

import (
	"bytes"
	"strings"

	"hawser/engine"
	"hawser/engine/rx"
)

// Whole texts: their case, ends and order, what is put behind them or replaced.
func init() {
	s := engine.TStr
	mapped("lower", "Lower case.", lower)
	mapped("upper", "Upper case.", upper)
	conv("length", s, engine.TSint, "The length of the string.", 0, nil, func(_ env, _ args, v smp) (smp, stat) { return sint(int64(len(v.B))) })
	made("strcmp", s, engine.TSint, "(var): compares the input with a variable: 0 if they are equal.", 1, types(engine.ArgStr), makeStrcmp)
	conv("ltrim", s, s, "(chars): removes any of the characters from the beginning.", 1, types(engine.ArgStr), func(_ env, a args, v smp) (smp, stat) {
		return str(bytes.TrimLeft(v.B, a[0].Text))
	})
	conv("rtrim", s, s, "(chars): removes any of the characters from the end.", 1, types(engine.ArgStr), func(_ env, a args, v smp) (smp, stat) {
		return str(bytes.TrimRight(v.B, a[0].Text))
	})
	conv("cut_crlf", s, s, "Cuts the string before the first CR or LF.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		if i := bytes.IndexAny(v.B, "\r\n"); i >= 0 {
			v.B = v.B[:i]
		}
		return str(v.B)
	})
	conv("reverse", s, s, "The bytes in reverse order.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for i := len(v.B) - 1; i >= 0; i-- {
			e.Tmp = append(e.Tmp, v.B[i])
		}
		return str(e.Since(m))
	})
	made("concat", s, s, "([start[,var[,end]]]): appends a text, a variable and a text.", 1, types(engine.ArgStr, engine.ArgStr, engine.ArgStr), concat)
	made("add_item", s, s, "(delim[,var[,suffix]]): appends an item to a list, behind the delimiter if the list is not empty.", 2, types(engine.ArgStr, engine.ArgStr, engine.ArgStr), addItem)
	made("regsub", s, s, "(regex,replacement[,flags]): replaces what matches; flags g (all) and i (ignore case).", 2, types(engine.ArgRegex, engine.ArgStr, engine.ArgStr), regsub)
	made("iif", engine.TBool, s, "(true,false): one text or the other.", 2, types(engine.ArgStr, engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		yes, no := []byte(a[0].Text), []byte(a[1].Text)
		return func(_ env, _ args, v smp) (smp, stat) {
			if v.Int != 0 {
				return str(yes)
			}
			return str(no)
		}, nil
	})
}

// mapped registers a converter that changes each byte for itself.
func mapped(name, usage string, f func(byte) byte) {
	engine.AddConvs(engine.Conv{Name: name, In: engine.TStr, Out: engine.TStr, Pure: true, Usage: usage, Eval: func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for _, c := range v.B {
			e.Tmp = append(e.Tmp, f(c))
		}
		return str(e.Since(m))
	}})
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

func makeStrcmp(b *engine.Build, a args) (engine.ConvFunc, error) {
	if a[0].Text == "" {
		return nil, errText("missing variable name")
	}
	ref, err := b.Var(a[0].Text)
	if err != nil {
		return nil, errText("failed to register variable name '" + a[0].Text + "'")
	}
	return func(e env, _ args, v smp) (smp, stat) { return strcmp(e, ref, v) }, nil
}

func strcmp(e env, ref engine.VarRef, v smp) (smp, stat) {
	s, ok := e.Var(ref)
	if !ok || s.Type != engine.TStr && !e.Cast(&s, engine.TStr) {
		return none()
	}
	n := min(len(v.B), len(s.B))
	for i := range n {
		if d := int64(v.B[i]) - int64(s.B[i]); d != 0 {
			return sint(d)
		}
	}
	switch {
	case len(v.B) < len(s.B):
		return sint(-1)
	case len(v.B) > len(s.B):
		return sint(1)
	}
	return sint(0)
}

func concat(b *engine.Build, a args) (engine.ConvFunc, error) {
	v, err := optVar(b, a, 1)
	if err != nil {
		return nil, err
	}
	return func(e env, a args, s smp) (smp, stat) {
		m := e.Mark()
		e.Tmp = append(e.Tmp, s.B...)
		e.Tmp = append(e.Tmp, text(a, 0, "")...)
		e.Tmp = appendVar(e, m, v)
		e.Tmp = append(e.Tmp, text(a, 2, "")...)
		return str(e.Since(m))
	}, nil
}

func addItem(b *engine.Build, a args) (engine.ConvFunc, error) {
	v, err := optVar(b, a, 1)
	if err != nil {
		return nil, err
	}
	if (!given(a, 1) || a[1].Text == "") && (!given(a, 2) || a[2].Text == "") {
		return nil, errText("one of the optional arguments has to be nonempty")
	}
	return func(e env, a args, s smp) (smp, stat) {
		m := e.Mark()
		e.Tmp = append(e.Tmp, s.B...)
		var have bool
		if v.Scope != 0 {
			_, have = e.Var(v)
		}
		suffix := text(a, 2, "")
		if len(s.B) > 0 && (have || suffix != "") {
			e.Tmp = append(e.Tmp, a[0].Text...)
		}
		e.Tmp = appendVar(e, m, v)
		e.Tmp = append(e.Tmp, suffix...)
		return str(e.Since(m))
	}, nil
}

func optVar(b *engine.Build, a args, i int) (engine.VarRef, error) {
	if !given(a, i) || a[i].Text == "" {
		return engine.VarRef{}, nil
	}
	v, err := b.Var(a[i].Text)
	if err != nil {
		return v, errText("failed to register variable name '" + a[i].Text + "'")
	}
	return v, nil
}

// appendVar appends a variable's text to the scratch bytes.
func appendVar(e env, _ int, v engine.VarRef) []byte {
	if v.Scope == 0 {
		return e.Tmp
	}
	at := e.Mark()
	s, ok := e.Var(v)
	if !ok || s.Type != engine.TStr && s.Type != engine.TBin && !e.Cast(&s, engine.TStr) {
		return e.Tmp[:at]
	}
	if len(e.Tmp) > at { // the cast wrote its text right here
		return e.Tmp
	}
	return append(e.Tmp, s.B...)
}

func regsub(_ *engine.Build, a args) (engine.ConvFunc, error) {
	flags := text(a, 2, "")
	for _, f := range flags {
		if f != 'g' && f != 'i' {
			return nil, errText("invalid regex flag '" + string(f) + "', only 'i' and 'g' are supported")
		}
	}
	re, err := rx.Compile(a[0].Text, strings.Contains(flags, "i"))
	if err != nil {
		return nil, errText("regex '" + a[0].Text + "' is invalid (error=" + err.Error() + ")")
	}
	all, with := strings.Contains(flags, "g"), a[1].Text
	return func(e env, _ args, v smp) (smp, stat) {
		if !re.Match(v.B) {
			return v, found
		}
		m := e.Mark()
		off := 0
		for off <= len(v.B) {
			g := re.Find(v.B, off)
			if g == nil {
				break
			}
			e.Tmp = append(e.Tmp, v.B[off:g[0]]...)
			e.Tmp = rx.Expand(e.Tmp, with, v.B, g)
			off = g[1]
			if g[1] == g[0] { // an empty match: go on behind the next byte
				if off < len(v.B) {
					e.Tmp = append(e.Tmp, v.B[off])
				}
				off++
			}
			if !all {
				break
			}
		}
		if off < len(v.B) {
			e.Tmp = append(e.Tmp, v.B[off:]...)
		}
		return str(e.Since(m))
	}, nil
}
