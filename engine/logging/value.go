package logging

import (
	"net"
	"net/netip"
	"strconv"
	"time"

	"hawser/engine"
)

type env = *engine.Env

func alias(name string, out engine.Type, usage string, enc func(dst []byte, e env, f engine.LogFlags) []byte) engine.LogAlias {
	return engine.LogAlias{Name: name, Usage: usage, Out: out, Encode: enc}
}

// num is an alias with a number; plus tells that it is not final in a line that
// was written early.
func num(name, usage string, plus bool, of func(e env, v view) int64) engine.LogAlias {
	return alias(name, engine.TSint, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		if plus && f&encoded == 0 && early(e) {
			dst = append(dst, '+')
		}
		return appendNum(dst, of(e, viewOf(e)), f)
	})
}

// hexNum is a number that +X writes with at least so many hexadecimal digits.
func hexNum(name, usage string, digits int, of func(e env, v view) int64) engine.LogAlias {
	return alias(name, engine.TSint, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		n := of(e, viewOf(e))
		if f&engine.LogHex == 0 || f&encoded != 0 {
			return appendNum(dst, n, f)
		}
		return appendHex(dst, uint64(n), digits)
	})
}

// text is an alias with a name of our own.
func text(name, usage string, of func(e env, v view) string) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		t := of(e, viewOf(e))
		if f&styled == 0 && t != "" {
			return append(dst, t...)
		}
		m := e.Mark()
		e.Tmp = append(e.Tmp, t...)
		dst = appendText(dst, e.Tmp[m:], f)
		e.Tmp = e.Tmp[:m]
		return dst
	})
}

// word is an alias that is never quoted in plain lines: dates, flags.
func word(name, usage string, of func(dst []byte, e env, v view) []byte) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		if f&encoded == 0 {
			n := len(dst)
			if dst = of(dst, e, viewOf(e)); len(dst) > n {
				return dst
			}
			return appendAbsent(dst, f)
		}
		m := e.Mark()
		e.Tmp = of(e.Tmp, e, viewOf(e))
		dst = appendWord(dst, e.Tmp[m:], f)
		e.Tmp = e.Tmp[:m]
		return dst
	})
}

// client is an alias with text that came from a client: masked.
func client(name, usage string, of func(dst []byte, e env, v view) []byte) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		v := viewOf(e)
		if v.bad() {
			return appendText(dst, badReq, f)
		}
		m := e.Mark()
		e.Tmp = of(e.Tmp, e, v)
		k := e.Mark()
		dst = masked(dst, e, e.Tmp[m:k], false, f)
		e.Tmp = e.Tmp[:m]
		return dst
	})
}

var badReq = []byte("<BADREQ>")

// addr and port are aliases of an endpoint.
func addr(name, usage string, of func(e env, v view) (netip.AddrPort, bool)) engine.LogAlias {
	return alias(name, engine.TStr, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		a, unix := of(e, viewOf(e))
		m := e.Mark()
		switch {
		case a.Addr().IsValid() && f&engine.LogHex != 0:
			if f&encoded == 0 {
				return appendHexIP(dst, a.Addr())
			}
			e.Tmp = appendHexIP(e.Tmp, a.Addr())
		case a.Addr().IsValid() && f&styled == 0:
			return appendIP(dst, a.Addr())
		case a.Addr().IsValid():
			e.Tmp = appendIP(e.Tmp, a.Addr())
		case unix:
			e.Tmp = append(e.Tmp, "unix"...)
		}
		dst = appendText(dst, e.Tmp[m:], f)
		e.Tmp = e.Tmp[:m]
		return dst
	})
}

// appendIP writes an address without its zone.
func appendIP(dst []byte, a netip.Addr) []byte {
	if a.Is6() {
		a = a.WithZone("")
	}
	return a.AppendTo(dst)
}

func port(name, usage string, of func(e env, v view) (netip.AddrPort, bool)) engine.LogAlias {
	return alias(name, engine.TSint, usage, func(dst []byte, e env, f engine.LogFlags) []byte {
		v := viewOf(e)
		a, unix := of(e, v)
		n := int64(a.Port())
		switch {
		case unix && v.sess != nil && v.sess.Bind != nil:
			n = int64(v.sess.Bind.ID)
		case !a.IsValid():
			return appendAbsent(dst, f)
		}
		if f&engine.LogHex != 0 && f&encoded == 0 {
			return appendHex(dst, uint64(n), 4)
		}
		return appendNum(dst, n, f)
	})
}

func appendHex(dst []byte, n uint64, digits int) []byte {
	var b [16]byte
	i := len(b)
	for n > 0 || digits > len(b)-i {
		i--
		b[i] = hexDigits[n&15]
		n >>= 4
	}
	return append(dst, b[i:]...)
}

func appendHexIP(dst []byte, a netip.Addr) []byte {
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		for _, c := range b {
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		return dst
	}
	b := a.As16()
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

func endpoint(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// appendDate writes 02/Jan/2006:15:04:05.
func appendDate(dst []byte, t time.Time) []byte {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	dst = append(two(dst, d), '/')
	dst = append(dst, months[3*int(mo)-3:3*int(mo)]...)
	dst = append(dst, '/')
	dst = strconv.AppendInt(dst, int64(y), 10)
	dst = append(dst, ':')
	dst = append(two(dst, h), ':')
	dst = append(two(dst, mi), ':')
	return two(dst, s)
}

// appendZone writes " +0100".
func appendZone(dst []byte, t time.Time) []byte {
	_, off := t.Zone()
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	dst = append(dst, ' ', sign)
	return two(two(dst, off/3600), off/60%60)
}

func appendMilli(dst []byte, t time.Time) []byte {
	n := t.Nanosecond() / 1e6
	return append(dst, '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
