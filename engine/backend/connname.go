package backend

import (
	"hawser/engine"
	"hawser/parser/diag"
)

// connName is what pool-conn-name of a server line asks for.
type connName struct {
	text engine.Word
	expr *engine.Expr // set in StageMake
}

var connNames = engine.NewSlot[*engine.Server, connName]("pool-conn-name")

func init() {
	engine.AddServerKeywords(engine.ServerKeyword{Name: "pool-conn-name", Args: 1, Missing: "'pool-conn-name' expects <value> as argument",
		Usage: "pool-conn-name <expression>: a request takes an idle connection only if it was opened by one with the same value; without it the server name of TLS counts",
		Parse: func(_ *engine.Build, srv *engine.Server, _ engine.Word, args []engine.Word) error {
			connNames.Edit(srv).text = args[0]
			return nil
		}})
	engine.OnMakeServer(func(b *engine.Build, srv *engine.Server) {
		n := connNames.Get(srv)
		if n == nil {
			return
		}
		b.Px = srv.Px
		x, err := b.Expr(n.text, engine.SrvSource)
		if err != nil {
			b.Report(srv.Pos, diag.Errorf(n.text.Pos, "'server %s/%s' : error detected while parsing sni or pool-conn-name expressions : %s", srv.Px.Name, srv.Name, said(err)))
			return
		}
		connNames.Edit(srv).expr = x
	})
}

// said is an error's sentence without its place.
func said(err error) string {
	if d, ok := err.(*diag.Diagnostic); ok {
		return d.Message
	}
	return err.Error()
}

// append appends the connection's name as pool-conn-name makes it, behind
// a byte that tells an empty value from none.
func (n *connName) append(b []byte, s *engine.Stream) []byte {
	e := &s.Env
	px, dir := e.Px, e.Dir
	e.Px, e.Dir = s.Back, engine.Req
	v, st := n.expr.EvalAs(e, engine.TStr)
	e.Px, e.Dir = px, dir
	if st != engine.Found {
		return b
	}
	return append(append(b, 1), v.B...)
}
