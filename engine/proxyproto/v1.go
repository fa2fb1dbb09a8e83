package proxyproto

import (
	"bytes"
	"net/netip"
	"unsafe"
)

// maxV1 is the longest line of version 1 with its CRLF.
const maxV1 = 107

func parseV1(in []byte) (h Header, n int, err error) {
	end := bytes.IndexByte(in[:min(len(in), maxV1)], '\n')
	if end < 0 {
		if len(in) >= maxV1 {
			return h, 0, ErrTooLong
		}
		return h, 0, ErrMore
	}
	if in[end-1] != '\r' {
		return h, 0, ErrV1
	}
	line := in[len(sigV1) : end-1]
	h.Version = 1
	fam, rest, more := cut(line)
	switch string(fam) {
	case "UNKNOWN": // what follows is ignored, as the specification wants; HAProxy refuses it
		h.Local = true
		return h, end + 1, nil
	case "TCP4", "TCP6":
	default:
		return h, 0, ErrV1
	}
	var part [4][]byte
	for i := range part {
		if !more {
			return h, 0, ErrV1
		}
		part[i], rest, more = cut(rest)
	}
	if more {
		return h, 0, ErrV1
	}
	src, ok1 := addrPort(part[0], part[2], fam[3] == '4')
	dst, ok2 := addrPort(part[1], part[3], fam[3] == '4')
	if !ok1 || !ok2 {
		return h, 0, ErrV1
	}
	h.Src, h.Dst = src, dst
	return h, end + 1, nil
}

// cut splits at the first space; more tells that there was one.
func cut(b []byte) (word, rest []byte, more bool) { return bytes.Cut(b, []byte{' '}) }

func addrPort(a, p []byte, v4 bool) (netip.AddrPort, bool) {
	// The string lives as long as the call: an error, which would keep it, is dropped.
	addr, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(a), len(a)))
	if err != nil || addr.Is4() != v4 || addr.Zone() != "" {
		return netip.AddrPort{}, false
	}
	port, ok := decimalPort(p)
	return netip.AddrPortFrom(addr, port), ok
}

// decimalPort is strict where HAProxy is not: it takes "0123", and 65536 as 0.
func decimalPort(p []byte) (uint16, bool) {
	if len(p) == 0 || len(p) > 5 || (p[0] == '0' && len(p) > 1) {
		return 0, false
	}
	n := 0
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return uint16(n), n <= 65535
}

// AppendV1 appends a version 1 line. Addresses of different families are both
// written as IPv6; invalid ones give UNKNOWN.
func AppendV1(dst []byte, from, to netip.AddrPort) []byte {
	if !from.IsValid() || !to.IsValid() {
		return append(dst, "PROXY UNKNOWN\r\n"...)
	}
	from, to, v4 := sameFamily(from, to)
	if v4 {
		dst = append(dst, "PROXY TCP4 "...)
	} else {
		dst = append(dst, "PROXY TCP6 "...)
	}
	dst = append(from.Addr().AppendTo(dst), ' ')
	dst = append(to.Addr().AppendTo(dst), ' ')
	dst = append(appendPort(dst, from.Port()), ' ')
	return append(appendPort(dst, to.Port()), '\r', '\n')
}

func appendPort(dst []byte, p uint16) []byte {
	var b [5]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + p%10)
		if p /= 10; p == 0 {
			return append(dst, b[i:]...)
		}
	}
}

// sameFamily unmaps IPv4 where both are, and maps it to IPv6 where one is not.
func sameFamily(a, b netip.AddrPort) (netip.AddrPort, netip.AddrPort, bool) {
	aa, ba := a.Addr().Unmap().WithZone(""), b.Addr().Unmap().WithZone("")
	v4 := aa.Is4() && ba.Is4()
	if !v4 {
		aa, ba = netip.AddrFrom16(aa.As16()), netip.AddrFrom16(ba.As16())
	}
	return netip.AddrPortFrom(aa, a.Port()), netip.AddrPortFrom(ba, b.Port()), v4
}
