package engine

import (
	"strconv"
	"time"

	"hawser/parser/diag"
)

// What other features do when a server changes its state; nil where they are
// absent. FlushServer sends those who wait for a server to choose again and tells
// how many; KillStreams ends a server's streams with a termination cause.
var (
	FlushServer func(srv *Server) int
	WakeServer  func(srv *Server) // its limit was raised
	KillStreams func(srv *Server, cause byte)
)

// Trackers returns the servers whose state follows srv's.
func (srv *Server) Trackers() (list []*Server) {
	if srv.Px == nil || srv.Px.RT == nil {
		return nil
	}
	for _, px := range srv.Px.RT.All() {
		for _, o := range px.All() {
			if o.TrackSrv == srv {
				list = append(list, o)
			}
		}
	}
	return list
}

// SetOp moves a server, and those that track it, to an operational state found by
// a check or asked for on the runtime API. Why is what the log says behind the
// new state (", reason: …"), empty for nothing. It reports whether the state
// changed.
func (srv *Server) SetOp(op OpState, why string) bool {
	st := srv.State
	old := OpState(st.Op.Load())
	if op == OpRunning && srv.SlowStart > 0 && old == OpStopped {
		op = OpStarting
	}
	if old == op || old == OpStarting && op == OpRunning && srv.warming() {
		return false
	}
	if AdminState(st.Admin.Load())&AdmMaint != 0 {
		return false
	}
	st.Op.Store(uint32(op))
	srv.setHealth(op)
	if old == OpStarting && op == OpRunning {
		srv.Settle()
		return true
	}
	srv.changedState(old, op, why)
	if op == OpStarting && Ramp != nil {
		Ramp(srv)
	}
	for _, o := range srv.Trackers() {
		o.SetOp(op, " via "+srv.Px.Name+"/"+srv.Name)
	}
	return true
}

// setHealth keeps the health in step; that of a server that tracks another is its
// own, and stays as it was.
func (srv *Server) setHealth(op OpState) {
	st := srv.State
	switch top := int32(srv.Rise + srv.Fall - 1); {
	case srv.TrackSrv != nil:
	case op == OpStopped:
		st.Health.Store(0)
	case st.Health.Load() < int32(srv.Rise):
		st.Health.Store(top)
	}
}

// warming reports whether slowstart still ramps the weight.
func (srv *Server) warming() bool {
	return time.Since(time.Unix(srv.State.LastChange.Load(), 0)) < srv.SlowStart
}

// changedState does what follows from a change: times, weight, balancer, queue,
// streams and log.
func (srv *Server) changedState(old, op OpState, why string) {
	st, px := srv.State, srv.Px
	now := time.Now().Unix()
	was := st.EWeight.Load() > 0 || old == OpStarting
	hadServers := px.anyUsable()
	if op == OpStopped {
		st.Downs.Add(1)
	} else if old == OpStopped {
		if since := st.LastChange.Load(); since > 0 && since < now {
			st.DownTime.Add(now - since)
		}
	}
	st.LastChange.Store(now)
	srv.Settle()
	requeued := 0
	if op == OpStopped {
		if srv.OnMarkedDown == "shutdown-sessions" && KillStreams != nil {
			KillStreams(srv, 'D')
		}
		if FlushServer != nil {
			requeued = FlushServer(srv)
		}
	}
	if srv.OnMarkedUp == "shutdown-backup-sessions" && old == OpStopped && !srv.Backup && st.Usable() && KillStreams != nil {
		for _, o := range px.All() {
			if o.Backup {
				KillStreams(o, 'U')
			}
		}
	}
	srv.logState(op, why, was, requeued)
	px.servicesLeft(hadServers)
}

// Settle computes the weight anew and tells the balancer.
func (srv *Server) Settle() {
	if srv.Reweigh() && srv.Px.Balancer != nil {
		srv.Px.Balancer.Changed(srv)
	}
}

func (px *Proxy) anyUsable() bool {
	for _, srv := range px.All() {
		if srv.State.Usable() {
			return true
		}
	}
	return false
}

