package fetch

import (
	"bytes"
	"net/netip"
	"strconv"

	"hawser/engine"
	"hawser/engine/hash"
	"hawser/engine/htx"
)

func init() {
	on := engine.OnRequest
	engine.AddFetches(
		needHTTP(row("method", engine.TMeth, engine.OnStream, "The request's method.", method)),
		ofHead(row("path", engine.TStr, on, "The request's path, without query.", reqPath((*htx.Msg).Path))),
		ofHead(row("pathq", engine.TStr, on, "The request's path with its query.", reqPath((*htx.Msg).PathQuery))),
		ofHead(row("url", engine.TStr, on, "The request's target as the request line has it.", reqPart(func(m *htx.Msg) htx.Span { return m.Target }))),
		withMark(ofHead(row("query", engine.TStr, on, "([with_qm]): the query string, with its question mark if asked.", query))),
		ofHead(row("base", engine.TStr, on, "The first Host header and the path.", func(e env, _ args) (smp, stat) { return base(e, false) })),
		ofHead(row("baseq", engine.TStr, on, "The first Host header and the path with its query.", func(e env, _ args) (smp, stat) { return base(e, true) })),
		needHTTP(row("base32", engine.TSint, on, "A 32-bit hash of base.", base32)),
		needHTTP(row("base32+src", engine.TBin, on, "base32 followed by the client's address.", withSrc(base32))),
		needHTTP(row("url32", engine.TSint, on, "A 32-bit hash of the first Host header and the whole URL.", url32)),
		needHTTP(row("url32+src", engine.TBin, on, "url32 followed by the client's address.", withSrc(url32))),
		needHTTP(row("url_ip", engine.TIPv4, on, "The IPv4 address in an absolute URL.", urlIP)),
		needHTTP(row("url_port", engine.TSint, on, "The port in an absolute URL.", urlPort)),
	)
	for _, n := range []string{"url_param", "urlp"} {
		engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr, engine.ArgStr, engine.ArgStr),
			ofHead(row(n, engine.TStr, on, "([name[,delim[,i]]]): the value of a parameter of the query, \"i\" ignoring case.", urlParam))))
	}
	engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr, engine.ArgStr, engine.ArgStr),
		needHTTP(row("urlp_val", engine.TSint, on, "([name[,delim[,i]]]): the number in a parameter of the query.", func(e env, a args) (smp, stat) {
			s, st := urlParam(e, a)
			if st != found {
				return s, st
			}
			return smp{Type: engine.TSint, Int: leadingInt(s.B), More: s.More}, found
		}))))
	for _, n := range []string{"path", "url", "base", "urlp"} {
		engine.AddCriteria(n, n, "beg", "dir", "dom", "end", "len", "reg", "sub")
	}
	version := func(dir engine.Dir) engine.FetchFunc {
		return func(e env, _ args) (smp, stat) { return msgVersion(e, dir) }
	}
	for _, n := range []string{"req.ver", "req_ver"} {
		engine.AddFetches(needHTTP(row(n, engine.TStr, engine.OnStream, "The version of the request: 1.1, 2.0.", version(engine.Req))))
	}
	for _, n := range []string{"res.ver", "resp_ver"} {
		engine.AddFetches(needHTTP(row(n, engine.TStr, engine.OnServerSide, "The version of the response.", version(engine.Res))))
	}
}

// withMark lets a fetch take the option of query.
func withMark(f engine.Fetch) engine.Fetch {
	f.Args = engine.OptArgs(0, engine.ArgStr)
	f.Check = func(_ *engine.Build, a []engine.Arg) error {
		if given(a, 0) && a[0].Text != "" && a[0].Text != "with_qm" {
			return errText("supported options are: 'with_qm'")
		}
		return nil
	}
	return f
}

func method(e env, _ args) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	if m.MethodID == htx.OtherMethod {
		return smp{Type: engine.TMeth, B: m.Bytes(m.Method)}, found
	}
	return smp{Type: engine.TMeth, Int: int64(m.MethodID)}, found
}

func reqPart(of func(*htx.Msg) htx.Span) engine.FetchFunc {
	return func(e env, _ args) (smp, stat) {
		m := e.Req()
		if m == nil {
			return none()
		}
		sp := of(m)
		if sp.Empty() {
			return none()
		}
		return str(m.Bytes(sp))
	}
}

// reqPath is reqPart for what begins with a slash: "*" and authorities do not.
func reqPath(of func(*htx.Msg) htx.Span) engine.FetchFunc {
	part := reqPart(of)
	return func(e env, a args) (smp, stat) {
		if s, st := part(e, a); st == found && s.B[0] == '/' {
			return s, st
		}
		return none()
	}
}

func query(e env, a args) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	if p := m.Bytes(m.PathQuery()); len(p) == 0 || p[0] != '/' {
		return none()
	}
	q, ok := m.Query()
	if given(a, 0) && a[0].Text == "with_qm" {
		if !ok {
			return str(nil)
		}
		return str(m.Bytes(htx.Span{Off: q.Off - 1, Len: q.Len + 1}))
	}
	return str(m.Bytes(q))
}

