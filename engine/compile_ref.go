package engine

import (
	"strconv"

	"hawser/parser/diag"
	"hawser/parser/expr"
)

// usedBy is what is being compiled: HAProxy names it when an argument refers to
// something that does not exist.
type usedBy struct {
	acl   bool
	fetch string // the name as written
	where Where
	line  bool // a log line
}

// in describes the i-th argument of a call for such messages.
func (b *Build) in(what string, call *expr.Call, i int) string {
	kind := "sample fetch keyword"
	if b.use.acl {
		kind = "ACL keyword"
	}
	out := "arg " + strconv.Itoa(i+1) + " of "
	if what == "converter" {
		out += "conversion keyword '" + call.Name + "' for " + kind + " '" + b.use.fetch + "'"
	} else {
		out += kind + " '" + b.use.fetch + "'"
	}
	if !b.use.acl {
		out += b.use.place()
	}
	if b.Px != nil {
		out += " in proxy '" + b.Px.Name + "'"
	}
	return out
}

func (u usedBy) place() string {
	switch w := u.where; {
	case u.line:
		return " in log-format string"
	case w&FeTCPConn != 0:
		return " in tcp-request connection expression"
	case w&FeTCPSess != 0:
		return " in tcp-request session expression"
	case w&(FeTCPCont|BeTCPCont) != 0 && w&(FeHTTPHdr|BeHTTPHdr) == 0:
		return " in tcp-request content expression"
	case w&(FeHTTPHdr|BeHTTPHdr) != 0:
		return " in http-request expression"
	case w&BeTCPRes != 0 && w&BeHTTPRes == 0:
		return " in tcp-response expression"
	case w&(BeHTTPRes|FeHTTPRes) != 0:
		return " in http-response response" // as HAProxy has it
	case w&FeSwitch != 0:
		return " in use_backend expression"
	}
	return ""
}

// Unresolved tells that the argument names a thing that is not there; kind is its
// HAProxy name.
func (b *Build) Unresolved(a *Arg, kind, name string) {
	b.Alert(a.Pos, "unable to find %s '%s' referenced in %s.", kind, name, a.In)
}

// resolveArg looks a proxy or server up after all sections are read.
func (b *Build) resolveArg(a *Arg, t ArgType, name string, pos diag.Pos) {
	a.Type, a.Text = t, name
	if a.Pos.IsZero() {
		a.Pos = pos
	}
	b.Later(func() {
		px := b.Px
		switch {
		case t == ArgTable:
			return
		case t == ArgServer:
			b.resolveServer(a, px)
			return
		case name == "":
			b.ownProxy(a, px)
			return
		case t == ArgFront:
			a.Px = b.FindFrontend(name)
		case t == ArgBack:
			a.Px = b.FindBackend(name)
		default:
			if a.Px = b.FindBackend(name); a.Px == nil {
				a.Px = b.FindFrontend(name)
			}
		}
		if a.Px == nil {
			b.Unresolved(a, argNames[t], name)
			return
		}
		b.refer(a.Px, nil)
	})
}

// ownProxy takes the proxy of the line, which must be of the wanted side.
func (b *Build) ownProxy(a *Arg, px *Proxy) {
	a.Px = px
	side, word := Back, "backend"
	if a.Type == ArgFront {
		side, word = Front, "frontend"
	}
	switch {
	case px == nil:
		b.Unresolved(a, argNames[a.Type], "")
	case a.Type != ArgProxy && px.Side&(side|IsDefaults) == 0:
		b.Alert(a.Pos, "proxy '%s', referenced in %s, has not %s capability.", px.Name, a.In, word)
	}
}

func (b *Build) resolveServer(a *Arg, px *Proxy) {
	back, name := px, a.Text
	for i := range len(name) {
		if name[i] == '/' {
			back, name = b.FindBackend(a.Text[:i]), a.Text[i+1:]
			if back == nil {
				b.Unresolved(a, "proxy", a.Text[:i])
				return
			}
			break
		}
	}
	if back != nil {
		a.Px, a.Srv = back, back.Server(name)
	}
	if a.Srv != nil {
		b.refer(a.Px, a.Srv)
	}
	if a.Srv == nil {
		in := ""
		if back != nil {
			in = " in proxy '" + back.Name + "',"
		}
		b.Alert(a.Pos, "unable to find server '%s'%s referenced in %s.", name, in, a.In)
	}
}

// refer remembers that something compiled names a proxy and perhaps a server: the
// runtime API cannot delete them.
func (b *Build) refer(px *Proxy, srv *Server) {
	if b.live {
		return
	}
	px.Referenced = true
	if srv != nil {
		srv.Referenced = true
	}
}
