package build

import "hawser/engine"

// fullConn gives backends without fullconn a tenth of the connections of all
// frontends that can choose them (configuration manual, "fullconn").
func fullConn(rt *engine.Runtime) {
	sums := map[*engine.Proxy]int{}
	for _, fe := range rt.Proxies {
		if fe.Side&engine.Front == 0 {
			continue
		}
		limit := fe.MaxConn
		if limit == 0 {
			limit = rt.Global.MaxConn
		}
		for be := range reachable(rt, fe) {
			sums[be] += limit
		}
	}
	for _, be := range rt.Proxies {
		if be.Side&engine.Back != 0 && be.FullConn == 0 {
			be.FullConn = (sums[be] + 9) / 10
		}
	}
}

// reachable is the set of backends that a frontend may choose: all of them when
// a name is made per stream.
func reachable(rt *engine.Runtime, fe *engine.Proxy) map[*engine.Proxy]bool {
	set := map[*engine.Proxy]bool{}
	if fe.Side&engine.Back != 0 {
		set[fe] = true
	}
	if fe.Default != nil {
		set[fe.Default] = true
	}
	for i := range fe.Switch {
		if r := &fe.Switch[i]; r.Back != nil {
			set[r.Back] = true
			continue
		}
		for _, be := range rt.Proxies {
			if be.Side&engine.Back != 0 {
				set[be] = true
			}
		}
	}
	return set
}
