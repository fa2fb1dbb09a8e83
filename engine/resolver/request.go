package resolver

import (
	"net/netip"
	"time"
)

// address resolves a name for a rule. One that was resolved lately (hold valid) is
// not asked for again; failures are not kept. While it waits it looks now and then
// whether left is true: then nobody needs the answer.
func (r *section) address(host string, prefer4 bool, left func() bool) (netip.Addr, bool) {
	a := find(r.name)
	if a == nil || !validHost(host) {
		return netip.Addr{}, false
	}
	out := make(chan netip.Addr, 1)
	if !a.do(func() { a.request(addressOf(host, prefer4), out) }) {
		return netip.Addr{}, false
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case ip := <-out:
			return ip, ip.IsValid()
		case <-a.quit:
			return netip.Addr{}, false
		case <-look.C:
			if left() {
				return netip.Addr{}, false
			}
		}
	}
}

// request answers at once or once the name is resolved; an invalid address means
// that it was not.
func (a *asker) request(q question, out chan<- netip.Addr) {
	res := a.resolution(q)
	if res.fresh() {
		out <- res.pick()
		return
	}
	res.waiting = append(res.waiting, out)
	if !res.busy && len(res.servers) == 0 {
		res.records, res.next = nil, 0 // nobody kept it up to date
	}
	res.begin()
}

// pick is the address whose turn it is.
func (res *resolution) pick() (ip netip.Addr) {
	res.turn(func(e *entry) bool {
		ip = e.ip
		res.took(e)
		return false
	})
	return ip
}

// answerAll answers those who wait.
func (res *resolution) answerAll(pick func() netip.Addr) {
	for _, out := range res.waiting {
		var ip netip.Addr
		if pick != nil {
			ip = pick()
		}
		out <- ip
	}
	res.waiting = nil
}

// validHost reports whether s can be asked for: labels of 1 to 63 letters, digits,
// hyphens and underscores.
func validHost(s string) bool {
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_':
			if label++; label > 63 {
				return false
			}
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
	}
	return s != "" && len(s) < 254
}
