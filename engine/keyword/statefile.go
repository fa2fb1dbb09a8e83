package keyword

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.OnMake(loadState)
	engine.OnCommit(func(rt *engine.Runtime) {
		for _, px := range rt.Proxies {
			for _, srv := range px.Servers {
				if l := restored.Get(srv); l != nil {
					l.restore(srv)
					*l = nil
				}
			}
		}
	})
}

// restored keeps the line of a server until its generation is published.
var restored = engine.NewSlot[*engine.Server, stateLine]("server-state line")

// stateLine is a server's line of a state file by column (management manual,
// "show servers state").
type stateLine []string

// The columns that are used.
const (
	colBackend   = 1
	colServer    = 3
	colAddr      = 4
	colOp        = 5
	colAdmin     = 6
	colUWeight   = 7
	colIWeight   = 8
	colSince     = 9
	colStatus    = 10
	colCheck     = 13
	colAgent     = 14
	colFQDN      = 17
	colPort      = 18
	colService   = 19
	colCheckPort = 21
	columns      = 25
)

// stateFile is a state file that was read, by backend and server.
type stateFile struct{ lines map[[2]string]stateLine }

// globalState keeps the global file, which is read once.
var globalState = engine.NewSlot[*engine.Runtime, stateFile]("server-state-file")

// loadState gives the servers of a backend the state that an earlier process
// wrote down. A reload does not need it: the process still has the state itself.
func loadState(b *engine.Build, px *engine.Proxy) {
	conf := StateFiles.Get(px)
	if conf == nil || b.Old != nil || px.Side&engine.Back == 0 {
		return
	}
	var f *stateFile
	switch g := &b.RT.Global; conf.From {
	case "global":
		if f = globalState.Get(b.RT); f == nil && g.ServerStateFile != "" {
			f = globalState.Edit(b.RT)
			f.read(b, "global server", under(g.ServerStateBase, g.ServerStateFile))
		}
	case "local":
		name := conf.Name
		if name == "" {
			name = px.Name
		}
		f = &stateFile{}
		f.read(b, "proxy '"+px.Name+"'", under(g.ServerStateBase, name))
	}
	if f == nil {
		return
	}
	for _, srv := range px.Servers {
		if l := f.lines[[2]string{px.Name, srv.Name}]; l != nil {
			l.apply(srv)
		}
	}
}

func under(base, name string) string {
	if base == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(base, name)
}

// read reads a file; one that is not there is none.
func (f *stateFile) read(b *engine.Build, whose, name string) {
	f.lines = map[[2]string]stateLine{}
	data, err := os.ReadFile(b.Path(name)) // no part of the configuration: a change of it means nothing
	if err != nil {
		return
	}
	version, rest, _ := strings.Cut(string(data), "\n")
	if strings.TrimSpace(version) != "1" {
		b.Warn(diag.Pos{}, "config: Can't get version of the %s state file '%s'.", whose, name).AsBare()
		return
	}
	for line := range strings.Lines(rest) {
		w := strings.Fields(line)
		if len(w) >= columns && w[0][0] != '#' {
			f.lines[[2]string{w[colBackend], w[colServer]}] = w
		}
	}
}

func (l stateLine) num(col int) int {
	n, _ := strconv.Atoi(l[col])
	return n
}

// apply takes over the address and the weight, as HAProxy does: what the
// configuration says differently now wins. The rest waits for restore.
func (l stateLine) apply(srv *engine.Server) {
	l.applyAddr(srv)
	if l.num(colIWeight) == srv.Weight {
		if w := l.num(colUWeight); w >= 0 && w <= 256 {
			srv.State.UWeight.Store(int32(w))
		}
	}
	*restored.Edit(srv) = l
	srv.Reweigh()
}

// restore takes over what the checks had found and the administrator's word, with
// the lines that tell of it.
func (l stateLine) restore(srv *engine.Server) {
	if len(l) == 0 {
		return
	}
	st := srv.State
	l.restoreCheck(srv)
	adm := l.admin(srv)
	if engine.AdminState(st.Admin.Load())&engine.AdmFMaint != 0 && adm&engine.AdmFMaint == 0 {
		srv.Administer(engine.AdmFMaint, 0)
	}
	l.restoreOp(srv)
	st.Admin.Store(uint32(adm))
	inherit(srv)
	if adm&engine.AdmMaint != 0 {
		st.Op.Store(uint32(engine.OpStopped))
		st.Health.Store(0)
	}
	if since := l.num(colSince); since >= 0 {
		st.LastChange.Store(time.Now().Unix() - int64(since))
	}
	srv.Settle()
}

