package build

import (
	"strings"

	"hawser/engine"
)

// adopt gives every object of the new generation the State of the object with
// the same identity in the old one. It changes no State: the old generation
// goes on until the new one is published (see engine.Commit).
func adopt(b *engine.Build) {
	old := b.Old
	if old == nil {
		return
	}
	for _, px := range b.RT.Proxies {
		was := counterpart(old, px)
		if was == nil {
			continue
		}
		px.State = was.State
		adoptServers(px, was)
		for _, bind := range px.Binds {
			adoptBind(bind, was.Binds)
		}
	}
	for _, bind := range b.RT.Global.StatsBinds {
		adoptBind(bind, old.Global.StatsBinds)
	}
}

// counterpart is the proxy of the same name and side.
func counterpart(old *engine.Runtime, px *engine.Proxy) *engine.Proxy {
	for _, p := range old.All() {
		if p.Name == px.Name && p.Side == px.Side {
			return p
		}
	}
	return nil
}

func adoptServers(px, was *engine.Proxy) {
	byName := make(map[string][]*engine.Server, len(was.All()))
	for _, srv := range was.All() {
		byName[srv.Name] = append(byName[srv.Name], srv)
	}
	for _, srv := range px.Servers {
		same := byName[srv.Name] // more than one where a name is used twice
		if len(same) == 0 {
			continue
		}
		if o := same[0]; o.State != nil {
			srv.State, srv.Was = o.State, o
		}
		byName[srv.Name] = same[1:]
	}
}

func adoptBind(b *engine.Bind, old []*engine.Bind) {
	key := bindKey(b)
	for _, o := range old {
		if bindKey(o) == key {
			b.State = o.State
			return
		}
	}
}

func bindKey(b *engine.Bind) string {
	a := &b.Addr
	var s strings.Builder
	s.WriteString(a.Path + "|" + a.IP.String() + "|" + b.Interface + "|")
	for _, v := range [...]int{int(a.Family), a.Port, a.Num} {
		s.WriteByte(byte(v))
		s.WriteByte(byte(v >> 8))
	}
	return s.String()
}
