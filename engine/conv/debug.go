package conv

import (
	"os"
	"sync"

	"hawser/engine"
	"hawser/parser/diag"
)

func init() {
	engine.AddConvs(engine.Conv{Name: "debug", In: engine.TAny, Out: engine.TSame, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgStr), Make: debug,
		Usage: "([prefix[,destination]]): passes the input on and prints it on stdout or stderr; there are no rings here for buf0, the default"})
}

// debugMu keeps lines whole.
var debugMu sync.Mutex

func debug(b *engine.Build, a args) (engine.ConvFunc, error) {
	prefix := text(a, 0, "")
	var out *os.File
	switch to := text(a, 1, ""); to {
	case "stdout":
		out = os.Stdout
	case "stderr":
		out = os.Stderr
	case "", "buf0":
		at := diag.Pos{}
		if len(a) > 0 {
			at = a[0].Pos
		}
		b.Notice(at, "converter 'debug' has no effect in Hawser without a destination of stdout or stderr: there are no rings")
		return func(_ env, _ args, v smp) (smp, stat) { return v, found }, nil
	default:
		return nil, errText("No such sink '" + to + "'")
	}
	return func(e env, _ args, v smp) (smp, stat) {
		m, shown := e.Mark(), v
		value := []byte("(undefined)")
		if e.Cast(&shown, engine.TStr) {
			value = shown.B
		}
		line := append([]byte("[debug] "+prefix+": type="+v.Type.String()+" <"), value...)
		debugMu.Lock()
		out.Write(append(line, ">\n"...))
		debugMu.Unlock()
		e.Tmp = e.Tmp[:m]
		return v, found
	}, nil
}
