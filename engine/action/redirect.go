package action

import (
	"bytes"
	"strconv"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	add(engine.InHTTP, "redirect", "redirect { location | prefix | scheme } <format> [code <code>] [drop-query | keep-query] [append-slash] [ignore-empty] [set-cookie <name>[=<value>]] [clear-cookie <name>[=]]: sends the client elsewhere", parseRedirect)
}

type redirectKind uint8

const (
	toNothing redirectKind = iota
	toLocation
	toPrefix
	toScheme
)

// redirect is a compiled redirection.
type redirect struct {
	kind                                         redirectKind
	to                                           *engine.LogFormat
	code                                         int
	dropQuery, keepQuery, appendSlash, skipEmpty bool
	cookie                                       []byte
	cookieFmt                                    *engine.LogFormat
}

func parseRedirect(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	r := &redirect{code: 302}
	words := a.Words
	for len(words) > 0 {
		n, err := r.word(b, a, words)
		if err != nil {
			return nil, err
		}
		words = words[n:]
	}
	if r.kind == toNothing {
		return nil, fail(a, "redirection type expected ('prefix', 'location', or 'scheme').")
	}
	return r, nil
}

func (r *redirect) word(b *engine.Build, a *engine.RuleArgs, words []engine.Word) (used int, err error) {
	w := words[0]
	switch w.Text {
	case "drop-query":
		r.dropQuery = true
		return 1, nil
	case "keep-query":
		r.keepQuery = true
		return 1, nil
	case "append-slash":
		r.appendSlash = true
		return 1, nil
	case "ignore-empty":
		r.skipEmpty = true
		return 1, nil
	case "location", "prefix", "scheme", "code", "set-cookie", "set-cookie-fmt", "clear-cookie":
	default:
		return 0, fail(a, "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', 'set-cookie-fmt', 'clear-cookie', 'drop-query', 'keep-query', 'ignore-empty' or 'append-slash' (was '%s').", w.Text)
	}
	if len(words) < 2 {
		return 0, fail(a, "missing argument for '%s'.", w.Text)
	}
	v := words[1]
	switch w.Text {
	case "code":
		r.code, _ = strconv.Atoi(v.Text)
		if r.code < 301 || r.code > 303 && r.code != 307 && r.code != 308 {
			return 0, fail(a, "'code': unsupported HTTP code '%s' (must be one of 301, 302, 303, 307 or 308).", v.Text)
		}
	case "set-cookie":
		r.cookie = []byte(v.Text + "; path=/;")
		if bytes.IndexByte([]byte(v.Text), '=') < 0 {
			r.cookie = []byte(v.Text + "; path=/;")
		}
	case "set-cookie-fmt":
		r.cookieFmt, err = format(b, a, v)
	case "clear-cookie":
		name := v.Text
		if len(name) == 0 || name[len(name)-1] != '=' {
			name += "="
		}
		r.cookie = []byte(name + "; path=/; Max-Age=0;")
	default:
		r.kind = map[string]redirectKind{"location": toLocation, "prefix": toPrefix, "scheme": toScheme}[w.Text]
		r.to, err = format(b, a, v)
	}
	return 2, err
}

var reasons = map[int]string{301: "Moved Permanently", 302: "Found", 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect"}

// Run prepares the redirection as a reply.
func (r *redirect) Run(e env) verd {
	s := e.Strm
	m := e.Mark()
	if !r.location(e) {
		e.Tmp = e.Tmp[:m]
		return engine.Continue
	}
	loc := e.Since(m)
	cookie := r.cookie
	if r.cookieFmt != nil {
		c := e.Mark()
		e.Tmp = r.cookieFmt.Append(e.Tmp, e)
		cookie = e.Since(c)
	}
	if s.Res == nil {
		s.Res = &htx.Msg{}
	}
	res := s.Res
	res.StartResponse(r.code, reasons[r.code])
	res.AddIDStr(htx.ContentLength, "0")
	res.AddID(htx.Location, loc)
	if r.code == 302 || r.code == 303 || r.code == 307 {
		res.AddIDStr(htx.CacheControl, "no-cache")
	}
	if len(cookie) > 0 {
		res.AddID(htx.SetCookie, cookie)
	}
	res.BodyLen = 0
	s.Local = engine.Local{Set: true}
	s.HasRes = true
	return engine.Done
}

// location appends the target; false means that there is none to go to.
func (r *redirect) location(e env) bool {
	req := e.Strm.Req
	start := e.Mark()
	switch r.kind {
	case toScheme:
		e.Tmp = r.to.Append(e.Tmp, e)
		if len(e.Tmp) == start && r.skipEmpty {
			return false
		}
		e.Tmp = append(e.Tmp, "://"...)
		e.Tmp = append(e.Tmp, req.Host()...)
		r.path(e, req)
	case toPrefix:
		if !(r.to.IsConst && string(r.to.Const) == "/") {
			e.Tmp = r.to.Append(e.Tmp, e)
			if len(e.Tmp) == start && r.skipEmpty {
				return false
			}
		}
		r.path(e, req)
	default:
		e.Tmp = r.to.Append(e.Tmp, e)
		if len(e.Tmp) == start && r.skipEmpty {
			return false
		}
		if r.keepQuery {
			r.query(e, req, start)
		}
	}
	return true
}

func (r *redirect) path(e env, req *htx.Msg) {
	p := req.PathQuery()
	if r.dropQuery {
		p = req.Path()
	}
	b := req.Bytes(p)
	if len(b) == 0 {
		b = []byte("/")
	}
	e.Tmp = append(e.Tmp, b...)
	if r.appendSlash && e.Tmp[len(e.Tmp)-1] != '/' {
		e.Tmp = append(e.Tmp, '/')
	}
}

// query appends the request's query to a location, which may have one of its own.
func (r *redirect) query(e env, req *htx.Msg, start int) {
	q, ok := req.Query()
	if !ok || q.Empty() {
		return
	}
	sep := byte('?')
	if bytes.IndexByte(e.Tmp[start:], '?') >= 0 {
		sep = '&'
	}
	e.Tmp = append(e.Tmp, sep)
	e.Tmp = append(e.Tmp, req.Bytes(q)...)
}
