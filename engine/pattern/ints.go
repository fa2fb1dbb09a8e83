package pattern

import (
	"slices"
	"strconv"
	"strings"

	"hawser/engine"
)

// intRange is a range of integers, both ends included.
type intRange struct{ lo, hi int64 }

const (
	minInt = -1 << 63
	maxInt = 1<<63 - 1
)

// ints is an index of integers and ranges. value takes the number from a sample.
type ints struct {
	value  func(*engine.Sample) int64
	exact  map[int64][]*item
	ranges []*item
}

func newInts(value func(*engine.Sample) int64) func(bool, int) index {
	return func(_ bool, n int) index { return &ints{value: value, exact: make(map[int64][]*item, n)} }
}

func (x *ints) add(it *item) {
	if it.num.lo == it.num.hi {
		x.exact[it.num.lo] = append(slices.Clip(x.exact[it.num.lo]), it)
		return
	}
	x.ranges = append(x.ranges, it)
}

func (x *ints) del(it *item) {
	same := func(o *item) bool { return o.ID == it.ID }
	if it.num.lo != it.num.hi {
		x.ranges = slices.DeleteFunc(x.ranges, same)
		return
	}
	if left := slices.DeleteFunc(x.exact[it.num.lo], same); len(left) > 0 {
		x.exact[it.num.lo] = left
	} else {
		delete(x.exact, it.num.lo)
	}
}

func (x *ints) find(_ *engine.Env, s *engine.Sample) (best *item) {
	v := x.value(s)
	if len(x.exact) > 0 {
		if l := x.exact[v]; len(l) > 0 {
			best = l[0]
		}
	}
	for _, it := range x.ranges {
		if v >= it.num.lo && v <= it.num.hi {
			best = earlier(best, it)
		}
	}
	return best
}

func ofInt(s *engine.Sample) int64 { return s.Int }
func ofLen(s *engine.Sample) int64 { return int64(len(s.B)) }

func parseInt(it *item, _ bool) error {
	r, err := parseRange(it.Key)
	it.num = r
	return err
}

// parseRange reads "a", "a:b", "a:", ":b", each number possibly with a minor one
// behind a dot ("3.1"), and the operators' form "gt 5".
func parseRange(s string) (intRange, error) {
	op, num, isOp := strings.Cut(s, " ")
	if isOp {
		v, ok := number(num)
		if !ok {
			return intRange{}, errText("'" + num + "' is not a number")
		}
		return opRange(op, v), nil
	}
	lo, hi, isRange := strings.Cut(s, ":")
	r := intRange{minInt, maxInt}
	var ok bool
	if !isRange {
		if r.lo, ok = number(lo); !ok {
			return r, errText("'" + s + "' is not a number")
		}
		r.hi = r.lo
		return r, nil
	}
	if lo != "" {
		if r.lo, ok = number(lo); !ok {
			return r, errText("'" + s + "' is not a number")
		}
	}
	if hi != "" {
		if r.hi, ok = number(hi); !ok {
			return r, errText("'" + s + "' is not a valid number range")
		}
	}
	if r.lo > r.hi || lo == "" && hi == "" {
		return r, errText("'" + s + "' is not a valid number range")
	}
	return r, nil
}

func opRange(op string, v int64) intRange {
	switch op {
	case "gt":
		return intRange{v + 1, maxInt}
	case "ge":
		return intRange{v, maxInt}
	case "lt":
		return intRange{minInt, v - 1}
	case "le":
		return intRange{minInt, v}
	}
	return intRange{v, v}
}

func isOperator(s string) bool {
	switch s {
	case "eq", "gt", "ge", "lt", "le":
		return true
	}
	return false
}

// number reads an integer or a dotted version, whose minor part counts in 1/65536.
func number(s string) (int64, bool) {
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v, true
	}
	major, minor, dotted := strings.Cut(s, ".")
	a, err := strconv.ParseUint(major, 10, 15)
	b, err2 := strconv.ParseUint(minor, 10, 16)
	if !dotted || err != nil || err2 != nil {
		return 0, false
	}
	return int64(a<<16 | b), true
}
