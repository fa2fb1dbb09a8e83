package unit

import "strings"

// addrPrefix is one row of manual sections 2.9.1 to 2.9.3.
type addrPrefix struct {
	name   string
	family Family
	set    func(*Addr)
}

func asStream(a *Addr) { a.Type = Stream }
func asDgram(a *Addr)  { a.Type = Dgram }
func asQUIC(a *Addr)   { a.Type = QUIC }
func asMPTCP(a *Addr)  { a.Type, a.MPTCP = Stream, true }
func keepType(*Addr)   {}

var typePrefixes = []addrPrefix{{"stream+", IP, asStream}, {"dgram+", IP, asDgram}, {"quic+", IP, asQUIC}}

var familyPrefixes = []addrPrefix{
	{"ip@", IP, keepType}, {"ipv4@", IPv4, keepType}, {"ipv6@", IPv6, keepType},
	{"unix@", Unix, keepType}, {"abns@", Abns, keepType}, {"abnsz@", AbnsZ, keepType},
	{"fd@", FD, keepType}, {"sockpair@", SockPair, keepType}, {"rhttp@", RHTTP, asStream},
	{"tcp@", IP, asStream}, {"tcp4@", IPv4, asStream}, {"tcp6@", IPv6, asStream},
	{"udp@", IP, asDgram}, {"udp4@", IPv4, asDgram}, {"udp6@", IPv6, asDgram},
	{"mptcp@", IP, asMPTCP}, {"mptcp4@", IPv4, asMPTCP}, {"mptcp6@", IPv6, asMPTCP},
	{"quic4@", IPv4, asQUIC}, {"quic6@", IPv6, asQUIC},
	{"uxst@", Unix, asStream}, {"uxdg@", Unix, asDgram},
}

// AddrPrefixes lists all prefixes, for help and for hints.
func AddrPrefixes() []string {
	var names []string
	for _, p := range familyPrefixes {
		names = append(names, p.name)
	}
	for _, p := range typePrefixes {
		names = append(names, p.name)
	}
	return names
}

// prefixes takes the type and family prefixes from s. A path needs none.
func (a *Addr) prefixes(s string) (string, error) {
	for _, p := range typePrefixes {
		if rest, ok := strings.CutPrefix(s, p.name); ok {
			p.set(a)
			s = rest
			break
		}
	}
	for _, p := range familyPrefixes {
		if rest, ok := strings.CutPrefix(s, p.name); ok {
			a.Family = p.family
			p.set(a)
			return rest, nil
		}
	}
	if strings.HasPrefix(s, "/") {
		a.Family = Unix
	}
	return s, nil
}
