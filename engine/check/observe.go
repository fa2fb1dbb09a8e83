package check

import (
	"strconv"
	"time"

	"hawser/engine"
)

func init() { engine.Observe = observe }

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
		if st.Health.Load() > rise {
			st.Health.Store(rise)
		}
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
		last = "L7 wrong status"
	}
	return &result{status: "HANA", code: -1, desc: "Detected " + strconv.Itoa(n) + " consecutive errors, last one was: " + last}
}
