package build

import (
	"fmt"
	"sync"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() { engine.MakeBackend = makeBackend }

// liveMu: one backend is made at a time, since what is made takes names.
var liveMu sync.Mutex

var liveModes = map[string]engine.Mode{"tcp": engine.ModeTCP, "http": engine.ModeHTTP}

// makeBackend compiles a backend for a running generation out of a defaults
// section (management manual, "add backend"). It is unpublished and in no list.
func makeBackend(rt *engine.Runtime, name string, from *engine.Proxy, mode, guid string) (*engine.Proxy, error) {
	liveMu.Lock()
	defer liveMu.Unlock()
	if err := nameTaken(rt, name); err != nil {
		return nil, err
	}
	px := &engine.Proxy{Kind: "backend", Side: engine.Back, RT: rt, Name: name, ACLs: map[string]*engine.ACL{}, ID: nextID(rt)}
	engine.SetProxyDefaults(px)
	px.Inherit(from)
	px.State, px.Farm = &engine.ProxyState{}, &engine.FarmState{}
	px.State.Unpublished.Store(true)
	if mode != "" {
		px.Mode = liveModes[mode]
	}
	b := engine.NewLiveBuild(rt, px)
	if guid != "" {
		row, _ := engine.Keywords.Get("guid")
		if err := row.Parse(b, &engine.Line{Words: []engine.Word{{Text: "guid"}, {Text: guid}}}); err != nil {
			return nil, err
		}
	}
	if px.FullConn == 0 {
		px.FullConn = (frontLimits(rt) + 9) / 10
	}
	b.At(engine.StageFinish, func() { check(b, px) })
	b.At(engine.StageMake, func() { makeProxy(b, px) })
	b.RunStages()
	for _, d := range b.Diags.Items {
		if d.Severity == diag.Alert {
			return nil, d
		}
	}
	return px, nil
}

func nextID(rt *engine.Runtime) int {
	id := 1
	for _, px := range rt.All() {
		id = max(id, px.ID)
	}
	return id + 1
}

// frontLimits sums up the connections of the frontends that choose their
// backends by a name made per stream: they may choose any.
func frontLimits(rt *engine.Runtime) int {
	sum := 0
	for _, fe := range rt.All() {
		for i := range fe.Switch {
			if fe.Switch[i].Back == nil {
				limit := fe.MaxConn
				if limit == 0 {
					limit = rt.Global.MaxConn
				}
				sum += limit
				break
			}
		}
	}
	return sum
}

// nameTaken tells of a proxy that has the name.
func nameTaken(rt *engine.Runtime, name string) error {
	for _, px := range rt.All() {
		if px.Name == name {
			return fmt.Errorf("name is already used by other proxy '%s %s'", px.Kind, px.Name)
		}
	}
	return nil
}
