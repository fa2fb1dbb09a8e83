package conn

import "golang.org/x/sys/unix"

// Vanish ends the connection without telling the peer (silent-drop): with ttl 0 the
// system forgets it where it lets us (TCP_REPAIR needs CAP_NET_ADMIN); else the
// reset gets no farther than ttl hops, one if that is 0.
func (c *Conn) Vanish(ttl int) {
	s := &c.sock
	if ttl == 0 && s.setInt(unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) == nil {
		s.nc.Close()
		return
	}
	ttl = max(ttl, 1)
	s.setInt(unix.IPPROTO_IP, unix.IP_TTL, ttl)
	s.setInt(unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, ttl)
	s.Abort()
}

// NoLinger has every close of the connection be a reset that leaves nothing behind
// (option nolinger).
func (c *Conn) NoLinger() {
	c.sock.Control(func(fd int) error {
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	})
}
