package conv

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"hawser/engine"
)

func init() {
	s, b := engine.TStr, engine.TBin
	conv("hex", b, s, "The bytes as upper-case hexadecimal digits.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		const digits = "0123456789ABCDEF"
		m := e.Mark()
		for _, c := range v.B {
			e.Tmp = append(e.Tmp, digits[c>>4], digits[c&15])
		}
		return str(e.Since(m))
	})
	conv("hex2i", s, engine.TSint, "The integer that hexadecimal digits make.", 0, nil, func(_ env, _ args, v smp) (smp, stat) {
		var n uint64
		for _, c := range v.B {
			d := hexVal(c)
			if d < 0 {
				return none()
			}
			n = n<<4 | uint64(d)
		}
		return sint(int64(n))
	})
	conv("base2", b, s, "The bytes as binary digits.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for _, c := range v.B {
			for i := 7; i >= 0; i-- {
				e.Tmp = append(e.Tmp, '0'+c>>i&1)
			}
		}
		return str(e.Since(m))
	})
	conv("base64", b, s, "The bytes in base64.", 0, nil, encode(base64.StdEncoding))
	conv("ub64enc", b, s, "The bytes in base64 for URLs, without padding.", 0, nil, encode(base64.RawURLEncoding))
	conv("b64dec", s, b, "The bytes that base64 holds.", 0, nil, decode(base64.StdEncoding))
	conv("ub64dec", s, b, "The bytes that base64 for URLs holds.", 0, nil, decode(base64.RawURLEncoding))
	conv("url_dec", s, s, "([in_form]): decodes percent signs; '+' is a space behind '?', or everywhere with 1.", 0, types(engine.ArgInt), urlDec)
	made("url_enc", s, s, "([mode]): encodes what may not stand in a query.", 1, types(engine.ArgStr), urlEncode)
	made("json", s, s, "(form): escapes for JSON: ascii, utf8, utf8s, utf8p, utf8ps.", 1, types(engine.ArgStr), jsonEscape)
	made("bytes", b, b, "(offset[,length]): a part of the bytes.", 1, types(engine.ArgStr, engine.ArgStr), bytesPart)
	conv("htonl", engine.TSint, b, "The integer as four bytes, most significant first.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		e.Tmp = binary.BigEndian.AppendUint32(e.Tmp, uint32(v.Int))
		return bin(e.Since(m))
	})
	chunked := types(engine.ArgStr, engine.ArgInt, engine.ArgInt)
	made("be2dec", b, s, "(separator,chunk[,truncate]): chunks of bytes as decimal numbers, big end first.", 1, chunked, chunks(10, false))
	made("le2dec", b, s, "(separator,chunk[,truncate]): chunks of bytes as decimal numbers, little end first.", 1, chunked, chunks(10, true))
	made("be2hex", b, s, "([separator[,chunk[,truncate]]]): chunks of bytes as hexadecimal digits.", 1, chunked, chunks(16, false))
}

func hexVal(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func encode(enc *base64.Encoding) engine.ConvFunc {
	return func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		e.Tmp = enc.AppendEncode(e.Tmp, v.B)
		return str(e.Since(m))
	}
}

func decode(enc *base64.Encoding) engine.ConvFunc {
	return func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		out, err := enc.AppendDecode(e.Tmp, v.B)
		if err != nil {
			return none()
		}
		e.Tmp = out
		return bin(e.Since(m))
	}
}

// urlDec decodes; a percent sign without two digits ends it with no result.
func urlDec(e env, a args, v smp) (smp, stat) {
	m := e.Mark()
	query := given(a, 0) && a[0].Int != 0
	for i := 0; i < len(v.B); i++ {
		c := v.B[i]
		switch {
		case c == '+' && query:
			c = ' '
		case c == '?':
			query = true
		case c == '%':
			if i+2 >= len(v.B) || hexVal(v.B[i+1]) < 0 || hexVal(v.B[i+2]) < 0 {
				return none()
			}
			c = byte(hexVal(v.B[i+1])<<4 | hexVal(v.B[i+2]))
			i += 2
		}
		e.Tmp = append(e.Tmp, c)
	}
	return str(e.Since(m))
}

