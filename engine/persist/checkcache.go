package persist

import (
	"bytes"

	"hawser/engine"
	"hawser/engine/htx"
)

func init() {
	engine.AddHook(engine.Hook{Name: "checkcache", Phase: engine.PhaseResHeader, Run: checkCache, Order: 1,
		Enabled: func(px *engine.Proxy) bool { return px.Options.Has(engine.OptCheckCache) && px.Side&engine.Back != 0 }})
}

// checkCache refuses a response that has a cookie and that a shared cache may keep
// (configuration manual, "option checkcache").
func checkCache(s *engine.Stream) engine.Verdict {
	i := s.Res.Next(htx.SetCookie, 0)
	if i >= 0 && s.ServerCookie.Inserted { // ours is behind the server's
		i = s.Res.Next(htx.SetCookie, i+1)
	}
	if i < 0 || !cacheable(s, true) {
		return engine.Continue
	}
	s.Back.Log(1, "Blocking cacheable cookie in response from instance "+s.Back.Name+", server "+serverName(s)+".")
	return engine.Deny
}

func serverName(s *engine.Stream) string {
	if s.Server == nil {
		return "<dispatch>"
	}
	return s.Server.Name
}

// cacheable tells whether caches may keep the response (cookie: with its cookie): by method and
// status or because it says public, whichever directive is the last, and with a
// lifetime or a validator (not in the manual: HAProxy lets those pass that have
// neither).
func cacheable(s *engine.Stream, cookie bool) bool {
	m := s.Res
	if i := m.Next(htx.Pragma, 0); i >= 0 && htx.EqualFold(m.Value(i), "no-cache") {
		return false
	}
	can := keptMethod(s.Req.MethodID) && keptStatus(m.Status)
	dated := m.NextNameStr("expires", 0) >= 0 || m.NextNameStr("etag", 0) >= 0 || m.NextNameStr("last-modified", 0) >= 0
	for v := range m.ItemsOf(htx.CacheControl) {
		name, value, _ := bytes.Cut(v, []byte{'='})
		switch {
		case htx.EqualFold(v, "max-age=0"):
			return false
		case !cookie && htx.EqualFold(v, `no-cache="set-cookie"`):
		case htx.EqualFold(v, "no-store"), htx.EqualFold(v, "s-maxage=0"), htx.EqualFold(name, "private"), htx.EqualFold(name, "no-cache"):
			can = false
		case htx.EqualFold(v, "public"):
			can = true
		case len(value) > 0 && (htx.EqualFold(name, "max-age") || htx.EqualFold(name, "s-maxage")):
			dated = true
		}
	}
	return can && dated
}

func keptMethod(id htx.MethodID) bool {
	switch id {
	case htx.GET, htx.HEAD, htx.OPTIONS, htx.TRACE:
		return true
	}
	return false
}

func keptStatus(status int) bool {
	switch status {
	case 200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501:
		return true
	}
	return false
}
