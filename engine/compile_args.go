package engine

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"hawser/parser/diag"
	"hawser/parser/expr"
	"hawser/parser/unit"
)

var argNames = map[ArgType]string{
	ArgInt: "integer", ArgStr: "string", ArgTime: "delay", ArgSize: "size", ArgIPv4: "IPv4 address",
	ArgIPv6: "IPv6 address", ArgMask4: "IPv4 mask", ArgMask6: "IPv6 mask", ArgAddr: "IPv4 or IPv6 address",
	ArgProxy: "proxy", ArgFront: "frontend", ArgBack: "backend", ArgServer: "server", ArgTable: "table",
	ArgUser: "user list", ArgRegex: "regex", ArgVar: "string", ArgMap: "string", ArgID: "Protocol buffers field number", ArgIntStr: "string",
}

// args reads the arguments of a call by its specification; what names another
// object is resolved once all sections are read.
func (b *Build) args(spec ArgSpec, call *expr.Call, what string) ([]Arg, error) {
	given := call.Args
	if len(given) == 1 && given[0].Text == "" && len(spec.Types) == 0 {
		given = nil
	}
	if len(given) == 0 && spec.Min > 0 {
		given = []expr.Arg{{Pos: call.Pos}} // none is an empty one
	}
	out := make([]Arg, len(spec.Types))
	for i, t := range spec.Types {
		if i < len(given) && given[i].Text == "" && len(given) > 1 && !mayBeEmpty(t) && !names(t) {
			if i >= spec.Min { // where one is missing, the end is expected
				return nil, argError(call, given[i].Pos, what, i, "expected ')' before '%s'", given[i].Tail)
			}
			return nil, argError(call, call.Pos, what, i, "expected type '%s' at position %d, but got nothing", t.Label(), i+1)
		}
		if i >= len(given) || given[i].Text == "" && (i >= spec.Min || i == 0 && len(given) == 1) && !mayBeEmpty(t) {
			switch {
			case i < spec.Min && i < len(given) && !names(t):
				return nil, argError(call, call.Pos, what, i, "expected type '%s' at position %d, but got nothing", t.Label(), i+1)
			case i < spec.Min && !(names(t) && len(call.Args) == 0 && i == 0):
				return nil, argError(call, call.Pos, what, i, "missing arguments (got %d/%d), type '%s' expected", len(given), spec.Min, t.Label())
			}
			continue
		}
		out[i] = Arg{Type: t, Text: given[i].Text, Pos: given[i].Pos}
		if out[i].Pos.IsZero() {
			out[i].Pos = call.Pos
		}
		if err := b.arg(&out[i], t); err != nil {
			d := argError(call, out[i].Pos, what, i, "failed to parse '%s' as type '%s' at position %d", given[i].Text, t.Label(), i+1)
			if say := examples[t]; say != "" {
				d.WithAdvice("%s", say)
			}
			return nil, d
		}
	}
	if n := len(spec.Types); len(given) > n {
		comma := ""
		if n > 0 {
			comma = ","
		}
		number := max(n-1, 0) // of the last one that it takes; HAProxy calls the second of one 2
		if n == 1 {
			number = 1
		}
		return nil, argError(call, given[n].Pos, what, number, "expected ')' before '%s%s'", comma, given[n].Tail)
	}
	return out, b.settle(out, spec, call, what)
}

// settle gives names a meaning, once the arguments are complete: variables now,
// other objects when all sections are read.
func (b *Build) settle(out []Arg, spec ArgSpec, call *expr.Call, what string) error {
	for i, t := range spec.Types {
		a := &out[i]
		switch {
		case a.Type == ArgNone:
			if t == ArgBack || t == ArgTable || t == ArgFront || i < spec.Min {
				a.In = b.in(what, call, i)
				b.resolveArg(a, t, "", call.Pos)
			}
		case t == ArgVar:
			v, err := b.Var(a.Text)
			if err != nil {
				return diag.Errorf(a.Pos, "invalid args in %s '%s' : %s", what, call.Name, strings.TrimSuffix(sentence(err), "."))
			}
			a.Var = v
		case names(t):
			a.In = b.in(what, call, i)
			if t != ArgTable && t != ArgUser { // these are looked for by who uses them
				b.resolveArg(a, t, a.Text, call.Pos)
			}
		}
	}
	return nil
}

// examples show what a type looks like.
var examples = map[ArgType]string{
	ArgInt: "a whole number is expected, as 5 or -1", ArgIPv4: "expected is an address such as 192.0.2.1", ArgIPv6: "expected is an address such as 2001:db8::1",
	ArgAddr: "expected is an address such as 192.0.2.1 or 2001:db8::1", ArgMask4: "expected is a number of bits up to 32, or a mask such as 255.255.255.0",
	ArgMask6: "expected is a number of bits up to 128, or a mask such as ffff::", ArgID: "expected are numbers with dots between, as 1.2.3",
}

// mayBeEmpty tells whether an empty word is a value of a type.
func mayBeEmpty(t ArgType) bool {
	return t == ArgStr || t == ArgVar || t == ArgMap || t == ArgRegex || t == ArgIntStr
}

// argError is HAProxy's sentence about an argument: it numbers those of converters.
func argError(call *expr.Call, pos diag.Pos, what string, i int, format string, a ...any) *diag.Diagnostic {
	d := diag.Errorf(pos, format, a...)
	if what == "converter" {
		d.Message = "invalid arg " + strconv.Itoa(i+1) + " in converter '" + call.Name + "' : " + d.Message
	} else {
		d.Message = what + " '" + call.Name + "' : " + d.Message
	}
	return d
}

// sentence is an error's message, without its place.
func sentence(err error) string {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d.Message
	}
	return err.Error()
}

// names tells whether an argument of a type is another object's name.
func names(t ArgType) bool {
	return t == ArgBack || t == ArgProxy || t == ArgFront || t == ArgServer || t == ArgTable || t == ArgUser
}

func (b *Build) arg(a *Arg, t ArgType) error {
	switch t {
	case ArgInt:
		v, err := strconv.ParseInt(a.Text, 0, 64)
		a.Int = v
		if errors.Is(err, strconv.ErrRange) { // as far as it goes
			return nil
		}
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
	case ArgID:
		for _, p := range strings.Split(a.Text, ".") {
			if _, err := strconv.ParseUint(p, 10, 32); err != nil {
				return err
			}
		}
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

// Label is HAProxy's name of the argument type in listings.
func (t ArgType) Label() string { return argNames[t] }
