package engine

import (
	"slices"
	"sync"
)

// Phase is a point in the life of a stream at which features can take part.
type Phase uint8

// The phases, in order. The rulesets run between them (see engine/stream).
const (
	PhaseStart     Phase = iota // a stream begins, whatever it carries (the frontend's hooks)
	PhaseRequest                // request head complete, before http-request rules of the frontend
	PhaseReqRules               // after the frontend's http-request rules
	PhaseBackend                // backend chosen and its http-request rules done
	PhaseHeader                 // headers that the proxy adds to the request (forwardfor …)
	PhaseForce                  // how far persistence is obeyed, before use-server
	PhasePersist                // a server may be chosen by cookie, rdp-cookie or stick table
	PhaseServer                 // a connection to a server is there, before the head is sent: at each attempt
	PhaseResponse               // response head complete, before http-response rules
	PhaseResRules               // after the http-response rules
	PhaseResHeader              // headers that the proxy adds to the response (cookie insertion …)
	PhaseReply                  // any response head, also our own, before http-after-response
	PhaseConnect                // a server took the connection, whatever it carries (the frontend's hooks)
	PhaseConnected              // TCP: a server took the connection
	PhaseEnd                    // the stream is over: counters are final, before the log line
	NPhases
)

// Hook is a feature's part in a phase. Enabled is asked once per proxy at load,
// so that an unused feature costs nothing.
type Hook struct {
	Name    string
	Phase   Phase
	Order   int // within the phase, ascending
	Enabled func(px *Proxy) bool
	Run     func(s *Stream) Verdict
}

var (
	hookMu sync.Mutex
	hooks  []Hook
)

// AddHook registers h; for init functions.
func AddHook(h Hook) {
	hookMu.Lock()
	defer hookMu.Unlock()
	hooks = append(hooks, h)
	slices.SortStableFunc(hooks, func(a, b Hook) int { return a.Order - b.Order })
}

// CompileHooks fills px.Hooks with what is enabled for it.
func CompileHooks(px *Proxy) {
	for i := range px.Hooks {
		px.Hooks[i] = nil
	}
	for _, h := range hooks {
		if h.Enabled(px) {
			px.Hooks[h.Phase] = append(px.Hooks[h.Phase], h.Run)
		}
	}
}

var makers []func(b *Build, px *Proxy)

// OnMake has f called for every proxy in StageMake, when all its settings are
// final; for init functions of features that prepare something per proxy.
func OnMake(f func(b *Build, px *Proxy)) { makers = append(makers, f) }

// Make calls what OnMake registered.
func Make(b *Build, px *Proxy) {
	for _, f := range makers {
		f(b, px)
	}
	for _, srv := range px.Servers {
		FinishServer(b, srv)
	}
}

var finishers []func(b *Build, px *Proxy)

// OnFinish has f called for every proxy in StageFinish, once names are resolved
// and before anything is made; for init functions of features that complete or
// cross-check settings.
func OnFinish(f func(b *Build, px *Proxy)) { finishers = append(finishers, f) }

// Finish calls what OnFinish registered.
func Finish(b *Build, px *Proxy) {
	for _, f := range finishers {
		f(b, px)
	}
}

var sessionStarts []func(*Session)

// OnStartSession has f called when a session passed its layer 4 rules and its
// handshakes; for init functions.
func OnStartSession(f func(*Session)) { sessionStarts = append(sessionStarts, f) }

// SessionStarted calls what OnStartSession registered.
func SessionStarted(sess *Session) {
	for _, f := range sessionStarts {
		f(sess)
	}
}
