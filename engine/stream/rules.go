package stream

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// runRules evaluates a ruleset; Continue means that it came to its end.
func runRules(e *engine.Env, rules []engine.Rule) engine.Verdict {
	e.OpenWindow()
	defer e.CloseWindow()
	for i := range rules {
		r := &rules[i]
		if r.Cond != nil && !r.Cond.Holds(e) {
			continue
		}
		e.Rule = r
		if v := r.Do.Run(e); v != engine.Continue {
			if e.Strm != nil {
				e.Strm.LastRule = r
			}
			return v
		}
		e.OpenWindow()
	}
	return engine.Continue
}

// rulesOf runs a ruleset of px, its defaults section's before its own.
func rulesOf(e *engine.Env, px *engine.Proxy, set engine.RulesetID) engine.Verdict {
	e.Px, e.Lax = px, false
	if d := px.Defaults; d != nil && len(d.Rules[set]) > 0 {
		if v := runRules(e, d.Rules[set]); v != engine.Continue {
			return v
		}
	}
	if len(px.Rules[set]) == 0 {
		return engine.Continue
	}
	return runRules(e, px.Rules[set])
}

// SessionRules runs a ruleset that precedes streams.
func SessionRules(e *engine.Env, px *engine.Proxy, set engine.RulesetID) engine.Verdict {
	return rulesOf(e, px, set)
}

func frontRules(s *engine.Stream) step {
	e := &s.Env
	e.Dir, e.Final, e.Place = engine.Req, true, engine.FeHTTPHdr
	return requestVerdict(s, rulesOf(e, s.Front, engine.HTTPReq))
}

func backRules(s *engine.Stream) step {
	if s.Back == s.Front {
		return next
	}
	e := &s.Env
	e.Place = engine.BeHTTPHdr
	return requestVerdict(s, rulesOf(e, s.Back, engine.HTTPReq))
}

// requestVerdict acts on what a rule or a hook said of a request.
func requestVerdict(s *engine.Stream, v engine.Verdict) step {
	switch v {
	case engine.Continue, engine.Stop, engine.Wait4Data:
		return next
	case engine.Done:
		setTerm(s, 'L', 'R')
		s.ReplyFrom = s.Env.Px
		if s.Env.Px == s.Front {
			s.Front.State.FE.Intercepted.Add(1)
		}
		return replied(s)
	case engine.Deny:
		countDenied(s, engine.Req)
		setTerm(s, 'P', 'R')
		return errorReply(s, 403)
	case engine.Tarpit:
		return tarpit(s)
	case engine.Drop:
		countDenied(s, engine.Req)
		setTerm(s, 'P', 'R')
		return over
	case engine.Abort:
		countDenied(s, engine.Req)
		setTerm(s, 'P', 'R')
		s.Ex.Abort(false)
		return over
	case engine.Invalid:
		s.Front.State.FE.ReqErrors.Add(1)
		setTerm(s, 'P', 'R')
		return errorReply(s, 400)
	default:
		countInternal(s)
		setTerm(s, 'I', 'R')
		return errorReply(s, 500)
	}
}

// replied goes on after an action answered: what it prepared is sent, a reply that
// it only named is made first, and without any it took the stream over.
func replied(s *engine.Stream) step {
	switch {
	case s.Local.Set:
		return answer
	case s.Local.Reply != nil:
		return prepare(s, s.Local.Reply)
	}
	return over
}

// countInternal counts an error of our own.
func countInternal(s *engine.Stream) {
	s.Front.State.FE.InternalErrors.Add(1)
	if b := s.Sess.Bind; b != nil && b.State != nil {
		b.State.C.InternalErrors.Add(1)
	}
	if s.Back != nil {
		s.Back.State.BE.InternalErrors.Add(1)
	}
	if s.Server != nil {
		s.Server.State.C.InternalErrors.Add(1)
	}
}

func countDenied(s *engine.Stream, dir engine.Dir) {
	fe := &s.Front.State.FE
	if dir == engine.Res {
		fe.ResDenied.Add(1)
		if s.Back != nil {
			s.Back.State.BE.ResDenied.Add(1)
		}
		if s.Server != nil {
			s.Server.State.C.ResDenied.Add(1)
		}
		return
	}
	fe.ReqDenied.Add(1)
	if s.Back != nil {
		s.Back.State.BE.ReqDenied.Add(1)
	}
	if b := s.Sess.Bind; b != nil && b.State != nil {
		b.State.C.ReqDenied.Add(1)
	}
}

// tarpit keeps the client waiting before it gets its answer.
func tarpit(s *engine.Stream) step {
	countDenied(s, engine.Req)
	d := s.Timeout.Tarpit
	if d == 0 {
		d = s.Timeout.Connect
	}
	s.Times.Queued = clock.Mono()
	wait := time.NewTimer(d)
	defer wait.Stop()
	gone := watchClient(s, wait.C)
	s.Times.Connect = clock.Mono()
	setTerm(s, 'P', 'T')
	if gone {
		return over
	}
	return errorReply(s, 500)
}

// watchClient waits for the timer and looks now and then whether the client is
// still there; true means that it left.
func watchClient(s *engine.Stream, done <-chan time.Time) bool {
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-done:
			return false
		case <-look.C:
			if s.Killed.Load() || s.Sess.Conn.PeerClosed() {
				return true
			}
		}
	}
}
