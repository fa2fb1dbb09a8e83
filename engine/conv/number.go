package conv

import (
	"math"

	"hawser/engine"
)

func init() {
	in := engine.TSint
	two := func(name, usage string, f func(a, b int64) int64) {
		made(name, in, in, "(value): "+usage+"; the value is an integer or a variable.", 1, types(engine.ArgStr), func(b *engine.Build, a args) (engine.ConvFunc, error) {
			v, err := intArg(b, a[0])
			if err != nil {
				return nil, err
			}
			return func(e env, _ args, s smp) (smp, stat) {
				n, ok := v(e)
				if !ok {
					return none()
				}
				return sint(f(s.Int, n))
			}, nil
		})
	}
	two("add", "adds to the input", addSat)
	two("sub", "subtracts from the input", subSat)
	two("mul", "multiplies the input", mulSat)
	two("div", "divides the input", func(a, b int64) int64 {
		if b == 0 {
			return math.MaxInt64
		}
		if a == math.MinInt64 && b == -1 {
			return math.MaxInt64
		}
		return a / b
	})
	two("mod", "the remainder of the input's division", func(a, b int64) int64 {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return 0
		}
		return a % b
	})
	two("and", "bitwise and", func(a, b int64) int64 { return a & b })
	two("or", "bitwise or", func(a, b int64) int64 { return a | b })
	two("xor", "bitwise exclusive or", func(a, b int64) int64 { return a ^ b })
	one := func(name string, out engine.Type, usage string, f func(int64) int64) {
		conv(name, in, out, usage, 0, nil, func(_ env, _ args, s smp) (smp, stat) {
			return smp{Type: out, Int: f(s.Int)}, found
		})
	}
	bit := func(v bool) int64 {
		if v {
			return 1
		}
		return 0
	}
	one("neg", in, "Changes the sign.", func(v int64) int64 { return -v })
	one("cpl", in, "Flips all bits.", func(v int64) int64 { return ^v })
	one("not", engine.TBool, "True if the input is zero.", func(v int64) int64 { return bit(v == 0) })
	one("bool", engine.TBool, "True if the input is not zero.", func(v int64) int64 { return bit(v != 0) })
	one("even", engine.TBool, "True if the input is even.", func(v int64) int64 { return bit(v&1 == 0) })
	one("odd", engine.TBool, "True if the input is odd.", func(v int64) int64 { return bit(v&1 != 0) })
}

func addSat(a, b int64) int64 {
	switch {
	case a > 0 && b > math.MaxInt64-a:
		return math.MaxInt64
	case a < 0 && b < math.MinInt64-a:
		return math.MinInt64
	}
	return a + b
}

func subSat(a, b int64) int64 {
	switch {
	case b < 0 && a > math.MaxInt64+b:
		return math.MaxInt64
	case b > 0 && a < math.MinInt64+b:
		return math.MinInt64
	}
	return a - b
}

func mulSat(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	c := a * b
	if c/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64) {
		return c
	}
	if (a < 0) == (b < 0) {
		return math.MaxInt64
	}
	return math.MinInt64
}
