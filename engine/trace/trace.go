// Package trace is the filter "trace" (configuration manual, section 9.1): it
// tells on standard error what passes a proxy. It prints what a filter of Hawser
// sees, in the form of HAProxy's: streams, heads, payload and its end; HAProxy's
// analysers have no counterpart here. It changes nothing; random-forwarding and
// max-fwd only bound the pieces that it lets pass.
package trace

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	engine.AddFilters(engine.FilterKeyword{Name: "trace", Parse: parse,
		Usage: "filter trace [name <name>] [quiet] [random-forwarding] [max-fwd <bytes>] [hexdump]: print on standard error what passes; for debugging"})
	engine.AddHook(engine.Hook{Name: "trace", Phase: engine.PhaseEnd, Order: 1 << 21, Enabled: traced, Run: func(s *engine.Stream) engine.Verdict {
		each(s, func(c *conf) {
			c.say(s, "trace_stream_stop", "")
			c.say(s, "trace_detach", "filter-type="+side(s))
		})
		return engine.Continue
	}})
}

// conf is a filter line. Immutable after build.
type conf struct {
	name                   string // with the proxy's
	quiet, random, hexdump bool
	most                   int // max-fwd; 0: no limit
}

// out is where all lines go, one at a time.
var out struct {
	sync.Mutex
	w io.Writer
}

func parse(b *engine.Build, l *engine.Line) error {
	c := &conf{name: "TRACE"}
	for i := 2; i < len(l.Words); i++ {
		w := l.Words[i]
		switch w.Text {
		case "quiet":
			c.quiet = true
		case "random-forwarding":
			c.random = true
		case "hexdump":
			c.hexdump = true
		case "name", "max-fwd":
			if i++; i >= len(l.Words) {
				return diag.Errorf(w.Pos, "'filter' : 'trace' : '%s' option without value", w.Text)
			}
			if w.Text == "name" {
				c.name = l.Words[i].Text
			} else {
				c.most, _ = strconv.Atoi(l.Words[i].Text)
			}
		default:
			return diag.Errorf(w.Pos, "'filter trace' : unknown keyword '%s'.", w.Text).WithAllowed("name", "quiet", "random-forwarding", "max-fwd", "hexdump")
		}
	}
	c.name += "/" + b.Px.Name
	b.Px.AddFilter(&engine.Filter{Kind: "trace", Name: c.name, Pos: l.Words[1].Pos, Conf: c, Attach: c.attach, Request: c.request, Response: c.response, Tunnel: c.tunnel})
	return nil
}

func traced(px *engine.Proxy) bool { return px.Filter("trace", "") != nil }

func each(s *engine.Stream, do func(*conf)) {
	for _, f := range s.Env.Px.Filters {
		if c, ok := f.Conf.(*conf); ok {
			do(c)
		}
	}
}

func side(s *engine.Stream) string {
	if s.Env.Px.Side&engine.Front != 0 {
		return "frontend"
	}
	return "backend"
}

// say prints a line of a stream.
func (c *conf) say(s *engine.Stream, what, more string) {
	if c.quiet {
		return
	}
	if more != "" {
		what = fmt.Sprintf("%-25s: %s", what, more)
	}
	now := time.Now()
	out.Lock()
	defer out.Unlock()
	if out.w == nil {
		out.w = os.Stderr
	}
	fmt.Fprintf(out.w, "%d.%06d [%-20s] [strm %d] %s\n", now.Unix(), now.Nanosecond()/1000, c.name, s.ID, what)
}

func (c *conf) channel(s *engine.Stream, dir engine.Dir) string {
	name, mode := "REQUEST", "HTTP"
	if dir == engine.Res {
		name = "RESPONSE"
	}
	if s.Kind == engine.NotHTTP {
		mode = "TCP"
	}
	return fmt.Sprintf("channel=%-10s - mode=%-5s (backend)", name, mode)
}

