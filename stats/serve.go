package stats

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/htx"

	"github.com/valyala/fasthttp"
)

// request is one call of the page.
type request struct {
	s      *engine.Stream
	px     *engine.Proxy
	p      *page
	ctx    fasthttp.RequestCtx
	opts   string // what follows the first ';'
	scope  string
	noRef  bool
	admin  bool
	status string // st= of a redirection after an action
}

// serve answers a request for the page; others go on.
func serve(s *engine.Stream) engine.Verdict {
	px := s.Env.Px
	p := pageSlot.Get(px)
	m := s.Req
	target := m.Bytes(m.PathQuery())
	if !bytes.HasPrefix(target, []byte(p.uri)) {
		return engine.Continue
	}
	switch m.MethodID { // others are for the servers
	case htx.GET, htx.HEAD, htx.POST:
	default:
		return engine.Continue
	}
	r := &request{s: s, px: px, p: p}
	if v := r.allowed(); v != engine.Continue {
		return v
	}
	for _, c := range p.admin {
		r.admin = r.admin || c.Holds(&s.Env)
	}
	r.ctx.Request.Header.SetMethodBytes(m.Bytes(m.Method))
	r.ctx.Request.SetRequestURIBytes(target)
	if m.MethodID == htx.POST {
		r.ctx.Request.Header.SetContentType("application/x-www-form-urlencoded")
		r.ctx.Request.SetBody(r.body())
	}
	r.options(string(target[len(p.uri):]))
	r.handle(&r.ctx)
	return r.answer()
}

// allowed runs stats http-request, or asks for the password of stats auth.
func (r *request) allowed() engine.Verdict {
	e := &r.s.Env
	for i := range r.p.rules {
		rule := &r.p.rules[i]
		if !rule.Cond.Holds(e) {
			continue
		}
		if rule.Name == "auth" && len(r.p.auth) > 0 && r.knows() {
			continue
		}
		if v := rule.Do.Run(e); v != engine.Continue {
			if v == engine.Stop {
				return engine.Continue
			}
			return v
		}
	}
	if len(r.p.auth) == 0 || len(r.p.rules) > 0 || r.knows() {
		return engine.Continue
	}
	r.s.Local.Reply = unauthorized(r.p.realm)
	return engine.Deny
}

// knows checks the password of the request against stats auth.
func (r *request) knows() bool {
	m := r.s.Req
	i := m.NextNameStr("authorization", 0)
	if i < 0 {
		return false
	}
	given, ok := strings.CutPrefix(string(m.Value(i)), "Basic ")
	if !ok {
		return false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(given))
	if err != nil {
		return false
	}
	for _, a := range r.p.auth {
		if a == string(plain) {
			return true
		}
	}
	return false
}

// unauthorized is the standard 401 with its challenge.
func unauthorized(realm string) *engine.Reply {
	std := engine.StandardError(401)
	raw := &engine.RawReply{Body: std.Raw.Body}
	std.Raw.Head.Clone(&raw.Head)
	raw.Head.AddStr("www-authenticate", `Basic realm="`+realm+`"`)
	return &engine.Reply{Status: 401, Raw: raw}
}

// body reads what a form sent.
func (r *request) body() []byte {
	b := r.s.Ex.Body()
	if b == nil {
		return nil
	}
	out := append([]byte(nil), r.s.ReqBody...)
	for !r.s.BodyDone && len(out) < 16384 {
		p, err := b.Next()
		out = append(out, p...)
		if err != nil {
			break
		}
	}
	return out
}

// options reads ";csv;norefresh…" and the query.
func (r *request) options(rest string) {
	rest, query, _ := strings.Cut(rest, "?")
	r.opts = rest
	r.noRef = strings.Contains(rest, ";norefresh")
	if i := strings.Index(rest, ";st="); i >= 0 {
		r.status, _, _ = strings.Cut(rest[i+4:], ";")
	}
	if i := strings.Index(rest, "scope="); i >= 0 {
		r.scope, _, _ = strings.Cut(rest[i+6:], ";")
	}
	for _, kv := range strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' }) {
		if v, ok := strings.CutPrefix(kv, "scope="); ok {
			r.scope = v
		}
	}
	r.scope = cleanScope(r.scope)
}

func cleanScope(s string) string {
	ok := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.:", c) {
			return c
		}
		return -1
	}
	return strings.Map(ok, s)[:min(len(strings.Map(ok, s)), 20)]
}

func (r *request) has(opt string) bool {
	for _, o := range strings.Split(r.opts, ";") {
		if o == opt {
			return true
		}
	}
	return false
}

func (r *request) rows() Scope {
	return Scope{Up: r.has("up"), Ready: r.has("no-maint"), Only: func(px *engine.Proxy) bool {
		if r.scope != "" && !strings.Contains(px.Name, r.scope) {
			return false
		}
		if len(r.p.scope) == 0 {
			return true
		}
		for _, s := range r.p.scope {
			if s == px.Name {
				return true
			}
		}
		return false
	}}
}

// handle is the fasthttp handler of the page.
func (r *request) handle(ctx *fasthttp.RequestCtx) {
	rt := r.s.Sess.RT
	h := &ctx.Response.Header
	h.Set("cache-control", "no-cache")
	if ctx.IsPost() {
		ctx.SetStatusCode(303)
		h.SetContentType("text/plain")
		h.Set("location", r.p.uri+";st="+r.post(ctx))
		return
	}
	var body []byte
	switch {
	case r.has("csv"):
		h.SetContentType("text/plain")
		body = AppendCSV(nil, rt, r.rows())
	case r.has("json"):
		h.SetContentType("application/json")
		body = AppendJSON(nil, rt, r.rows())
	case r.has("typed"):
		h.SetContentType("text/plain")
		body = AppendTyped(nil, rt, r.rows(), false)
	default:
		h.SetContentType("text/html")
		body = r.html(rt)
	}
	if r.p.refresh > 0 && !r.noRef {
		h.Set("refresh", strconv.Itoa(int(r.p.refresh.Seconds())))
	}
	ctx.SetBody(body)
}

// answer turns fasthttp's response into the stream's.
func (r *request) answer() engine.Verdict {
	res := &r.ctx.Response
	m := r.s.Res
	m.StartResponse(res.StatusCode(), engine.Reason(res.StatusCode()))
	body := res.Body()
	for _, name := range [...]string{"cache-control", "content-type", "refresh"} {
		if v := res.Header.Peek(name); len(v) > 0 {
			m.AddStr(name, string(v))
		}
	}
	if len(body) == 0 {
		m.AddStr("content-length", "0")
	}
	if v := res.Header.Peek("location"); len(v) > 0 {
		m.AddStr("location", string(v))
	}
	chunked(r.s, len(body))
	r.s.Local.Set, r.s.Local.Body = true, body
	r.s.HasRes = true
	r.s.Service = "STATS"
	return engine.Done
}

// chunked marks a page that is sent in chunks, as HAProxy sends its own.
func chunked(s *engine.Stream, n int) {
	m := s.Res
	m.BodyLen = int64(n)
	if n > 0 && s.Req.MethodID != htx.HEAD {
		m.Flags |= htx.Chunked
		m.BodyLen = -1
		m.AddStr("transfer-encoding", "chunked")
	}
}
