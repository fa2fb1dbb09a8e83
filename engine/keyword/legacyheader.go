package keyword

import (
	"bytes"
	"strings"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/engine/rx"
)

// The header directives that HAProxy dropped with 2.1: they see a message as
// lines, the first one included, and run behind the http-request (http-response)
// rules in the order of the file, those that add a header last.

// legacyLine is one of them.
type legacyLine struct {
	cond *engine.Cond
	re   *rx.Regex
	do   legacyDo
	with string // replacement, or the name of an added header
	val  []byte
	pos  engine.Word
}

type legacyDo uint8

const (
	doAdd legacyDo = iota
	doReplace
	doDelete
	doDeny
	doTarpit
	doAllow
)

// legacyLines are the lines of a proxy by direction.
type legacyLines struct{ exps, adds [2][]legacyLine }

var legacyHeaders = engine.NewSlot[*engine.Proxy, legacyLines]("legacy headers")

type legacyRow struct {
	name, now string
	dir       engine.Dir
	do        legacyDo
	args      int
	nocase    bool
}

var legacyRows = []legacyRow{
	{"reqadd", "http-request add-header", engine.Req, doAdd, 1, false},
	{"rspadd", "http-response add-header", engine.Res, doAdd, 1, false},
	{"reqrep", "http-request replace-header, replace-path or replace-uri", engine.Req, doReplace, 2, false},
	{"reqirep", "http-request replace-header, replace-path or replace-uri", engine.Req, doReplace, 2, true},
	{"rsprep", "http-response replace-header", engine.Res, doReplace, 2, false},
	{"rspirep", "http-response replace-header", engine.Res, doReplace, 2, true},
	{"reqdel", "http-request del-header", engine.Req, doDelete, 1, false},
	{"reqidel", "http-request del-header", engine.Req, doDelete, 1, true},
	{"rspdel", "http-response del-header", engine.Res, doDelete, 1, false},
	{"rspidel", "http-response del-header", engine.Res, doDelete, 1, true},
	{"reqdeny", "http-request deny", engine.Req, doDeny, 1, false},
	{"reqideny", "http-request deny", engine.Req, doDeny, 1, true},
	{"rspdeny", "http-response deny", engine.Res, doDeny, 1, false},
	{"rspideny", "http-response deny", engine.Res, doDeny, 1, true},
	{"reqtarpit", "http-request tarpit", engine.Req, doTarpit, 1, false},
	{"reqitarpit", "http-request tarpit", engine.Req, doTarpit, 1, true},
	{"reqallow", "http-request allow", engine.Req, doAllow, 1, false},
	{"reqiallow", "http-request allow", engine.Req, doAllow, 1, true},
	{"reqpass", "http-request allow", engine.Req, doAllow, 1, false},
	{"reqipass", "http-request allow", engine.Req, doAllow, 1, true},
}

func init() {
	for _, row := range legacyRows {
		in := engine.InAll
		engine.AddKeywords(engine.Keyword{Name: row.name, In: in, Max: -1, Flags: engine.Legacy,
			Usage: row.name + ": gone since HAProxy 2.1; write " + row.now,
			Parse: func(b *engine.Build, l *engine.Line) error { return row.parse(b, l) }})
	}
	uses := func(dir engine.Dir) func(*engine.Proxy) bool {
		return func(px *engine.Proxy) bool {
			ll := legacyHeaders.Get(px)
			return ll != nil && px.SeesHTTP() && len(ll.exps[dir])+len(ll.adds[dir]) > 0
		}
	}
	engine.AddHook(engine.Hook{Name: "legacy request headers", Phase: engine.PhaseReqRules, Order: 50, Enabled: uses(engine.Req),
		Run: func(s *engine.Stream) engine.Verdict { return runLegacy(s, engine.Req, s.Req) }})
	engine.AddHook(engine.Hook{Name: "legacy response headers", Phase: engine.PhaseResRules, Order: 50, Enabled: uses(engine.Res),
		Run: func(s *engine.Stream) engine.Verdict { return runLegacy(s, engine.Res, s.Res) }})
}

func (row *legacyRow) parse(b *engine.Build, l *engine.Line) error {
	args, cond := engine.SplitCond(rest(l, 1))
	if len(args) < row.args || args[0].Text == "" {
		what := [...]string{"<header>", "<search> and <replace>", "<search>"}[min(int(row.do), 2)]
		return fail(l.Words[0], "'%s' expects %s as arguments.", row.name, what)
	}
	line := legacyLine{do: row.do, pos: args[0]}
	var err error
	where := engine.FeHTTPHdr | engine.BeHTTPHdr
	if row.dir == engine.Res {
		where = engine.FeHTTPRes | engine.BeHTTPRes
	}
	if line.cond, err = b.Cond(cond, where, "a '"+row.name+"' condition"); err != nil {
		return err
	}
	ll := legacyHeaders.Edit(b.Px)
	if row.do == doAdd {
		return row.add(b, l, ll, line, args[0])
	}
	if line.re, err = rx.Compile(args[0].Text, row.nocase); err != nil {
		return fail(args[0], "'%s' : regular expression '%s' : %s", row.name, args[0].Text, err.Error())
	}
	if row.do == doReplace {
		line.with = args[1].Text
	}
	row.warn(b, l, suggest(row, args))
	list := &ll.exps[row.dir]
	*list = append((*list)[:len(*list):len(*list)], line)
	return nil
}

