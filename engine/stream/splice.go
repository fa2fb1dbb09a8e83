package stream

import (
	"io"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/h1"
	"hawser/engine/htx"
)

func init() {
	engine.OnStart(func(rt, _ *engine.Runtime) { conn.SetPipes(maxPipes(&rt.Global), rt.Global.Tune.PipeSize) })
}

// maxPipes is the limit of pipes: maxpipes, else a quarter of maxconn.
func maxPipes(g *engine.Global) int {
	switch {
	case g.NoSplice:
		return 0
	case g.MaxPipes > 0:
		return g.MaxPipes
	case g.MaxConn > 0:
		return (g.MaxConn + 3) / 4
	}
	return 1 << 20
}

// wish is what the options splice-* say.
type wish uint8

const (
	unsaid wish = iota
	spliced
	copied
)

// splicing tells what frontend and backend want of the data of one direction: a wish
// of either is enough.
func splicing(s *engine.Stream, dir engine.Dir) wish {
	switch {
	case spliceOption(s.Front.Options|s.Back.Options, dir):
		return spliced
	case spliceOption(s.Front.OptionsSet|s.Back.OptionsSet, dir):
		return copied
	}
	return unsaid
}

func spliceOption(o engine.Options, dir engine.Dir) bool {
	if dir == engine.Res {
		return o.Has(engine.OptSpliceAuto) || o.Has(engine.OptSpliceResponse)
	}
	return o.Has(engine.OptSpliceAuto) || o.Has(engine.OptSpliceRequest)
}

// smallBody is what still is to come of a body that is not worth a pipe.
const smallBody = 64 << 10

// plain is a side of an exchange whose body goes over its connection as it is.
type plain interface {
	// Plain returns that connection, nil if the body must go through Data.
	Plain() *conn.Conn
}

// spliceBody moves what is still to come of a body from its connection to that of to.
// moved is false where it has to be read and written instead.
func spliceBody(body htx.Body, to any, note func(int)) (moved bool, rerr, werr error) {
	b, ok := body.(*h1.Body)
	if !ok {
		return false, nil, nil // something looks at it
	}
	from, left := b.Raw()
	if left >= 0 && left < smallBody {
		return false, nil, nil
	}
	side, ok := to.(plain)
	if !ok {
		return false, nil, nil
	}
	out := side.Plain()
	if out == nil || out.Secure() || from.Secure() {
		return false, nil, nil
	}
	n, rerr, werr := from.SpliceTo(out, left, note)
	b.Moved(n, werr == nil && (rerr == io.ErrUnexpectedEOF || left < 0 && rerr == nil))
	return true, rerr, werr
}

// spliceResponse moves the rest of a response, if an option asks for it; false means
// that it failed and all is settled.
func spliceResponse(s *engine.Stream, body htx.Body) bool {
	if splicing(s, engine.Res) != spliced {
		return true
	}
	_, rerr, werr := spliceBody(body, s.Ex, func(k int) {
		s.BytesOut += int64(k)
		s.ResOut += int64(k)
	})
	if werr != nil {
		clientFailed(s, werr)
		return false
	}
	if rerr != nil {
		bodyFailed(s, rerr)
		return false
	}
	return true
}

// splice moves the rest of a request, if an option asks for it.
func (p *pump) splice() error {
	s := p.s
	if p.counted || splicing(s, engine.Req) != spliced {
		return nil
	}
	_, rerr, werr := spliceBody(p.body, p.up, func(k int) {
		s.BytesIn += int64(k)
		s.BytesBody += int64(k)
		s.ReqOut += int64(k)
	})
	if rerr != nil {
		p.gone.Store(true)
		return rerr
	}
	return werr
}
