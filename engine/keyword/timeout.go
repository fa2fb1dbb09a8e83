package keyword

import (
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

type timeoutRow struct {
	name  string
	side  engine.Side
	usage string
	field func(*engine.Timeouts) *time.Duration
}

var timeouts = []timeoutRow{
	{"client", engine.Front, "inactivity on the client's side", func(t *engine.Timeouts) *time.Duration { return &t.Client }},
	{"client-fin", engine.Front, "inactivity on the client's side once half closed", func(t *engine.Timeouts) *time.Duration { return &t.ClientFin }},
	{"client-hs", engine.Front, "handshakes (TLS, PROXY) on the client's side", func(t *engine.Timeouts) *time.Duration { return &t.ClientHS }},
	{"handshake", engine.Front, "the same as timeout client-hs", func(t *engine.Timeouts) *time.Duration { return &t.ClientHS }},
	{"http-request", engine.Front | engine.Back, "how long a complete request head may take", func(t *engine.Timeouts) *time.Duration { return &t.HTTPRequest }},
	{"http-keep-alive", engine.Front | engine.Back, "how long to wait for the next request", func(t *engine.Timeouts) *time.Duration { return &t.KeepAlive }},
	{"tarpit", engine.Front | engine.Back, "how long a tarpitted request is held", func(t *engine.Timeouts) *time.Duration { return &t.Tarpit }},
	{"connect", engine.Back, "connection attempts to servers", func(t *engine.Timeouts) *time.Duration { return &t.Connect }},
	{"server", engine.Back, "inactivity on the server's side", func(t *engine.Timeouts) *time.Duration { return &t.Server }},
	{"server-fin", engine.Back, "inactivity on the server's side once half closed", func(t *engine.Timeouts) *time.Duration { return &t.ServerFin }},
	{"queue", engine.Back, "how long a request may wait for a free slot", func(t *engine.Timeouts) *time.Duration { return &t.Queue }},
	{"tunnel", engine.Back, "inactivity of tunnels, on both sides", func(t *engine.Timeouts) *time.Duration { return &t.Tunnel }},
	{"check", engine.Back, "how long a check may take once connected", func(t *engine.Timeouts) *time.Duration { return &t.Check }},
}

func init() {
	for _, row := range timeouts {
		engine.AddKeywords(engine.Keyword{Name: "timeout " + row.name, In: engine.InAll, Max: -1,
			Usage: "timeout " + row.name + " <time>: " + row.usage + " (milliseconds where no unit is given)",
			Parse: func(b *engine.Build, l *engine.Line) error {
				return parseTimeout(b, &row, "timeout "+row.name, rest(l, 2), l)
			}})
	}
	for old, now := range map[string]string{"clitimeout": "client", "srvtimeout": "server", "contimeout": "connect"} {
		engine.AddKeywords(engine.Keyword{Name: old, In: engine.InAll, Max: -1, Flags: engine.Legacy, Usage: old + " <time>: write timeout " + now,
			Parse: func(b *engine.Build, l *engine.Line) error {
				if len(l.Words) > 1 {
					b.Warn(l.Words[0].Pos, "the '%s' directive is gone since HAProxy 2.1: write 'timeout %s %s' instead.", old, now, l.Words[1].Text)
				}
				for i := range timeouts {
					if timeouts[i].name == now {
						return parseTimeout(b, &timeouts[i], old, rest(l, 1), l)
					}
				}
				return nil
			}})
	}
}

func parseTimeout(b *engine.Build, row *timeoutRow, name string, args []engine.Word, l *engine.Line) error {
	if len(args) == 0 {
		return diag.Errorf(l.Words[0].Pos, "'%s' expects an integer value (in milliseconds)", name)
	}
	d, err := duration(b, args[0], time.Millisecond, name)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return fail(args[1], "'%s' : unexpected extra argument '%s' after value '%s'.", name, args[1].Text, args[0].Text)
	}
	px := b.Px
	if px.Side&(row.side|engine.IsDefaults) == 0 {
		b.Warn(l.Words[0].Pos, "'%s' will be ignored because %s '%s' has no %s capability", name, px.Kind, px.Name, lacks(px, row.side))
		return nil
	}
	*row.field(&px.Timeout) = d
	return nil
}
