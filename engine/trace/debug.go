package trace

import (
	"fmt"
	"os"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/htx"
)

// Events is the flag -d: heads and ends of all streams are told on standard output,
// each line with the stream's number, its proxy and the descriptors of both sides.
// It is set before the configuration is read.
var Events bool

func init() {
	on := func(*engine.Proxy) bool { return Events }
	front := func(px *engine.Proxy) bool { return Events && px.Side&engine.Front != 0 }
	hook := func(phase engine.Phase, order int, enabled func(*engine.Proxy) bool, run func(*engine.Stream)) {
		engine.AddHook(engine.Hook{Name: "events", Phase: phase, Order: order, Enabled: enabled, Run: func(s *engine.Stream) engine.Verdict {
			run(s)
			return engine.Continue
		}})
	}
	hook(engine.PhaseStart, -1<<30, front, func(s *engine.Stream) {
		event(s.Front, s, "accept(%04x)=%s from [%s] ALPN=%s", s.Sess.Bind.ID, fd(s.Sess.Conn), s.Sess.Src, alpn(s.Sess))
	})
	hook(engine.PhaseRequest, -1<<30, front, func(s *engine.Stream) {
		if s.Kind != engine.NotHTTP && s.Env.Px == s.Front {
			m := s.Req
			head(s.Front, s, "cli", "req", fmt.Sprintf("%s %s %s", m.Bytes(m.Method), m.Bytes(m.Target), m.Bytes(m.Version)), m, "ffffffff")
		}
	})
	hook(engine.PhaseResponse, -1<<30, on, func(s *engine.Stream) {
		if s.Kind != engine.NotHTTP && s.Env.Px == s.Back && s.Up != nil {
			m := s.Res
			head(s.Back, s, "srv", "rep", fmt.Sprintf("%s %d %s", m.Bytes(m.Version), m.Status, m.Bytes(m.Reason)), m, fd(s.Up.Conn()))
		}
	})
	hook(engine.PhaseEnd, 1<<30, front, func(s *engine.Stream) {
		px := s.Front
		if s.Back != nil {
			px = s.Back
		}
		for _, what := range []string{"srvcls", "clicls", "closed"} {
			if what == "srvcls" && s.Server == nil {
				continue
			}
			event(px, s, "%s[%s:ffff]", what, fd(s.Sess.Conn))
		}
	})
}

// head tells a start line and the fields behind it.
func head(px *engine.Proxy, s *engine.Stream, side, kind, line string, m *htx.Msg, server string) {
	ends := "[" + fd(s.Sess.Conn) + ":" + server + "]: "
	event(px, s, "%s%s%s%s", side, kind, ends, line)
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		name := append([]byte(nil), m.Name(i)...)
		htx.Lower(name)
		event(px, s, "%shdr%s%s: %s", side, ends, name, m.Value(i))
	}
}

func event(px *engine.Proxy, s *engine.Stream, format string, args ...any) {
	out.Lock()
	defer out.Unlock()
	fmt.Fprintf(os.Stdout, "%08x:%s."+format+"\n", append([]any{uint32(s.ID), px.Name}, args...)...)
}

// fd is the descriptor of a connection in hexadecimal digits.
func fd(c *conn.Conn) string {
	n := 0xffff
	if c != nil {
		c.Socket().Control(func(fd int) error { n = fd; return nil })
	}
	return fmt.Sprintf("%04x", n)
}

func alpn(sess *engine.Session) string {
	if sess.TLS != nil && sess.TLS.ALPN() != "" {
		return sess.TLS.ALPN()
	}
	return "<none>"
}
