package logging

import (
	"strconv"
	"unicode/utf8"

	"hawser/engine"
)

func init() { engine.AppendLog = appendFormat }

const encoded = engine.LogJSON | engine.LogCBOR

// styled are the flags that change how a text is written.
const styled = encoded | engine.LogQuote | engine.LogEscape

// appendFormat evaluates a format: one value after the other, or a JSON or CBOR
// map of the named ones.
func appendFormat(dst []byte, f *engine.LogFormat, e *engine.Env) []byte {
	if f.Flags&encoded != 0 {
		return appendMap(dst, f, e)
	}
	merge := f.Flags&engine.LogLine != 0
	blank := true // nothing or a delimiter stands before
	for i := range f.Items {
		it := &f.Items[i]
		if it.Alias == nil && it.Expr == nil {
			text := it.Text
			if merge {
				if blank && len(text) > 0 && text[0] == ' ' {
					text = text[1:]
				}
				if len(text) > 0 {
					blank = text[len(text)-1] == ' '
				}
			}
			if len(text) == 1 {
				dst = append(dst, text[0])
			} else {
				dst = append(dst, text...)
			}
			continue
		}
		n := len(dst)
		dst = appendItem(dst, it, e)
		if len(dst) > n {
			blank = false
		}
	}
	return dst
}

func appendItem(dst []byte, it *engine.LogItem, e *engine.Env) []byte {
	a := it.Alias
	switch {
	case a == nil:
		return appendExpr(dst, it, e)
	case a.Encode != nil:
		return a.Encode(dst, e, it.Flags)
	}
	m := e.Mark()
	e.Tmp = a.Append(e.Tmp, e)
	dst = appendText(dst, e.Tmp[m:], it.Flags)
	e.Tmp = e.Tmp[:m]
	return dst
}

// appendMap writes the named items as one JSON or CBOR map.
func appendMap(dst []byte, f *engine.LogFormat, e *engine.Env) []byte {
	cbor := f.Flags&engine.LogCBOR != 0
	n := len(dst)
	if cbor {
		dst = append(dst, 0xBF)
	} else {
		dst = append(dst, '{')
	}
	first := true
	for i := range f.Items {
		it := &f.Items[i]
		if it.Name == "" {
			continue
		}
		if cbor {
			dst = cborHead(dst, 3, uint64(len(it.Name)))
			dst = append(dst, it.Name...)
			dst = appendItem(dst, it, e)
			continue
		}
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(dst, '"')
		dst = append(dst, it.Name...)
		dst = append(dst, `": `...)
		dst = appendItem(dst, it, e)
	}
	if !cbor {
		return append(dst, '}')
	}
	dst = append(dst, 0xFF)
	if f.Flags&engine.LogBin == 0 {
		dst = hexInPlace(dst, n)
	}
	return dst
}

const hexDigits = "0123456789ABCDEF"

// hexInPlace turns the bytes from n on into hexadecimal digits.
func hexInPlace(b []byte, n int) []byte {
	k := len(b) - n
	b = append(b, b[n:]...)
	for i := n + k - 1; i >= n; i-- {
		c := b[i]
		b[n+2*(i-n)], b[n+2*(i-n)+1] = hexDigits[c>>4], hexDigits[c&15]
	}
	return b
}

func appendExpr(dst []byte, it *engine.LogItem, e *engine.Env) []byte {
	m := e.Mark()
	s, st := it.Expr.Eval(e)
	if st == engine.Found && it.As != engine.TAny && !e.Cast(&s, it.As) {
		st = engine.Missing
	}
	if st != engine.Found {
		s = engine.Sample{Type: engine.TStr}
	}
	switch f := it.Flags; {
	case f&encoded != 0 && s.Type == engine.TBool:
		dst = appendBool(dst, s.Int != 0, f)
	case f&encoded != 0 && s.Type == engine.TSint:
		dst = appendNum(dst, s.Int, f)
	case f&engine.LogCBOR != 0 && st != engine.Found:
		dst = append(dst, 0xF6)
	case st == engine.Found && s.Type != engine.TBin && !e.Cast(&s, engine.TStr):
	default:
		b := s.B
		if s.Type == engine.TBin && f&engine.LogBin == 0 {
			b = untilNUL(b) // as text, bytes end at a NUL
		}
		dst = appendSample(dst, b, f)
	}
	e.Tmp = e.Tmp[:m]
	return dst
}

func untilNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// appendSample writes the bytes of an expression's value: as they are in a log
// line, without what HTTP forbids in a header.
func appendSample(dst, b []byte, f engine.LogFlags) []byte {
	switch {
	case f&engine.LogJSON != 0:
		return appendJSON(dst, b)
	case f&engine.LogCBOR != 0:
		return append(cborHead(dst, 3, uint64(len(b))), b...)
	case len(b) == 0:
		return appendAbsent(dst, f)
	}
	if f&engine.LogQuote != 0 {
		dst = append(dst, '"')
	}
	switch {
	case f&engine.LogHTTPText != 0:
		dst = appendHTTP(dst, b)
	case f&engine.LogEscape != 0:
		dst = appendEscaped(dst, b)
	default:
		dst = append(dst, b...)
	}
	if f&engine.LogQuote != 0 {
		dst = append(dst, '"')
	}
	return dst
}

