package engine

import (
	"bytes"
	"math"
	"net/netip"
	"strconv"

	"hawser/engine/htx"
)

// castFunc converts a sample in place; false means that it has no such value.
type castFunc func(e *Env, s *Sample) bool

func castNone(*Env, *Sample) bool { return true }

// casts holds the implicit conversions (configuration manual, 7.3.1, the table
// of conversions by type): nil means that there is none.
var casts [nTypes][nTypes]castFunc

func init() {
	for _, t := range []Type{TBool, TSint, TIPv4, TIPv6, TStr, TBin, TMeth} {
		casts[t][t] = castNone
		casts[t][TAny], casts[t][TSame] = castNone, castNone
	}
	casts[TBool][TSint] = retype(TSint)
	casts[TBool][TStr], casts[TSint][TStr] = castIntStr, castIntStr
	casts[TSint][TBool] = castIntBool
	casts[TSint][TBin], casts[TBool][TBin] = castIntBin, castIntBin
	casts[TSint][TIPv4], casts[TSint][TAddr] = castIntIP, castIntIP
	casts[TSint][TIPv6] = castIntIP6
	casts[TIPv4][TAddr], casts[TIPv6][TAddr] = castNone, castNone
	casts[TIPv4][TSint] = castIPInt
	casts[TIPv4][TIPv6], casts[TIPv6][TIPv4] = castIP6, castIP4
	casts[TIPv4][TStr], casts[TIPv6][TStr] = castIPStr, castIPStr
	casts[TIPv4][TBin], casts[TIPv6][TBin] = castIPBin, castIPBin
	casts[TStr][TBool] = castStrBool
	casts[TStr][TSint] = castStrInt
	casts[TStr][TAddr], casts[TStr][TIPv4], casts[TStr][TIPv6] = castStrIP(TAddr), castStrIP(TIPv4), castStrIP(TIPv6)
	casts[TStr][TBin], casts[TBin][TStr] = retype(TBin), castBinStr
	casts[TStr][TMeth] = castStrMeth
	casts[TMeth][TStr], casts[TMeth][TBin] = castMethStr, castMethStr
}

// CanCast reports whether a value of type from may stand where to is wanted.
func CanCast(from, to Type) bool {
	if from == to || to == TAny || to == TSame || from == TAny {
		return true
	}
	if from == TAddr {
		if to == TSint || to == TBool { // of IPv4 only, which is not known before
			return false
		}
		return casts[TIPv4][to] != nil || casts[TIPv6][to] != nil
	}
	return casts[from][to] != nil
}

// Cast converts s to type t.
func (e *Env) Cast(s *Sample, t Type) bool {
	if s.Type == t || t == TAny || t == TSame {
		return true
	}
	f := casts[s.Type][t]
	if f == nil {
		return false
	}
	if s == &e.cast {
		return f(e, &e.cast)
	}
	e.cast = *s
	ok := f(e, &e.cast)
	*s = e.cast
	return ok
}

func retype(t Type) castFunc {
	return func(_ *Env, s *Sample) bool { s.Type = t; return true }
}

func castIntBool(_ *Env, s *Sample) bool {
	if s.Int != 0 {
		s.Int = 1
	}
	s.Type = TBool
	return true
}

func castIntStr(e *Env, s *Sample) bool {
	m := e.Mark()
	e.Tmp = strconv.AppendInt(e.Tmp, s.Int, 10)
	s.B, s.Type = e.Since(m), TStr
	return true
}

func castIntBin(e *Env, s *Sample) bool {
	m := e.Mark()
	for sh := 56; sh >= 0; sh -= 8 {
		e.Tmp = append(e.Tmp, byte(s.Int>>sh))
	}
	s.B, s.Type = e.Since(m), TBin
	return true
}

func castIntIP(_ *Env, s *Sample) bool {
	v := uint32(s.Int)
	s.IP, s.Type = netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), TIPv4
	return true
}

func castIntIP6(e *Env, s *Sample) bool { return castIntIP(e, s) && castIP6(e, s) }

