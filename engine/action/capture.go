package action

import (
	"slices"
	"strconv"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	add(httpReq|tcpCont, "capture", "capture <expression> { len <length> | id <slot> }: keeps a sample for the log", parseCapture)
	add(httpRes|httpAfter, "capture", "capture <expression> id <slot>: keeps a sample for the log", parseCapture)
}

// capture copies a sample into a slot.
type capture struct {
	x    *engine.Expr
	slot int
	max  int
	res  bool
}

func parseCapture(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	res := a.Ruleset == engine.HTTPRes || a.Ruleset == engine.HTTPAfter
	if a.Ruleset == engine.TCPReqCont && (len(a.Words) < 3 || a.Words[1].Text != "len") {
		return nil, diag.Errorf(a.Pos, "'tcp-request content capture' : a positive 'len' argument is mandatory")
	}
	if len(a.Words) < 3 || a.Words[1].Text != "len" && a.Words[1].Text != "id" || res && a.Words[1].Text == "len" {
		if res {
			return nil, fail(a, "expects <expression> id <idx>.")
		}
		return nil, fail(a, "expects <expression> [ 'len' <length> | id <idx> ].")
	}
	x, err := b.Expr(a.Words[0], a.Where)
	if err != nil {
		return nil, err
	}
	a.Only(3)
	n, _ := strconv.Atoi(a.Words[2].Text)
	c := &capture{x: x, res: res}
	if a.Words[1].Text == "id" {
		c.slot = n
		b.Later(func() { c.resolve(b, a) })
		return c, nil
	}
	if n <= 0 {
		return nil, fail(a, "length must be > 0.")
	}
	px := b.Px
	if px.Side&engine.Front == 0 {
		return nil, fail(a, "proxy '%s' has no frontend capability.", px.Name)
	}
	c.slot, c.max = len(px.ReqCaptures), n
	px.ReqCaptures = append(slices.Clip(px.ReqCaptures), engine.CaptureHeader{Len: n})
	return c, nil
}

// resolve checks a slot's number against the frontend's declarations.
func (c *capture) resolve(b *engine.Build, a *engine.RuleArgs) {
	caps := b.Px.ReqCaptures
	if c.res {
		caps = b.Px.ResCaptures
	}
	switch {
	case b.Px.Side&engine.Front == 0:
	case c.slot < 0 || c.slot >= len(caps):
		b.Alert(a.Pos, "Proxy '%s': unable to find capture id '%d' referenced by %s capture rule.", b.Px.Name, c.slot, engine.RulesetName[a.Ruleset]).AsBare()
	default:
		c.max = caps[c.slot].Len
	}
}

// Run keeps the sample; more data may be needed before it is there.
func (c *capture) Run(e env) verd {
	m := e.Mark()
	s, st := c.x.EvalAs(e, engine.TStr)
	if st == engine.Wait && !e.Final {
		return engine.Wait4Data
	}
	if st == engine.Found {
		c.keep(e.Strm, s.B)
	}
	e.Tmp = e.Tmp[:m]
	return engine.Continue
}

func (c *capture) keep(s *engine.Stream, v []byte) {
	slots, decl := &s.ReqCaps, s.Front.ReqCaptures
	if c.res {
		slots, decl = &s.ResCaps, s.Front.ResCaptures
	}
	if c.slot >= len(decl) {
		return
	}
	for len(*slots) <= c.slot {
		if n := len(*slots); cap(*slots) > n {
			*slots = (*slots)[:n+1]
			(*slots)[n] = (*slots)[n][:0]
		} else {
			*slots = append(*slots, nil)
		}
	}
	(*slots)[c.slot] = append((*slots)[c.slot][:0], v[:min(len(v), decl[c.slot].Len)]...)
}
