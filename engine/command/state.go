package command

import (
	"strconv"
	"strings"
	"time"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show servers state", Usage: "[<backend>]: dump volatile server information (all or for a single backend)", Run: showState},
		engine.Command{Words: "show servers conn", Usage: "[<backend>]: dump server connections status (all or for a single backend)", Run: showConn},
	)
}

// stateHeader is format version 1 (management manual, "show servers state").
const stateHeader = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"

// backends returns those that the argument names: all, or one.
func backends(c *engine.CLI, args []string) ([]*engine.Proxy, error) {
	if len(args) > 0 {
		px := c.RT.Backend(args[0])
		if px == nil {
			return nil, engine.Refuse("Can't find backend.\n")
		}
		return []*engine.Proxy{px}, nil
	}
	var list []*engine.Proxy
	for _, px := range c.RT.All() {
		if px.Side&engine.Back != 0 && !px.Disabled {
			list = append(list, px)
		}
	}
	return list, nil
}

func showState(c *engine.CLI, args []string) error {
	list, err := backends(c, args)
	if err != nil {
		return err
	}
	c.Print(stateHeader)
	for _, px := range list {
		for _, srv := range px.All() {
			c.Out = appendState(c.Out, px, srv)
		}
	}
	return nil
}

func appendState(b []byte, px *engine.Proxy, srv *engine.Server) []byte {
	st := srv.State
	addr := st.Address(srv)
	st.Mu.Lock()
	report := st.CheckStatus
	st.Mu.Unlock()
	p := st.Probe()
	checkPort, checkAddr := probed(p.CheckPort, srv.CheckPort), probedAddr(p.CheckAddr, srv.CheckAddr)
	agentAddr, agentPort := agentPlace(srv, &p, checkAddr, checkPort)
	host, service := st.Host(srv), "-"
	if srv.ByService() {
		service = srv.Host
		if host == service {
			host = "" // no record for it
		}
	}
	return line(b, px.ID, px.Name, srv.ID, srv.Name, dash(addrText(&addr)),
		min(int(st.Op.Load()), int(engine.OpStopping)), int(st.Admin.Load()), int(st.UWeight.Load()), srv.Weight, since(st.LastChange.Load()),
		engine.CheckStatusOf(report.Status).ID, checkResult(report.Status), int(st.Health.Load()), checkState(srv, report.Running), agentState(srv),
		flag(px.CustomID), flag(srv.CustomID), dash(host), addr.Port, service, flag(srv.SSL && !st.NoTLS.Load()),
		checkPort, dash(checkAddr), dash(agentAddr), agentPort)
}

// line appends words with spaces between them, and a line feed.
func line(b []byte, words ...any) []byte {
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		switch w := w.(type) {
		case int:
			b = strconv.AppendInt(b, int64(w), 10)
		case int64:
			b = strconv.AppendInt(b, w, 10)
		case string:
			b = append(b, w...)
		}
	}
	return append(b, '\n')
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func since(sec int64) int64 {
	if sec == 0 {
		return 0
	}
	return max(time.Now().Unix()-sec, 0)
}

func probed(set, configured int) int {
	if set != 0 {
		return set
	}
	return configured
}

func probedAddr(set *engine.ServerAddr, configured string) string {
	if set != nil {
		return addrText(set)
	}
	return configured
}

// agentPlace is where the agent is; HAProxy fills in the check's place.
func agentPlace(srv *engine.Server, p *engine.ProbeSettings, checkAddr string, checkPort int) (string, int) {
	addr, port := "", 0
	if engine.AgentAt != nil {
		addr, port = engine.AgentAt(srv)
	}
	if p.AgentAddr != nil {
		addr = addrText(p.AgentAddr)
	}
	if p.AgentPort != 0 {
		port = p.AgentPort
	}
	if addr == "" {
		addr = checkAddr
	}
	if port == 0 {
		port = checkPort
	}
	return addr, port
}

// checkResult: 0 unknown, 2 failed, 3 passed, 4 passed on condition.
func checkResult(status string) int {
	switch {
	case status == "" || status == "INI":
		return 0
	case strings.HasSuffix(status, "OK"):
		return 3
	case strings.HasSuffix(status, "OKC"):
		return 4
	}
	return 2
}

// The bits of a check's state.
const (
	inProgress = 1 << iota
	configured
	enabled
	paused
	isAgent
)

func checkState(srv *engine.Server, running bool) int {
	bits := 0
	if srv.Check {
		bits = configured
		if on := switched(srv, false); on {
			bits |= enabled
		}
		if running {
			bits |= inProgress
		}
		if engine.AdminState(srv.State.Admin.Load())&engine.AdmMaint != 0 && bits&enabled != 0 {
			bits |= paused
		}
	} else if srv.Disabled {
		bits = paused
	}
	return bits
}

func agentState(srv *engine.Server) int {
	if !agentOf(srv) {
		return 0
	}
	bits := configured | isAgent
	if switched(srv, true) {
		bits |= enabled
	}
	return bits
}

func switched(srv *engine.Server, agent bool) bool {
	if engine.CheckSwitched == nil {
		return true
	}
	_, on := engine.CheckSwitched(srv, agent)
	return on
}

func showConn(c *engine.CLI, args []string) error {
	list, err := backends(c, args)
	if err != nil {
		return err
	}
	c.Print("# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]\n")
	for _, px := range list {
		for _, srv := range px.All() {
			st := srv.State
			a := st.Address(srv)
			f := st.Connections(true)
			idle := f.Fresh + f.Proven
			c.Out = line(c.Out, px.Name+"/"+srv.Name, strconv.Itoa(px.ID)+"/"+strconv.Itoa(srv.ID), dash(addrText(&a)), a.Port, "-",
				srv.PoolPurgeDelay.Milliseconds(), max(st.Served.Load(), 0), f.Used, f.Peak, f.Need, f.Kept, f.Fresh, f.Proven, srv.PoolMax, idle, idle)
		}
	}
	return nil
}
