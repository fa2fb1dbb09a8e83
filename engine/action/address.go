package action

import (
	"net/netip"

	"hawser/engine"
)

func init() {
	in := engine.InTCPReq | httpReq
	const how = " <expression>: makes the result of the expression "
	add(in, "set-src", "set-src"+how+"the client's address", setAddr(engine.TAddr, func(s *engine.Session, v *engine.Sample) {
		s.Src = netip.AddrPortFrom(v.IP, s.Src.Port())
	}))
	add(in, "set-dst", "set-dst"+how+"the destination address", setAddr(engine.TAddr, func(s *engine.Session, v *engine.Sample) {
		s.Dst = netip.AddrPortFrom(v.IP, s.Dst.Port())
	}))
	add(in, "set-src-port", "set-src-port"+how+"the client's port", setAddr(engine.TSint, func(s *engine.Session, v *engine.Sample) {
		s.Src = netip.AddrPortFrom(s.Src.Addr(), uint16(v.Int))
	}))
	add(in, "set-dst-port", "set-dst-port"+how+"the destination port", setAddr(engine.TSint, func(s *engine.Session, v *engine.Sample) {
		s.Dst = netip.AddrPortFrom(s.Dst.Addr(), uint16(v.Int))
	}))
	engine.AddHook(engine.Hook{Name: "addresses back", Phase: engine.PhaseEnd, Order: 1000,
		Enabled: inUse, Run: restore})
}

// kept are the addresses of a session before an http-request rule changed them
// for its stream.
type kept struct {
	src, dst netip.AddrPort
	set      bool
}

var keptSlot = engine.NewSlot[*engine.Stream, kept]("addresses before set-src")

// setAddr changes the session's addresses; for HTTP until the stream's end only,
// as the next request may come from someone else behind the same proxy.
func setAddr(t engine.Type, set func(*engine.Session, *engine.Sample)) func(*engine.Build, *engine.RuleArgs) (engine.Action, error) {
	return func(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
		x, err := oneExpr(b, a)
		if err != nil {
			return nil, err
		}
		http := a.Ruleset == engine.HTTPReq
		if http {
			usesSlot.Edit(b.RT).http = true
		}
		return engine.ActionFunc(func(e env) verd {
			m := e.Mark()
			if v, st := x.EvalAs(e, t); st == engine.Found {
				if http {
					keep(e.Strm)
				}
				set(e.Sess, &v)
			}
			e.Tmp = e.Tmp[:m]
			return engine.Continue
		}), nil
	}
}

// uses tells that some rule of the configuration changes addresses of a stream.
type uses struct{ http bool }

var usesSlot = engine.NewSlot[*engine.Runtime, uses]("rules that set addresses")

func inUse(px *engine.Proxy) bool {
	if px.RT == nil {
		return false
	}
	u := usesSlot.Get(px.RT)
	return u != nil && u.http
}

func keep(s *engine.Stream) {
	if k := keptSlot.Get(s); k != nil && k.set {
		return
	}
	*keptSlot.Edit(s) = kept{s.Sess.Src, s.Sess.Dst, true}
}

func restore(s *engine.Stream) engine.Verdict {
	if k := keptSlot.Get(s); k != nil && k.set && s.Kind == engine.HTTP1 {
		afterLog(s, k)
	}
	return engine.Continue
}

// afterLog gives the addresses back; the log of this stream still shows the
// changed ones, so the next stream's beginning is the place to look at them.
func afterLog(s *engine.Stream, k *kept) { backSlot.Edit(s.Sess).kept = *k }

type back struct{ kept }

var backSlot = engine.NewSlot[*engine.Session, back]("addresses to restore")

func init() {
	engine.AddHook(engine.Hook{Name: "addresses of the connection", Phase: engine.PhaseRequest, Order: -1000,
		Enabled: inUse, Run: func(s *engine.Stream) engine.Verdict {
			if k := backSlot.Get(s.Sess); k != nil && k.set {
				s.Sess.Src, s.Sess.Dst, k.set = k.src, k.dst, false
			}
			return engine.Continue
		}})
}
