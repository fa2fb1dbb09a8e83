package resolver

import (
	"slices"
	"time"

	"hawser/engine"
)

func init() { engine.Rename = rename }

// rename has a server follow another name ("set server … fqdn"). It is false when
// no resolvers were configured for the server.
func rename(srv *engine.Server, host string) bool {
	mu.Lock()
	defer mu.Unlock()
	rt := srv.Px.RT
	sec := sectionOf(rt, srv)
	if sec == nil {
		return false
	}
	list := slices.Clone(running[rt])
	for i, w := range list {
		j := slices.Index(w.srvs, srv)
		if j < 0 {
			continue
		}
		close(w.stop)
		list = slices.Delete(list, i, i+1)
		if rest := slices.Delete(slices.Clone(w.srvs), j, j+1); len(rest) > 0 {
			list = append(list, begin(rt, w.sec, w.host, rest...))
		}
		break
	}
	running[rt] = append(list, begin(rt, sec, host, srv))
	return true
}

func sectionOf(rt *engine.Runtime, srv *engine.Server) *section {
	if set := all.Get(rt); set != nil {
		return set.byName[srv.Resolvers.Text]
	}
	return nil
}

func begin(rt *engine.Runtime, sec *section, host string, srvs ...*engine.Server) *watch {
	w := &watch{rt: rt, sec: sec, host: host, srvs: srvs, good: time.Now(), stop: make(chan struct{})}
	go w.run()
	return w
}