func appendHTTP(dst, b []byte) []byte {
	for {
		n := 0
		for n < len(b) && (b[n] >= ' ' && b[n] != 0x7F || b[n] == '\t') {
			n++
		}
		dst = append(dst, b[:n]...)
		if n == len(b) {
			return dst
		}
		dst = append(dst, '%', hexDigits[b[n]>>4], hexDigits[b[n]&15])
		b = b[n+1:]
	}
}

func appendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		if c == '"' || c == '\\' || c == ']' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

// appendAbsent writes what stands for nothing.
func appendAbsent(dst []byte, f engine.LogFlags) []byte {
	switch {
	case f&engine.LogCBOR != 0:
		return append(dst, 0xF6)
	case f&engine.LogJSON != 0 || f&(engine.LogQuote|engine.LogMand) == engine.LogQuote|engine.LogMand:
		return append(dst, `""`...)
	case f&engine.LogMand != 0:
		return append(dst, '-')
	}
	return dst
}

// appendText writes a text that needs no masking (names, cookies already safe):
// quoted, escaped or encoded as the flags say.
func appendText(dst, b []byte, f engine.LogFlags) []byte {
	if len(b) == 0 {
		return appendAbsent(dst, f)
	}
	f &^= engine.LogHTTPText
	if f&engine.LogCBOR != 0 {
		dst = append(cborHead(append(dst, 0x7F), 3, uint64(len(b))), b...)
		return append(dst, 0xFF)
	}
	return appendSample(dst, b, f)
}

// appendWord writes a date or another text that is never quoted in plain lines.
func appendWord(dst, b []byte, f engine.LogFlags) []byte {
	if f&encoded == 0 && len(b) > 0 {
		return append(dst, b...)
	}
	return appendText(dst, b, f)
}

func appendNum(dst []byte, n int64, f engine.LogFlags) []byte {
	if f&engine.LogCBOR == 0 {
		if uint64(n) < 10 { // most of a line's
			return append(dst, byte('0'+n))
		}
		return strconv.AppendInt(dst, n, 10)
	}
	if n < 0 {
		return cborHead(dst, 1, uint64(-1-n))
	}
	return cborHead(dst, 0, uint64(n))
}

func appendBool(dst []byte, v bool, f engine.LogFlags) []byte {
	switch {
	case f&engine.LogCBOR != 0 && v:
		return append(dst, 0xF5)
	case f&engine.LogCBOR != 0:
		return append(dst, 0xF4)
	}
	return strconv.AppendBool(dst, v)
}

// cborHead writes a major type with its argument (RFC 8949, 3).
func cborHead(dst []byte, major byte, n uint64) []byte {
	t := major << 5
	switch {
	case n < 24:
		return append(dst, t|byte(n))
	case n < 1<<8:
		return append(dst, t|24, byte(n))
	case n < 1<<16:
		return append(dst, t|25, byte(n>>8), byte(n))
	case n < 1<<32:
		return append(dst, t|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	dst = append(dst, t|27)
	for sh := 56; sh >= 0; sh -= 8 {
		dst = append(dst, byte(n>>sh))
	}
	return dst
}

// appendJSON writes a JSON string (RFC 8259); bytes that are not UTF-8 pass. HAProxy
// leaves control characters as they are, which no JSON reader takes: here they are
// escaped.
func appendJSON(dst, b []byte) []byte {
	dst = append(dst, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendMasked writes b with what could confuse a reader of logs as #XX
// (configuration manual, 8.6): also braces and bars in captured headers.
func appendMasked(dst, b []byte, header bool) []byte {
	unsafe := &unsafeText
	if header {
		unsafe = &unsafeHeader
	}
	for {
		n := 0
		for n < len(b) && !unsafe[b[n]] {
			n++
		}
		dst = append(dst, b[:n]...)
		if n == len(b) {
			return dst
		}
		dst = append(dst, '#', hexDigits[b[n]>>4], hexDigits[b[n]&15])
		b = b[n+1:]
	}
}

// unsafeText and unsafeHeader are the bytes that appendMasked hides.
var unsafeText, unsafeHeader = func() (t, h [256]bool) {
	for c := range 256 {
		t[c] = c < ' ' || c >= utf8.RuneSelf-1 || c == '"' || c == '#'
		h[c] = t[c] || c == '{' || c == '|' || c == '}'
	}
	return t, h
}()

// masked writes a text from a client: masked, then quoted, escaped or encoded.
func masked(dst []byte, e *engine.Env, b []byte, header bool, f engine.LogFlags) []byte {
	switch {
	case len(b) == 0:
		return appendAbsent(dst, f)
	case f&styled == 0:
		return appendMasked(dst, b, header)
	case f&styled == engine.LogQuote:
		return append(appendMasked(append(dst, '"'), b, header), '"')
	}
	m := e.Mark()
	e.Tmp = appendMasked(e.Tmp, b, header)
	dst = appendText(dst, e.Tmp[m:], f)
	e.Tmp = e.Tmp[:m]
	return dst
}
