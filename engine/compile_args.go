package engine

import (
	"net/netip"
	"strconv"
	"time"

	"hawser/parser/diag"
	"hawser/parser/expr"
	"hawser/parser/unit"
)

var argNames = map[ArgType]string{
	ArgInt: "integer", ArgStr: "string", ArgTime: "delay", ArgSize: "size", ArgIPv4: "IPv4 address",
	ArgIPv6: "IPv6 address", ArgMask4: "IPv4 mask", ArgMask6: "IPv6 mask", ArgAddr: "IPv4 or IPv6 address",
	ArgProxy: "proxy", ArgFront: "frontend", ArgBack: "backend", ArgServer: "server", ArgTable: "table",
	ArgUser: "user list", ArgRegex: "regex", ArgVar: "variable", ArgMap: "map", ArgID: "identifier", ArgIntStr: "string",
}

// args reads the arguments of a call by its specification; what names another
// object is resolved once all sections are read.
func (b *Build) args(spec ArgSpec, call *expr.Call, what string) ([]Arg, error) {
	given := call.Args
	if len(given) == 1 && given[0].Text == "" && len(spec.Types) == 0 {
		given = nil
	}
	if len(given) > len(spec.Types) {
		if len(spec.Types) == 0 {
			return nil, diag.Errorf(given[0].Pos, "%s '%s' : does not support any args", what, call.Name)
		}
		return nil, diag.Errorf(given[len(spec.Types)].Pos, "%s '%s' : end of arguments expected at position %d, but got '%s'",
			what, call.Name, len(spec.Types)+1, given[len(spec.Types)].Tail)
	}
	if len(given) == 0 && spec.Min == 1 && spec.Types[0] == ArgStr {
		given = []expr.Arg{{Pos: call.Pos}} // a single text may be left out: it is empty
	}
	out := make([]Arg, len(spec.Types))
	for i, t := range spec.Types {
		if i >= len(given) || given[i].Text == "" && i >= spec.Min && t != ArgStr {
			if i < spec.Min {
				if t == ArgBack || t == ArgProxy || t == ArgFront || t == ArgServer || t == ArgTable {
					if len(given) == 0 {
						b.resolveArg(&out[i], t, "", call)
						continue
					}
				}
				return nil, diag.Errorf(call.Pos, "%s '%s' : missing arguments (got %d/%d), type '%s' expected", what, call.Name, len(given), spec.Min, argNames[t])
			}
			if t == ArgBack || t == ArgTable || t == ArgFront {
				b.resolveArg(&out[i], t, "", call)
			}
			continue
		}
		out[i] = Arg{Type: t, Text: given[i].Text, Pos: given[i].Pos}
		if err := b.arg(&out[i], t, call); err != nil {
			return nil, diag.Errorf(given[i].Pos, "%s '%s' : failed to parse '%s' as type '%s' at position %d",
				what, call.Name, given[i].Text, argNames[t], i+1).WithAdvice("%s", err.Error())
		}
	}
	return out, nil
}

func (b *Build) arg(a *Arg, t ArgType, call *expr.Call) error {
	switch t {
	case ArgInt:
		v, err := strconv.ParseInt(a.Text, 0, 64)
		a.Int = v
		return err
	case ArgIntStr:
		a.Int, _ = strconv.ParseInt(a.Text, 10, 64)
	case ArgTime:
		d, err := unit.Time(a.Text, time.Millisecond)
		if err != nil {
			return err
		}
		a.Int = d.Milliseconds()
	case ArgSize:
		v, err := unit.Size(a.Text)
		if err != nil {
			return err
		}
		a.Int = int64(v)
	case ArgIPv4, ArgIPv6, ArgAddr:
		ip, err := netip.ParseAddr(a.Text)
		a.IP = ip
		return err
	case ArgMask4, ArgMask6:
		return parseMask(a, t)
	case ArgVar:
		v, err := b.Var(a.Text)
		a.Var = v
		return err
	case ArgProxy, ArgFront, ArgBack, ArgServer:
		b.resolveArg(a, t, a.Text, call)
	}
	return nil
}

func parseMask(a *Arg, t ArgType) error {
	bits := 32
	if t == ArgMask6 {
		bits = 128
	}
	if n, err := strconv.Atoi(a.Text); err == nil && n >= 0 && n <= bits {
		raw := make([]byte, bits/8)
		for i := range n {
			raw[i/8] |= 0x80 >> (i % 8)
		}
		a.Mask, _ = netip.AddrFromSlice(raw)
		a.Int = int64(n)
		return nil
	}
	m, err := netip.ParseAddr(a.Text)
	a.Mask, a.Int = m, -1
	return err
}

// resolveArg looks a proxy or server up after all sections are read.
func (b *Build) resolveArg(a *Arg, t ArgType, name string, call *expr.Call) {
	a.Type, a.Text = t, name
	if a.Pos.IsZero() {
		a.Pos = call.Pos
	}
	fetch, pos := call.Name, a.Pos
	set := a
	b.Later(func() {
		px := b.Px
		switch {
		case t == ArgTable:
			return
		case t == ArgServer:
			b.resolveServer(set, px, fetch)
			return
		case name == "":
			set.Px = px
		case t == ArgFront:
			set.Px = b.FindFrontend(name)
		case t == ArgBack:
			set.Px = b.FindBackend(name)
		default:
			if set.Px = b.FindBackend(name); set.Px == nil {
				set.Px = b.FindFrontend(name)
			}
		}
		if set.Px == nil {
			b.Alert(pos, "unable to find %s '%s' referenced in arg 1 of sample fetch keyword '%s'", argNames[t], name, fetch)
		}
	})
}

func (b *Build) resolveServer(a *Arg, px *Proxy, fetch string) {
	back, name := px, a.Text
	for i := range len(name) {
		if name[i] == '/' {
			back, name = b.FindBackend(a.Text[:i]), a.Text[i+1:]
			break
		}
	}
	if back != nil {
		a.Px, a.Srv = back, back.Server(name)
	}
	if a.Srv == nil {
		b.Alert(a.Pos, "unable to find server '%s' referenced in arg 1 of sample fetch keyword '%s'", a.Text, fetch)
	}
}

// Label is HAProxy's name of the argument type in listings.
func (t ArgType) Label() string { return argNames[t] }
