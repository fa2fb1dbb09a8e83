package fetch

import (
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

// How long the phases of a connection and a stream took, as the %T of log formats.
func init() {
	timer("req.timer.idle", engine.OnRequest, "Idle time before the request in ms (%Ti).", func(t *engine.Times) (int64, bool) { return t.Idle, true })
	timer("req.timer.hdr", engine.OnRequest, "Time to receive the request head in ms (%TR).", func(t *engine.Times) (int64, bool) { return since(t.Request, t.Start) })
	timer("req.timer.tq", engine.OnRequest, "Idle time and time to receive the request head in ms (%Tq).", func(t *engine.Times) (int64, bool) {
		v, ok := since(t.Request, t.Start)
		return v + t.Idle, ok
	})
	timer("req.timer.queue", engine.OnServerSide, "Time spent in queues in ms (%Tw).", func(t *engine.Times) (int64, bool) { return since(t.Connect, t.Request) })
	timer("bc.timer.connect", engine.OnServerSide, "Time to connect to the server in ms (%Tc).", func(t *engine.Times) (int64, bool) { return since(t.Connected, t.Connect) })
	timer("res.timer.hdr", engine.OnResponse, "Time to receive the response head in ms (%Tr).", func(t *engine.Times) (int64, bool) { return since(t.Response, t.Connected) })
	timer("res.timer.data", engine.OnServer, "Time of the response's data in ms (%Td).", func(t *engine.Times) (int64, bool) { return since(nowOr(t.End), t.Response) })
	timer("txn.timer.total", engine.OnStream, "Time of the whole transaction in ms (%Ta).", func(t *engine.Times) (int64, bool) { return since(nowOr(t.End), t.Start) })
	timer("txn.timer.user", engine.OnStream, "Time of the transaction as the user sees it in ms (%Tu).", func(t *engine.Times) (int64, bool) {
		v, ok := since(nowOr(t.End), t.Start)
		return v + t.Idle, ok
	})
	engine.AddFetches(
		row("fc.timer.handshake", engine.TSint, engine.OnClient, "Time of the connection's handshakes in ms (%Th).", func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			return sint(e.Sess.Handshake.Milliseconds())
		}),
		row("fc.timer.total", engine.TSint, engine.UntilLog, "Time since the connection came in ms.", func(e env, _ args) (smp, stat) {
			if e.Sess == nil {
				return none()
			}
			return sint((clock.Mono() - e.Sess.AcceptMono) / int64(time.Millisecond))
		}),
	)
}

// timer registers a time in ms from one in ns; -1: not known yet.
func timer(name string, where engine.Where, usage string, f func(t *engine.Times) (int64, bool)) {
	ofStream(name, engine.TSint, where, usage, func(_ env, s *engine.Stream) (smp, stat) {
		ns, ok := f(&s.Times)
		if !ok {
			return sint(-1)
		}
		return sint(max(ns, 0) / int64(time.Millisecond))
	})
}

// since is the time between two moments, if both have come.
func since(to, from int64) (int64, bool) { return to - from, to != 0 && from != 0 }

func nowOr(t int64) int64 {
	if t == 0 {
		return clock.Mono()
	}
	return t
}