// inherit gives drain and maintenance to those that track the server.
func inherit(srv *engine.Server) {
	add := engine.AdminState(0)
	switch adm := engine.AdminState(srv.State.Admin.Load()); {
	case adm&engine.AdmMaint != 0:
		add = engine.AdmIMaint
	case adm&engine.AdmDrain != 0:
		add = engine.AdmIDrain
	default:
		return
	}
	for _, o := range srv.Trackers() {
		o.State.Admin.Or(uint32(add))
		o.Settle()
		inherit(o)
	}
}

// admin is the administrator's word, of the file and of the configuration.
func (l stateLine) admin(srv *engine.Server) engine.AdminState {
	was := engine.AdminState(l.num(colAdmin))
	adm := was & (engine.AdmFMaint | engine.AdmFDrain)
	switch {
	case srv.Disabled && was&engine.AdmCMaint == 0: // disabled since
		adm |= engine.AdmFMaint | engine.AdmCMaint
	case srv.Disabled:
		adm |= engine.AdmCMaint
	case was&engine.AdmCMaint != 0: // no longer disabled
		adm &^= engine.AdmFMaint
	}
	const now = engine.AdmRMaint | engine.AdmHMaint | engine.AdmIMaint | engine.AdmIDrain // of this start
	return adm | engine.AdminState(srv.State.Admin.Load())&now
}

// restoreOp takes over the operational state. A server without checks that was down
// for maintenance alone, which has ended since, is up; HAProxy leaves it down for
// ever.
func (l stateLine) restoreOp(srv *engine.Server) {
	const why = ", changed from server-state after a reload"
	st, was, now := srv.State, engine.AdminState(l.num(colAdmin)), l.admin(srv)
	op := engine.OpState(l.num(colOp))
	ended := op == engine.OpStopped && was&engine.AdmMaint != 0 && !srv.Check
	if now&engine.AdmMaint == 0 && (ended || op != engine.OpStopped) { // it may have begun without an address
		st.Op.CompareAndSwap(uint32(engine.OpStopped), uint32(engine.OpRunning))
	}
	switch {
	case ended && now&engine.AdmMaint == 0:
	case op == engine.OpStopped:
		srv.SetOp(op, why)
		st.Health.Store(0)
	case op == engine.OpStopping:
		srv.SetOp(op, why)
	case op == engine.OpRunning:
		st.Health.Store(int32(max(srv.Rise+srv.Fall-1, 0)))
	}
}

// The bits of a check's state that are used.
const (
	checkConfigured = 2
	checkEnabled    = 4
)

// restoreCheck takes over the outcome of the last check, and that checks were
// switched off.
func (l stateLine) restoreCheck(srv *engine.Server) {
	if engine.SwitchCheck != nil {
		for col, agent := range map[int]bool{colCheck: false, colAgent: true} {
			if bits := l.num(col); bits&checkConfigured != 0 && bits&checkEnabled == 0 {
				engine.SwitchCheck(srv, agent, false)
			}
		}
	}
	if status, ok := engine.CheckStatusByID(l.num(colStatus)); ok && srv.Check {
		st := srv.State
		st.Mu.Lock()
		st.CheckStatus = engine.CheckReport{Status: status.Name, Code: -1, Duration: -1, Desc: status.Desc}
		st.Mu.Unlock()
	}
}

// applyName takes over what a name was resolved to, and the record that a server of
// a service stood for.
func (l stateLine) applyName(srv *engine.Server, a *engine.ServerAddr) {
	ip, err := netip.ParseAddr(l[colAddr])
	if err != nil {
		return
	}
	if srv.ByService() {
		if l[colService] != srv.Host || l[colFQDN] == "-" {
			return
		}
		srv.State.HostName = l[colFQDN]
		srv.State.Admin.Or(uint32(engine.AdmHMaint))
		a.Port, a.MapPort = l.num(colPort), false
	}
	a.IP = ip
	srv.State.Admin.And(^uint32(engine.AdmRMaint))
}

// applyAddr takes over a port that was set at run time, and the address of a
// name that was resolved (init-addr last).
func (l stateLine) applyAddr(srv *engine.Server) {
	st := srv.State
	st.Mu.Lock()
	defer st.Mu.Unlock()
	a := srv.Addr
	if st.Addr != nil {
		a = *st.Addr
	}
	before := a
	if port := l.num(colPort); port > 0 && !a.MapPort && a.Path == "" {
		a.Port = port
	}
	if srv.Host != "" && (srv.InitAddr == "" || strings.HasPrefix(srv.InitAddr+",", "last,")) {
		l.applyName(srv, &a)
	}
	if a != before {
		st.Addr = &a
	}
	if port := l.num(colCheckPort); port > 0 && srv.Check && port != srv.CheckPort {
		st.Probing.CheckPort = port
	}
}
