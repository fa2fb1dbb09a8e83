package conv

import (
	"bytes"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/rx"
)

func init() {
	s := engine.TStr
	mapped := func(name, usage string, f func(byte) byte) {
		conv(name, s, s, usage, 0, nil, func(e env, _ args, v smp) (smp, stat) {
			m := e.Mark()
			for _, c := range v.B {
				e.Tmp = append(e.Tmp, f(c))
			}
			return str(e.Since(m))
		})
	}
	mapped("lower", "Lower case.", lower)
	mapped("upper", "Upper case.", upper)
	conv("length", s, engine.TSint, "The length of the string.", 0, nil, func(_ env, _ args, v smp) (smp, stat) { return sint(int64(len(v.B))) })
	conv("strcmp", s, engine.TSint, "(var): compares the input with a variable: 0 if they are equal.", 1, types(engine.ArgVar), strcmp)
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
	conv("reverse_dom", s, s, "The labels of a domain name in reverse order.", 0, nil, reverseDom)
	conv("field", s, s, "(index,delimiters[,count]): the field of that index, counted from the end if negative.", 2, types(engine.ArgInt, engine.ArgStr, engine.ArgInt), field)
	conv("word", s, s, "(index,delimiters[,count]): as field, empty fields left out.", 2, types(engine.ArgInt, engine.ArgStr, engine.ArgInt), word)
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
	conv("has_ctl", engine.TBin, engine.TBool, "([allowed]): true if there are control characters, but for those allowed.", 0, types(engine.ArgStr), func(_ env, a args, v smp) (smp, stat) {
		allowed := text(a, 0, "")
		for _, c := range v.B {
			if (c < 32 && c != '\t' || c == 127) && strings.IndexByte(allowed, c) < 0 {
				return boolean(true)
			}
		}
		return boolean(false)
	})
	conv("language", s, s, "(list[,default]): the best language of the list for an Accept-Language value.", 1, types(engine.ArgStr, engine.ArgStr), language)
	conv("param", s, s, "(name[,delim]): the value of a parameter in a query string.", 1, types(engine.ArgStr, engine.ArgStr), param)
	engine.AddConvs(engine.Conv{Name: "debug", In: engine.TAny, Out: engine.TSame, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgStr),
		Usage: "([prefix[,destination]]): passes the input on; HAProxy's debug output is not made.", Eval: func(_ env, _ args, v smp) (smp, stat) { return v, found }})
	conv("host_only", s, s, "The host of a Host header's value, without port.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for _, c := range v.B[:hostEnd(v.B)] {
			e.Tmp = append(e.Tmp, lower(c))
		}
		return str(e.Since(m))
	})
	conv("port_only", s, engine.TSint, "The port of a Host header's value, 0 without one.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		b := v.B[hostEnd(v.B):]
		if len(b) < 2 {
			return sint(0)
		}
		n, err := strconv.ParseUint(string(b[1:]), 10, 16)
		if err != nil {
			return sint(0)
		}
		return sint(int64(n))
	})
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

func hostEnd(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		switch {
		case b[i] == ':':
			return i
		case b[i] < '0' || b[i] > '9':
			return len(b)
		}
	}
	return len(b)
}

