package keyword

import (
	"hawser/engine"
	"hawser/parser/unit"
)

// tuned are the tune.* settings that Hawser obeys.
var tuned = []struct {
	name, usage string
	low, high   int
	size        bool // a size with k, m, g
	field       func(*engine.Tune) *int
}{
	{"tune.bufsize", "bytes of a buffer: limit of message heads and of inspected contents", 1024, 1 << 28, true, func(t *engine.Tune) *int { return &t.BufSize }},
	{"tune.maxrewrite", "bytes of a buffer that are kept free for rewriting", 0, 1 << 28, true, func(t *engine.Tune) *int { return &t.MaxRewrite }},
	{"tune.http.maxhdr", "largest number of header fields of a message", 1, 32767, false, func(t *engine.Tune) *int { return &t.MaxHdr }},
	{"tune.http.logurilen", "longest request line in logs", 0, 1 << 28, false, func(t *engine.Tune) *int { return &t.LogURILen }},
	{"tune.http.cookielen", "longest captured cookie", 0, 1 << 28, false, func(t *engine.Tune) *int { return &t.CookieLen }},
	{"tune.stick-counters", "number of tracked counters (sc0 and so on)", 0, 255, false, func(t *engine.Tune) *int { return &t.StickCounters }},
	{"tune.rcvbuf.client", "bytes of the kernel's receive buffer on the client's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.RcvBufClient }},
	{"tune.rcvbuf.server", "bytes of the kernel's receive buffer on the server's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.RcvBufServer }},
	{"tune.sndbuf.client", "bytes of the kernel's send buffer on the client's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.SndBufClient }},
	{"tune.sndbuf.server", "bytes of the kernel's send buffer on the server's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.SndBufServer }},
	{"tune.notsent-lowat.client", "bytes that may wait unsent in the kernel on the client's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.NotSentClient }},
	{"tune.notsent-lowat.server", "bytes that may wait unsent in the kernel on the server's side", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.NotSentServer }},
	{"tune.pipesize", "bytes that a pipe for splicing holds", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.PipeSize }},
	{"tune.cli.max-payload-size", "bytes of the payload of a runtime command", 0, 1 << 30, true, func(t *engine.Tune) *int { return &t.CLIPayload }},
	{"tune.vars.proc-max-size", "bytes of the variables of the process", 0, 1 << 40, true, func(t *engine.Tune) *int { return &t.VarsProc }},
	{"tune.vars.sess-max-size", "bytes of a session's variables", 0, 1 << 40, true, func(t *engine.Tune) *int { return &t.VarsSess }},
	{"tune.vars.txn-max-size", "bytes of a transaction's variables", 0, 1 << 40, true, func(t *engine.Tune) *int { return &t.VarsTxn }},
	{"tune.vars.reqres-max-size", "bytes of a request's or response's variables", 0, 1 << 40, true, func(t *engine.Tune) *int { return &t.VarsReqRes }},
	{"tune.vars.check-max-size", "bytes of a check's variables", 0, 1 << 40, true, func(t *engine.Tune) *int { return &t.VarsCheck }},
}

// untuned are the tune.* settings that steer what Hawser does not have: they are
// accepted, and a notice says that nothing comes of them.
var untuned = map[string][]string{
	"memory and scheduling are Go's": {
		"tune.applet.zero-copy-forwarding", "tune.buffers.limit", "tune.buffers.reserve", "tune.bufsize.large", "tune.bufsize.small",
		"tune.chksize", "tune.defaults.purge", "tune.disable-fast-forward",
		"tune.disable-zero-copy-forwarding", "tune.epoll.mask-events", "tune.events.max-events-at-once", "tune.fail-alloc",
		"tune.fd.edge-triggered", "tune.fd.tables", "tune.h1.zero-copy-fwd-recv", "tune.h1.zero-copy-fwd-send",
		"tune.idletimer", "tune.listener.default-shards", "tune.listener.multi-queue", "tune.max-checks-per-thread",
		"tune.max-rules-at-once", "tune.maxpollevents", "tune.memory.hot-size", "tune.peers.max-updates-at-once",
		"tune.pt.zero-copy-forwarding", "tune.rcvbuf.backend", "tune.rcvbuf.frontend",
		"tune.recv_enough", "tune.renice.runtime", "tune.renice.startup", "tune.ring.queues", "tune.runqueue-depth",
		"tune.sched.low-latency", "tune.sndbuf.backend", "tune.sndbuf.frontend", "tune.streams-elasticity",
		"tune.takeover-other-tg-connections", "tune.glitches.kill.cpu-usage", "tune.h1.be.glitches-threshold", "tune.h1.fe.glitches-threshold",
	},
	"every connection is accepted as it comes":             {"tune.maxaccept"},
	"patterns are indexed and not cached":                  {"tune.pattern.cache-size"},
	"the limits of the single scopes hold":                 {"tune.vars.global-max-size"},
	"the window and the memory of a compression are fixed": {"tune.zlib.memlevel", "tune.zlib.windowsize"},
	"HTTP/2 is not spoken yet": {
		"tune.h2.be.glitches-threshold", "tune.h2.be.initial-window-size", "tune.h2.be.max-concurrent-streams",
		"tune.h2.be.max-frames-at-once", "tune.h2.be.rxbuf", "tune.h2.fe.glitches-threshold", "tune.h2.fe.initial-window-size",
		"tune.h2.fe.max-concurrent-streams", "tune.h2.fe.max-frames-at-once", "tune.h2.fe.max-rst-at-once",
		"tune.h2.fe.max-total-streams", "tune.h2.fe.rxbuf", "tune.h2.header-table-size", "tune.h2.initial-window-size",
		"tune.h2.log-errors", "tune.h2.max-concurrent-streams", "tune.h2.max-frame-size", "tune.h2.zero-copy-fwd-send",
	},
	"QUIC is not spoken yet": {
		"tune.quic.be.cc.cubic-min-losses", "tune.quic.be.cc.hystart", "tune.quic.be.cc.max-frame-loss", "tune.quic.be.cc.max-win-size",
		"tune.quic.be.cc.reorder-ratio", "tune.quic.be.max-idle-timeout", "tune.quic.be.sec.glitches-threshold",
		"tune.quic.be.stream.data-ratio", "tune.quic.be.stream.max-concurrent", "tune.quic.be.stream.rxbuf", "tune.quic.be.tx.pacing",
		"tune.quic.be.tx.udp-gso", "tune.quic.fe.cc.cubic-min-losses", "tune.quic.fe.cc.hystart", "tune.quic.fe.cc.max-frame-loss",
		"tune.quic.fe.cc.max-win-size", "tune.quic.fe.cc.reorder-ratio", "tune.quic.fe.max-idle-timeout",
		"tune.quic.fe.sec.glitches-threshold", "tune.quic.fe.sec.retry-threshold", "tune.quic.fe.sock-per-conn",
		"tune.quic.fe.stream.data-ratio", "tune.quic.fe.stream.max-concurrent", "tune.quic.fe.stream.max-total",
		"tune.quic.fe.stream.rxbuf", "tune.quic.fe.tx.pacing", "tune.quic.fe.tx.udp-gso", "tune.quic.listen", "tune.quic.mem.tx-max",
		"tune.quic.zero-copy-fwd-send", "tune.quic.frontend.max-idle-timeout", "tune.quic.retry-threshold",
	},
	"Lua is not run yet": {
		"tune.lua.bool-sample-conversion", "tune.lua.burst-timeout", "tune.lua.forced-yield", "tune.lua.log.loggers",
		"tune.lua.log.stderr", "tune.lua.maxmem", "tune.lua.openlibs", "tune.lua.service-timeout", "tune.lua.session-timeout",
		"tune.lua.task-timeout",
	},
}

func init() {
	for _, row := range tuned {
		engine.AddKeywords(engine.Keyword{Name: row.name, In: engine.InGlobal, Max: 1, Usage: row.name + " <number>: " + row.usage,
			Parse: func(b *engine.Build, l *engine.Line) error {
				n, err := tuneValue(b, l, row.low, row.high, row.size)
				if err == nil {
					*row.field(&b.RT.Global.Tune) = n
				}
				return err
			}})
	}
	for why, names := range untuned {
		for _, name := range names {
			engine.AddKeywords(engine.Keyword{Name: name, In: engine.InGlobal, Max: -1, Flags: engine.NoEffect, Usage: why, Parse: needsArgument})
		}
	}
	engine.AddKeywords(
		engine.Keyword{Name: "tune.pool-low-fd-ratio", In: engine.InGlobal, Max: 1, Usage: "tune.pool-low-fd-ratio <percent>: share of the sockets in use above which no connection to a server is kept idle (20)", Parse: percent(func(t *engine.Tune) *int { return &t.PoolLowFD })},
		engine.Keyword{Name: "tune.pool-high-fd-ratio", In: engine.InGlobal, Max: 1, Usage: "tune.pool-high-fd-ratio <percent>: share of the sockets in use above which a new connection to a server closes an idle one (25)", Parse: percent(func(t *engine.Tune) *int { return &t.PoolHighFD })},
	)
	engine.AddKeywords(engine.Keyword{Name: "tune.idle-pool.shared", In: engine.InGlobal, Max: 1, Usage: "tune.idle-pool.shared { full | on | off | auto }: idle connections are shared by all threads", Parse: parseIdleShared})
}

func tuneValue(b *engine.Build, l *engine.Line, low, high int, size bool) (int, error) {
	w, name := word(l, 1), l.Words[0].Text
	if w.Text == "" {
		return 0, fail(w, "'%s' expects a positive integer argument.", name)
	}
	if size {
		n, err := unit.Size(w.Text)
		if err != nil {
			if w.Text[0] == '-' {
				return 0, fail(w, "'%s' expects a positive integer argument.", name)
			}
			if err.At == 0 && !err.Over {
				return 0, fail(w, "unexpected '%s' after size passed to '%s'", w.Text, name)
			}
			return 0, fail(w, "%s", err.ForSize(name))
		}
		if n > uint64(high) || int(n) < low {
			return 0, fail(w, "'%s' expects a size between %d and %d", name, low, high)
		}
		return int(n), nil
	}
	n, err := number(b, w, "'%s' expects an integer argument.", name)
	if err == nil && (n < low || n > high) {
		err = fail(w, "'%s' expects a numeric value between %d and %d", name, low, high)
	}
	return n, err
}

func percent(field func(*engine.Tune) *int) func(*engine.Build, *engine.Line) error {
	return func(b *engine.Build, l *engine.Line) error {
		w, name := word(l, 1), l.Words[0].Text
		const bad = "'%s' expects an integer argument between 0 and 100."
		n, err := strictNumber(b, w, bad, name)
		if err == nil && (n < 0 || n > 100) {
			err = fail(w, bad, name)
		}
		if err == nil {
			*field(&b.RT.Global.Tune) = n
		}
		return err
	}
}

// needsArgument accepts any argument, but asks for one.
func needsArgument(_ *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "'%s' expects an argument.", l.Words[0].Text)
	}
	return nil
}

func parseIdleShared(b *engine.Build, l *engine.Line) error {
	w := word(l, 1)
	switch w.Text {
	case "on", "full", "auto":
	case "off":
		b.Notice(w.Pos, "'tune.idle-pool.shared off' has no effect in Hawser: idle connections have no threads")
	default:
		return fail(w, "'tune.idle-pool.shared' expects 'full', 'on' or 'off' but got '%s'.", w.Text)
	}
	return nil
}
