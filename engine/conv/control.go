package conv

import (
	"fmt"
	"strings"

	"hawser/engine"
)

// The sets of control characters: a bit for each of those below 32, bit 32 for DEL.
const (
	anyControl  = 0x1ffffffff
	mostControl = anyControl &^ (1 << '\t')
	httpControl = 1<<'\r' | 1<<'\n' | 1
)

func init() {
	made("has_ctl", engine.TBin, engine.TBool, "([mask]): true if there are control characters: by default all but TAB; any, http (CR, LF, NUL), or a number with a bit for each and bit 32 for DEL.", 0, types(engine.ArgStr), hasControl)
}

func hasControl(_ *engine.Build, a args) (engine.ConvFunc, error) {
	mask := uint64(mostControl)
	switch t := text(a, 0, ""); t {
	case "":
	case "any":
		mask = anyControl
	case "http":
		mask = httpControl
	default:
		var bad int
		if mask, bad = maskNumber(t); bad >= 0 {
			return nil, errText(fmt.Sprintf("cannot parse value '%s', problem at position %d; expecting an integer value (decimal or hex with '0x' prefix)", t, bad))
		}
	}
	return func(_ env, _ args, v smp) (smp, stat) {
		for _, c := range v.B {
			if c < 32 && mask>>c&1 != 0 || c == 127 && mask>>32 != 0 {
				return boolean(true)
			}
		}
		return boolean(false)
	}, nil
}

// maskNumber reads a decimal or hexadecimal number; bad is where it is none, else -1.
func maskNumber(t string) (v uint64, bad int) {
	base, at := uint64(10), 0
	if strings.HasPrefix(t, "0x") || strings.HasPrefix(t, "0X") {
		base, at = 16, 2
	}
	for ; at < len(t); at++ {
		d := hexVal(t[at])
		if d < 0 || uint64(d) >= base {
			return 0, at
		}
		v = v*base + uint64(d)
	}
	return v, -1
}
