package logging

import (
	"time"

	"hawser/engine"
)

func init() {
	addDates()
	addTimers()
	addCounts()
	addNames()
	addAddresses()
	addTLS()
	addTermination()
	addHTTP()
}

func addDates() {
	engine.AddLogAliases(
		word("T", "date of acceptance, UTC, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.accepted().UTC()) }),
		word("Tl", "date of acceptance, local, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.accepted().Local()) }),
		hexNum("Ts", "date of acceptance in seconds since 1970", 8, func(_ env, v view) int64 { return v.accepted().Unix() }),
		word("t", "date of acceptance, local, with milliseconds", acceptDate),
		hexNum("ms", "milliseconds of the date of acceptance", 2, func(_ env, v view) int64 { return int64(v.accepted().Nanosecond()) / ms }),
		word("tr", "date of the request's first byte, local, with milliseconds", beginDate),
		word("trg", "date of the request's first byte, UTC, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.began().UTC()) }),
		word("trl", "date of the request's first byte, local, with zone", func(d []byte, _ env, v view) []byte { return appendZone2(d, v.began().Local()) }),
	)
}

func acceptDate(d []byte, _ env, v view) []byte {
	t := v.accepted()
	return appendMilli(localDate.append(d, t), t)
}

func beginDate(d []byte, _ env, v view) []byte {
	t := v.began()
	return appendMilli(localDate.append(d, t), t)
}

func appendZone2(d []byte, t time.Time) []byte { return appendZone(appendDate(d, t), t) }

func addTimers() {
	engine.AddLogAliases(
		num("Ta", "time from the request's first byte to the end in ms", true, func(_ env, v view) int64 { return v.ta() }),
		num("Tc", "time to connect to the server in ms", false, func(_ env, v view) int64 { return v.tc() }),
		num("Td", "time of the response's data in ms", true, func(_ env, v view) int64 { return v.td() }),
		num("Th", "time of the handshakes in ms", false, func(_ env, v view) int64 { return v.handshake() }),
		num("Ti", "idle time before the request in ms", false, func(_ env, v view) int64 { return v.idle() }),
		num("Tq", "Th + Ti + TR", false, func(_ env, v view) int64 { return v.tq() }),
		num("TR", "time to receive the request head in ms", false, func(_ env, v view) int64 { return v.tr() }),
		num("Tr", "time to the response head in ms", false, func(_ env, v view) int64 { return v.resp() }),
		num("Tt", "time from the acceptance to the end in ms", true, func(_ env, v view) int64 { return v.tt() }),
		num("Tu", "time as the user sees it in ms", true, func(_ env, v view) int64 { return v.tu() }),
		num("Tw", "time in queues in ms", false, func(_ env, v view) int64 { return v.tw() }),
	)
}

func addCounts() {
	engine.AddLogAliases(
		num("B", "bytes received from the server", true, func(_ env, v view) int64 { return v.bytes(false) }),
		num("U", "bytes received from the client", true, func(_ env, v view) int64 { return v.bytes(true) }),
		num("ST", "status", false, func(_ env, v view) int64 { return v.status() }),
		num("ac", "connections of the process", false, func(e env, _ view) int64 { return e.RT.Proc.Conns.Load() }),
		num("fc", "connections of the frontend", false, func(_ env, v view) int64 { return v.px.State.FE.Conns.Load() }),
		num("bc", "streams of the backend", false, backStreams),
		num("sc", "streams of the server", false, serverStreams),
		num("sq", "streams before this one in the server's queue", false, queuedServer),
		num("bq", "streams before this one in the backend's queue", false, queuedBack),
		alias("rc", engine.TSint, "retries; + where another server was chosen", retries),
		hexNum("lc", "number of the line in its frontend", 4, func(_ env, v view) int64 { return int64(v.px.State.Lines.Load()) }),
		hexNum("rt", "number of the request or connection", 4, requestID),
		hexNum("pid", "process id", 4, func(env, view) int64 { return int64(pid) }),
	)
}

func (v view) bytes(in bool) int64 {
	switch {
	case v.s == nil || v.s.Req != nil && v.s.Req.Err != nil:
		return 0
	case in:
		return v.s.BytesIn
	}
	return v.s.BytesOut
}

func (v view) status() int64 {
	switch {
	case v.s == nil:
		return 0
	case v.s.Status > 0:
		return int64(v.s.Status)
	case v.s.HasRes && v.s.Res != nil && v.s.Res.Status > 0:
		return int64(v.s.Res.Status)
	case v.s.Kind != engine.NotHTTP && v.s.Req.Err != nil:
		if v.s.Req.Status > 0 {
			return int64(v.s.Req.Status)
		}
		return 400
	}
	return -1
}

func backStreams(_ env, v view) int64 {
	if v.s == nil || v.s.Back == nil {
		return 0
	}
	return v.s.Back.State.BE.Conns.Load()
}

func serverStreams(_ env, v view) int64 {
	if v.s == nil || v.s.Server == nil {
		return 0
	}
	return v.s.Server.State.C.Conns.Load()
}

func queuedServer(_ env, v view) int64 {
	if v.s == nil {
		return 0
	}
	return int64(v.s.QueueSrv)
}

func queuedBack(_ env, v view) int64 {
	if v.s == nil {
		return 0
	}
	return int64(v.s.QueueBack)
}

func retries(dst []byte, e env, f engine.LogFlags) []byte {
	n := int64(0)
	if e.Strm != nil {
		n = int64(e.Strm.Retries)
		if e.Strm.Redispatched && f&encoded == 0 {
			dst = append(dst, '+')
		}
	}
	return appendNum(dst, n, f)
}

func requestID(_ env, v view) int64 {
	if v.s == nil {
		if v.sess == nil {
			return 0
		}
		return int64(uint32(v.sess.ID))
	}
	return int64(uint32(v.s.ID))
}

func addTermination() {
	engine.AddLogAliases(
		word("ts", "termination flags", func(d []byte, _ env, v view) []byte {
			t := v.term()
			return append(d, dash(t.Cause), dash(t.State))
		}),
		word("tsc", "termination flags with those of the cookie", func(d []byte, _ env, v view) []byte {
			t := v.term()
			return append(d, dash(t.Cause), dash(t.State), dash(t.CookieIn), dash(t.CookieOut))
		}),
	)
}

func (v view) term() engine.Term {
	if v.s == nil {
		return engine.Term{Cause: 'P', State: 'R'}
	}
	return v.s.Term
}

func dash(c byte) byte {
	if c == 0 {
		return '-'
	}
	return c
}
