package keyword

import (
	"hawser/engine"
)

// restriction is what becomes of request headers with unusual names.
type restriction struct{ policy string }

var restrict = engine.NewSlot[*engine.Proxy, restriction]("http-restrict-req-hdr-names")

func init() {
	engine.AddHook(engine.Hook{Name: "http-restrict-req-hdr-names", Phase: engine.PhaseRequest,
		Enabled: func(px *engine.Proxy) bool {
			c := restrict.Get(px)
			return c != nil && c.policy != "preserve"
		},
		Run: runRestrict})
}

func runRestrict(s *engine.Stream) engine.Verdict {
	m := s.Req
	if s.Kind == engine.NotHTTP {
		return engine.Continue
	}
	reject := restrict.Get(s.Env.Px).policy == "reject"
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		if usualName(m.Name(i)) {
			continue
		}
		if reject {
			return engine.Deny
		}
		m.Del(i)
	}
	return engine.Continue
}

func usualName(name []byte) bool {
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