func urlEncode(_ *engine.Build, a args) (engine.ConvFunc, error) {
	if t := text(a, 0, "query"); t != "" && t != "query" {
		return nil, errText("Unexpected encode type. Allowed value is 'query'")
	}
	return func(e env, _ args, v smp) (smp, stat) {
		const digits = "0123456789ABCDEF"
		m := e.Mark()
		for _, c := range v.B {
			if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.' || c == '_' || c == '~' {
				e.Tmp = append(e.Tmp, c)
			} else {
				e.Tmp = append(e.Tmp, '%', digits[c>>4], digits[c&15])
			}
		}
		return str(e.Since(m))
	}, nil
}

// jsonEscape compiles json(form): s skips what is not UTF-8, p prints it as Latin 1
// would, utf8 alone fails on it.
func jsonEscape(_ *engine.Build, a args) (engine.ConvFunc, error) {
	form := text(a, 0, "ascii")
	switch form {
	case "", "ascii", "utf8", "utf8s", "utf8p", "utf8ps":
	default:
		return nil, errText("Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'")
	}
	return func(e env, _ args, v smp) (smp, stat) {
		m := e.Mark()
		for i := 0; i < len(v.B); {
			r, n, ok := decodeRune(v.B[i:], form)
			i += n
			if !ok {
				if form == "utf8s" || form == "utf8ps" {
					continue
				}
				return none()
			}
			e.Tmp = appendJSON(e.Tmp, r)
		}
		return str(e.Since(m))
	}, nil
}

func appendJSON(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch r {
	case '"':
		return append(dst, `\"`...)
	case '\\':
		return append(dst, `\\`...)
	case '/':
		return append(dst, `\/`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r < 128 && r >= 32 && r != 127 {
		return append(dst, byte(r))
	}
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

func bytesPart(b *engine.Build, a args) (engine.ConvFunc, error) {
	off, err := intArg(b, a[0])
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(a[0].Text, "-") {
		return nil, errText("expects a non-negative integer")
	}
	length := func(env) (int64, bool) { return 1<<62 - 1, true }
	if given(a, 1) {
		if length, err = intArg(b, a[1]); err != nil {
			return nil, err
		}
		if strings.HasPrefix(a[1].Text, "-") || a[1].Text == "0" {
			return nil, errText("expects a positive integer")
		}
	}
	return func(e env, _ args, v smp) (smp, stat) {
		from, ok := off(e)
		n, ok2 := length(e)
		if !ok || !ok2 || from < 0 || n < 0 {
			return none()
		}
		if from >= int64(len(v.B)) {
			return bin(nil)
		}
		return bin(v.B[from:min(int64(len(v.B)), from+n)])
	}, nil
}

// chunks writes groups of bytes as numbers.
func chunks(base int, little bool) func(*engine.Build, args) (engine.ConvFunc, error) {
	return func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		size := 1
		switch {
		case given(a, 1):
			size = int(a[1].Int)
		case base == 10:
			size = 0
		}
		switch {
		case base == 10 && (size < 1 || size > 8):
			return nil, errText("chunk_size out of [1..8] range (" + strconv.Itoa(size) + ")")
		case base == 16 && given(a, 0) && a[0].Text != "" && !given(a, 1):
			return nil, errText("chunk_size needs to be positive (0)")
		case base == 16 && size < 1:
			return nil, errText("chunk_size needs to be positive (" + strconv.Itoa(size) + ")")
		case given(a, 2) && a[2].Int>>1 != 0:
			return nil, errText("Unsupported truncate value (" + strconv.FormatInt(a[2].Int, 10) + ")")
		}
		cut, sep := given(a, 2) && a[2].Int != 0, a[0].Text
		return func(e env, _ args, v smp) (smp, stat) {
			m := e.Mark()
			for b := v.B; len(b) > 0; {
				n := min(size, len(b))
				if n < size && cut {
					break
				}
				if len(e.Tmp) > m {
					e.Tmp = append(e.Tmp, sep...)
				}
				e.Tmp = appendChunk(e.Tmp, b[:n], base, little)
				b = b[n:]
			}
			return str(e.Since(m))
		}, nil
	}
}

func appendChunk(dst, b []byte, base int, little bool) []byte {
	const digits = "0123456789ABCDEF"
	if base == 16 {
		for _, c := range b {
			dst = append(dst, digits[c>>4], digits[c&15])
		}
		return dst
	}
	var n uint64
	for i, c := range b {
		if little { // HAProxy shifts 32-bit numbers, with their sign and around their end
			n |= uint64(int64(int32(uint32(c) << (8 * i & 31))))
		} else {
			n = n<<8 | uint64(c)
		}
	}
	return strconv.AppendUint(dst, n, 10)
}
