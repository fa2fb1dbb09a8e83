package check

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"hawser/engine"
)

// send writes bytes that are known, or made by a log format.
type send struct {
	data []byte
	fmt  *engine.LogFormat
	hex  bool
}

func parseSend(w *words, hexed, format bool) (step, error) {
	a, err := w.arg("'" + map[bool]string{false: "string", true: "binary"}[hexed] + "' expects a send as argument.")
	if err != nil {
		return nil, err
	}
	s := &send{hex: hexed}
	switch {
	case format:
		if s.fmt, err = w.format(a); err != nil {
			return nil, w.fail("'%s' invalid log-format string (%s).", a.Text, said(err))
		}
	case hexed:
		var bad string
		if s.data, bad = unhex(a.Text); bad != "" {
			return nil, w.fail("'%s' %s.\n", a.Text, bad)
		}
	default:
		s.data = []byte(a.Text)
	}
	_, err = w.comment()
	return s, err
}

func (s *send) run(r *run) *result {
	data := s.data
	if s.fmt != nil {
		data = s.fmt.Append(nil, &r.Env)
		if s.hex {
			var bad string
			if data, bad = unhex(string(data)); bad != "" {
				return r.fail("L7RSP", "invalid binary string at step "+strconv.Itoa(r.n))
			}
		}
	}
	r.In, r.last = r.In[:0], nil
	return r.write(data)
}

// common holds the options that all expect rules have.
type common struct {
	comment                  string
	minRecv                  int
	okStatus, errStatus, out string
	onOK, onError            *engine.LogFormat
	code                     *engine.Expr
	not                      bool
}

// option reads one option; false: it is none.
func (c *common) option(w *words, n engine.Word) (bool, error) {
	var err error
	var a engine.Word
	switch n.Text {
	case "comment":
		c.comment, err = text(w.arg("'comment' expects a string as argument."))
	case "min-recv":
		if a, err = w.arg("'min-recv' expects a integer as argument."); err == nil {
			c.minRecv, err = strconv.Atoi(a.Text)
			if err != nil || c.minRecv < -1 {
				err = w.fail("'min-recv' expects -1 or an integer from 0 to INT_MAX.")
			}
		}
	case "ok-status":
		c.okStatus, err = c.status(w, "L7OK", "L7OKC", "L6OK", "L4OK")
	case "error-status":
		c.errStatus, err = c.status(w, "L7OKC", "L7RSP", "L7STS", "L6RSP", "L4CON")
	case "tout-status":
		c.out, err = c.status(w, "L7TOUT", "L6TOUT", "L4TOUT")
	case "on-success", "on-error":
		if a, err = w.arg("'" + n.Text + "' expects a log-format string as argument."); err == nil {
			f := &c.onOK
			if n.Text == "on-error" {
				f = &c.onError
			}
			*f, err = w.format(a)
		}
	case "status-code":
		if a, err = w.arg("'status-code' expects an expression as argument."); err == nil {
			c.code, err = w.expr(a)
		}
	case "!":
		c.not = true
	default:
		return false, nil
	}
	return true, err
}

func (c *common) status(w *words, allowed ...string) (string, error) {
	name := w.at.Text
	a, err := w.arg("'" + name + "' expects '" + strings.Join(allowed, "', '") + "' as argument.")
	if err != nil {
		return "", err
	}
	for _, s := range allowed {
		if s == a.Text {
			return s, nil
		}
	}
	return "", w.fail("'%s' only supports '%s' status (got '%s').", name, strings.Join(allowed, "', '"), a.Text)
}

// passed is the result if no further step follows.
func (c *common) passed(r *run, status string, code int, desc string) *result {
	res := &result{ok: true, status: status, code: code, desc: desc}
	if c.okStatus != "" {
		res.status = c.okStatus
		res.cond = c.okStatus == "L7OKC"
	}
	if c.onOK != nil {
		res.desc = string(c.onOK.Append(nil, &r.Env))
	}
	c.setCode(r, res)
	return res
}

// refused is the result of a response that is not as it should be.
func (c *common) refused(r *run, status string, code int, desc string) *result {
	res := &result{status: status, code: code, desc: desc}
	if c.errStatus != "" {
		res.status = c.errStatus
		if c.errStatus == "L7OKC" {
			res.ok, res.cond = true, true
		}
	}
	if c.onError != nil {
		res.desc = string(c.onError.Append(nil, &r.Env))
	}
	c.setCode(r, res)
	return res
}

func (c *common) setCode(r *run, res *result) {
	if c.code == nil {
		return
	}
	if v, st := c.code.EvalAs(&r.Env, engine.TSint); st == engine.Found {
		res.code = int(v.Int)
	}
}

// late is the result of a response that did not come in time.
func (c *common) late(r *run, desc string) *result {
	status := "L7TOUT"
	if c.out != "" {
		status = c.out
	}
	return r.fail(status, desc)
}

// expect waits for bytes.
type expect struct {
	common
	kind string
	data []byte
	re   *regexp.Regexp
	fmt  *engine.LogFormat
}

const expectWords = "'only supports min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', '[!]binary-lf' or comment but got '%s' as argument."

