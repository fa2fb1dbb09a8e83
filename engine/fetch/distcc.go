package fetch

import (
	"strconv"

	"hawser/engine"
)

// The distcc protocol: tokens of four letters with eight hexadecimal digits, which
// are a value or the length of what follows.
func init() {
	spec := engine.OptArgs(1, engine.ArgStr, engine.ArgInt)
	engine.AddFetches(
		token(spec, row("distcc_param", engine.TSint, engine.OnBoth, "(token[,occ]): the value of a token of a distcc message.", func(e env, a args) (smp, stat) {
			v, _, st := distcc(e, a)
			return smp{Type: engine.TSint, Int: v}, st
		})),
		token(spec, row("distcc_body", engine.TBin, engine.OnBoth, "(token[,occ]): what follows a token of a distcc message.", func(e env, a args) (smp, stat) {
			_, body, st := distcc(e, a)
			return smp{Type: engine.TBin, B: body}, st
		})),
	)
}

// token holds the first argument to the length of distcc's tokens.
func token(spec engine.ArgSpec, f engine.Fetch) engine.Fetch {
	f.Args = spec
	f.Check = func(_ *engine.Build, a []engine.Arg) error {
		if len(a[0].Text) != 4 {
			return errText("token name must be exactly 4 characters")
		}
		return nil
	}
	return f
}

// withBody are the tokens whose value is the length of data.
func withBody(token string) bool {
	switch token {
	case "ARGV", "DOTI", "DOTO", "SERR", "SOUT", "TIME", "FINL":
		return true
	}
	return false
}

func distcc(e env, a args) (int64, []byte, stat) {
	b, all, ok := buffer(e, e.Dir)
	if !ok {
		return 0, nil, missing
	}
	occ := int64(1)
	if given(a, 1) {
		occ = a[1].Int
	}
	for len(b) >= 12 {
		token := string(b[:4])
		v, err := strconv.ParseUint(string(b[4:12]), 16, 32)
		if err != nil {
			return 0, nil, missing
		}
		b = b[12:]
		size := 0
		if withBody(token) {
			size = int(v)
		}
		if token == a[0].Text {
			if occ--; occ == 0 {
				if size > len(b) {
					break
				}
				return int64(v), b[:size], found
			}
		}
		if size > len(b) {
			break
		}
		b = b[size:]
	}
	if all || e.Final {
		return 0, nil, missing
	}
	return 0, nil, engine.Wait
}
