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
		engine.AddConvs(engine.Conv{Name: name, In: s, Out: s, Pure: true, Usage: usage, Eval: func(e env, _ args, v smp) (smp, stat) {
			m := e.Mark()
			for _, c := range v.B {
				e.Tmp = append(e.Tmp, f(c))
			}
			return str(e.Since(m))
		}})
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
	counted("field", "(index,delimiters[,count]): the field of that index, counted from the end if negative.", field)
	counted("word", "(index,delimiters[,count]): as field, empty fields left out.", word)
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
	conv("port_only", s, engine.TSint, "The port of a Host header's value, 0 without one; what is no digit counts as HAProxy counts it.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		var n uint32
		for _, c := range v.B[min(hostEnd(v.B)+1, len(v.B)):] {
			n = n*10 + uint32(c) - '0'
		}
		return sint(int64(n))
	})
}

// counted registers a converter whose first argument counts from 1.
func counted(name, usage string, f engine.ConvFunc) {
	engine.AddConvs(engine.Conv{Name: name, In: engine.TStr, Out: engine.TStr, Usage: usage, Args: engine.OptArgs(2, engine.ArgInt, engine.ArgStr, engine.ArgInt), Eval: f,
		Check: func(_ *engine.Build, a []engine.Arg) error {
			if a[0].Int == 0 {
				return errText("Unexpected value 0 for index")
			}
			return nil
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

// hostEnd is where the port's colon stands: the last one, unless a bracket
// follows it.
func hostEnd(b []byte) int {
	for i := len(b) - 1; i >= 0 && b[i] != ']'; i-- {
		if b[i] == ':' {
			return i
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

// reverseDom leaves out the dot at the end; a name with an empty label has no
// reverse.
func reverseDom(e env, _ args, v smp) (smp, stat) {
	m := e.Mark()
	b := bytes.TrimSuffix(v.B, []byte("."))
	for {
		i := bytes.LastIndexByte(b, '.')
		if i == len(b)-1 {
			e.Tmp = e.Tmp[:m]
			return none()
		}
		e.Tmp = append(e.Tmp, b[i+1:]...)
		if i < 0 {
			return str(e.Since(m))
		}
		e.Tmp = append(e.Tmp, '.')
		b = b[:i]
	}
}

// field finds the index-th field and, with a count, those behind it up to the
// count; 0 means all the rest. Every delimiter ends a field.
func field(_ env, a args, v smp) (smp, stat) {
	b, delims, count := v.B, a[1].Text, 1
	if given(a, 2) {
		count = int(a[2].Int)
	}
	n := int(a[0].Int)
	if n < 0 {
		return fieldsFromEnd(b, -n, count, delims)
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
			return none()
		}
	}
}

// fieldsFromEnd is field counted from the end; the fields before the n-th belong to
// it where the count says so.
func fieldsFromEnd(b []byte, n, count int, delims string) (smp, stat) {
	end, seen := len(b), 1
	for i := len(b) - 1; ; i-- {
		if i >= 0 && strings.IndexByte(delims, b[i]) < 0 {
			continue
		}
		if seen == n {
			if count == 0 {
				return str(b[:end])
			}
			if count == 1 || i < 0 {
				return str(b[i+1 : end])
			}
			count--
		} else {
			seen, end = seen+1, i
		}
		if i < 0 {
			return none()
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
	step, i := 1, 0
	if n < 0 {
		step, i, n = -1, len(b)-1, -n
	}
	in := func(i int) bool { return i >= 0 && i < len(b) }
	first, last := span{-1, -1}, span{}
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
			if step < 0 {
				first, last = last, first
			}
			return str(b[first.from:last.to])
		}
	}
	switch {
	case first.from < 0:
		return none()
	case step < 0:
		return str(b[:first.to])
	}
	return str(b[first.from:]) // fewer than wanted: all the rest
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
		return v, errText("failed to register variable name '" + a[i].Text + "'")
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

// language picks the value of the list that the client likes best; among equals
// the one that the client names first.
func language(e env, a args, v smp) (smp, stat) {
	best, bestQ := "", 0
	for b := v.B; len(b) > 0; {
		var item []byte
		if i := bytes.IndexByte(b, ','); i >= 0 {
			item, b = b[:i], b[i+1:]
		} else {
			item, b = b, nil
		}
		name, q := weighed(item)
		if want := listed(a[0].Text, name); want != "" && q > bestQ {
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

// listed returns the item of a list, separated by semicolons, that name is or, up
// to a hyphen, begins with.
func listed(list string, name []byte) string {
	for list != "" {
		var want string
		want, list, _ = strings.Cut(list, ";")
		if want != "" && len(name) >= len(want) && string(name[:len(want)]) == want && (len(name) == len(want) || name[len(want)] == '-') {
			return want
		}
	}
	return ""
}

// weighed splits an item of Accept-Language into its name and weight in 1/1000.
func weighed(item []byte) (name []byte, q int) {
	name, params, _ := bytes.Cut(item, []byte(";"))
	name, q = bytes.TrimSpace(name), 1000
	for len(params) > 0 {
		var p []byte
		p, params, _ = bytes.Cut(params, []byte(";"))
		if p = bytes.TrimSpace(p); len(p) > 2 && p[0] == 'q' && p[1] == '=' {
			q = weight(p[2:], q)
		}
	}
	return name, q
}

// weight reads 0, 1 or 0.123; anything else leaves def.
func weight(b []byte, def int) int {
	if b[0] < '0' || b[0] > '9' {
		return def
	}
	q, unit := int(b[0]-'0')*1000, 100
	if len(b) < 2 || b[1] != '.' {
		return q
	}
	for _, c := range b[2:min(len(b), 5)] {
		if c < '0' || c > '9' {
			break
		}
		q, unit = q+int(c-'0')*unit, unit/10
	}
	return q
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