func castIPInt(_ *Env, s *Sample) bool {
	a := s.IP.As4()
	s.Int, s.Type = int64(a[0])<<24|int64(a[1])<<16|int64(a[2])<<8|int64(a[3]), TSint
	return true
}

func castIP6(_ *Env, s *Sample) bool {
	s.IP, s.Type = netip.AddrFrom16(s.IP.As16()), TIPv6
	return true
}

func castIP4(_ *Env, s *Sample) bool {
	a := s.IP.Unmap()
	if !a.Is4() {
		b := s.IP.As16()
		switch {
		case b[0] == 0x20 && b[1] == 0x02: // 2002::/16 carries an IPv4 address behind its prefix
			a = netip.AddrFrom4([4]byte(b[2:6]))
		case [12]byte(b[:12]) == [12]byte{}: // ::/96, IPv4-compatible
			a = netip.AddrFrom4([4]byte(b[12:]))
		default:
			return false
		}
	}
	s.IP, s.Type = a, TIPv4
	return true
}

func castIPStr(e *Env, s *Sample) bool {
	m := e.Mark()
	e.Tmp = s.IP.AppendTo(e.Tmp)
	s.B, s.Type = e.Since(m), TStr
	return true
}

func castIPBin(e *Env, s *Sample) bool {
	m := e.Mark()
	if s.Type == TIPv4 {
		a := s.IP.As4()
		e.Tmp = append(e.Tmp, a[:]...)
	} else {
		a := s.IP.As16()
		e.Tmp = append(e.Tmp, a[:]...)
	}
	s.B, s.Type = e.Since(m), TBin
	return true
}

func castStrBool(_ *Env, s *Sample) bool {
	return castStrInt(nil, s) && castIntBool(nil, s)
}

// castStrInt reads the leading decimal number; a string that holds none is 0.
func castStrInt(_ *Env, s *Sample) bool {
	b, neg := s.B, false
	if len(b) == 0 {
		return false
	}
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg, b = b[0] == '-', b[1:]
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		if v > (math.MaxInt64-int64(c-'0'))/10 {
			v = math.MaxInt64
			break
		}
		v = v*10 + int64(c-'0')
	}
	if neg {
		v = -v
	}
	s.Int, s.Type = v, TSint
	return true
}

func castStrIP(to Type) castFunc {
	return func(e *Env, s *Sample) bool {
		if len(s.B) > 45 {
			return false
		}
		a, ok := addrOf(s.B)
		if !ok {
			return false
		}
		*s = IP(a)
		if a.Is4In6() {
			s.IP, s.Type = a, TIPv6
		}
		return to == TAddr || s.Type == to
	}
}

// addrOf reads an address; behind an IPv4 one may stand anything, as a port.
func addrOf(b []byte) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(string(b)); err == nil {
		return a, a.Zone() == ""
	}
	var v [4]byte
	for i := range v {
		n, digits := 0, 0
		for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
			n, b, digits = n*10+int(b[0]-'0'), b[1:], digits+1
		}
		if digits == 0 || digits > 3 || n > 255 {
			return netip.Addr{}, false
		}
		v[i] = byte(n)
		dot := len(b) > 0 && b[0] == '.'
		if dot != (i < 3) {
			return netip.Addr{}, false
		}
		if dot {
			b = b[1:]
		}
	}
	return netip.AddrFrom4(v), true
}

// castBinStr takes the bytes as they are, up to a NUL.
func castBinStr(_ *Env, s *Sample) bool {
	if i := bytes.IndexByte(s.B, 0); i >= 0 {
		s.B = s.B[:i]
	}
	s.Type = TStr
	return true
}

func castStrMeth(_ *Env, s *Sample) bool {
	s.Int, s.Type = int64(htx.KnownMethod(s.B)), TMeth
	return true
}

func castMethStr(e *Env, s *Sample) bool {
	if len(s.B) == 0 {
		m := e.Mark()
		e.Tmp = append(e.Tmp, htx.MethodID(s.Int).String()...)
		s.B = e.Since(m)
	}
	s.Type = TStr
	return true
}
