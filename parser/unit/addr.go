package unit

import (
	"net/netip"
	"strings"
)

// Family is what kind of address it is. IP means that a host name may become either IPv4 or IPv6.
type Family uint8

// The families of manual section 2.9.1; Custom stands for what only one keyword knows, as "stdout" or "ring@".
const (
	IP Family = iota
	IPv4
	IPv6
	Unix
	Abns
	AbnsZ
	FD
	SockPair
	RHTTP
)

// Transport is how bytes travel: stream (TCP or a UNIX stream), datagrams, or QUIC (a stream over datagrams).
type Transport uint8

// Stream is the zero value.
const (
	Stream Transport = iota
	Dgram
	QUIC
)

// Addr is one address of a bind, server, log, nameserver or source word. Exactly one of IP, Host, Path, FD, Name says
// where, by Family; Host is left unresolved.
type Addr struct {
	Text     string // as written, variables not expanded
	Family   Family
	Type     Transport
	MPTCP    bool
	Any      bool       // '*', an empty host or an unspecified address
	Host     string     // a name that is still to be resolved; Family restricts the answer
	IP       netip.Addr // valid when Host is empty and the family is an IP one
	Port     int        // the port, the first of a range, or the offset with PortOffset; 0 when HasPort is false
	PortHigh int        // last of the range; equals Port for a single one
	HasPort  bool
	// PortOffset: Port is relative ("+80", "-1") to the port of the client's connection.
	PortOffset bool
	Path       string // of Unix; the name without NUL of Abns and AbnsZ
	Num        int    // the descriptor of FD and SockPair
	Name       string // of RHTTP: "backend/server", or empty on a server
}

// sunPath is the room for the name of a UNIX socket (sys/un.h).
const sunPath = 108

// SocketPath returns the name of a UNIX socket as its address has it: abstract
// ones begin with NUL, and those of abns are padded with NUL to the full length.
func (a *Addr) SocketPath() string {
	switch a.Family {
	case Abns:
		return "\x00" + a.Path + strings.Repeat("\x00", max(sunPath-1-len(a.Path), 0))
	case AbnsZ:
		return "\x00" + a.Path
	}
	return a.Path
}

// Want says what a place takes.
type Want struct {
	Dgram        bool // datagram is the default type
	NoStream     bool // stream addresses are refused
	NoDgram      bool // datagram addresses are refused
	PortRequired bool
	PortRange    bool
	PortOffset   bool
	NoPort       bool // a port is refused
	NoFD         bool // fd@ is refused
	RHTTP        bool // rhttp@ is known
	Zero         bool // port 0 is fine even when PortRequired
	// Env resolves variables that stand unquoted in the address; nil leaves them.
	Env func(name string) (string, bool)
}

// What each kind of line takes.
var (
	BindWant   = Want{NoDgram: true, PortRequired: true, PortRange: true, RHTTP: true}
	ServerWant = Want{PortOffset: true, NoFD: true, RHTTP: true}
	LogWant    = Want{Dgram: true}
	DgramWant  = Want{Dgram: true, NoStream: true, PortRequired: true, PortRange: true}
	NameWant   = Want{Dgram: true, PortRequired: true}
	SourceWant = Want{NoDgram: true}
	RangeWant  = Want{NoDgram: true, PortRange: true} // "source" on a server line
)

// AddrError is HAProxy's sentence without the keyword before it.
type AddrError struct{ Message string }

func (e *AddrError) Error() string { return e.Message }

func addrErr(parts ...string) *AddrError { return &AddrError{Message: strings.Join(parts, "")} }

// Addrs reads the comma-separated addresses of a bind line. Each element is read by itself; empty ones after the last
// comma are dropped.
func Addrs(text string, want Want) ([]Addr, error) {
	var list []Addr
	for rest, more := text, true; more; {
		var one string
		one, rest, more = strings.Cut(rest, ",")
		if one == "" && !more && len(list) > 0 {
			break
		}
		a, err := ParseAddr(one, want)
		if err != nil {
			return list, err
		}
		list = append(list, a)
	}
	return list, nil
}

// ParseAddr reads one address.
func ParseAddr(text string, want Want) (Addr, error) {
	a := Addr{Text: text}
	if want.Dgram {
		a.Type = Dgram
	}
	s := text
	if want.Env != nil && strings.IndexByte(s, '$') >= 0 {
		s = expandEnv(s, want.Env)
	}
	if s == "" {
		return a, addrErr("'", text, "' resolves to an empty address (environment variable missing?)")
	}
	s, err := a.prefixes(s)
	if err == nil {
		err = a.rest(s, want)
	}
	if err == nil {
		err = a.check(want)
	}
	if err != nil {
		return a, err
	}
	return a, nil
}

// rest reads what follows the prefixes.
func (a *Addr) rest(s string, want Want) error {
	switch a.Family {
	case Unix, Abns, AbnsZ:
		a.Path = s
		return nil
	case FD, SockPair:
		n, i, over := digits(s)
		if i == 0 || i < len(s) || over || n > 1<<30 {
			return addrErr("file descriptor '", s, "' is not a valid integer in '", a.Text, "'")
		}
		a.Num = int(n)
		return nil
	case RHTTP:
		a.Name = s
		return nil
	}
	return a.ip(s, want)
}

// check refuses what the place does not take.
func (a *Addr) check(want Want) error {
	switch {
	case a.Family == FD && want.NoFD:
		return addrErr("a file descriptor is not acceptable here in '", a.Text, "'")
	case a.Type == Dgram && want.NoDgram:
		return addrErr("dgram-type address not acceptable in '", a.Text, "'")
	case a.Type != Dgram && want.NoStream:
		return addrErr("stream-type address not acceptable in '", a.Text, "'")
	}
	return nil
}

// IsIP tells that the address is of the internet families, resolved or not.
func (a *Addr) IsIP() bool { return a.Family <= IPv6 }

// expandEnv replaces $NAME and ${NAME} by their values, unknown ones by nothing.
func expandEnv(s string, env func(string) (string, bool)) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '$' {
			b.WriteByte(s[i])
			i++
			continue
		}
		j := i + 1
		braced := j < len(s) && s[j] == '{'
		if braced {
			j++
		}
		start := j
		for j < len(s) && isName(s[j]) {
			j++
		}
		value, _ := env(s[start:j])
		b.WriteString(value)
		if braced && j < len(s) && s[j] == '}' {
			j++
		}
		i = j
	}
	return b.String()
}

func isName(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
