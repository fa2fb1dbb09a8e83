package pattern

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hawser/engine"
)

// network is an address with its mask; bits is -1 where the mask has holes.
type network struct {
	addr, mask netip.Addr
	bits       int
}

// nets is an index of networks: the longest prefix wins, then those whose masks
// have holes in their order.
type nets struct {
	v4, v6 prefixes
	holes  []*item
}

// prefixes are the networks of one family, by length.
type prefixes struct {
	items map[netip.Prefix]*item
	count [129]int
	lens  []int // descending
}

func newNets(bool, int) index {
	return &nets{v4: prefixes{items: map[netip.Prefix]*item{}}, v6: prefixes{items: map[netip.Prefix]*item{}}}
}

func (n *nets) family(a netip.Addr) *prefixes {
	if a.Is4() {
		return &n.v4
	}
	return &n.v6
}

func (n *nets) add(it *item) {
	if it.net.bits < 0 {
		n.holes = append(n.holes, it)
		return
	}
	p := n.family(it.net.addr)
	k := netip.PrefixFrom(it.net.addr, it.net.bits)
	if old := p.items[k]; old != nil {
		p.items[k] = relink(append(chain(old), it))
	} else {
		it.next = nil
		p.items[k] = it
	}
	if p.count[it.net.bits]++; p.count[it.net.bits] == 1 {
		p.lens = append(p.lens, it.net.bits)
		slices.SortFunc(p.lens, func(a, b int) int { return b - a })
	}
}

func (n *nets) del(it *item) {
	if it.net.bits < 0 {
		n.holes = slices.DeleteFunc(n.holes, func(o *item) bool { return o.ID == it.ID })
		return
	}
	p := n.family(it.net.addr)
	k := netip.PrefixFrom(it.net.addr, it.net.bits)
	list := chain(p.items[k])
	keep := slices.DeleteFunc(list, func(o *item) bool { return o.ID == it.ID })
	if len(keep) == 0 {
		delete(p.items, k)
	} else {
		p.items[k] = relink(keep)
	}
	if p.count[it.net.bits]--; p.count[it.net.bits] == 0 {
		p.lens = slices.DeleteFunc(p.lens, func(l int) bool { return l == it.net.bits })
	}
}

func (n *nets) find(_ *engine.Env, s *engine.Sample) *item {
	a := s.IP
	if a.Is4() {
		if it := n.v4.find(a); it != nil {
			return it
		}
		if len(n.v6.items) > 0 {
			if it := n.v6.find(netip.AddrFrom16(a.As16())); it != nil {
				return it
			}
		}
		return n.masked(a)
	}
	if it := n.v6.find(a); it != nil {
		return it
	}
	if v4, ok := inside(a); ok {
		if it := n.v4.find(v4); it != nil {
			return it
		}
		if it := n.masked(v4); it != nil {
			return it
		}
	}
	return n.masked(a)
}

// inside returns the IPv4 address that an IPv6 one carries: mapped, 6to4 or compatible.
func inside(a netip.Addr) (netip.Addr, bool) {
	if a.Is4In6() {
		return a.Unmap(), true
	}
	b := a.As16()
	if b[0] == 0x20 && b[1] == 0x02 {
		return netip.AddrFrom4([4]byte{b[2], b[3], b[4], b[5]}), true
	}
	if [12]byte(b[:12]) == [12]byte{} {
		return netip.AddrFrom4([4]byte(b[12:])), true
	}
	return a, false
}

func (p *prefixes) find(a netip.Addr) *item {
	for _, bits := range p.lens {
		k, err := a.Prefix(bits)
		if err != nil {
			continue
		}
		if it := p.items[k]; it != nil {
			return it
		}
	}
	return nil
}

func (n *nets) masked(a netip.Addr) *item {
	if !a.Is4() {
		return nil
	}
	b := a.As4()
next:
	for _, it := range n.holes {
		want, mask := it.net.addr.As4(), it.net.mask.As4()
		for i := range b {
			if (b[i]^want[i])&mask[i] != 0 {
				continue next
			}
		}
		return it
	}
	return nil
}

func parseNet(it *item, _ bool) error {
	n, ok := readNet(it.Key)
	if !ok {
		return errText("'" + it.Key + "' is not a valid IPv4 or IPv6 address")
	}
	it.net = n
	return nil
}

// readNet reads "address", "address/bits" or "address/mask"; an IPv4 address may
// leave out its last zeros ("10/8" is 10.0.0.0/8).
func readNet(s string) (n network, ok bool) {
	text, mask, masked := strings.Cut(s, "/")
	a, err := netip.ParseAddr(text)
	if err != nil {
		if a, ok = shortIPv4(text); !ok || !masked && !strings.Contains(text, ".") {
			return n, false
		}
	}
	a = a.WithZone("")
	n = network{addr: a, bits: a.BitLen()}
	if !masked {
		return n, true
	}
	if bits, err := strconv.Atoi(mask); err == nil {
		if bits < 0 || bits > a.BitLen() {
			return n, false
		}
		n.bits = bits
	} else {
		m, err := netip.ParseAddr(mask)
		if err != nil || !m.Is4() || !a.Is4() {
			return n, false
		}
		ones, total := net.IPMask(m.AsSlice()).Size()
		n.bits, n.mask = ones, m
		if total == 0 {
			n.bits = -1
			return n, true
		}
	}
	n.addr = netip.PrefixFrom(a, n.bits).Masked().Addr()
	return n, true
}

func shortIPv4(s string) (netip.Addr, bool) {
	var b [4]byte
	for i, p := range strings.Split(s, ".") {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil || i > 3 {
			return netip.Addr{}, false
		}
		b[i] = byte(v)
	}
	return netip.AddrFrom4(b), true
}
