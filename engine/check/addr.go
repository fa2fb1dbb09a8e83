package check

import (
	"context"
	"net"
	"net/netip"
	"time"

	"hawser/engine"
)

// checkAddr is the server's addr option, or nil.
func checkAddr(srv *engine.Server) *engine.ServerAddr {
	if srv.CheckAddr == "" {
		return nil
	}
	a, err := address(engine.Word{Text: srv.CheckAddr})
	if err != nil {
		return nil
	}
	return a
}

// lookup asks the system for a host's address.
func lookup(host string) netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addrs) == 0 {
		return netip.Addr{}
	}
	for _, a := range addrs {
		if a.Unmap().Is4() {
			return a.Unmap()
		}
	}
	return addrs[0]
}
