// Package backend takes a stream from its chosen backend to a connection that is
// ready to carry it: imposed server or balance algorithm, slot or queue, idle
// connection or a new one, retries and redispatch. It owns the queues' order,
// the slots and the idle connections; the balance algorithms, the dialling and
// the wire formats are others'.
//
// Invariant: every slot that Connect takes is given back by exactly one Release.
package backend

import "hawser/engine"

// Failure says why no server could be reached: the status to answer (0: nobody
// is there to be answered) and the termination flags.
type Failure struct {
	Status       int
	Cause, State byte
}

var (
	noServer      = &Failure{503, 'S', 'C'}
	connectFailed = &Failure{503, 'S', 'C'}
	connectSlow   = &Failure{503, 's', 'C'}
	noResource    = &Failure{503, 'R', 'C'}
	noAddress     = &Failure{500, 'I', 'C'} // to connect from
	queueExpired  = &Failure{503, 's', 'Q'}
	queueFull     = &Failure{503, 'S', 'Q'}
	clientGone    = &Failure{0, 'C', 'C'}
	clientGoneQ   = &Failure{0, 'C', 'Q'}
	killed        = &Failure{503, 'K', 'C'}

	// Redirected: the server wants the client to ask elsewhere (redir).
	Redirected = &Failure{302, 'L', 'C'}
)

// MaxRetries is how often a stream may try again.
func MaxRetries(s *engine.Stream) int {
	if s.RetriesSet >= 0 {
		return s.RetriesSet
	}
	return s.Back.Retries
}
