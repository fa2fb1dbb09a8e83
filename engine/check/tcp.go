package check

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"hawser/engine"
)

// send writes bytes that are known, or made by a log format.
type send struct {
	data []byte
	fmt  *engine.LogFormat
	hex  bool
	note string // the comment
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
	s.note, err = w.comment()
	return s, err
}

func (s *send) run(r *run) *result {
	data := s.data
	if s.fmt != nil {
		data = s.fmt.Append(nil, &r.Env)
		if s.hex {
			var bad string
			if data, bad = unhex(string(data)); bad != "" {
				return r.fail("L7RSP", "tcp-check send : failed to build log-format string at step "+strconv.Itoa(r.n))
			}
		}
	}
	r.In, r.last, r.did = r.In[:0], nil, 's'
	return r.write(data, " at step "+strconv.Itoa(r.n)+" of tcp-check (send)"+remarked(s.note))
}

// expect waits for bytes.
type expect struct {
	common
	kind string
	// chained: another expectation follows at once.
	chained bool
	data    []byte
	re      *regexp.Regexp
	fmt     *engine.LogFormat
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
	r.did = 'e'
	data := e.data
	for {
		if len(r.In) > 0 || r.eof {
			if e.fmt != nil { // it may look at what has come
				data = e.fmt.Append(nil, &r.Env)
				if len(data) == 0 {
					return r.fail("L7RSP", "log-format string evaluated to an empty string"+e.tail())
				}
				if e.kind == "binary-lf" {
					var bad string
					if data, bad = unhex(string(data)); bad != "" {
						return r.fail("L7RSP", "Failed to parse hexastring resulting of eval of a log-format string"+e.tail())
					}
				}
			}
			if len(r.In) == 0 && !e.not {
				return e.silent(r)
			}
			if e.judged(r, data) {
				match := e.match(r.In, data)
				switch {
				case !match && !r.eof && e.waits(): // more may come
				case match != e.not:
					r.last = e.passed(r, "L7OK", 0, "(tcp-check)")
					return nil
				default:
					return e.refused(r, "L7RSP", 0, e.mismatch(r, data))
				}
			}
		}
		if err := r.more(); err != nil && !r.eof {
			return e.ended(r, err, data)
		}
	}
}

// waits tells whether more is waited for where nothing matches yet. With min-recv it
// is not, but before another expectation that something does not come is sure only at
// the end.
func (e *expect) waits() bool { return e.minRecv < 0 || e.not && e.chained }

// silent is the result of a connection that ended before anything came.
func (e *expect) silent(r *run) *result {
	return e.refused(r, "L7RSP", 0, "TCPCHK got an empty response at step "+strconv.Itoa(r.n))
}

// judged tells whether there is enough to look at.
func (e *expect) judged(r *run, data []byte) bool {
	if r.eof || e.kind == "custom" {
		return true
	}
	if e.minRecv > len(r.In) {
		return false
	}
	return e.re != nil || len(r.In) >= len(data)
}

func (e *expect) ended(r *run, err error, data []byte) *result {
	where := " at step " + strconv.Itoa(r.n) + " of tcp-check (expect " + e.text() + ")" + remarked(e.comment)
	if timedOut(err) {
		return e.late(r, where)
	}
	var no syscall.Errno
	if len(r.In) == 0 && errors.As(err, &no) {
		return r.fail("SOCKERR", osError(err)+where)
	}
	r.eof = true // with what is there, as at any other end
	return e.run(r)
}

func (e *expect) text() string {
	switch e.kind {
	case "string":
		return "string '" + string(e.data) + "'"
	case "rstring":
		return "regex"
	case "rbinary":
		return "binary regex"
	case "binary":
		return "binary '" + hexText(e.data) + "'"
	case "binary-lf":
		return "log-format binary"
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
	case "string-lf":
		s += " (log-format string)"
	case "string":
		s += " '" + string(data) + "'"
	case "rstring":
		s += " (regex)"
	case "rbinary":
		s += " (binary regex)"
	case "binary-lf":
		s += " (log-format binary)"
	default:
		s += " (binary)"
	}
	return s + " at step " + strconv.Itoa(r.n)
}

// remark is a comment rule: it goes to the step that follows.
type remark struct{ text string }

func (remark) run(*run) *result { return nil }
