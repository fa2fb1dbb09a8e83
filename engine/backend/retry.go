package backend

import (
	"errors"

	"hawser/engine"
)

// Replayable tells whether the request can be sent once more: it has no body, or
// all of it was kept.
func Replayable(s *engine.Stream) bool {
	return s.BytesBody == 0 && s.Ex.Body() == nil || s.BodyDone
}

// Retry counts another attempt after a failure that retry-on names; false when
// none may be made.
func Retry(s *engine.Stream, event engine.RetryOn) bool {
	px := s.Back
	if s.NoRetry || event == 0 || px.RetryOn&event == 0 || s.Retries >= MaxRetries(s) {
		return false
	}
	s.Retries++
	srv := s.Server
	srv.State.C.Retries.Add(1)
	px.State.BE.Retries.Add(1)
	if event&(engine.RetryEmptyResponse|engine.RetryJunkResponse) != 0 {
		srv.State.C.ResErrors.Add(1)
		px.State.BE.ResErrors.Add(1)
	}
	if mayRedispatch(s) {
		s.Avoid, s.Server, s.Persist = srv, nil, engine.PersistNone
		s.Imposed = nil
	} else { // HAProxy counts the lost response and the new attempt
		srv.State.C.Retries.Add(1)
		px.State.BE.Retries.Add(1)
		s.Persist = keepPersist(s.Persist)
	}
	s.HasRes = false
	return true
}

// ClientAborted reports whether err is the client's end.
func ClientAborted(err error) bool { return errors.Is(err, engine.ErrClientAborted) }
