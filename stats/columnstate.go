package stats

import (
	"strconv"

	"hawser/engine"
)

// stateColumns tell who takes traffic, and with what weight.
var stateColumns = columnTable{
	"status":                  func(o *Object) Value { return text(o.Status()) },
	"weight":                  weight,
	"uweight":                 uweight,
	"act":                     active,
	"bck":                     backups,
	"lastchg":                 lastChange,
	"downtime":                downtime,
	"throttle":                throttle,
	"tracked":                 tracked,
	"agg_server_status":       zero,
	"agg_server_check_status": zero,
	"agg_check_status":        zero,
}

// Status is the state of the object as HAProxy words it.
func (o *Object) Status() string {
	switch o.Kind {
	case Frontend:
		return [...]string{"OPEN", "PAUSED", "STOP"}[min(max(o.Px.State.FEStatus.Load(), 0), 2)]
	case Listener:
		return "OPEN"
	case Backend:
		state := "DOWN"
		if len(o.Px.All()) == 0 || usable(o.Px, false)+usable(o.Px, true) > 0 {
			state = "UP"
		}
		if o.Px.State.Unpublished.Load() {
			state += " (UNPUB)"
		}
		return state
	}
	return serverStatus(o.Srv)
}

func serverStatus(srv *engine.Server) string {
	st := srv.State
	adm := engine.AdminState(st.Admin.Load())
	ref := srv
	for ref.TrackSrv != nil {
		ref = ref.TrackSrv
	}
	switch op := engine.OpState(st.Op.Load()); {
	case adm&engine.AdmRMaint != 0:
		return "MAINT (resolution)"
	case adm&engine.AdmIMaint != 0 && srv.TrackSrv != nil:
		return "MAINT (via " + srv.TrackSrv.Px.Name + "/" + srv.TrackSrv.Name + ")"
	case adm&engine.AdmMaint != 0:
		return "MAINT"
	case op == engine.OpStopped && ref.State.AgentDown.Load() && hasAgent(ref):
		return "DOWN (agent)"
	case op == engine.OpStopped:
		return "DOWN" + rising(ref)
	case op == engine.OpStopping:
		return "NOLB" + falling(ref)
	case adm&engine.AdmDrain != 0 && hasAgent(ref):
		return "DRAIN (agent)"
	case adm&engine.AdmDrain != 0:
		return "DRAIN" + falling(ref)
	case !hasCheck(ref):
		return "no check"
	}
	return "UP" + falling(ref)
}

// rising is how far a server that is down has come back.
func rising(srv *engine.Server) string {
	health := int(srv.State.Health.Load())
	if !hasCheck(srv) || health <= 0 {
		return ""
	}
	return " " + strconv.Itoa(health) + "/" + strconv.Itoa(srv.Rise)
}

// falling is how much it takes until a server that is up is down.
func falling(srv *engine.Server) string {
	health, rise, fall := int(srv.State.Health.Load()), srv.Rise, srv.Fall
	if !hasCheck(srv) || health >= rise+fall-1 {
		return ""
	}
	return " " + strconv.Itoa(health-rise+1) + "/" + strconv.Itoa(fall)
}

// usable counts the servers that take traffic.
func usable(px *engine.Proxy, backup bool) (n int64) {
	for _, srv := range px.All() {
		if srv.Backup == backup && srv.State.Usable() {
			n++
		}
	}
	return n
}

func weight(o *Object) Value {
	if o.Kind == Server {
		return num(o.Srv.ShownWeight())
	}
	var sum int64
	for srv := range o.Px.InUse() {
		sum += srv.ShownWeight()
	}
	return num(sum)
}

func uweight(o *Object) Value {
	if o.Kind == Server {
		return num(int64(o.Srv.State.UWeight.Load()))
	}
	var sum int64
	for srv := range o.Px.InUse() {
		sum += int64(srv.State.UWeight.Load())
	}
	return num(sum)
}

func active(o *Object) Value {
	if o.Kind == Server {
		return num(flag(!o.Srv.Backup))
	}
	return num(usable(o.Px, false))
}

func backups(o *Object) Value {
	if o.Kind == Server {
		return num(flag(o.Srv.Backup))
	}
	return num(usable(o.Px, true))
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

func lastChange(o *Object) Value {
	at := o.Px.State.LastChange.Load()
	if o.Kind == Server {
		at = o.Srv.State.LastChange.Load()
	}
	if at == 0 {
		at = o.Px.RT.Proc.Started.Unix()
	}
	return num(max(o.sec-at, 0))
}

func downtime(o *Object) Value {
	if o.Kind == Backend {
		if len(o.Px.All()) == 0 {
			return Value{}
		}
		d := o.Px.State.DownTime.Load()
		if o.Status() == "DOWN" {
			d += o.sec - o.Px.State.LastChange.Load()
		}
		return num(d)
	}
	d := o.Srv.State.DownTime.Load()
	if !o.Srv.State.Up() {
		d += o.sec - o.Srv.State.LastChange.Load()
	}
	return checked(o, d)
}

func throttle(o *Object) Value {
	st := o.Srv.State
	if engine.OpState(st.Op.Load()) != engine.OpStarting || st.UWeight.Load() == 0 {
		return Value{}
	}
	return num(int64(st.EWeight.Load()) * 100 / int64(st.UWeight.Load()*engine.WeightScale))
}

func tracked(o *Object) Value {
	if t := o.Srv.TrackSrv; t != nil {
		return text(t.Px.Name + "/" + t.Name)
	}
	return Value{}
}
