package logging

import (
	"strconv"
	"time"

	"hawser/engine"
	"hawser/engine/clock"
)

func init() {
	engine.AddHook(engine.Hook{Name: "log", Phase: engine.PhaseEnd, Order: 1 << 20, Enabled: logs, Run: atEnd})
	engine.AddHook(engine.Hook{Name: "log of the beginning", Phase: engine.PhaseRequest, Order: -1 << 20, Enabled: logsAccept, Run: atOnce})
	engine.AddHook(engine.Hook{Name: "log of the beginning", Phase: engine.PhaseBackend, Order: 1 << 20, Enabled: logsAccept, Run: atOnce})
	engine.AddHook(engine.Hook{Name: "logasap", Phase: engine.PhaseReply, Order: 1 << 20, Enabled: logsEarly, Run: atResponse})
	engine.Log = process
	engine.LogEarly = func(s *engine.Stream) { atResponse(s) }
	engine.LogSession = session
	engine.OnCommit(func(rt *engine.Runtime) {
		sendName.Store(&rt.Global.LogSendHostname)
		proc.Store(rt.Proc)
	})
}

func logs(px *engine.Proxy) bool { return px.Side&engine.Front != 0 && len(px.Logs) > 0 }

// logsAccept: without a format the line says who came, when he came.
func logsAccept(px *engine.Proxy) bool { return logs(px) && px.LogFmt.Fmt == nil }

func logsEarly(px *engine.Proxy) bool {
	return logs(px) && px.LogFmt.Fmt != nil && px.Options.Has(engine.OptLogASAP) && stepsOf.Get(px) == nil
}

func atOnce(s *engine.Stream) engine.Verdict {
	if s.Front == s.Env.Px || s.Kind == engine.NotHTTP {
		write(s)
	}
	return engine.Continue
}

// atResponse logs a response whose head is there (logasap).
func atResponse(s *engine.Stream) engine.Verdict {
	if s.HasRes || s.Kind == engine.NotHTTP {
		if s.HasRes {
			s.Status = s.Res.Status
		}
		place := s.Env.Place
		s.Env.Place = engine.AtLog
		write(s)
		s.Env.Place = place
	}
	return engine.Continue
}

func atEnd(s *engine.Stream) engine.Verdict {
	if s.Req != nil && s.Req.Err != nil && s.Kind != engine.NotHTTP {
		s.HasRes = false
	}
	write(s)
	return engine.Continue
}

// normal tells that nothing went wrong with a stream (option dontlog-normal).
func normal(s *engine.Stream) bool {
	return (s.Term.Cause == 0 || s.Term.Cause == 'L') && !s.Redispatched && s.Retries == 0 && s.Status < 500
}

// write logs a stream, once.
func write(s *engine.Stream) {
	px := s.Front
	if s.Logged || s.LogLevel < 0 {
		return
	}
	level := 6
	if !normal(s) {
		if px.Options.Has(engine.OptLogSeparateErrors) {
			level = 3
		}
	} else if px.Options.Has(engine.OptDontLogNormal) {
		return
	}
	if s.LogLevel > 0 {
		level = s.LogLevel - 1
	}
	failed := s.Kind != engine.NotHTTP && s.Req.Err != nil
	if failed && px.LogFmt.Fmt == nil && px.LogErr.Fmt == nil {
		return
	}
	if px.Options.Has(engine.OptDontLogNull) && s.BytesIn == 0 && s.Kind == engine.NotHTTP && s.Term.Cause != 'P' {
		return
	}
	if !failed && skipsClose(px) {
		return
	}
	s.Logged = true
	e := &s.Env
	m := e.Mark()
	f := px.LogFmt.Fmt
	if px.LogErr.Fmt != nil && failed {
		f = px.LogErr.Fmt
	}
	b := lines.Get().(*buffer)
	e.Px = px
	if px.UniqueID.Fmt != nil && !failed {
		s.MakeUniqueID() // %ID of a request that got none yet
	}
	if f != nil {
		b.msg = f.Append(b.msg[:0], e)
	} else {
		b.msg = appendAccept(b.msg[:0], s.Sess)
	}
	b.sd = px.LogSD.Fmt.Append(b.sd[:0], e)
	e.Tmp = e.Tmp[:m]
	px.State.Lines.Add(1)
	step := stepClose
	if failed {
		step = stepError
	}
	emit(e, px, step, level, b, nil, clock.Wall())
	lines.Put(b)
}

