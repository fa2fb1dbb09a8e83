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
	if res == nil {
		res = k.obey(srv, line, time.Since(began))
	}
	st := srv.State
	st.Mu.Lock()
	c := &st.AgentStatus
	c.Status, c.Code, c.Last, c.Duration, c.Desc = res.status, -1, res.desc, time.Since(began).Milliseconds(), Describe(res.status)
	if hasCode(res.status) {
		c.Code = res.code
	}
	st.Mu.Unlock()
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

// askAgent returns the agent's line, or why there is none.
func (r *run) askAgent(to *engine.ServerAddr, hello string) (string, *result) {
	c, err := r.srv.Dial.Connect(&engine.DialSpec{Check: &r.CheckConn, Addr: to, Timeout: r.plan.connect, Listens: hello == ""})
	if err != nil {
		return "", (&connect{implicit: true}).failed(r, err)
	}
	r.Conn = c
	if hello != "" {
		if res := r.write([]byte(hello), ""); res != nil {
			return "", res
		}
	}
	r.allow()
	for {
		if i := bytes.IndexAny(r.In, "\r\n"); i >= 0 {
			return string(r.In[:i]), nil
		}
		if err := r.more(); err != nil {
			switch {
			case r.eof && len(r.In) > 0:
				return string(r.In), nil
			case r.eof:
				return "", r.fail("L7RSP", "TCPCHK got an empty response at step 2")
			}
			return "", r.broken(err, "")
		}
	}
}

// obey does what an agent's line says, and tells what it was.
func (k *checker) obey(srv *engine.Server, line string, took time.Duration) *result {
	desc := ""
	if i := strings.Index(" "+line, " #"); i >= 0 { // a word of its own begins it
		line, desc = line[:i], strings.TrimSpace(line[i+1:])
	}
	op := ""
	for w := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' }) {
		switch lower := strings.ToLower(w); {
		case lower == "up", lower == "down", lower == "fail", lower == "stopped":
			op = lower
		case !setByAgent(srv, lower) && desc == "":
			desc = w
		}
	}
	switch {
	case op == "" && desc != "":
		return &result{ok: true, status: "CHECKED", code: -1, desc: "agent reports an error : " + desc}
	case op == "":
		return &result{ok: true, status: "CHECKED", code: -1}
	}
	info := "via agent : " + op
	if desc != "" {
		info += " (" + desc + ")"
	}
	was := srv.State.AgentDown.Swap(op != "up")
	if op != "up" {
		res := &result{status: "L7STS", desc: info}
		srv.SetOp(engine.OpStopped, reason(res, took))
		return res
	}
	res := &result{ok: true, status: "L7OK", desc: info}
	if was && (!srv.Check || healthy(srv)) {
		srv.SetOp(engine.OpRunning, reason(res, took))
		k.ramp()
	}
	return res
}

// setByAgent carries out a word that sets something; false: it is none.
func setByAgent(srv *engine.Server, w string) bool {
	switch {
	case strings.HasSuffix(w, "%"), strings.HasPrefix(w, "weight:"):
		setWeight(srv, strings.TrimPrefix(w, "weight:"))
	case strings.HasPrefix(w, "maxconn:"):
		if n, err := strconv.Atoi(w[len("maxconn:"):]); err == nil && n >= 0 {
			srv.State.MaxConn.Store(int32(n))
		}
	case w == "ready":
		admin(srv, engine.AdmFMaint|engine.AdmFDrain, 0)
	case w == "drain":
		admin(srv, engine.AdmFMaint, engine.AdmFDrain)
	case w == "maint":
		admin(srv, engine.AdmFDrain, engine.AdmFMaint)
	default:
		return false
	}
	return true
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
		n = n * srv.Weight / 100
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
