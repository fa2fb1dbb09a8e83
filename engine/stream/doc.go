// Package stream runs streams: one HTTP request and its response, or the data
// of one TCP connection. It owns the order of the phases (see requestPhases and
// responsePhases), the rulesets, forwarding in both directions, local replies,
// the termination flags, the counters of proxies and the end of a stream. How a
// server is chosen and reached is backend's; how bytes look on a wire is the
// muxes'; what a rule does is its action's.
//
// A stream is run by one goroutine, which may block. A second one exists only
// while a request body is still to come, or in tunnels.
package stream

import "hawser/engine"

// step is what a phase says about the next one.
type step uint8

const (
	next    step = iota // go on with the next phase
	answer              // a local reply is prepared: send it
	over                // nothing more can be sent
	upgrade             // go on as HTTP (streams without HTTP only)
)

type phase struct {
	name string
	run  func(*engine.Stream) step
}

// requestPhases is HAProxy's order of evaluation (configuration manual, 4.2
// "http-request" and the request processing in the introduction to rules).
// A stream that begins without HTTP (tcpPhases) and goes over to it enters at
// requestPhases: headPhases are behind it.
var headPhases = [...]phase{
	{"valid head", validHead},
	{"tcp-request content of the frontend", frontContent},
}

var requestPhases = [...]phase{
	{"request head", requestHead},
	{"wait for the body in the frontend", frontBody},
	{"request hooks", hooks(engine.PhaseRequest, front)},
	{"http-request of the frontend", frontRules},
	{"hooks after the rules of the frontend", hooks(engine.PhaseReqRules, front)},
	{"use_backend", chooseBackend},
	{"tcp-request content of the backend", backContent},
	{"wait for the body in the backend", backBody},
	{"request hooks of the backend", hooks(engine.PhaseRequest, backOnly)},
	{"http-request of the backend", backRules},
	{"hooks after the rules of the backend", hooks(engine.PhaseReqRules, backOnly)},
	{"backend hooks", hooks(engine.PhaseBackend, back)},
	{"force-persist", hooks(engine.PhaseForce, back)},
	{"use-server", useServer},
	{"header hooks of the frontend", hooks(engine.PhaseHeader, front)},
	{"header hooks of the backend", hooks(engine.PhaseHeader, backOnly)},
	{"capture cookie", keepCookie},
	{"persistence", hooks(engine.PhasePersist, back)},
	{"filters", filterRequest},
}

func front(s *engine.Stream) *engine.Proxy { return s.Front }
func back(s *engine.Stream) *engine.Proxy  { return s.Back }

// backOnly is the backend unless it is the frontend itself (listen), whose hooks
// ran already.
func backOnly(s *engine.Stream) *engine.Proxy {
	if s.Back == s.Front {
		return nil
	}
	return s.Back
}

// hooks runs what features have in a phase for one of the stream's proxies.
func hooks(ph engine.Phase, of func(*engine.Stream) *engine.Proxy) func(*engine.Stream) step {
	return func(s *engine.Stream) step {
		px := of(s)
		if px == nil || len(px.Hooks[ph]) == 0 {
			return next
		}
		s.Env.Px = px
		for _, h := range px.Hooks[ph] {
			if v := h(s); v != engine.Continue {
				return requestVerdict(s, v)
			}
		}
		return next
	}
}