func parseExpect(w *words) (step, error) {
	if !w.more() {
		return nil, w.fail("expects at least a matching pattern as arguments.")
	}
	e := &expect{}
	e.minRecv = -1
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
		if kind == "custom" {
			e.kind = kind
			continue
		}
		if e.kind != "" {
			return nil, w.fail("only on pattern expected.")
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

func (e *expect) pattern(w *words, kind string) error {
	switch kind {
	case "string", "rstring", "string-lf", "binary", "rbinary", "binary-lf":
	default:
		return w.fail(expectWords, w.at.Text)
	}
	a, err := w.arg("'" + kind + "' expects a <pattern> as argument.")
	if err != nil {
		return err
	}
	e.kind = kind
	switch kind {
	case "string":
		e.data = []byte(a.Text)
	case "binary":
		var bad string
		if e.data, bad = unhex(a.Text); bad != "" {
			return w.fail("%s.", bad)
		}
	case "rstring", "rbinary":
		e.re, err = compile(w, a.Text)
	default:
		e.fmt, err = w.format(a)
	}
	return err
}

// compile makes a regular expression.
func compile(w *words, text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, w.fail("regex '%s' is invalid (error=%s).", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

func (e *expect) run(r *run) *result {
	if r.Conn == nil {
		return r.fail("L4CON", "")
	}
	r.allow()
	data := e.data
	if e.fmt != nil {
		data = e.fmt.Append(nil, &r.Env)
		if e.kind == "binary-lf" {
			data, _ = unhex(string(data))
		}
	}
	for {
		if len(r.In) > 0 && e.judged(r, data) {
			match := e.match(r.In, data)
			if match != e.not {
				r.last = e.passed(r, "L7OK", 0, "(tcp-check)")
				return nil
			}
			if r.eof || e.minRecv != -1 || e.not { // else more may come
				return e.refused(r, "L7RSP", -1, e.mismatch(r, data))
			}
		}
		if err := r.more(); err != nil {
			return e.ended(r, err, data)
		}
	}
}

// judged tells whether there is enough to look at.
func (e *expect) judged(r *run, data []byte) bool {
	if r.eof || e.kind == "custom" {
		return true
	}
	if e.minRecv > len(r.In) {
		return false
	}
	return e.re != nil || len(r.In) >= len(data) || e.minRecv == 0
}

func (e *expect) ended(r *run, err error, data []byte) *result {
	if timedOut(err) {
		return e.late(r, " at step "+strconv.Itoa(r.n)+" of tcp-check (expect "+e.text()+")"+e.remark())
	}
	if len(r.In) > 0 {
		if e.match(r.In, data) != e.not {
			r.last = e.passed(r, "L7OK", 0, "(tcp-check)")
			return nil
		}
		return e.refused(r, "L7RSP", -1, e.mismatch(r, data))
	}
	return e.refused(r, "L7RSP", -1, "TCPCHK got an empty response at step "+strconv.Itoa(r.n))
}

func (e *expect) remark() string {
	if e.comment == "" {
		return ""
	}
	return " comment: '" + e.comment + "'"
}

func (e *expect) text() string {
	switch e.kind {
	case "string":
		return "string '" + string(e.data) + "'"
	case "rstring":
		return "regex"
	case "rbinary":
		return "binary regex"
	case "binary", "binary-lf":
		return "binary"
	}
	return "log-format string"
}

func (e *expect) match(in, data []byte) bool {
	switch {
	case e.kind == "custom":
		return true
	case e.kind == "rbinary":
		return e.re.MatchString(strings.ToUpper(hexText(in)))
	case e.re != nil:
		return e.re.Match(in)
	}
	return bytes.Contains(in, data)
}

func hexText(b []byte) string {
	const digits = "0123456789ABCDEF"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func (e *expect) mismatch(r *run, data []byte) string {
	s := "TCPCHK did not match content"
	if e.not {
		s = "TCPCHK matched unwanted content"
	}
	switch e.kind {
	case "string", "string-lf":
		s += " '" + string(data) + "'"
	case "rstring":
		s += " (regex)"
	case "rbinary":
		s += " (binary regex)"
	default:
		s += " (binary)"
	}
	s += " at step " + strconv.Itoa(r.n)
	if e.comment != "" {
		s += " comment: " + e.comment
	}
	return s
}

// setVar sets or removes a variable.
type setVar struct {
	ref   engine.VarRef
	expr  *engine.Expr
	fmt   *engine.LogFormat
	unset bool
}

// parseVar reads set-var(…), set-var-fmt(…) and unset-var(…).
func parseVar(w *words, word string) (step, error) {
	open := strings.IndexByte(word, '(')
	name, _, _ := strings.Cut(strings.TrimSuffix(word[open+1:], ")"), ",")
	ref, err := w.b.Var(name)
	if err != nil {
		return nil, err
	}
	s := &setVar{ref: ref, unset: word[:open] == "unset-var"}
	if s.unset {
		return s, nil
	}
	a, err := w.arg("expects an expression as argument.")
	if err != nil {
		return nil, err
	}
	if word[:open] == "set-var-fmt" {
		s.fmt, err = w.format(a)
	} else {
		s.expr, err = w.expr(a)
	}
	return s, err
}

func (s *setVar) run(r *run) *result {
	e := &r.Env
	switch {
	case s.unset:
		e.UnsetVar(s.ref)
	case s.fmt != nil:
		e.SetVar(s.ref, engine.Str(s.fmt.Append(nil, e)))
	default:
		if v, st := s.expr.Eval(e); st == engine.Found {
			e.SetVar(s.ref, v)
		}
	}
	return nil
}

// remark is a comment rule: it goes to the step that follows.
type remark struct{ text string }

func (remark) run(*run) *result { return nil }
