package unit

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// ip reads "host", "host:port", "[v6]:port" and their ranges and offsets. The last colon outside brackets is the
// port's, so that "::1" is host ":" and port 1, as in HAProxy.
func (a *Addr) ip(s string, want Want) error {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i:], ']') < 0 {
		host, port = s[:i], s[i+1:]
	}
	if err := a.ports(port, want); err != nil {
		return err
	}
	return a.host(host)
}

// host sets IP for a numeric address, Host for a name.
func (a *Addr) host(host string) error {
	inner := host
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		inner = host[1 : len(host)-1]
		if _, err := netip.ParseAddr(inner); err != nil {
			return addrErr("invalid address: '", host, "' in '", a.Text, "'")
		}
	}
	if inner == "" || inner == "*" {
		a.anyHost()
		return nil
	}
	ip, numeric := numericIP(inner)
	switch {
	case !numeric:
		if strings.ContainsAny(inner, "[]:@ /") {
			return addrErr("invalid address: '", host, "' in '", a.Text, "'")
		}
		a.Host = inner
		return nil
	case a.Family == IPv4 && !ip.Is4(), a.Family == IPv6 && !ip.Is6(), ip.Zone() != "":
		return addrErr("invalid address: '", host, "' in '", a.Text, "'")
	}
	a.IP, a.Any = ip, ip.IsUnspecified()
	a.Family = IPv4
	if ip.Is6() {
		a.Family = IPv6
	}
	return nil
}

// anyHost is '*' and the empty host: all of IPv4, or of IPv6 where that prefix was given.
func (a *Addr) anyHost() {
	a.Any = true
	a.IP = netip.IPv4Unspecified()
	if a.Family == IPv6 {
		a.IP = netip.IPv6Unspecified()
	} else {
		a.Family = IPv4
	}
}

// ports reads "80", "80-90", "+80", "-1" or nothing.
func (a *Addr) ports(s string, want Want) error {
	switch {
	case s == "":
		if want.PortRequired {
			return addrErr("missing port specification in '", a.Text, "'")
		}
		return nil
	case want.NoPort:
		return addrErr("port not permitted here in '", a.Text, "'")
	case s[0] == '+' || s[0] == '-':
		return a.offset(s, want)
	}
	low, high, isRange := strings.Cut(s, "-")
	if isRange && !want.PortRange {
		return addrErr("port range not permitted here in '", a.Text, "'")
	}
	if !isRange {
		high = low
	}
	from, err := a.port(low, want)
	if err != nil {
		return err
	}
	to, err := a.port(high, want)
	if err != nil {
		return err
	}
	if from > to {
		return addrErr("invalid port range '", s, "'")
	}
	a.Port, a.PortHigh, a.HasPort = from, to, true
	return nil
}

// port reads one port number.
func (a *Addr) port(s string, want Want) (int, error) {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, addrErr("invalid character '", s[i:i+1], "' in port number '", s, "' in '", a.Text, "'")
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > 65535 || n == 0 && want.PortRequired && !want.Zero {
		return 0, addrErr("invalid port '", s, "'")
	}
	return int(n), nil
}

func (a *Addr) offset(s string, want Want) error {
	if !want.PortOffset {
		return addrErr("port offset not permitted here in '", a.Text, "'")
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return addrErr("invalid character '", badDigit(s[1:]), "' in port number '", s, "' in '", a.Text, "'")
	}
	a.Port, a.PortHigh, a.HasPort, a.PortOffset = int(n), int(n), true, true
	return nil
}

// badDigit is the first byte of s that is no digit.
func badDigit(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return s[i : i+1]
		}
	}
	return s
}

// numericIP reads an address without asking a resolver: what netip takes, and the short, octal and hexadecimal forms
// of IPv4 that the C library takes ("0", "127.1", "010.1.1.1").
func numericIP(s string) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip, true
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return netip.Addr{}, false
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 64)
		limit := uint64(math.MaxUint8)
		if i == len(parts)-1 {
			limit = math.MaxUint32 >> (8 * i)
		}
		if err != nil || n > limit || strings.ContainsAny(part, "_oObB") {
			return netip.Addr{}, false
		}
		if i == len(parts)-1 {
			whole |= n
		} else {
			whole |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}
