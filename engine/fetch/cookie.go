package fetch

import (
	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	spec := engine.OptArgs(0, engine.ArgStr)
	for _, d := range []struct {
		dir   engine.Dir
		where engine.Where
		names [2]string
	}{{engine.Req, engine.OnRequest, [2]string{"req.cook", "cook"}}, {engine.Res, engine.OnResponse, [2]string{"res.cook", "scook"}}} {
		dir := d.dir
		for _, n := range d.names {
			engine.AddFetches(
				withArgs(spec, needHTTP(row(n, engine.TStr, d.where, "([name]): the value of a cookie; ACLs try all of that name.", cookieIn(dir)))),
				withArgs(spec, needHTTP(row(n+"_val", engine.TSint, d.where, "([name]): the number in a cookie.", cookieVal(dir)))),
				withArgs(spec, needHTTP(row(n+"_cnt", engine.TSint, d.where, "([name]): how many cookies of that name there are.", cookieCount(dir)))),
			)
		}
		engine.AddFetches(withArgs(spec, needHTTP(row(d.names[0]+"_names", engine.TStr, d.where,
			"([delim]): the names of all cookies, separated by the delimiter.", cookieNames(dir)))))
		engine.AddCriteria(d.names[0], d.names[1], "beg", "dir", "dom", "end", "len", "reg", "sub")
	}
	engine.AddFetches(withArgs(spec, needHTTP(row("cookie", engine.TStr, engine.OnBoth,
		"([name]): the value of a cookie of the request, or of the response in its rules.", func(e env, a args) (smp, stat) { return cookieIn(e.Dir)(e, a) }))))
}

// cookieWalk goes through the cookies of a message from e.Cur on.
type cookieWalk struct {
	m      *htx.Msg
	id     htx.FieldID
	i, off int
	least  int // length of a field that is looked at
}

func walkCookies(e env, dir engine.Dir, from [2]int) (w cookieWalk, ok bool) {
	w.m, w.id = e.Req(), htx.Cookie
	if dir == engine.Res {
		w.m, w.id = e.Res(), htx.SetCookie
	}
	if w.m == nil {
		return w, false
	}
	if w.i, w.off = from[0]-1, from[1]; w.i < 0 {
		w.i, w.off = w.m.Next(w.id, 0), 0
	}
	return w, true
}

// lookFor leaves fields out that have no room for a cookie of that name with a value:
// as with HAProxy, "Cookie: a=" has no a, and "Cookie: a=; b=1" has one.
func (w *cookieWalk) lookFor(a args) {
	if given(a, 0) && a[0].Text != "" && w.id == htx.Cookie {
		w.least = len(a[0].Text) + 2
	}
}

func (w *cookieWalk) next() (name, value []byte, ok bool) {
	for w.i >= 0 && w.i < len(w.m.Fields) {
		v := w.m.Value(w.i)
		if len(v) < w.least {
			w.i, w.off = w.m.Next(w.id, w.i+1), 0
			continue
		}
		var p htx.CookiePair
		var next int
		if w.id == htx.SetCookie {
			if p, _, ok = htx.SetCookiePair(v); w.off > 0 {
				ok = false
			}
			next = len(v) + 1
		} else {
			p, next, ok = htx.NextCookie(v, w.off)
		}
		if !ok {
			w.i, w.off = w.m.Next(w.id, w.i+1), 0
			continue
		}
		w.off = next
		if p.HasValue && (w.id == htx.SetCookie || p.NameFrom == p.NameTo || v[p.NameFrom] != '$') { // RFC 2109's attributes are no cookies
			return v[p.NameFrom:p.NameTo], v[p.ValueFrom:p.ValueTo], true
		}
	}
	return nil, nil, false
}

func (w *cookieWalk) pos() [2]int {
	if w.i < 0 {
		return [2]int{pastEnd, 0}
	}
	return [2]int{w.i + 1, w.off}
}

// cookieIn returns the last cookie of a name, or one after the other in ACLs.
func cookieIn(dir engine.Dir) engine.FetchFunc {
	return func(e env, a args) (smp, stat) {
		var from [2]int
		if e.Each {
			from = e.Cur
		}
		w, ok := walkCookies(e, dir, from)
		if !ok || from[0] >= pastEnd {
			return none()
		}
		w.lookFor(a)
		var last []byte
		any := false
		for {
			name, value, ok := w.next()
			if !ok {
				break
			}
			if given(a, 0) && a[0].Text != "" && string(name) != a[0].Text {
				continue
			}
			last, any = value, true
			if !e.Each && (!given(a, 0) || a[0].Text == "") {
				break
			}
			if e.Each {
				e.Cur = w.pos()
				return smp{Type: engine.TStr, B: last, More: true}, found
			}
		}
		if e.Each {
			e.Cur = [2]int{pastEnd, 0}
		}
		if !any {
			return none()
		}
		return str(last)
	}
}

func cookieVal(dir engine.Dir) engine.FetchFunc {
	in := cookieIn(dir)
	return func(e env, a args) (smp, stat) {
		s, st := in(e, a)
		if st != found {
			return s, st
		}
		return smp{Type: engine.TSint, Int: leadingInt(s.B), More: s.More}, found
	}
}

func cookieCount(dir engine.Dir) engine.FetchFunc {
	return func(e env, a args) (smp, stat) {
		w, ok := walkCookies(e, dir, [2]int{})
		if !ok {
			return none()
		}
		w.lookFor(a)
		n := int64(0)
		for {
			name, _, ok := w.next()
			if !ok {
				return sint(n)
			}
			if !given(a, 0) || a[0].Text == "" || string(name) == a[0].Text {
				n++
			}
		}
	}
}

func cookieNames(dir engine.Dir) engine.FetchFunc {
	return func(e env, a args) (smp, stat) {
		w, ok := walkCookies(e, dir, [2]int{})
		if !ok {
			return none()
		}
		delim := ","
		if given(a, 0) && a[0].Text != "" {
			delim = a[0].Text[:1]
		}
		mark := e.Mark()
		for {
			name, _, ok := w.next()
			if !ok {
				return str(e.Since(mark))
			}
			if len(e.Tmp) > mark {
				e.Tmp = append(e.Tmp, delim...)
			}
			e.Tmp = append(e.Tmp, name...)
		}
	}
}
