package check

import (
	"strconv"
	"time"

	"hawser/engine"
)

func init() {
	engine.Observe = observe
	engine.AddHook(engine.Hook{Name: "observe", Phase: engine.PhaseEnd, Run: watchStream, Enabled: observes})
}

// observes reports whether responses are looked at: a server or a default-server
// of the file asks for it.
func observes(px *engine.Proxy) bool {
	for _, srv := range px.Servers {
		if srv.Observe == "layer7" {
			return true
		}
	}
	for _, def := range px.NamedServers {
		if def.Observe == "layer7" {
			return true
		}
	}
	return px.DefaultServer != nil && px.DefaultServer.Observe == "layer7"
}

// watchStream judges the response that a stream got from its server, or that it
// did not get one.
func watchStream(s *engine.Stream) engine.Verdict {
	srv := s.Server
	if srv == nil || srv.Observe != "layer7" {
		return engine.Continue
	}
	switch {
	case s.Term.State == 'H' && (s.Term.Cause == 'S' || s.Term.Cause == 's'):
		observe(srv, engine.ObserveResponse, false)
	case s.Times.Response > 0 && s.HasRes && s.Res != nil:
		code := s.Res.Status
		observe(srv, engine.ObserveResponse, code < 500 || code == 501 || code == 505)
	}
	return engine.Continue
}

// observe counts failures of traffic in a row; error-limit of them act as
// on-error says. Successes are the hot path.
func observe(srv *engine.Server, what engine.Observed, ok bool) {
	switch srv.Observe {
	case "layer4":
		if what != engine.ObserveConnect {
			return
		}
	case "layer7":
		if what != engine.ObserveResponse {
			return
		}
	default:
		return
	}
	st := srv.State
	if ok {
		if st.Errors.Load() != 0 {
			st.Errors.Store(0)
		}
		return
	}
	n := st.Errors.Add(1)
	if int(n) < srv.ErrorLimit || !srv.Check {
		return
	}
	st.Errors.Store(0)
	go misbehaved(srv, int(n), what)
}

// misbehaved acts on a server whose traffic fails.
func misbehaved(srv *engine.Server, n int, what engine.Observed) {
	k := checkerOf(srv)
	if k == nil {
		return
	}
	srv, _ = k.now()
	st := srv.State
	rise := int32(srv.Rise)
	switch srv.OnError {
	case "fastinter":
	case "sudden-death":
		if h := st.Health.Load(); h > rise+1 {
			st.Health.Store(rise + 1)
		}
		k.apply(srv, analyzed(n, what), -1)
	case "mark-down":
		st.Health.Store(rise)
		k.apply(srv, analyzed(n, what), -1)
	default:
		k.apply(srv, analyzed(n, what), -1)
	}
	fast := srv.FastInter
	if fast <= 0 {
		fast = srv.Inter
	}
	k.health.kick(min(fast, time.Hour))
}

func analyzed(n int, what engine.Observed) *result {
	last := "L4 unsuccessful connection"
	if what == engine.ObserveResponse {
		last = "Wrong http response"
	}
	return &result{status: "HANA", code: -1, desc: "Detected " + strconv.Itoa(n) + " consecutive errors, last one was: " + last}
}
