package check

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"

	"hawser/engine"
)

// httpExpect judges an HTTP response.
type httpExpect struct {
	common
	kind   string // status, rstatus, string, rstring, string-lf, hdr, fhdr
	ranges [][2]int
	data   []byte
	re     *regexp.Regexp
	fmt    *engine.LogFormat
	name   *headerMatch
	value  *headerMatch
}

// headerMatch compares a header's name or value.
type headerMatch struct {
	method string
	text   string
	fmt    *engine.LogFormat
	re     *regexp.Regexp
	fold   bool
}

const httpExpectWords = "'only supports min-recv, [!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', [!]hdr, [!]fhdr or comment but got '%s' as argument."

func parseHTTPExpect(w *words) (step, error) {
	if !w.more() {
		return nil, w.fail("expects at least a matching pattern as arguments.")
	}
	e := &httpExpect{}
	for w.more() {
		n := w.next()
		if ok, err := e.option(w, n); ok || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		kind := n.Text
		if strings.HasPrefix(kind, "!") {
			e.not, kind = true, kind[1:]
		}
		if e.kind != "" {
			return nil, w.fail(httpExpectWords, n.Text)
		}
		if err := e.pattern(w, kind); err != nil {
			return nil, err
		}
	}
	if e.kind == "" {
		return nil, w.fail("expects at least a matching pattern as arguments.")
	}
	return e, nil
}

func (e *httpExpect) pattern(w *words, kind string) (err error) {
	switch kind {
	case "status", "rstatus", "string", "rstring", "string-lf":
	case "hdr", "fhdr":
		e.kind = kind
		return e.header(w)
	default:
		return w.fail(httpExpectWords, w.at.Text)
	}
	a, err := w.arg("'" + kind + "' expects a <pattern> as argument.")
	if err != nil {
		return err
	}
	e.kind = kind
	switch kind {
	case "status":
		return e.codes(w, a.Text)
	case "rstatus", "rstring":
		e.re, err = compile(w, a.Text)
	case "string":
		e.data = []byte(a.Text)
	case "string-lf":
		e.fmt, err = w.format(a)
	}
	return err
}

// codes reads "200,300-399".
func (e *httpExpect) codes(w *words, list string) error {
	for part := range strings.SplitSeq(list, ",") {
		low, high, dash := strings.Cut(part, "-")
		for _, s := range []string{low, high} {
			if i := strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' }); i >= 0 {
				return w.fail("invalid character '%c' in the list of status codes.", s[i])
			}
		}
		a, _ := strconv.Atoi(low)
		z := a
		if dash {
			z, _ = strconv.Atoi(high)
		}
		if z < a {
			return w.fail("invalid range of status codes '%s'.", part)
		}
		e.ranges = append(e.ranges, [2]int{a, z})
	}
	return nil
}

func (e *httpExpect) header(w *words) error {
	kind := e.kind
	if !w.more() || w.rest[0].Text != "name" && w.rest[0].Text != "name-lf" {
		return w.fail("'%s' expects at the name keyword as first argument followed by a pattern.", kind)
	}
	var err error
	if e.name, err = readMatch(w, kind, w.next().Text == "name-lf"); err != nil {
		return err
	}
	if e.name.fold = true; e.name.re != nil {
		e.name.re, err = compile(w, "(?i)"+e.name.text)
	}
	if w.more() && (w.rest[0].Text == "value" || w.rest[0].Text == "value-lf") {
		e.value, err = readMatch(w, kind, w.next().Text == "value-lf")
	}
	return err
}

func readMatch(w *words, kind string, format bool) (*headerMatch, error) {
	m := &headerMatch{method: "str"}
	if w.more() && w.rest[0].Text == "-m" {
		w.next()
		a, err := w.arg("'" + kind + "' : '-m' expects at least a matching pattern ('str', 'beg', 'end', 'sub' or 'reg').")
		if err != nil {
			return nil, err
		}
		switch a.Text {
		case "str", "beg", "end", "sub", "reg":
			m.method = a.Text
		default:
			return nil, w.fail("'%s' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got '%s').", kind, a.Text)
		}
	}
	a, err := w.arg("'" + kind + "' expects a <pattern> as argument.")
	if err != nil {
		return nil, err
	}
	m.text = a.Text
	switch {
	case m.method == "reg":
		m.re, err = compile(w, a.Text)
	case format:
		m.fmt, err = w.format(a)
	}
	return m, err
}

