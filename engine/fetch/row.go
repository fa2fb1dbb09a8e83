package fetch

import (
	"hawser/engine"
)

// Shorthands for the tables.
type (
	env  = *engine.Env
	args = []engine.Arg
	smp  = engine.Sample
	stat = engine.Status
)

const (
	found   = engine.Found
	missing = engine.Missing
)

func none() (smp, stat) { return smp{}, missing }

func str(b []byte) (smp, stat) { return engine.Str(b), found }
func sint(v int64) (smp, stat) { return engine.Sint(v), found }
func boolean(v bool) (smp, stat) {
	return engine.Bool(v), found
}

// text returns a string that does not change while the sample is used.
func text(e env, s string) (smp, stat) {
	m := e.Mark()
	e.Tmp = append(e.Tmp, s...)
	return engine.Str(e.Since(m)), found
}

// row is a fetch without arguments.
func row(name string, out engine.Type, where engine.Where, usage string, eval engine.FetchFunc) engine.Fetch {
	return engine.Fetch{Name: name, Out: out, Where: where, Usage: usage, Eval: eval}
}

func needHTTP(f engine.Fetch) engine.Fetch {
	f.Needs |= engine.NeedHTTPReq
	return f
}

// ofHead marks a fetch whose value changes only with the request head.
func ofHead(f engine.Fetch) engine.Fetch {
	f.Head = true
	return needHTTP(f)
}

func withArgs(spec engine.ArgSpec, f engine.Fetch) engine.Fetch {
	f.Args = spec
	return f
}

func given(a args, i int) bool { return i < len(a) && a[i].Type != engine.ArgNone }
