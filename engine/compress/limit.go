package compress

import (
	"strconv"

	"hawser/engine"
	"hawser/engine/clock"
	"hawser/parser/diag"
)

func init() {
	row := func(name, usage string, parse func(*engine.Build, *engine.Line) error) engine.Keyword {
		return engine.Keyword{Name: name, In: engine.InGlobal, Max: 1, Usage: usage, Parse: parse}
	}
	engine.AddKeywords(
		row("maxcomprate", "maxcomprate <kB>: limit of bytes given to compression in a second; beyond it they pass uncompressed", parseRate),
		row("maxcompcpuusage", "maxcompcpuusage <percent>: no compression while the process uses more of its CPUs", parseCPU),
		row("maxzlibmem", "maxzlibmem <MB>: limit of the memory of compression; messages beyond it pass uncompressed", parseMem),
		row("tune.comp.maxlevel", "tune.comp.maxlevel <1..9>: how much effort to spend on compression (1)", parseLevel),
	)
}

// number reads an argument as HAProxy does: what is not a number is 0.
func number(b *engine.Build, l *engine.Line, missing string) (int, error) {
	if len(l.Words) < 2 {
		return 0, diag.Errorf(l.Words[0].Pos, "%s", missing)
	}
	w := l.Words[1]
	n, err := strconv.Atoi(w.Text)
	if err != nil {
		b.Warn(w.Pos, "'%s' is not a number: 0 is taken, as HAProxy does.", w.Text)
		return 0, nil
	}
	return n, nil
}

func parseRate(b *engine.Build, l *engine.Line) error {
	n, err := number(b, l, "'maxcomprate' expects an integer argument in kb/s.")
	b.RT.Global.MaxCompRate = n * 1024
	return err
}

func parseCPU(b *engine.Build, l *engine.Line) error {
	const say = "'maxcompcpuusage' expects an integer argument between 0 and 100."
	n, err := number(b, l, say)
	if err == nil && (n < 0 || n > 100) {
		return diag.Errorf(l.Words[1].Pos, say)
	}
	b.RT.Global.MaxCompCPU = n
	return err
}

func parseMem(b *engine.Build, l *engine.Line) error {
	n, err := number(b, l, "'maxzlibmem' expects an integer argument.")
	b.RT.Global.MaxZlibMem = n << 20
	return err
}

func parseLevel(b *engine.Build, l *engine.Line) error {
	const say = "'tune.comp.maxlevel' expects a numeric value between 1 and 9"
	if len(l.Words) < 2 {
		return diag.Errorf(l.Words[0].Pos, say)
	}
	n, err := strconv.Atoi(l.Words[1].Text)
	if err != nil || n < 1 || n > 9 {
		return diag.Errorf(l.Words[1].Pos, say)
	}
	b.RT.Global.Tune.CompLevel = n
	return nil
}

// tooFast reports that the limit of bytes per second is reached.
func tooFast(s *engine.Stream) bool {
	rt := s.Sess.RT
	limit := engine.LimitOf(&rt.Proc.Limits.Comp, rt.Global.MaxCompRate)
	return limit > 0 && rt.Proc.CompIn.Value(clock.Now()) > int64(limit)
}

// allowed reports whether the process may compress one more message.
func allowed(s *engine.Stream) bool {
	rt := s.Sess.RT
	if m := rt.Global.MaxZlibMem; m > 0 && rt.Proc.CompMem.Load()+stateSize > int64(m) {
		return false
	}
	if c := rt.Global.MaxCompCPU; c > 0 && c < 100 && clock.CPU() > c {
		return false
	}
	return !tooFast(s)
}
