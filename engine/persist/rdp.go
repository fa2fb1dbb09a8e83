package persist

import (
	"bytes"
	"strconv"
	"strings"

	"hawser/engine"
)

// rdp is persist rdp-cookie: the cookie holds the address and port of a server.
type rdp struct{ expr *engine.Expr }

var rdpCookies = engine.NewSlot[*engine.Proxy, rdp]("persist rdp-cookie")

func init() {
	engine.AddKeywords(engine.Keyword{Name: "persist", In: engine.InAllBE, Max: -1, Parse: parsePersist,
		Usage: "persist rdp-cookie[(<name>)]: send RDP connections to the server that their cookie names"})
	engine.AddHook(engine.Hook{Name: "persist rdp-cookie", Phase: engine.PhasePersist, Order: 10,
		Enabled: func(px *engine.Proxy) bool { return rdpCookies.Get(px) != nil }, Run: runRDP})
}

func parsePersist(b *engine.Build, l *engine.Line) error {
	if len(l.Words) < 2 {
		return fail(l.Words[0], "missing persist method.")
	}
	w := l.Words[1]
	name, ok := strings.CutPrefix(w.Text, "rdp-cookie")
	switch {
	case !ok || name != "" && name[0] != '(':
		return fail(w, "unknown persist method.")
	case name == "":
		name = "(msts)"
	case len(name) < 3 || name[len(name)-1] != ')':
		return fail(w, "persist rdp-cookie(name)' requires an rdp cookie name.")
	}
	x, err := b.Expr(engine.Word{Text: "req.rdp_cookie" + name, Pos: w.Pos}, engine.BeServer)
	if err != nil {
		return err
	}
	rdpCookies.Set(b.Px, &rdp{expr: x})
	return nil
}

// runRDP finds the server of "ip.port.reserved", all decimal and the first two
// in the network's byte order.
func runRDP(s *engine.Stream) engine.Verdict {
	if s.Env.Px != s.Back || s.Persist != engine.PersistNone || s.PersistRule == engine.PersistIgnored {
		return engine.Continue
	}
	v, st := rdpCookies.Get(s.Back).expr.EvalAs(&s.Env, engine.TStr)
	if st != engine.Found {
		return engine.Continue
	}
	ip, port, ok := rdpTarget(v.B)
	if !ok {
		return engine.Continue
	}
	for _, srv := range s.Back.All() {
		a := srv.Addr.IP.Unmap()
		if !a.Is4() || a.As4() != ip || srv.Addr.Port != port {
			continue
		}
		if srv.State.Up() || s.PersistRule == engine.PersistForced || s.Back.Options.Has(engine.OptPersist) {
			s.Impose(srv)
			break
		}
	}
	return engine.Continue
}

func rdpTarget(v []byte) (ip [4]byte, port int, ok bool) {
	parts := bytes.SplitN(v, []byte("."), 3)
	if len(parts) != 3 {
		return ip, 0, false
	}
	n, err := strconv.ParseUint(string(parts[0]), 10, 32)
	p, err2 := strconv.ParseUint(string(parts[1]), 10, 16)
	if err != nil || err2 != nil {
		return ip, 0, false
	}
	ip = [4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
	return ip, int(p&0xff<<8 | p>>8), true
}
