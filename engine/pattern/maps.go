package pattern

import (
	"net/netip"
	"strconv"

	"hawser/engine"
	"hawser/engine/rx"
)

func init() {
	for _, m := range []struct {
		name, kind string
		in         engine.Type
		outs       string
	}{
		{"map", "str", engine.TStr, "s"}, {"map_str", "str", engine.TStr, "sipk"}, {"map_beg", "beg", engine.TStr, "sipk"},
		{"map_end", "end", engine.TStr, "sipk"}, {"map_sub", "sub", engine.TStr, "sipk"}, {"map_dir", "dir", engine.TStr, "sipk"},
		{"map_dom", "dom", engine.TStr, "sipk"}, {"map_reg", "reg", engine.TStr, "sipk"}, {"map_regm", "regm", engine.TStr, "s"},
		{"map_int", "int", engine.TSint, "sipk"}, {"map_ip", "ip", engine.TAddr, "sipk"},
	} {
		for i := range len(m.outs) {
			addMap(m.name, m.kind, m.in, m.outs[i])
		}
	}
}

func addMap(name, kind string, in engine.Type, out byte) {
	c := engine.Conv{Name: name, In: in, Out: engine.TStr, Args: engine.OptArgs(1, engine.ArgStr, engine.ArgStr),
		Usage: "(file[,default]): looks the input up in a map file and returns the value beside the key that matches (" + kind + ")."}
	switch out {
	case 'i':
		c.Name, c.Out = name+"_int", engine.TSint
		c.Args = engine.OptArgs(1, engine.ArgStr, engine.ArgInt)
	case 'p':
		c.Name, c.Out = name+"_ip", engine.TAddr
	case 'k':
		c.Name = name + "_key"
		c.Args = engine.OptArgs(1, engine.ArgStr)
		c.Usage = "(file): looks the input up in a map file and returns the key that matches (" + kind + ")."
	}
	key, typ := out == 'k', c.Out
	c.Make = func(b *engine.Build, args []engine.Arg) (engine.ConvFunc, error) {
		return makeMap(b, args, kind, typ, key)
	}
	engine.AddConvs(c)
}

func makeMap(b *engine.Build, args []engine.Arg, kind string, out engine.Type, key bool) (engine.ConvFunc, error) {
	r, err := fileRef(b, args[0].Text, true)
	if err != nil {
		return nil, err
	}
	r.usedBy("map", args[0].Pos)
	k := viewKey{kind: kind, out: out}
	if key {
		k.out = engine.TAny
	}
	v, err := r.view(k)
	if err != nil {
		return nil, err
	}
	def, st := engine.Sample{}, engine.Missing
	if len(args) > 1 && args[1].Type != engine.ArgNone {
		st = engine.Found
		if !parseValue(&def, args[1].Text, out) {
			return nil, errText("'" + args[1].Text + "' is not a valid IPv4 or IPv6 address")
		}
	}
	return func(e *engine.Env, _ []engine.Arg, s engine.Sample) (engine.Sample, engine.Status) {
		it := v.find(e, e.Hold(s))
		switch {
		case it == nil:
			return def, st
		case key:
			return engine.Str(unsafeBytes(it.Key)), engine.Found
		case kind == "regm":
			return expandMap(e, it, s.B), engine.Found
		}
		return it.val, engine.Found
	}, nil
}

func expandMap(e *engine.Env, it *item, subject []byte) engine.Sample {
	m := e.Mark()
	e.Tmp = rx.Expand(e.Tmp, it.Val, subject, it.re.Find(subject, 0))
	return engine.Str(e.Since(m))
}

// parseValue turns a map's value into a sample of the converter's output type.
func parseValue(s *engine.Sample, text string, out engine.Type) bool {
	switch out {
	case engine.TSint:
		v, err := strconv.ParseInt(text, 10, 64)
		*s = engine.Sint(v)
		return err == nil
	case engine.TAddr:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
		*s = engine.IP(a)
	default:
		*s = engine.Str([]byte(text))
	}
	return true
}
