package conv

import (
	"strconv"

	"hawser/engine"
)

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

func none() (smp, stat)        { return smp{}, missing }
func str(b []byte) (smp, stat) { return engine.Str(b), found }
func bin(b []byte) (smp, stat) { return engine.Bin(b), found }
func sint(v int64) (smp, stat) { return engine.Sint(v), found }
func boolean(v bool) (smp, stat) {
	return engine.Bool(v), found
}

type errText string

func (e errText) Error() string { return string(e) }

func given(a args, i int) bool { return i < len(a) && a[i].Type != engine.ArgNone }

func text(a args, i int, def string) string {
	if given(a, i) {
		return a[i].Text
	}
	return def
}

// conv registers a converter; the first min of types are required.
func conv(name string, in, out engine.Type, usage string, min int, types []engine.ArgType, f engine.ConvFunc) {
	engine.AddConvs(engine.Conv{Name: name, In: in, Out: out, Usage: usage, Args: engine.ArgSpec{Types: types, Min: min}, Eval: f})
}

// made registers a converter that is compiled for its arguments.
func made(name string, in, out engine.Type, usage string, min int, types []engine.ArgType, f func(*engine.Build, args) (engine.ConvFunc, error)) {
	engine.AddConvs(engine.Conv{Name: name, In: in, Out: out, Usage: usage, Args: engine.ArgSpec{Types: types, Min: min}, Make: f})
}

func types(t ...engine.ArgType) []engine.ArgType { return t }

// intArg is an integer written in the configuration or held by a variable.
func intArg(b *engine.Build, a engine.Arg) (func(env) (int64, bool), error) {
	if v, err := strconv.ParseInt(a.Text, 10, 64); err == nil {
		return func(env) (int64, bool) { return v, true }, nil
	}
	if a.Text == "" {
		return func(env) (int64, bool) { return 0, true }, nil
	}
	ref, err := b.Var(a.Text)
	if err != nil {
		return nil, errText("expects an integer or a variable name")
	}
	return func(e env) (int64, bool) {
		s, ok := e.Var(ref)
		if !ok || !e.Cast(&s, engine.TSint) {
			return 0, false
		}
		return s.Int, true
	}, nil
}

// strArg is a text written in the configuration or held by a variable.
func strArg(b *engine.Build, a engine.Arg) func(env) ([]byte, bool) {
	if ref, err := b.Var(a.Text); err == nil {
		return varBytes(ref)
	}
	t := []byte(a.Text)
	return func(env) ([]byte, bool) { return t, true }
}

func varBytes(ref engine.VarRef) func(env) ([]byte, bool) {
	return func(e env) ([]byte, bool) {
		s, ok := e.Var(ref)
		if !ok {
			return nil, false
		}
		if s.Type != engine.TStr && s.Type != engine.TBin && !e.Cast(&s, engine.TStr) {
			return nil, false
		}
		return s.B, true
	}
}