// base is the first Host header followed by the path.
func base(e env, withQuery bool) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	p := m.Path()
	if withQuery {
		p = m.PathQuery()
	}
	h := m.Next(htx.Host, 0)
	if h < 0 || m.Fields[h].Value.Empty() {
		if b := m.Bytes(p); len(b) > 0 && b[0] == '/' {
			return str(b)
		}
		return none()
	}
	mark := e.Mark()
	e.Tmp = append(e.Tmp, m.Value(h)...)
	if path := m.Bytes(p); len(path) > 0 && path[0] == '/' {
		e.Tmp = append(e.Tmp, path...)
	}
	return str(e.Since(mark))
}

func base32(e env, _ args) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	var h uint32
	if i := m.Next(htx.Host, 0); i >= 0 {
		h = hash.SDBMFrom(0, m.Value(i))
	}
	if p := m.Bytes(m.Path()); len(p) > 0 && p[0] == '/' {
		h = hash.SDBMFrom(h, p)
	}
	return sint(int64(hash.Avalanche(h)))
}

func url32(e env, _ args) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	var h uint32
	if i := m.Next(htx.Host, 0); i >= 0 {
		h = hash.SDBMFrom(0, m.Value(i))
	}
	if p := m.Bytes(m.PathQuery()); len(p) > 0 && p[0] == '/' {
		h = hash.SDBMFrom(h, p)
	}
	return sint(int64(hash.Avalanche(h)))
}

// withSrc appends the client's address to a hash.
func withSrc(hash engine.FetchFunc) engine.FetchFunc {
	return func(e env, a args) (smp, stat) {
		s, st := hash(e, a)
		src := sideAddr(e, true).Addr()
		if st != found || !src.IsValid() {
			return none()
		}
		mark := e.Mark()
		h := uint32(s.Int)
		e.Tmp = append(e.Tmp, byte(h>>24), byte(h>>16), byte(h>>8), byte(h))
		e.Tmp = appendIP(e.Tmp, src)
		return engine.Bin(e.Since(mark)), found
	}
}

func appendIP(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return append(dst, b[:]...)
	}
	b := a.As16()
	return append(dst, b[:]...)
}

func urlAuthority(e env) []byte {
	m := e.Req()
	if m == nil {
		return nil
	}
	b := m.Bytes(m.Authority())
	if i := bytes.LastIndexByte(b, '@'); i >= 0 {
		b = b[i+1:]
	}
	return b
}

func urlIP(e env, _ args) (smp, stat) {
	b := urlAuthority(e)
	if n := ipv4Len(b); n > 0 {
		b = b[:n]
	}
	if len(b) == 0 || len(b) > 40 {
		return none()
	}
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return none()
	}
	return engine.IP(a), found
}

func urlPort(e env, _ args) (smp, stat) {
	m := e.Req()
	b := urlAuthority(e)
	if m == nil || len(b) == 0 {
		return none()
	}
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i:], ']') < 0 {
		if v, err := strconv.Atoi(string(b[i+1:])); err == nil {
			return sint(int64(v))
		}
	}
	if string(m.Bytes(m.Scheme())) == "https" {
		return sint(443)
	}
	return sint(80)
}

func msgVersion(e env, dir engine.Dir) (smp, stat) {
	m := e.Req()
	if dir == engine.Res {
		m = e.Res()
	}
	if m == nil {
		return none()
	}
	v := m.Bytes(m.Version)
	if i := bytes.IndexByte(v, '/'); i >= 0 {
		v = v[i+1:]
	}
	if len(v) == 0 {
		return none()
	}
	return str(v)
}

// urlParam looks a parameter up in the query string.
func urlParam(e env, a args) (smp, stat) {
	m := e.Req()
	if m == nil {
		return none()
	}
	delim := byte('?')
	if given(a, 1) && a[1].Text != "" {
		delim = a[1].Text[0]
	}
	fold := given(a, 2) && a[2].Text == "i"
	b := m.Bytes(m.PathQuery())
	i := bytes.IndexByte(b, delim)
	if i < 0 {
		return none()
	}
	return param(e, b[i+1:], delim, a, fold)
}

// param finds a parameter by name in "a=b&c=d"; without name the first one.
func param(e env, b []byte, delim byte, a args, fold bool) (smp, stat) {
	start := 0
	if e.Each {
		start = e.Cur[0]
	}
	for start < len(b) {
		end := start
		for end < len(b) && !isDelim(b[end], delim) {
			end++
		}
		pair := b[start:end]
		start = end + 1
		eq := bytes.IndexByte(pair, '=')
		if eq < 0 {
			continue
		}
		if given(a, 0) && a[0].Text != "" && !nameIs(pair[:eq], a[0].Text, fold) {
			continue
		}
		value := pair[min(eq+1, len(pair)):]
		if e.Each {
			e.Cur[0] = start
			return smp{Type: engine.TStr, B: value, More: true}, found
		}
		return str(value)
	}
	return none()
}

func isDelim(c, delim byte) bool { return c == '&' || c == ';' || c == delim }

func nameIs(b []byte, name string, fold bool) bool {
	if !fold {
		return string(b) == name
	}
	if len(b) != len(name) {
		return false
	}
	for i := range b {
		if lowerByte(b[i]) != lowerByte(name[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
