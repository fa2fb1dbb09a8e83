package conv

import (
	"bytes"
	"strconv"
	"strings"

	"hawser/engine"
)

// The parts of a text between delimiters: fields, words, parameters.
func init() {
	s := engine.TStr
	counted("field", "(index,delimiters[,count]): the field of that index, counted from the end if negative.", field)
	counted("word", "(index,delimiters[,count]): as field, empty fields left out.", word)
	engine.AddConvs(engine.Conv{Name: "param", In: s, Out: s, Usage: "(name[,delim]): the value of a parameter in a query string; delim is one character or its number as 0xHH.",
		Args: engine.OptArgs(1, engine.ArgStr, engine.ArgStr), Check: checkDelimiter, Eval: param})
}

// counted registers a converter whose first argument counts from 1.
func counted(name, usage string, f engine.ConvFunc) {
	engine.AddConvs(engine.Conv{Name: name, In: engine.TStr, Out: engine.TStr, Usage: usage, Args: engine.OptArgs(2, engine.ArgInt, engine.ArgStr, engine.ArgInt), Eval: f,
		Check: func(_ *engine.Build, a []engine.Arg) error {
			if a[0].Int == 0 {
				return errText("Unexpected value 0 for index")
			}
			if a[1].Text == "" {
				return errText("Empty separators list")
			}
			return nil
		}})
}

// field finds the index-th field and, with a count, those behind it up to the
// count; 0 means all the rest. Every delimiter ends a field.
func field(_ env, a args, v smp) (smp, stat) {
	b, delims, count := v.B, a[1].Text, 1
	if given(a, 2) {
		count = int(a[2].Int)
	}
	n := int(a[0].Int)
	if n < 0 {
		return fieldsFromEnd(b, -n, count, delims)
	}
	start, seen := 0, 1
	for i := 0; ; i++ {
		if i < len(b) && strings.IndexByte(delims, b[i]) < 0 {
			continue
		}
		if seen == n {
			if count == 0 {
				return str(b[start:])
			}
			if count == 1 || i == len(b) {
				return str(b[start:min(i, len(b))])
			}
			count--
		} else {
			seen, start = seen+1, i+1
		}
		if i >= len(b) {
			return none()
		}
	}
}

// fieldsFromEnd is field counted from the end; the fields before the n-th belong to
// it where the count says so.
func fieldsFromEnd(b []byte, n, count int, delims string) (smp, stat) {
	end, seen := len(b), 1
	for i := len(b) - 1; ; i-- {
		if i >= 0 && strings.IndexByte(delims, b[i]) < 0 {
			continue
		}
		if seen == n {
			if count == 0 {
				return str(b[:end])
			}
			if count == 1 || i < 0 {
				return str(b[i+1 : end])
			}
			count--
		} else {
			seen, end = seen+1, i
		}
		if i < 0 {
			return none()
		}
	}
}

func word(_ env, a args, v smp) (smp, stat) {
	b, delims, count := v.B, a[1].Text, 1
	if given(a, 2) {
		count = int(a[2].Int)
	}
	type span struct{ from, to int }
	at := func(i int) bool { return strings.IndexByte(delims, b[i]) >= 0 }
	n := int(a[0].Int)
	step, i := 1, 0
	if n < 0 {
		step, i, n = -1, len(b)-1, -n
	}
	in := func(i int) bool { return i >= 0 && i < len(b) }
	first, last := span{-1, -1}, span{}
	for seen := 0; in(i); {
		for in(i) && at(i) {
			i += step
		}
		if !in(i) {
			break
		}
		from := i
		for in(i) && !at(i) {
			i += step
		}
		w := span{from, i}
		if step < 0 {
			w = span{i + 1, from + 1}
		}
		seen++
		if seen == n {
			first, last = w, w
			if count == 0 {
				if step > 0 {
					return str(b[w.from:])
				}
				return str(b[:w.to])
			}
		} else if seen > n {
			last = w
		}
		if seen >= n && seen-n+1 == count {
			if step < 0 {
				first, last = last, first
			}
			return str(b[first.from:last.to])
		}
	}
	switch {
	case first.from < 0:
		return none()
	case step < 0:
		return str(b[:first.to])
	}
	return str(b[first.from:]) // fewer than wanted: all the rest
}

func checkDelimiter(_ *engine.Build, a []engine.Arg) error {
	if !given(a, 1) || len(a[1].Text) == 1 {
		return nil
	}
	if d := a[1].Text; len(d) == 4 && d[:2] == "0x" {
		if _, err := strconv.ParseUint(d, 0, 8); err == nil {
			return nil
		}
	}
	return errText("Delimiter must be either exactly 1 character, or 0xHH for an ASCII code ")
}

func param(_ env, a args, v smp) (smp, stat) {
	delim := byte('&')
	if d := text(a, 1, ""); d != "" {
		delim = d[0]
		if n, err := strconv.ParseUint(d, 0, 8); err == nil && len(d) == 4 {
			delim = byte(n)
		}
	}
	for b := v.B; len(b) > 0; {
		var pair []byte
		if i := bytes.IndexByte(b, delim); i >= 0 {
			pair, b = b[:i], b[i+1:]
		} else {
			pair, b = b, nil
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		if string(name) == a[0].Text {
			return str(value)
		}
	}
	return none()
}