func (row *legacyRow) add(b *engine.Build, l *engine.Line, ll *legacyLines, line legacyLine, w engine.Word) error {
	name, value, ok := strings.Cut(w.Text, ":")
	if !ok || name == "" {
		return fail(w, "'%s' : '%s' is no header: a name, a colon and a value are expected.", row.name, w.Text)
	}
	value = strings.TrimSpace(value)
	line.with, line.val = strings.ToLower(strings.TrimSpace(name)), []byte(value)
	row.warn(b, l, row.now+" "+strings.TrimSpace(name)+" "+quoted(strings.ReplaceAll(value, "%", "%%")))
	list := &ll.adds[row.dir]
	*list = append((*list)[:len(*list):len(*list)], line)
	return nil
}

func (row *legacyRow) warn(b *engine.Build, l *engine.Line, now string) {
	b.Warn(l.Words[0].Pos, "the '%s' directive is not supported any more since HAProxy 2.1: write '%s' instead. Hawser does what it did.", row.name, now)
}

// suggest gives the new spelling where it is plain.
func suggest(row *legacyRow, args []engine.Word) string {
	search := args[0].Text
	if row.do == doDelete {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(search, "^"), ":"); ok && plainName(name) && (rest == "" || rest == ".*") {
			return row.now + " " + name
		}
		return row.now + " <name> [ -m <method> ]"
	}
	if row.do != doReplace {
		return row.now + " if <condition>"
	}
	for _, head := range []string{`^([^ :]*) `, `^([^ ]*) `} {
		if r, ok := strings.CutPrefix(search, head); ok {
			if to, ok := strings.CutPrefix(args[1].Text, `\1 `); ok {
				return "http-request replace-uri " + quoted("^"+strings.TrimSuffix(r, "$")) + " " + quoted(shiftGroups(to))
			}
		}
	}
	if name, r, ok := strings.Cut(strings.TrimPrefix(search, "^"), ":"); ok && plainName(name) {
		if _, to, ok := strings.Cut(args[1].Text, ":"); ok {
			head, _, _ := strings.Cut(row.now, " ")
			if r = strings.TrimSpace(r); r == "" {
				return head + " set-header " + name + " " + quoted(strings.TrimSpace(to))
			}
			return head + " replace-header " + name + " " + quoted(r) + " " + quoted(strings.TrimSpace(to))
		}
	}
	return row.now
}

func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != ""
}

func quoted(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\"'#\\") {
		return s
	}
	return "\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`).Replace(s) + "\""
}

// shiftGroups writes \2 as \1 and so on.
func shiftGroups(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i++ {
		if b[i] == '\\' && b[i+1] >= '2' && b[i+1] <= '9' {
			b[i+1]--
			i++
		}
	}
	return string(b)
}

// runLegacy applies the lines to a message.
func runLegacy(s *engine.Stream, dir engine.Dir, m *htx.Msg) engine.Verdict {
	ll, e := legacyHeaders.Get(s.Env.Px), &s.Env
	for i := range ll.exps[dir] {
		line := &ll.exps[dir][i]
		if !line.cond.Holds(e) {
			continue
		}
		hit := line.apply(s, dir, m)
		switch {
		case !hit:
		case line.do == doDeny:
			return engine.Deny
		case line.do == doTarpit:
			return engine.Tarpit
		case line.do == doAllow:
			return engine.Continue
		}
	}
	for i := range ll.adds[dir] {
		if line := &ll.adds[dir][i]; line.cond.Holds(e) {
			m.AddSpans(m.PutStr(line.with), m.Put(line.val))
		}
	}
	return engine.Continue
}

// apply matches the first line and all header lines.
func (l *legacyLine) apply(s *engine.Stream, dir engine.Dir, m *htx.Msg) (hit bool) {
	var buf []byte
	if dir == engine.Req {
		buf = append(append(append(buf, m.Bytes(m.Method)...), ' '), m.Bytes(m.Target)...)
		buf = append(buf, " HTTP/1.1"...)
		if g := l.re.Find(buf, 0); g != nil {
			hit = true
			if l.do == doReplace {
				l.requestLine(m, rx.Expand(nil, l.with, buf, g))
			}
		}
	}
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		buf = append(append(append(buf[:0], canonical(m.Name(i))...), ": "...), m.Value(i)...)
		g := l.re.Find(buf, 0)
		if g == nil {
			continue
		}
		hit = true
		switch l.do {
		case doDelete:
			m.Del(i)
		case doReplace:
			l.headerLine(m, i, rx.Expand(nil, l.with, buf, g))
		}
	}
	return hit
}

// requestLine takes method and target from a replaced first line; one that is
// no request line is left as it was.
func (l *legacyLine) requestLine(m *htx.Msg, line []byte) {
	method, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(method) == 0 {
		return
	}
	target := rest
	if i := bytes.LastIndexByte(rest, ' '); i >= 0 && bytes.HasPrefix(rest[i+1:], []byte("HTTP/")) {
		target = rest[:i]
	}
	if len(target) == 0 || bytes.ContainsAny(target, " \t\r\n") {
		return
	}
	if !bytes.Equal(method, m.Bytes(m.Method)) {
		m.SetMethod(method)
	}
	m.SetTarget(target)
}

func (l *legacyLine) headerLine(m *htx.Msg, i int, line []byte) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 || bytes.ContainsAny(line, "\r\n\x00") {
		return
	}
	value = bytes.TrimSpace(value)
	if bytes.EqualFold(name, m.Name(i)) {
		m.ReplaceValue(i, value)
		return
	}
	m.Del(i)
	m.Add(name, value)
}

// canonical writes a name as browsers did when these directives were in use:
// X-Forwarded-For; patterns of reqrep expect it.
func canonical(name []byte) []byte {
	out := make([]byte, len(name))
	up := true
	for i, c := range name {
		if up && c >= 'a' && c <= 'z' {
			c -= 32
		}
		out[i] = c
		up = c == '-'
	}
	return out
}
