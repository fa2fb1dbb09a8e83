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

func init() { engine.OnMake(loadState) }

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
	colHealth    = 12
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

// apply sets the state of a server as HAProxy does: what the configuration says
// differently now wins.
func (l stateLine) apply(srv *engine.Server) {
	st := srv.State
	l.applyAddr(srv)
	l.applyAdmin(srv)
	if l.num(colIWeight) == srv.Weight {
		if w := l.num(colUWeight); w >= 0 && w <= 256 {
			st.UWeight.Store(int32(w))
		}
	}
	if since := l.num(colSince); since >= 0 {
		st.LastChange.Store(time.Now().Unix() - int64(since))
	}
	srv.Reweigh()
}

// applyAdmin takes over the administrator's word and what the checks had found.
// A server that was down for maintenance alone, which the configuration has
// ended since, is up; HAProxy leaves it down for ever if it has no check.
func (l stateLine) applyAdmin(srv *engine.Server) {
	st := srv.State
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
	adm |= engine.AdminState(st.Admin.Load()) & (engine.AdmRMaint | engine.AdmHMaint) // of this start
	st.Admin.Store(uint32(adm))
	op := engine.OpState(l.num(colOp))
	switch {
	case adm&engine.AdmMaint != 0:
		op = engine.OpStopped
	case op > engine.OpStopping, op == engine.OpStopped && was&engine.AdmMaint != 0:
		op = engine.OpRunning
	}
	st.Op.Store(uint32(op))
	top := max(srv.Rise+srv.Fall-1, 0)
	health := min(max(l.num(colHealth), 0), top)
	switch {
	case op == engine.OpStopped:
		health = min(health, max(srv.Rise-1, 0))
	case health < srv.Rise:
		health = srv.Rise
	}
	if !srv.Check && op != engine.OpStopped {
		health = top
	}
	st.Health.Store(int32(health))
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
