package check

import (
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

// Describe returns what a check status means.
func Describe(status string) string { return engine.CheckStatusOf(status).Desc }

// apply is the health state machine: a result moves the health by one, and at
// the borders the server changes its state.
func (k *checker) apply(srv *engine.Server, res *result, took time.Duration) {
	st := srv.State
	top, rise := int32(srv.Rise+srv.Fall-1), int32(srv.Rise)
	before := st.Health.Load()
	health := before
	switch {
	case res.ok:
		if health < top {
			if health++; health >= rise {
				health = top
			}
		}
	case health > rise:
		health--
	default:
		health = 0
	}
	st.Health.Store(health)
	if !res.ok && before >= rise {
		st.CheckFails.Add(1)
	}
	if !res.ok && strings.HasPrefix(res.status, "L4") && srv.Resolvers.Text != "" && engine.ResolveAgain != nil {
		engine.ResolveAgain(srv)
	}
	news := k.note(srv, res, took)
	why := reason(res, took)
	if srv.Px.Options.Has(engine.OptLogHealthChecks) {
		if news || health != before {
			told := *res
			if told.noted != "" {
				told.desc = told.noted
			}
			logCheck(srv, res, reason(&told, took), health)
		}
		why = ""
	}
	op := engine.OpState(st.Op.Load())
	switch {
	case health < rise:
		if op != engine.OpStopped {
			srv.SetOp(engine.OpStopped, why)
		}
	case st.AgentDown.Load():
	case res.cond:
		if op != engine.OpStopping {
			srv.SetOp(engine.OpStopping, why)
		}
	case res.ok && (op == engine.OpStopped || op == engine.OpStopping):
		srv.SetOp(engine.OpRunning, why)
		k.ramp()
	}
}

// note keeps the result for the statistics, and tells whether the status is
// another one than before.
func (k *checker) note(srv *engine.Server, res *result, took time.Duration) bool {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	c := &st.CheckStatus
	news := c.Status != res.status
	c.Status, c.Code, c.Desc, c.Last = res.status, -1, Describe(res.status), res.desc
	if hasCode(res.status) {
		c.Code = res.code
	}
	c.Duration = took.Milliseconds()
	if took < 0 {
		c.Duration = -1
	}
	return news
}

// reason is ", reason: …" of a log line.
func reason(res *result, took time.Duration) string {
	b := append([]byte(", reason: "), Describe(res.status)...)
	if res.code >= 0 && hasCode(res.status) {
		b = strconv.AppendInt(append(b, ", code: "...), int64(res.code), 10)
	}
	if res.desc != "" {
		b = append(append(append(b, `, info: "`...), res.desc...), '"')
	}
	if took >= 0 {
		b = strconv.AppendInt(append(b, ", check duration: "...), took.Milliseconds(), 10)
		b = append(b, "ms"...)
	}
	return string(b)
}

// hasCode reports whether a status comes with a code from the server.
func hasCode(status string) bool {
	switch status {
	case "L7OK", "L7OKC", "L7STS", "PROCERR", "PROCOK":
		return true
	}
	return false
}

// logCheck writes the line of option log-health-checks.
func logCheck(srv *engine.Server, res *result, why string, health int32) {
	b := []byte("Health check for ")
	if srv.Backup {
		b = append(b, "backup "...)
	}
	b = append(append(append(append(b, "server "...), srv.Px.Name...), '/'), srv.Name...)
	switch {
	case res.cond:
		b = append(b, " conditionally succeeded"...)
	case res.ok:
		b = append(b, " succeeded"...)
	default:
		b = append(b, " failed"...)
	}
	b = append(b, why...)
	n, of, state := int(health), srv.Rise, "DOWN"
	if int(health) >= srv.Rise {
		n, of, state = int(health)-srv.Rise+1, srv.Fall, "UP"
	}
	b = strconv.AppendInt(append(b, ", status: "...), int64(n), 10)
	b = strconv.AppendInt(append(b, '/'), int64(of), 10)
	b = append(append(append(b, ' '), state...), '.')
	srv.Px.Announce(5, string(b))
	if engine.Mail != nil {
		engine.Mail(srv.Px, 6, string(b))
	}
}
