package check

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

// askAgent asks the agent once, does what it says, and returns the time until
// the next question (server option agent-check).
func (k *checker) askAgent() time.Duration {
	srv, _ := k.now()
	sc := servers.Get(srv)
	inter := sc.agent.inter
	if inter <= 0 {
		inter = engine.DefInter
	}
	k.mu.Lock()
	off := k.agentOff
	k.mu.Unlock()
	if !off {
		k.agentOnce(srv, &sc.agent, inter)
	}
	return spread(srv, inter)
}

func (k *checker) agentOnce(srv *engine.Server, a *agentConf, inter time.Duration) {
	r := &run{ctx: k.ctx, srv: srv, plan: &plan{connect: inter, timeout: inter}}
	if t := srv.Px.Timeout.Check; t > 0 {
		r.plan.timeout = t
	}
	r.CheckConn.Srv = srv
	defer r.close()
	set := srv.State.Probe()
	to, hello := r.agentAddr(&set, a), a.send
	if set.AgentSend != nil {
		hello = *set.AgentSend
	}
	began := time.Now()
	line, res := r.askAgent(to, hello)
	st := srv.State
	st.Mu.Lock()
	c := &st.AgentStatus
	c.Status, c.Code, c.Last, c.Duration, c.Desc = res.status, 0, res.desc, time.Since(began).Milliseconds(), describe[res.status]
	st.Mu.Unlock()
	if line != "" {
		k.obey(srv, line, time.Since(began))
	}
}

func (r *run) agentAddr(set *engine.ProbeSettings, a *agentConf) *engine.ServerAddr {
	to := (&connect{}).target(r)
	if a.addr != "" {
		if own, err := address(engine.Word{Text: a.addr}); err == nil {
			*to = *own
		}
	}
	to.Port = a.port
	if set.AgentAddr != nil {
		*to = *set.AgentAddr
		to.Port = a.port
	}
	if set.AgentPort != 0 {
		to.Port = set.AgentPort
	}
	return to
}

func (r *run) askAgent(to *engine.ServerAddr, hello string) (string, *result) {
	c, err := r.srv.Dial.Connect(&engine.DialSpec{Check: &r.CheckConn, Addr: to, Timeout: r.plan.connect})
	if err != nil {
		return "", (&connect{implicit: true}).failed(r, err)
	}
	r.Conn = c
	if hello != "" {
		if res := r.write([]byte(hello)); res != nil {
			return "", res
		}
	}
	r.allow()
	for {
		if i := bytes.IndexAny(r.In, "\r\n"); i >= 0 {
			r.In = r.In[:i]
			break
		}
		if err := r.more(); err != nil {
			if r.eof && len(r.In) > 0 {
				break
			}
			return "", r.broken(err, "")
		}
	}
	line := string(r.In)
	return line, &result{ok: true, status: "L7OK", desc: line}
}

// obey does what an agent's line says.
func (k *checker) obey(srv *engine.Server, line string, took time.Duration) {
	st := srv.State
	desc := ""
	if i := strings.Index(" "+line, " #"); i >= 0 { // a word of its own begins it
		line, desc = line[:i], strings.TrimSpace(line[i+1:])
	}
	op := ""
	for w := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' }) {
		switch lower := strings.ToLower(w); {
		case strings.HasSuffix(lower, "%"), strings.HasPrefix(lower, "weight:"):
			setWeight(srv, strings.TrimPrefix(lower, "weight:"))
		case strings.HasPrefix(lower, "maxconn:"):
			if n, err := strconv.Atoi(lower[len("maxconn:"):]); err == nil && n >= 0 {
				st.MaxConn.Store(int32(n))
			}
		case lower == "ready":
			admin(srv, engine.AdmFMaint|engine.AdmFDrain, 0)
		case lower == "drain":
			admin(srv, engine.AdmFMaint, engine.AdmFDrain)
		case lower == "maint":
			admin(srv, engine.AdmFDrain, engine.AdmFMaint)
		case lower == "up", lower == "down", lower == "fail", lower == "stopped":
			op = lower
		}
	}
	if op == "" {
		return
	}
	k.mu.Lock()
	was := k.agentDown
	k.agentDown = op != "up"
	k.mu.Unlock()
	switch {
	case op != "up":
		info := "via agent : " + op
		if desc != "" {
			info += " (" + desc + ")"
		}
		srv.SetOp(engine.OpStopped, reason(&result{status: "L7STS", desc: info}, took))
	case was && (!srv.Check || healthy(srv)):
		srv.SetOp(engine.OpRunning, reason(&result{status: "L7OK", desc: "via agent : up"}, took))
		k.ramp()
	}
}

// healthy reports whether the last health check passed.
func healthy(srv *engine.Server) bool {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	return strings.HasSuffix(strings.TrimSuffix(st.CheckStatus.Status, "C"), "OK")
}

// setWeight takes an absolute weight, or a percentage of the configured one.
func setWeight(srv *engine.Server, s string) {
	text, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return
	}
	if percent {
		n = (n*srv.Weight + 99) / 100
	}
	if n > 256 {
		return
	}
	srv.State.UWeight.Store(int32(n))
	srv.Settle()
}

// admin changes the administrative state; the runtime API's own function, where
// there is one, does it with all that belongs to it.
func admin(srv *engine.Server, drop, add engine.AdminState) {
	if engine.ChangeAdmin != nil {
		engine.ChangeAdmin(srv, drop, add)
		return
	}
	st := srv.State
	st.Admin.Store(uint32(engine.AdminState(st.Admin.Load())&^drop | add))
	srv.Settle()
}
