package keyword

import (
	"strings"
	"time"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "max-session-srv-conns", In: engine.InAllFE, Max: 1, Usage: "max-session-srv-conns <number>: how many idle connections to servers a session keeps for itself (5): those of http-reuse never, and those that authenticate a user", Parse: parseMaxOwn},
		engine.Keyword{Name: "be-unpublished", In: engine.InBE, Max: 0, Usage: "be-unpublished: switching rules pass the backend over until it is published", Parse: parseUnpublished},
		engine.Keyword{Name: "clitcpka-cnt", In: engine.InAllFE, Max: 1, Usage: "clitcpka-cnt <count>: TCP keep-alive probes without answer before a client counts as gone", Parse: parseClientProbe},
		engine.Keyword{Name: "clitcpka-idle", In: engine.InAllFE, Max: 1, Usage: "clitcpka-idle <time>: idle time before the first TCP keep-alive probe", Parse: parseClientProbe},
		engine.Keyword{Name: "clitcpka-intvl", In: engine.InAllFE, Max: 1, Usage: "clitcpka-intvl <time>: time between two TCP keep-alive probes", Parse: parseClientProbe},
		engine.Keyword{Name: "bind-process", In: engine.InAll, Max: -1, Flags: engine.Legacy, Usage: "bind-process: gone since HAProxy 2.5; remove it", Parse: formerProxy},
		engine.Keyword{Name: "grace", In: engine.InAllFE, Max: -1, Flags: engine.Legacy, Usage: "grace: gone since HAProxy 2.3; remove it", Parse: formerProxy},
	)
}

func parseMaxOwn(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	if w.Text == "" {
		return fail(l.Words[0], "'max-session-srv-conns' expects a number. Got no argument")
	}
	n, err := number(b, w, "'max-session-srv-conns' expects a number.")
	if err == nil {
		b.Px.MaxOwn = n
	}
	return err
}

func parseUnpublished(b *engine.Build, _ *engine.Line) error {
	px := b.Px
	b.At(engine.StageFinish, func() {
		if b.Old == nil {
			px.State.Unpublished.Store(true)
		}
	})
	return nil
}

// Probes are the TCP keep-alive settings of the client's side; zero is the
// system's own.
type Probes struct {
	Count          int
	Idle, Interval time.Duration
}

// ClientProbes holds them for each frontend.
var ClientProbes = engine.NewSlot[*engine.Proxy, Probes]("clitcpka")

func parseClientProbe(b *engine.Build, l *engine.Line) error {
	kw, w := l.Words[0].Text, word(l, 1)
	if w.Text == "" {
		return fail(w, "'%s' expects an integer value.", kw)
	}
	p := ClientProbes.Edit(b.Px)
	var err error
	switch {
	case strings.HasSuffix(kw, "-cnt"):
		p.Count, err = strictNumber(b, w, "'%s' : unexpected character '%.1s' in integer value '%s'", kw, w.Text, w.Text)
	case strings.HasSuffix(kw, "-idle"):
		p.Idle, err = duration(b, w, time.Second, kw)
	default:
		p.Interval, err = duration(b, w, time.Second, kw)
	}
	return err
}

func formerProxy(b *engine.Build, l *engine.Line) error {
	b.Warn(l.Words[0].Pos, "'%s' has no meaning any more: remove it.", l.Words[0].Text)
	return nil
}
