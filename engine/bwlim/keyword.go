package bwlim

import (
	"errors"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	for _, dir := range []string{"bwlim-in", "bwlim-out"} {
		engine.AddFilters(engine.FilterKeyword{Name: dir, Parse: parse,
			Usage: "filter " + dir + " <name> { default-limit <size> default-period <time> | limit <size> key <expression> [table <table>] } [min-size <size>]: limit how fast bodies and raw data pass, once set-bandwidth-limit asks for it"})
	}
	engine.AddActions(engine.ActionKeyword{Name: "set-bandwidth-limit", In: engine.InContent, Parse: parseAction,
		Usage: "set-bandwidth-limit <name> [limit { <size> | <expression> }] [period { <time> | <expression> }]: limits this stream by the filter of that name"})
}

// limiter is a filter line. Immutable after build.
type limiter struct {
	name   string
	in     bool // from the client to the server
	shared bool
	limit  uint64 // bytes per period
	period time.Duration
	least  int // min-size
	key    *engine.Expr
	rates  engine.RateTable
}

// options of a filter line; a bit each tells which were given.
type options struct {
	ofStream, ofTable bool
	key, table        engine.Word
}

func parse(b *engine.Build, l *engine.Line) error {
	kind := l.Words[1]
	if len(l.Words) < 3 {
		return diag.Errorf(kind.Pos, "'filter' : '%s' : a name is expected as first argument ", kind.Text)
	}
	name := l.Words[2]
	for _, f := range b.Px.Filters {
		if (f.Kind == "bwlim-in" || f.Kind == "bwlim-out") && f.Name == name.Text {
			return diag.Errorf(name.Pos, "'filter' : bwlim filter '%s' already declared for proxy '%s'", name.Text, b.Px.Name)
		}
	}
	f := &limiter{name: name.Text, in: kind.Text == "bwlim-in"}
	var o options
	for i := 3; i < len(l.Words); i += 2 {
		var arg *engine.Word
		if i+1 < len(l.Words) {
			arg = &l.Words[i+1]
		}
		if known, err := f.option(&o, kind.Text, l.Words[i], arg); err != nil {
			return err
		} else if !known {
			break
		}
	}
	if err := f.complete(&o, kind); err != nil {
		return err
	}
	if f.shared {
		key, err := b.Expr(o.key, engine.FeTCPCont|engine.FeHTTPHdr|engine.BeTCPCont|engine.BeHTTPHdr|engine.BeTCPRes|engine.BeHTTPRes|engine.FeHTTPRes)
		if err != nil {
			var d *diag.Diagnostic
			if errors.As(err, &d) {
				d.Message = "'filter' : " + d.Message
			}
			return err
		}
		f.key = key
		if engine.FindRates != nil {
			f.rates = engine.FindRates(b, o.table.Text, f.in, name.Pos, f.name)
		}
	}
	b.Px.AddFilter(f.filter(kind))
	return nil
}

// option reads one option; a word that is none ends the line, as with HAProxy.
func (f *limiter) option(o *options, kind string, w engine.Word, arg *engine.Word) (known bool, err error) {
	switch w.Text {
	case "default-limit", "default-period", "limit", "key", "table", "min-size":
	default:
		return false, nil
	}
	if arg == nil {
		switch w.Text {
		case "default-limit", "default-period":
			o.ofStream = true
		default:
			o.ofTable = o.ofTable || w.Text != "min-size"
		}
		if o.ofStream && o.ofTable {
			return true, mixed(kind, w)
		}
		return true, diag.Errorf(w.Pos, "'filter' : '%s' : the value is missing for '%s' option", kind, w.Text)
	}
	switch w.Text {
	case "default-limit", "limit", "min-size":
		n, serr := unit.Size(arg.Text)
		if serr != nil {
			return true, badValue(kind, w, *arg, serr.At)
		}
		if w.Text == "min-size" {
			f.least = int(n)
			return true, nil
		}
		f.limit = n
		o.ofStream = o.ofStream || w.Text == "default-limit"
		o.ofTable = o.ofTable || w.Text == "limit"
	case "default-period":
		o.ofStream = true
		d, terr := unit.Time(arg.Text, time.Millisecond)
		if terr != nil {
			return true, badValue(kind, w, *arg, firstBad(arg.Text))
		}
		f.period = d
	case "key":
		o.ofTable, o.key = true, *arg
	case "table":
		o.ofTable, o.table = true, *arg
	}
	if o.ofStream && o.ofTable {
		return true, mixed(kind, w)
	}
	return true, nil
}

func mixed(kind string, w engine.Word) error {
	return diag.Errorf(w.Pos, "'filter' : '%s' : cannot mix per-stream and shared parameter", kind)
}

func badValue(kind string, w, arg engine.Word, at int) error {
	return diag.Errorf(arg.Pos, "'filter' : '%s' : invalid value for option '%s' (unexpected character '%c')", kind, w.Text, (arg.Text + " ")[min(at, len(arg.Text))])
}

func firstBad(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

func (f *limiter) complete(o *options, kind engine.Word) error {
	missing := func(what string) error {
		return diag.Errorf(kind.Pos, "'filter' : '%s' : <%s> option is missing", kind.Text, what)
	}
	f.shared = o.ofTable
	switch {
	case !f.shared && f.period == 0:
		return missing("default-period")
	case !f.shared && f.limit == 0:
		return missing("default-limit")
	case f.shared && o.key.Text == "":
		return missing("key")
	case f.shared && f.limit == 0:
		return missing("limit")
	}
	return nil
}

func (f *limiter) filter(kind engine.Word) *engine.Filter {
	fl := &engine.Filter{Kind: kind.Text, Name: f.name, Pos: kind.Pos, Conf: f}
	fl.Attach = func(s *engine.Stream) { f.use(s) }
	fl.Request = func(s *engine.Stream) {
		u := f.use(s)
		if f.in && s.Ex != nil && s.Kind != engine.NotHTTP && u.on.Load() {
			s.WrapRequest(func(s *engine.Stream, in engine.Body) engine.Body { return &body{in: in, u: u, s: s} })
		}
	}
	if !f.in {
		fl.Response = func(s *engine.Stream) {
			if u := f.use(s); s.ResBody != nil && u.on.Load() {
				s.ResBody = &body{in: engine.Readable(s.ResBody), u: u, s: s}
			}
		}
	}
	fl.Tunnel = func(s *engine.Stream, dir engine.Dir, n int) int {
		if f.in != (dir == engine.Req) {
			return n
		}
		return f.use(s).take(s, n)
	}
	return fl
}
