package action

import (
	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	add(engine.InHTTPAll, "strict-mode", "strict-mode { on | off }: whether a rewrite that fails in the rules that follow ends the request with 500 (the default)", strictMode)
}

func strictMode(_ *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	w, err := exactly(a, 1, "expects exactly 1 arguments")
	if err != nil {
		return nil, err
	}
	if w[0].Text != "on" && w[0].Text != "off" {
		return nil, diag.Errorf(w[0].Pos, "Unexpected value '%s'. Only 'on' and 'off' are supported.", w[0].Text)
	}
	lax := w[0].Text == "off"
	return engine.ActionFunc(func(e env) verd {
		e.Lax = lax
		return engine.Continue
	}), nil
}

// HAProxy keeps a head in one buffer; what it takes there for each field and for the
// head was found by experiment (as in engine/h1).
const (
	perField = 4
	perHead  = 71
)

// room reports whether n more bytes fit into the message, fields more fields among
// them: its head must fit into a buffer (tune.bufsize).
func room(e env, m *htx.Msg, n, fields int) bool {
	limit := e.RT.Global.Tune.BufSize
	if len(m.Arena())+n+2*perField*(len(m.Fields)+fields)+2*perHead <= limit {
		return true // far from it: all that the head ever held is less
	}
	return m.HeadSize()+n+perField*(m.FieldCount()+fields)+perHead <= limit
}

// addField appends a field; false: it does not fit.
func addField(e env, m *htx.Msg, k htx.Key, v []byte) bool {
	if !room(e, m, len(k.Name)+len(v)+4, 1) {
		return false
	}
	m.AddKey(k, v)
	return true
}

// unfit counts a rewrite that failed, which is the end of the message in strict mode.
func unfit(e env) verd {
	s := e.Strm
	s.Front.State.FE.Rewrites.Add(1)
	if s.Sess.Bind != nil && s.Sess.Bind.State != nil {
		s.Sess.Bind.State.C.Rewrites.Add(1)
	}
	if s.Back != nil {
		s.Back.State.BE.Rewrites.Add(1)
	}
	if s.Server != nil {
		s.Server.State.C.Rewrites.Add(1)
	}
	if e.Lax {
		return engine.Continue
	}
	if s.Term.Cause == 0 {
		s.Term.Cause, s.Term.State = 'P', 'R'
		if e.Dir == engine.Res {
			s.Term.State = 'H'
		}
	}
	return engine.Failed
}
