package command

import (
	"strconv"
	"sync"
	"time"

	"hawser/engine"
)

func init() {
	engine.AddCommands(
		engine.Command{Words: "show errors", Level: engine.LevelOperator, Usage: "[<px>] [request|response]: report last request and/or response errors for each proxy", Run: showErrors},
	)
	engine.RecordError = record
}

// capture is the last refused message of a proxy in one direction.
type capture struct {
	event   int
	at      time.Time
	dir     engine.Dir
	px      engine.Proxy
	other   string // the line that names the other side
	raw     []byte
	off     int
	bufSize int
	why     string
}

// key finds a proxy's captures over reloads.
type key struct {
	state *engine.ProxyState
	dir   engine.Dir
}

// captures holds the last refused message of each proxy and direction.
var captures = struct {
	mu     sync.Mutex
	events int
	last   map[key]*capture
}{last: map[key]*capture{}}

// record keeps a message that a mux refused. It runs in the stream's goroutine.
func record(s *engine.Stream, dir engine.Dir, raw []byte, off int, why error) {
	px := s.Sess.Front
	if dir == engine.Res && s.Back != nil {
		px = s.Back
	}
	k := &capture{at: time.Now(), dir: dir, raw: append([]byte(nil), raw...), off: off, bufSize: s.Sess.RT.Global.Tune.BufSize}
	k.px.Name, k.px.ID = px.Name, px.ID
	if why != nil {
		k.why = why.Error()
	}
	captures.mu.Lock()
	defer captures.mu.Unlock()
	k.event = captures.events
	captures.events++
	k.other = otherSide(s, dir, k.event)
	captures.last[key{px.State, dir}] = k
}

func otherSide(s *engine.Stream, dir engine.Dir, event int) string {
	be, srv := "<NONE> (#-1)", "<NONE> (#-1)"
	if s.Back != nil {
		be = numbered(s.Back.Name, s.Back.ID)
	}
	if s.Server != nil {
		srv = numbered(s.Server.Name, s.Server.ID)
	}
	side := "backend " + be
	if dir == engine.Res {
		side = "frontend " + numbered(s.Sess.Front.Name, s.Sess.Front.ID)
	}
	src := "unix:1"
	if s.Sess.Src.IsValid() {
		src = s.Sess.Src.String()
	}
	return "  " + side + ", server " + srv + ", event #" + strconv.Itoa(event) + ", src " + src + "\n"
}

func numbered(name string, id int) string { return name + " (#" + strconv.Itoa(id) + ")" }

const errorDate = "02/Jan/2006:15:04:05.000"

func showErrors(c *engine.CLI, args []string) error {
	var only *engine.ProxyState
	req, res := true, true
	if len(args) > 0 && args[0] != "-1" {
		px := proxyOf(c.RT, args[0])
		if px == nil {
			return engine.Refuse("No such proxy.\n")
		}
		only = px.State
	}
	if len(args) > 1 {
		switch args[1] {
		case "request":
			res = false
		case "response":
			req = false
		}
	}
	captures.mu.Lock()
	defer captures.mu.Unlock()
	c.Print("Total events captured on [" + time.Now().Format(errorDate) + "] : " + strconv.Itoa(captures.events) + "\n")
	for _, px := range c.RT.All() {
		if only != nil && px.State != only {
			continue
		}
		for dir, on := range [...]bool{req, res} {
			if k := captures.last[key{px.State, engine.Dir(dir)}]; k != nil && on {
				c.Out = k.append(c.Out)
			}
		}
	}
	return nil
}

// proxyOf finds a proxy by name or number.
func proxyOf(rt *engine.Runtime, name string) *engine.Proxy {
	id, err := strconv.Atoi(name)
	for _, px := range rt.All() {
		if px.Name == name || err == nil && px.ID == id {
			return px
		}
	}
	return nil
}

func (k *capture) append(b []byte) []byte {
	side, what := "frontend", "request"
	if k.dir == engine.Res {
		side, what = "backend", "response"
	}
	itoa := strconv.Itoa
	b = append(b, " \n["+k.at.Format(errorDate)+"] "+side+" "+numbered(k.px.Name, k.px.ID)+": invalid "+what+"\n"+k.other...)
	b = append(b, "  buffer starts at 0 (including 0 out), "+itoa(max(k.bufSize-len(k.raw), 0))+" free,\n"...)
	b = append(b, "  len "+itoa(len(k.raw))+", wraps at "+itoa(max(k.bufSize-40, 0))+", error at position "+itoa(k.off)+"\n"...)
	b = append(b, "  H1 connection flags 0x00000000, H1 stream flags 0x00000000\n"...)
	b = append(b, "  H1 msg state "+k.state()+", H1 msg flags 0x00000000\n"...)
	b = append(b, "  H1 chunk len 0 bytes, H1 body len 0 bytes :\n  \n"...)
	return dump(b, k.raw)
}

// state is the name of what the parser was reading, after HAProxy's states.
func (k *capture) state() string {
	line, spaces, colon := 0, 0, false
	for _, ch := range k.raw[:min(max(k.off, 0), len(k.raw))] {
		switch {
		case ch == '\n':
			line, spaces, colon = line+1, 0, false
		case ch == ' ':
			spaces++
		case ch == ':':
			colon = true
		}
	}
	switch {
	case line > 0 && colon:
		return "MSG_HDR_VAL(22)"
	case line > 0:
		return "MSG_HDR_NAME(17)"
	case k.dir == engine.Res && spaces == 0:
		return "MSG_RPVER(10)"
	case k.dir == engine.Res:
		return "MSG_RPCODE(12)"
	case spaces == 0:
		return "MSG_RQMETH(2)"
	case spaces == 1:
		return "MSG_RQURI(4)"
	}
	return "MSG_RQVER(6)"
}

// width is the longest line of a dump.
const width = 79

// dump appends bytes in lines with their offsets; unprintable ones are escaped,
// and a "+" marks where a line goes on.
func dump(b, raw []byte) []byte {
	for i := 0; i < len(raw); {
		start := len(b)
		b = append(b, "  "...)
		b = appendPadded(b, i)
		if i > 0 && raw[i-1] != '\n' {
			b = append(b, '+', ' ')
		} else {
			b = append(b, ' ', ' ')
		}
		for i < len(raw) {
			esc := escaped(raw[i])
			if len(b)-start+len(esc) > width {
				break
			}
			b = append(b, esc...)
			i++
			if raw[i-1] == '\n' {
				break
			}
		}
		b = append(b, '\n')
	}
	return b
}

func appendPadded(b []byte, n int) []byte {
	s := strconv.Itoa(n)
	for range 5 - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func escaped(c byte) string {
	const hex = "0123456789ABCDEF"
	switch c {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case 0x1b:
		return `\e`
	case '\\':
		return `\\`
	}
	if c >= ' ' && c < 0x7f {
		return string(rune(c))
	}
	return `\x` + string([]byte{hex[c>>4], hex[c&15]})
}