// deliver sends a message to the targets that want its level.
func deliver(targets []engine.LogTarget, level int, tag string, sd, msg []byte, at time.Time) {
	for i := range targets {
		t := &targets[i]
		if t.Sink == nil || level > t.Level || t.Sample != nil && !sampled(t.Sample) {
			continue
		}
		t.Sink.Send(t, level, tag, sd, msg, at)
	}
}

func sampled(s *engine.LogSampling) bool {
	n := int((s.State.N.Add(1)-1)%uint64(s.Size)) + 1
	for _, r := range s.Ranges {
		if n >= r[0] && n <= r[1] {
			return true
		}
	}
	return false
}

// appendAccept is the line without a format (configuration manual, 8.2.1).
func appendAccept(d []byte, sess *engine.Session) []byte {
	d = append(d, "Connect from "...)
	d = appendEnd(d, sess, true)
	d = append(d, " to "...)
	d = appendEnd(d, sess, false)
	d = append(append(d, " ("...), sess.Front.Name...)
	if sess.Front.IsHTTP() {
		return append(d, "/HTTP)"...)
	}
	return append(d, "/TCP)"...)
}

func appendEnd(d []byte, sess *engine.Session, src bool) []byte {
	a := sess.Dst
	if src {
		a = sess.Src
	}
	if !a.IsValid() {
		d = append(d, "unix:"...)
		n := 0
		if sess.Bind != nil {
			n = sess.Bind.ID
		}
		return appendNum(d, int64(n), 0)
	}
	d = appendIP(d, a.Addr())
	return appendNum(append(d, ':'), int64(a.Port()), 0)
}

// isNull tells a connection that failed before it was of any use: it brought nothing,
// or its TLS handshake did not end.
func isNull(sess *engine.Session) bool {
	switch sess.ErrCause {
	case "Connection closed during SSL handshake", "Timeout during SSL handshake":
		return true
	case "SSL handshake failure":
		return false
	}
	return sess.Conn != nil && sess.Conn.In() == 0
}

// session logs a connection that failed before its first stream (manual, 8.2.5).
func session(sess *engine.Session) {
	px := sess.Front
	if px.LogFmt.Fmt == nil && px.LogErr.Fmt == nil {
		return // as HAProxy: without a format there is a line for those who got in
	}
	if len(px.Logs) == 0 || sess.LogLevel < 0 || px.Options.Has(engine.OptDontLogNull) && isNull(sess) {
		return
	}
	level := 6
	if px.Options.Has(engine.OptLogSeparateErrors) {
		level = 3
	}
	e := &sess.Env
	e.RT, e.Sess, e.Px, e.Dir, e.Final, e.Place = sess.RT, sess, px, engine.Res, true, engine.AtLog
	b := lines.Get().(*buffer)
	if px.LogErr.Fmt != nil {
		b.msg = px.LogErr.Fmt.Append(b.msg[:0], e)
	} else {
		b.msg = appendFailure(b.msg[:0], sess)
	}
	px.State.Lines.Add(1)
	b.sd = b.sd[:0]
	emit(e, px, stepError, level, b, nil, clock.Wall())
	lines.Put(b)
}

// appendFailure is the line of a failed connection without a format of its own.
func appendFailure(d []byte, sess *engine.Session) []byte {
	d = appendEnd(d, sess, true)
	d = append(d, " ["...)
	t := sess.Accept.Local()
	d = appendMilli(appendDate(d, t), t)
	d = append(append(d, "] "...), sess.Front.Name...)
	d = append(d, '/')
	if b := sess.Bind; b != nil && b.Name != "" && b.Name != "sock-"+strconv.Itoa(b.ID) {
		d = append(d, b.Name...)
	} else if b != nil {
		d = appendNum(d, int64(b.ID), 0)
	}
	return append(append(d, ": "...), sess.ErrCause...)
}

// process logs a message of the process or about an object.
func process(_ *engine.Runtime, targets []engine.LogTarget, tag string, level int, msg string) {
	deliver(targets, level, tag, nil, []byte(msg), clock.Wall())
}
