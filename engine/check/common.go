package check

import (
	"strconv"
	"strings"

	"hawser/engine"
)

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
	r.showBody()
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
	r.showBody()
	if c.onError != nil {
		res.desc = string(c.onError.Append(nil, &r.Env))
	}
	res.desc += c.tail()
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

// remarked is a comment as reports of a place have it.
func remarked(comment string) string {
	if comment == "" {
		return ""
	}
	return " comment: '" + comment + "'"
}

// tail is a comment as reports of a mismatch have it.
func (c *common) tail() string {
	if c.comment == "" {
		return ""
	}
	return " comment: " + c.comment
}