func (m *headerMatch) match(r *run, s string) bool {
	want := m.text
	if m.fmt != nil {
		want = string(m.fmt.Append(nil, &r.Env))
	}
	if m.fold {
		s, want = strings.ToLower(s), strings.ToLower(want)
	}
	switch m.method {
	case "beg":
		return strings.HasPrefix(s, want)
	case "end":
		return strings.HasSuffix(s, want)
	case "sub":
		return strings.Contains(s, want)
	case "reg":
		return m.re.MatchString(s)
	}
	return s == want
}

func (e *httpExpect) run(r *run) *result {
	if r.Conn == nil {
		return r.fail("L4CON", "")
	}
	r.did = 'e'
	if r.head == nil {
		r.allow()
		if res := r.readHead(&e.common); res != nil {
			return res
		}
	}
	h := r.head
	if r.plan.on404 && h.status == 404 && engine.OpState(r.srv.State.Op.Load()) != engine.OpStopped {
		return &result{ok: true, cond: true, status: "L7OKC", code: 404}
	}
	match, res := e.judge(r)
	if res != nil {
		return res
	}
	if match == e.not {
		status, desc := e.mismatch(r)
		return e.refused(r, status, h.status, desc)
	}
	r.last = e.passed(r, "L7OK", h.status, "")
	return nil
}

func (e *httpExpect) judge(r *run) (bool, *result) {
	h := r.head
	switch e.kind {
	case "status":
		for _, x := range e.ranges {
			if h.status >= x[0] && h.status <= x[1] {
				return true, nil
			}
		}
		return false, nil
	case "rstatus":
		return e.re.MatchString(strconv.Itoa(h.status)), nil
	case "hdr", "fhdr":
		return e.headers(r), nil
	}
	return e.content(r)
}

func (e *httpExpect) headers(r *run) bool {
	h := r.head
	for i, n := range h.names {
		if !e.name.match(r, n) {
			continue
		}
		if e.value == nil {
			return true
		}
		if e.kind == "fhdr" {
			if e.value.match(r, h.values[i]) {
				return true
			}
			continue
		}
		for v := range strings.SplitSeq(h.values[i], ",") {
			if e.value.match(r, strings.Trim(v, " \t")) {
				return true
			}
		}
	}
	return false
}

// content looks at the body as it comes, until it matches or ends.
func (e *httpExpect) content(r *run) (bool, *result) {
	data := e.data
	if e.fmt != nil {
		data = e.fmt.Append(nil, &r.Env)
	}
	for {
		body, all := r.bodyNow()
		switch {
		case len(body) == 0 && all:
			return false, e.refused(r, "L7RSP", r.head.status, "HTTP content check could not find a response body")
		case len(data) == 0 && e.fmt != nil && all:
			return false, r.fail("L7RSP", "log-format string evaluated to an empty string"+e.tail())
		}
		match := e.re != nil && e.re.Match(body) || e.re == nil && bytes.Contains(body, data)
		if match || all {
			return match, nil
		}
		switch err := r.more(); {
		case err == nil:
		case err == errFull:
			return false, nil
		case timedOut(err):
			return false, e.late(r, "")
		case err != io.EOF:
			return false, r.broken(err, "")
		default:
			r.eof = true
		}
	}
}

// mismatch is the status and the words of a response that is not as it should be.
func (e *httpExpect) mismatch(r *run) (status, desc string) {
	status, desc = "L7STS", r.head.reason
	switch {
	case e.kind != "status" && e.kind != "rstatus" && e.kind != "hdr" && e.kind != "fhdr":
		status, desc = "L7RSP", "HTTP content check did not match"
		if e.not {
			desc = "HTTP check matched unwanted content"
		}
	case desc == "":
		what := map[string]string{"status": "(status codes)", "rstatus": " (regex)"}[e.kind]
		if what == "" {
			what = " (header pattern)"
		}
		desc = "TCPCHK did not match content" + what + " at step " + strconv.Itoa(r.n)
	}
	return status, desc
}