func (c *conf) attach(s *engine.Stream) {
	c.say(s, "trace_attach", "filter-type="+side(s))
	c.say(s, "trace_stream_start", "")
	if s.Back != nil {
		c.say(s, "trace_stream_set_backend", "backend="+s.Back.Name)
	}
}

func (c *conf) request(s *engine.Stream) {
	if s.Kind == engine.NotHTTP {
		return
	}
	m := s.Req
	c.head(s, engine.Req, fmt.Sprintf("%s %s %s", m.Bytes(m.Method), m.Bytes(m.Target), m.Bytes(m.Version)), m)
	if s.Ex.Body() != nil {
		s.WrapRequest(func(s *engine.Stream, in engine.Body) engine.Body {
			return &body{Body: in, c: c, s: s, dir: engine.Req}
		})
	}
}

func (c *conf) response(s *engine.Stream) {
	m := s.Res
	c.head(s, engine.Res, fmt.Sprintf("%s %d %s", m.Bytes(m.Version), m.Status, m.Bytes(m.Reason)), m)
	if s.ResBody != nil {
		s.ResBody = &body{Body: engine.Readable(s.ResBody), c: c, s: s, dir: engine.Res}
	}
}

func (c *conf) head(s *engine.Stream, dir engine.Dir, start string, m *htx.Msg) {
	c.say(s, "trace_http_headers", c.channel(s, dir)+"\t"+start)
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		c.say(s, fmt.Sprintf("\t%s: %s", m.Name(i), m.Value(i)), "")
	}
}

func (c *conf) tunnel(s *engine.Stream, dir engine.Dir, n int) int {
	fwd := c.some(n)
	c.say(s, "trace_tcp_payload", fmt.Sprintf("%s - offset=0 - len=%d - forward=%d", c.channel(s, dir), n, fwd))
	return fwd
}

// some is how much of n bytes goes on at once.
func (c *conf) some(n int) int {
	if c.most > 0 {
		n = min(n, c.most)
	}
	if c.random && n > 1 {
		n = 1 + rand.IntN(n)
	}
	return n
}

// body tells what is read of another one.
type body struct {
	engine.Body
	c      *conf
	s      *engine.Stream
	dir    engine.Dir
	left   []byte
	offset int
}

func (b *body) Next() ([]byte, error) { return b.pass(b.Body.Next) }

func (b *body) Buffered() ([]byte, error) { return b.pass(b.Body.Buffered) }

func (b *body) pass(read func() ([]byte, error)) ([]byte, error) {
	if len(b.left) == 0 {
		p, err := read()
		if err == io.EOF {
			b.c.say(b.s, "trace_http_end", b.c.channel(b.s, b.dir))
		}
		if len(p) == 0 {
			return p, err
		}
		b.left = p
	}
	n := b.c.some(len(b.left))
	b.c.say(b.s, "trace_http_payload", fmt.Sprintf("%s - offset=%d - len=%d - forward=%d", b.c.channel(b.s, b.dir), b.offset, len(b.left), n))
	p := b.left[:n:n]
	b.left = b.left[n:]
	b.offset += n
	if b.c.hexdump && !b.c.quiet {
		b.c.dump(p)
	}
	return p, nil
}

// dump prints bytes as HAProxy does: sixteen a line, with their characters.
func (c *conf) dump(p []byte) {
	var w bytes.Buffer
	for at := 0; at < len(p); at += 16 {
		row := p[at:min(at+16, len(p))]
		fmt.Fprintf(&w, "\t0x%06x: ", at)
		for i := range 16 {
			if i == 8 {
				w.WriteString("  ")
			}
			if i < len(row) {
				fmt.Fprintf(&w, "%02x ", row[i])
			} else {
				w.WriteString("   ")
			}
		}
		w.WriteString("  |")
		for _, b := range row {
			if b < ' ' || b > '~' {
				b = '.'
			}
			w.WriteByte(b)
		}
		w.WriteString("|\n")
	}
	out.Lock()
	defer out.Unlock()
	out.w.Write(w.Bytes())
}
