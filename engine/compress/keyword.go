package compress

import (
	"slices"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
	"hawser/parser/unit"
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "compression", In: engine.InAll, Max: -1, Parse: parse,
		Usage: "compression { algo | algo-req | algo-res } <algorithm>... | { type | type-req | type-res } <mime type>... | direction { request | response | both } | offload | { minsize-req | minsize-res } <size>: compress bodies on their way"})
	filter := func(name, usage string) {
		engine.AddFilters(engine.FilterKeyword{Name: name, Usage: usage, Parse: parseFilter})
	}
	filter("compression", "filter compression: the place of compression among the filters")
	filter("comp-req", "filter comp-req: compress requests, at this place among the filters")
	filter("comp-res", "filter comp-res: compress responses, at this place among the filters")
	engine.OnFinish(finish)
}

// conf is what a proxy's compression lines say.
type conf struct {
	responses          []*algo
	request            *algo
	typesReq, typesRes []string
	noReq, noRes       bool // direction
	bothReq            bool // direction asked for requests
	offload            bool
	minReq, minRes     int64
}

var confs = engine.NewSlot[*engine.Proxy, conf]("compression")

var words = []string{"algo", "type", "direction", "offload", "minsize-req", "minsize-res", "algo-req", "algo-res", "type-req", "type-res"}

func parse(b *engine.Build, l *engine.Line) error {
	w := engine.Word{Pos: l.Words[0].Pos}
	if len(l.Words) > 1 {
		w = l.Words[1]
	}
	args := l.Words[min(2, len(l.Words)):]
	c := confs.Edit(b.Px)
	switch w.Text {
	case "algo", "algo-res":
		return c.algos(w, args)
	case "algo-req":
		a := engine.Word{Pos: w.Pos}
		if len(args) > 0 {
			a = args[0]
		}
		if c.request = algoByName(a.Text); c.request == nil {
			return unknownAlgo(a)
		}
	case "type", "type-res":
		return types(w, args, &c.typesRes)
	case "type-req":
		return types(w, args, &c.typesReq)
	case "direction":
		return c.direction(w, args)
	case "minsize-req":
		return size(w, args, &c.minReq)
	case "minsize-res":
		return size(w, args, &c.minRes)
	case "offload":
		if b.Px.Side&engine.IsDefaults != 0 {
			b.Warn(w.Pos, "'compression' : 'offload' ignored in 'defaults' section.")
			return nil
		}
		c.offload = true
	default:
		d := diag.Errorf(w.Pos, "'compression' expects 'algo', 'type', 'direction', 'offload', 'minsize-req' or 'minsize-res'.")
		if near, ok := engine.NearestOf(w.Text, words); ok {
			d.WithHint(near)
		}
		return d
	}
	return nil
}

func (c *conf) algos(w engine.Word, args []engine.Word) error {
	if len(args) == 0 {
		return diag.Errorf(w.Pos, "'compression' expects <algorithm>.")
	}
	for _, arg := range args {
		a := algoByName(arg.Text)
		if a == nil {
			return unknownAlgo(arg)
		}
		c.responses = append(slices.Clip(c.responses), a)
	}
	return nil
}

func unknownAlgo(w engine.Word) error {
	names := make([]string, len(algos))
	for i, a := range algos {
		names[i] = a.name
	}
	return diag.Errorf(w.Pos, "'compression' : '%s' is not a supported algorithm.", w.Text).WithAllowed(names...)
}

func types(w engine.Word, args []engine.Word, to *[]string) error {
	if len(args) == 0 {
		return diag.Errorf(w.Pos, "'compression' expects <type>.")
	}
	for _, a := range args {
		*to = append(slices.Clip(*to), strings.ToLower(a.Text))
	}
	return nil
}

func (c *conf) direction(w engine.Word, args []engine.Word) error {
	said := ""
	if len(args) > 0 {
		said, w = args[0].Text, args[0]
	}
	switch said {
	case "request":
		c.noReq, c.noRes = false, true
	case "response":
		c.noReq, c.noRes = true, false
	case "both":
		c.noReq, c.noRes = false, false
	default:
		return diag.Errorf(w.Pos, "'compression' expects 'request', 'response', or 'both'.").WithAllowed("request", "response", "both")
	}
	c.bothReq = !c.noReq
	return nil
}

func size(w engine.Word, args []engine.Word, to *int64) error {
	if len(args) == 0 {
		return diag.Errorf(w.Pos, "'%s' expects an integer argument.", w.Text)
	}
	n, err := unit.Size(args[0].Text)
	if err != nil {
		return diag.Errorf(args[0].Pos, "unexpected '%s' after size passed to '%s'", args[0].Text[err.At:], w.Text)
	}
	*to = int64(n)
	return nil
}

func parseFilter(b *engine.Build, l *engine.Line) error {
	w := l.Words[1]
	if len(l.Words) > 2 {
		return diag.Errorf(l.Words[2].Pos, "'filter %s' : unknown keyword '%s'.", w.Text, l.Words[2].Text)
	}
	for _, f := range b.Px.Filters {
		if isRequest(f.Kind) && isRequest(w.Text) {
			return twice(b, w, "comp-req")
		}
		if isResponse(f.Kind) && isResponse(w.Text) {
			return twice(b, w, "comp-res")
		}
	}
	f := newFilter(w.Text, w.Pos)
	f.Explicit = true
	b.Px.AddFilter(f)
	return nil
}

func twice(b *engine.Build, w engine.Word, kind string) error {
	return diag.Errorf(w.Pos, "'filter' : %s: Proxy supports only one %s filter", b.Px.Name, kind)
}

func isRequest(kind string) bool  { return kind == "compression" || kind == "comp-req" }
func isResponse(kind string) bool { return kind == "compression" || kind == "comp-res" }

func newFilter(kind string, pos diag.Pos) *engine.Filter {
	f := newPart(kind, pos, kind == "comp-req")
	if kind == "compression" {
		f.Parts = []*engine.Filter{newPart("comp-res", pos, false), newPart("comp-req", pos, false)}
	}
	return f
}

func newPart(kind string, pos diag.Pos, explicit bool) *engine.Filter {
	f := &engine.Filter{Kind: kind, Pos: pos}
	if isResponse(kind) {
		f.Response = response
	}
	f.Request = func(s *engine.Stream) {
		if s.Kind == engine.NotHTTP {
			return
		}
		if isResponse(kind) {
			ask(s)
		}
		if isRequest(kind) {
			request(s, explicit)
		}
	}
	return f
}

// finish puts the filter where the lines of the proxy did not.
func finish(b *engine.Build, px *engine.Proxy) {
	c := confs.Get(px)
	if c == nil || !px.IsHTTP() {
		return
	}
	for _, f := range px.Filters {
		if isRequest(f.Kind) || isResponse(f.Kind) {
			return
		}
	}
	if px.NeedsFilterLine() {
		b.Alert(diag.Pos{}, "config: proxy '%s': require an explicit filter declaration to use HTTP compression", px.Name).AsLate()
		return
	}
	px.AddFilter(newFilter("compression", px.Pos))
}