// servicesLeft notes that the backend lost its last server or got its first.
func (px *Proxy) servicesLeft(before bool) {
	after := px.anyUsable()
	now := time.Now().Unix()
	switch {
	case before && !after:
		px.State.Downs.Add(1)
		px.State.LastChange.Store(now)
		px.Log(0, px.TypeName()+" "+px.Name+" has no server available!")
		say(diag.Alert, px.TypeName()+" '"+px.Name+"' has no server available!")
	case !before && after:
		if since := px.State.LastChange.Load(); since > 0 && since < now {
			px.State.DownTime.Add(now - since)
		}
		px.State.LastChange.Store(now)
	}
}

// Log sends a line about the proxy to its log targets.
func (px *Proxy) Log(level int, msg string) {
	if Log != nil && px.RT != nil {
		Log(px.RT, px.Logs, px.LogTag, level, msg)
	}
}

// Announce is Log for what is also told on standard error: what becomes of
// servers and frontends.
func (px *Proxy) Announce(level int, msg string) {
	px.Log(level, msg)
	say(diag.Warning, msg)
	if px.RT != nil && px.RT.Proc != nil {
		px.RT.Proc.Warnings.Add(1)
	}
}

// Say prints a line on standard error; the program provides it.
var Say func(sev diag.Severity, msg string)

func say(sev diag.Severity, msg string) {
	if Say != nil {
		Say(sev, msg)
	}
}

// Mail sends a message about a server to who asked for it (email-alert); the
// mailer feature provides it.
var Mail func(px *Proxy, level int, text string)

func (px *Proxy) mail(level int, text []byte) {
	if Mail != nil {
		Mail(px, level, string(text))
	}
}

// logState writes the line of a change of state.
func (srv *Server) logState(op OpState, why string, was bool, requeued int) {
	px := srv.Px
	b := make([]byte, 0, 256)
	b = append(b, srv.Title()...)
	level := 5
	word := " is UP"
	switch op {
	case OpStopped:
		word = " is DOWN"
		if was {
			level = 1
		}
	case OpStopping:
		word = " is stopping"
	}
	b = append(append(b, word...), why...)
	b = srv.appendLeft(append(b, ". "...), op == OpStopped, requeued)
	px.Announce(level, string(b))
	px.mail(level, b)
}

// Title is "Server b/s", with its role.
func (srv *Server) Title() string {
	role := "Server "
	if srv.Backup {
		role = "Backup Server "
	}
	return role + srv.Px.Name + "/" + srv.Name
}

// AppendLeft appends how many servers remain, as the lines about servers say it.
func (srv *Server) AppendLeft(b []byte, down bool) []byte { return srv.appendLeft(b, down, 0) }

func (srv *Server) appendLeft(b []byte, down bool, requeued int) []byte {
	px := srv.Px
	active, backup := 0, 0
	for _, o := range px.All() {
		switch {
		case !o.State.Usable():
		case o.Backup:
			backup++
		default:
			active++
		}
	}
	end := " online."
	if down {
		end = " left."
	}
	b = strconv.AppendInt(b, int64(active), 10)
	b = append(b, " active and "...)
	b = strconv.AppendInt(b, int64(backup), 10)
	b = append(append(b, " backup servers"...), end...)
	if active == 0 && backup > 0 {
		b = append(b, " Running on backup."...)
	}
	b = append(b, ' ')
	if down {
		b = strconv.AppendInt(b, srv.State.Served.Load(), 10)
		b = append(b, " sessions active, "...)
		b = strconv.AppendInt(b, int64(requeued), 10)
		b = append(b, " requeued, "...)
		b = strconv.AppendInt(b, srv.State.Queued.Load(), 10)
		return append(b, " remaining in queue."...)
	}
	b = strconv.AppendInt(b, int64(requeued), 10)
	b = append(b, " sessions requeued, "...)
	b = strconv.AppendInt(b, srv.State.Queued.Load(), 10)
	return append(b, " total in queue."...)
}

// What the health and runtime API features offer each other; nil where absent.
// SwitchCheck turns a server's health or agent check off and on, and is false
// where there is none; CheckSwitched tells how it stands. ChangeAdmin takes bits
// out of the administrative state and puts others in, with all that follows.
var (
	SwitchCheck   func(srv *Server, agent, on bool) bool
	CheckSwitched func(srv *Server, agent bool) (configured, on bool)
	ChangeAdmin   func(srv *Server, drop, add AdminState)
	// AgentAt is where the agent is configured to be; "" and 0: nowhere.
	AgentAt func(srv *Server) (addr string, port int)
)
