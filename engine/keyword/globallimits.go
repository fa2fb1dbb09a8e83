package keyword

import (
	"runtime"

	"time"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(
		engine.Keyword{Name: "maxconn", In: engine.InGlobal, Max: 1, Usage: "maxconn <number>: limit of client connections of the whole process", Parse: parseGlobalMaxConn},
		limit("maxconnrate", "limit of accepted connections per second", func(g *engine.Global) *int { return &g.MaxConnRate }),
		limit("maxsessrate", "limit of new sessions per second", func(g *engine.Global) *int { return &g.MaxSessRate }),
		limit("maxsslconn", "limit of TLS connections", func(g *engine.Global) *int { return &g.MaxSSLConn }),
		limit("maxsslrate", "limit of new TLS sessions per second", func(g *engine.Global) *int { return &g.MaxSSLRate }),
		limit("maxpipes", "limit of the pipes that splicing uses (a quarter of maxconn)", func(g *engine.Global) *int { return &g.MaxPipes }),
		limit("ulimit-n", "limit of file descriptors of the process", func(g *engine.Global) *int { return &g.UlimitN }),
		limit("fd-hard-limit", "upper bound of file descriptors, also of what maxconn is derived from", func(g *engine.Global) *int { return &g.FDHardLimit }),
		engine.Keyword{Name: "nbthread", In: engine.InGlobal, Max: 1, Usage: "nbthread <number>: how many threads may run at once (GOMAXPROCS)", Parse: parseNbThread},
		engine.Keyword{Name: "spread-checks", In: engine.InGlobal, Max: 1, Usage: "spread-checks <0..50>: vary the checks' intervals by so many percent", Parse: parseSpreadChecks},
		engine.Keyword{Name: "max-spread-checks", In: engine.InGlobal, Max: 1, Usage: "max-spread-checks <time>: spread the first checks over at most this time", Parse: globalTime(time.Millisecond, func(g *engine.Global) *time.Duration { return &g.MaxSpreadChecks })},
		engine.Keyword{Name: "hard-stop-after", In: engine.InGlobal, Max: 1, Usage: "hard-stop-after <time>: end what still runs so long after a soft stop", Parse: globalTime(time.Millisecond, func(g *engine.Global) *time.Duration { return &g.HardStopAfter })},
		engine.Keyword{Name: "grace", In: engine.InGlobal, Max: 1, Usage: "grace <time>: wait so long between the signal and the soft stop", Parse: globalTime(time.Millisecond, func(g *engine.Global) *time.Duration { return &g.Grace })},
		engine.Keyword{Name: "close-spread-time", In: engine.InGlobal, Max: 1, Usage: "close-spread-time <time>: close idle connections over this time when stopping", Parse: globalTime(time.Millisecond, func(g *engine.Global) *time.Duration { return &g.CloseSpread })},
	)
}

// limit makes a row for a number that may be given once.
func limit(name, what string, field func(*engine.Global) *int) engine.Keyword {
	return engine.Keyword{Name: name, In: engine.InGlobal, Max: 1, Usage: name + " <number>: " + what, Parse: func(b *engine.Build, l *engine.Line) error {
		w, f := word(l, 1), field(&b.RT.Global)
		if *f != 0 {
			return fail(w, "'%s' already specified. Continuing.", name)
		}
		n, err := number(b, w, "'%s' expects an integer argument.", name)
		*f = n
		return err
	}}
}

func parseGlobalMaxConn(b *engine.Build, l *engine.Line) error {
	g, w := &b.RT.Global, word(l, 1)
	switch {
	case g.MaxConn != 0:
		b.Warn(w.Pos, "'maxconn' already specified. Continuing.")
		return nil
	case w.Text == "":
		return fail(w, "'maxconn' expects an integer argument.")
	}
	n, i := digits(w.Text)
	if i != len(w.Text) {
		return fail(w, "cannot parse 'maxconn' value '%s', an integer is expected.", w.Text)
	}
	g.MaxConn = n
	return nil
}

func parseNbThread(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	n, i := digits(w.Text)
	switch {
	case i == 0 || i != len(w.Text):
		return fail(w, "'nbthread' passed a missing or unparsable integer value in '%s'", w.Text)
	case n < 1 || n > 1024:
		return fail(w, "'nbthread' value must be between 1 and 1024 (was %d)", n)
	}
	b.RT.Global.NbThread = n
	return nil
}

func parseSpreadChecks(b *engine.Build, l *engine.Line) error {
	w, g := word(l, 1), &b.RT.Global
	if w.Text == "" {
		return fail(w, "'spread-checks' expects an integer argument (0..50).").AsTight()
	}
	n, err := number(b, w, "'spread-checks' expects an integer argument (0..50).")
	if err != nil {
		return err
	}
	if n < 0 || n > 50 {
		return fail(w, "'spread-checks' needs a positive value in range 0..50.").AsTight()
	}
	g.SpreadChecks = n
	return nil
}

func globalTime(def time.Duration, field func(*engine.Global) *time.Duration) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		w, name := word(l, 1), l.Words[0].Text
		if w.Text == "" {
			return fail(w, "'%s' expects <time> as argument.", name)
		}
		d, err := delay(b, w, def, name)
		*field(&b.RT.Global) = d
		return err
	}
}

// machineThreads is how many threads run at once without nbthread.
var machineThreads = runtime.GOMAXPROCS(0)

func init() {
	engine.OnCommit(func(rt *engine.Runtime) {
		n := rt.Global.NbThread
		if n == 0 {
			n = machineThreads
		}
		if n != runtime.GOMAXPROCS(0) { // it stops the world
			runtime.GOMAXPROCS(n)
		}
	})
}