func strcmp(e env, a args, v smp) (smp, stat) {
	s, ok := e.Var(a[0].Var)
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

func reverseDom(e env, _ args, v smp) (smp, stat) {
	m := e.Mark()
	b := v.B
	dot := len(b) > 0 && b[len(b)-1] == '.'
	b = bytes.TrimSuffix(b, []byte("."))
	for {
		i := bytes.LastIndexByte(b, '.')
		e.Tmp = append(e.Tmp, b[i+1:]...)
		if i < 0 {
			break
		}
		e.Tmp = append(e.Tmp, '.')
		b = b[:i]
	}
	if dot {
		e.Tmp = append(e.Tmp, '.')
	}
	return str(e.Since(m))
}

// field finds the index-th field and, with a count, those behind it up to the
// count; 0 means all the rest. Every delimiter ends a field.
func field(_ env, a args, v smp) (smp, stat) {
	b, delims, count := v.B, a[1].Text, 1
	if given(a, 2) {
		count = int(a[2].Int)
	}
	n := int(a[0].Int)
	if n == 0 {
		return str(nil)
	}
	if n < 0 {
		return str(fieldsFromEnd(b, -n, count, delims))
	}
	start, seen := 0, 1
	for i := 0; ; i++ {
		if i < len(b) && strings.IndexByte(delims, b[i]) < 0 {
			continue
		}
		if seen == n {
			if count == 0 {
				return str(b[start:])
			}
			if count == 1 || i == len(b) {
				return str(b[start:min(i, len(b))])
			}
			count--
		} else {
			seen, start = seen+1, i+1
		}
		if i >= len(b) {
			return str(nil)
		}
	}
}

// fieldsFromEnd is field counted from the end; the fields before the n-th belong to
// it where the count says so.
func fieldsFromEnd(b []byte, n, count int, delims string) []byte {
	end, seen := len(b), 1
	for i := len(b) - 1; ; i-- {
		if i >= 0 && strings.IndexByte(delims, b[i]) < 0 {
			continue
		}
		if seen == n {
			if count == 0 {
				return b[:end]
			}
			if count == 1 || i < 0 {
				return b[i+1 : end]
			}
			count--
		} else {
			seen, end = seen+1, i
		}
		if i < 0 {
			return nil
		}
	}
}

func word(_ env, a args, v smp) (smp, stat) {
	b, delims, count := v.B, a[1].Text, 1
	if given(a, 2) {
		count = int(a[2].Int)
	}
	type span struct{ from, to int }
	at := func(i int) bool { return strings.IndexByte(delims, b[i]) >= 0 }
	n := int(a[0].Int)
	if n == 0 {
		return str(nil)
	}
	step, i := 1, 0
	if n < 0 {
		step, i, n = -1, len(b)-1, -n
	}
	in := func(i int) bool { return i >= 0 && i < len(b) }
	var first, last span
	for seen := 0; in(i); {
		for in(i) && at(i) {
			i += step
		}
		if !in(i) {
			break
		}
		from := i
		for in(i) && !at(i) {
			i += step
		}
		w := span{from, i}
		if step < 0 {
			w = span{i + 1, from + 1}
		}
		seen++
		if seen == n {
			first, last = w, w
			if count == 0 {
				if step > 0 {
					return str(b[w.from:])
				}
				return str(b[:w.to])
			}
		} else if seen > n {
			last = w
		}
		if seen >= n && seen-n+1 == count {
			break
		}
	}
	if step < 0 {
		first, last = last, first
	}
	return str(b[first.from:last.to])
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

func optVar(b *engine.Build, a args, i int) (engine.VarRef, error) {
	if !given(a, i) || a[i].Text == "" {
		return engine.VarRef{}, nil
	}
	v, err := b.Var(a[i].Text)
	if err != nil {
		return v, errText("failed to register variable '" + a[i].Text + "'")
	}
	return v, nil
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

// language picks the value of the list that the client likes best.
func language(e env, a args, v smp) (smp, stat) {
	best, bestQ := "", -1
	for _, want := range strings.Split(a[0].Text, ";") {
		if q := quality(v.B, want); q > bestQ && q > 0 {
			best, bestQ = want, q
		}
	}
	if best == "" {
		if !given(a, 1) {
			return none()
		}
		best = a[1].Text
	}
	m := e.Mark()
	e.Tmp = append(e.Tmp, best...)
	return str(e.Since(m))
}

// quality returns a language's weight in an Accept-Language value, in 1/1000.
func quality(b []byte, want string) int {
	for _, item := range bytes.Split(b, []byte(",")) {
		name, params, _ := bytes.Cut(item, []byte(";"))
		if !strings.EqualFold(string(bytes.TrimSpace(name)), want) {
			continue
		}
		p := strings.TrimSpace(string(params))
		if !strings.HasPrefix(p, "q=") {
			return 1000
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(p[2:]), 64)
		if err != nil {
			return 0
		}
		return int(f * 1000)
	}
	return -1
}

func param(_ env, a args, v smp) (smp, stat) {
	delim := byte('&')
	if d := text(a, 1, ""); d != "" {
		delim = d[0]
		if len(d) == 2 {
			if n, err := strconv.ParseUint(d, 16, 8); err == nil {
				delim = byte(n)
			}
		}
	}
	for b := v.B; len(b) > 0; {
		var pair []byte
		if i := bytes.IndexByte(b, delim); i >= 0 {
			pair, b = b[:i], b[i+1:]
		} else {
			pair, b = b, nil
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		if string(name) == a[0].Text {
			return str(value)
		}
	}
	return none()
}
