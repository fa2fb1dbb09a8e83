package resolver

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(engine.Keyword{Name: "dns-accept-family", In: engine.InGlobal, Max: -1, Parse: parseFamilies,
		Usage: "dns-accept-family { ipv4 | ipv6 | auto }[,...]: families that names are resolved to; auto takes IPv6 where the system has a route"})
}

// families are what dns-accept-family says; zero is auto.
type families struct{ four, six bool }

var accepted = engine.NewSlot[*engine.Runtime, families]("dns-accept-family")

func parseFamilies(b *engine.Build, l *engine.Line) error {
	if len(l.Words) > 2 {
		return fail(l.Words[2], "'%s' cannot handle unexpected argument '%s'.", l.Words[0].Text, l.Words[2].Text)
	}
	var f families
	auto := false
	first, _, _ := strings.Cut(l.Arg(1), ",")
	for w := range strings.SplitSeq(l.Arg(1), ",") {
		switch w {
		case "ipv4":
			f.four = true
		case "ipv6":
			f.six = true
		case "auto":
			auto = true
		default:
			return fail(l.Words[len(l.Words)-1], "'%s' expects a comma-delimited list of 'ipv4' and 'ipv6' but got '%s'.", l.Words[0].Text, first)
		}
	}
	if auto {
		f = families{}
	}
	*accepted.Edit(b.RT) = f
	return nil
}

// families are those that are accepted now.
func (a *asker) families() families {
	if a.rt.Global.IPv4Only {
		return families{four: true}
	}
	if f := accepted.Get(a.rt); f != nil && *f != (families{}) {
		return *f
	}
	return families{four: true, six: hasIPv6()}
}

// routed remembers for a while whether the system has a way to IPv6 addresses.
var routed struct {
	sync.Mutex
	yes  bool
	till time.Time
}

// hasIPv6 looks for a default route: connecting a datagram socket sends nothing.
func hasIPv6() bool {
	routed.Lock()
	defer routed.Unlock()
	if now := time.Now(); now.After(routed.till) {
		c, err := net.Dial("udp6", "[2001::1]:53")
		if routed.yes = err == nil; routed.yes {
			c.Close()
		}
		routed.till = now.Add(30 * time.Second)
	}
	return routed.yes
}

// first is the type that is asked for first, where t is preferred.
func (f families) first(t dnsmessage.Type) dnsmessage.Type {
	switch {
	case t == dnsmessage.TypeSRV:
		return t
	case !f.six:
		return dnsmessage.TypeA
	case !f.four:
		return dnsmessage.TypeAAAA
	}
	return t
}

// takes reports whether an address may be used; none may.
func (f families) takes(ip netip.Addr) bool {
	return !ip.IsValid() || ip.Is4() && f.four || ip.Is6() && f.six
}

// drop takes out of an answer what is not accepted.
func (f families) drop(list []record) []record {
	out := list[:0]
	for _, r := range list {
		if !f.takes(r.extra) {
			r.extra = netip.Addr{}
		}
		if f.takes(r.ip) {
			out = append(out, r)
		}
	}
	return out
}
