package resolver

import (
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddActions(engine.ActionKeyword{Name: "do-resolve*", In: engine.HTTPReq.In() | engine.TCPReqCont.In(), Parse: parseAction,
		Usage: "do-resolve(<var>,<resolvers>[,ipv4|ipv6]) <expression>: asks name servers for the host name that the expression gives and keeps its address in the variable"})
}

// resolve is one do-resolve action.
type resolve struct {
	x       *engine.Expr
	to      engine.VarRef
	sec     *section // found once all sections are read
	prefer4 bool
}

func parseAction(b *engine.Build, a *engine.RuleArgs) (engine.Action, error) {
	const form = " Expects 'do-resolve(<varname>,<resolvers>[,<options>]) <expr>'. Available options are 'ipv4' and 'ipv6'."
	bad := func() error { return diag.Errorf(a.Name.Pos, "Can't parse '%s'."+form, a.Name.Text) }
	inner, ok := strings.CutSuffix(a.Name.Text, ")")
	_, inner, has := strings.Cut(inner, "(")
	args := strings.Split(inner, ",")
	if !ok || !has || len(args) < 2 || len(args) > 3 || args[0] == "" || args[1] == "" {
		return nil, bad()
	}
	r := &resolve{}
	if len(args) == 3 {
		if args[2] != "ipv4" && args[2] != "ipv6" {
			return nil, bad()
		}
		r.prefer4 = args[2] == "ipv4"
	}
	if len(a.Words) == 0 {
		return nil, diag.Errorf(a.Name.Pos, "Can't parse '': missing fetch method."+form)
	}
	var err error
	if r.x, err = b.Expr(a.Only(1)[0], a.Where); err != nil {
		return nil, err
	}
	if r.to, err = b.Var(args[0]); err != nil {
		return nil, err
	}
	px := b.Px
	b.Later(func() {
		if args[1] == implicitName {
			implicit(b)
		}
		if r.sec = all.Get(b.RT).named(args[1]); r.sec == nil {
			b.Alert(a.Name.Pos, "Proxy '%s': Can't find resolvers section '%s' for do-resolve action.", px.Name, args[1]).AsLate()
		}
	})
	return r, nil
}

// Run asks and waits for the answer; without one the variable is not set.
func (r *resolve) Run(e *engine.Env) engine.Verdict {
	m := e.Mark()
	s, st := r.x.EvalAs(e, engine.TStr)
	host := string(s.B)
	e.Tmp = e.Tmp[:m]
	if st == engine.Wait && !e.Final {
		return engine.Wait4Data
	}
	if st != engine.Found || host == "" {
		return engine.Continue
	}
	ip, ok := r.sec.address(host, r.prefer4, func() bool { return clientLeft(e.Strm) })
	if !ok {
		return engine.Continue
	}
	out := engine.Sample{Type: engine.TIPv6, IP: ip}
	if ip.Is4() {
		out.Type = engine.TIPv4
	}
	e.SetVar(r.to, out)
	return engine.Continue
}

// clientLeft looks whether the stream was shut down, or its client closed where that
// ends a stream early.
func clientLeft(s *engine.Stream) bool {
	return s != nil && (s.Killed.Load() || s.Front.AbortsOnClose() && s.Sess.Conn.PeerClosed())
}
