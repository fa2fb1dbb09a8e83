package keyword

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"hawser/parser/unit"
)

// lookupTimeout bounds the wait for the resolver of the system at load.
const lookupTimeout = 5 * time.Second

var errNoAddress = errors.New("no address")

// lookup asks the system's resolver for an address of a host: IPv4 before IPv6
// where both will do.
func lookup(host string, family unit.Family) (netip.Addr, error) {
	network := "ip"
	switch family {
	case unit.IPv4:
		network = "ip4"
	case unit.IPv6:
		network = "ip6"
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return netip.Addr{}, err
	}
	var six netip.Addr
	for _, ip := range ips {
		ip = ip.Unmap()
		if ip.Is4() {
			return ip, nil
		}
		if !six.IsValid() {
			six = ip
		}
	}
	if six.IsValid() {
		return six, nil
	}
	return six, errNoAddress
}
