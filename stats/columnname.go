package stats

import (
	"strconv"
	"strings"

	"hawser/engine"
)

// nameColumns tell what a row is about.
var nameColumns = columnTable{
	"pxname": func(o *Object) Value { return text(o.Px.Name) },
	"svname": svname,
	"pid":    func(*Object) Value { return num(1) },
	"iid":    func(o *Object) Value { return num(int64(o.Px.ID)) },
	"sid":    sid,
	"type": func(o *Object) Value {
		return num(map[Kind]int64{Frontend: 0, Backend: 1, Server: 2, Listener: 3}[o.Kind])
	},
	"addr":   func(o *Object) Value { return text(o.Address()) },
	"cookie": cookie,
	"mode":   func(o *Object) Value { return text(o.Px.Mode.String()) },
	"algo":   algo,
	"srid":   zero,
	"proto":  func(*Object) Value { return text("") },
}

func svname(o *Object) Value {
	switch o.Kind {
	case Frontend:
		return text("FRONTEND")
	case Backend:
		return text("BACKEND")
	case Server:
		return text(o.Srv.Name)
	}
	if o.Bind.Name != "" {
		return text(o.Bind.Name)
	}
	return text("sock-" + strconv.Itoa(o.Bind.ID))
}

func sid(o *Object) Value {
	switch o.Kind {
	case Server:
		return num(int64(o.Srv.ID))
	case Listener:
		return num(int64(o.Bind.ID))
	}
	return num(0)
}

// Address is where a server or listener is.
func (o *Object) Address() string {
	if o.Kind == Listener {
		a := &o.Bind.Addr
		if a.Path != "" {
			return a.Path
		}
		return a.IP.String() + ":" + strconv.Itoa(a.Port)
	}
	a := o.Srv.State.Address(o.Srv)
	switch {
	case a.Path != "":
		return "unix"
	case !a.IP.IsValid():
		return ""
	case a.IP.Is6():
		return "[" + a.IP.String() + "]:" + strconv.Itoa(a.Port)
	}
	return a.IP.String() + ":" + strconv.Itoa(a.Port)
}

func cookie(o *Object) Value {
	if o.Kind == Server {
		return Value{o.Srv.CookieValue() != "", true, 0, o.Srv.CookieValue()}
	}
	name := ""
	if engine.CookieName != nil {
		name = engine.CookieName(o.Px)
	}
	return Value{name != "", true, 0, name}
}

func algo(o *Object) Value {
	if len(o.Px.All()) == 0 {
		return text("unknown")
	}
	if w := o.Px.Balance.Words; len(w) > 0 {
		name, _, _ := strings.Cut(w[0].Text, "(")
		if o.Px.Mode == engine.ModeLog && name != "roundrobin" {
			name = "unknown"
		}
		return text(name)
	}
	if o.Px.IsHTTP() {
		return text("random")
	}
	return text("roundrobin")
}
