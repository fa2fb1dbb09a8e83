package check

import (
	"errors"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
)

func init() {
	engine.AddKeywords(checkOption("icmpchk", 0,
		"option icmpchk: check that servers answer a ping (ICMP echo). Not in HAProxy. Uses unprivileged ping sockets: the process's group must be in net.ipv4.ping_group_range", fixed(icmpCheck)))
}

func icmpCheck() []step { return []step{ping{}} }

// ping sends an echo request and waits for its answer.
type ping struct{}

// pings numbers the requests of the process.
var pings atomic.Uint32

func (ping) run(r *run) *result {
	to := (&connect{}).target(r).IP.Unmap()
	if !to.IsValid() {
		return r.fail("SOCKERR", "the server has no IP address")
	}
	f, err := pingSocket(to)
	if err != nil {
		return r.fail("SOCKERR", osError(err)+", see net.ipv4.ping_group_range")
	}
	defer f.Close()
	f.SetDeadline(time.Now().Add(r.plan.timeout))
	seq := uint16(pings.Add(1))
	request, answer := byte(8), byte(0)
	if to.Is6() {
		request, answer = 128, 129
	}
	// Type, code, checksum and identifier (the kernel's), number, contents.
	if _, err := f.Write(append([]byte{request, 0, 0, 0, 0, 0, byte(seq >> 8), byte(seq)}, "hawser health check"...)); err != nil {
		return r.fail("L4CON", osError(err))
	}
	var in [256]byte
	for {
		n, err := f.Read(in[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return r.fail("L4TOUT", "")
		case err != nil:
			return r.fail("L4CON", osError(err))
		}
		if n >= 8 && in[0] == answer && in[6] == byte(seq>>8) && in[7] == byte(seq) {
			r.last = &result{ok: true, status: "L4OK", code: -1}
			return nil
		}
	}
}

// pingSocket makes a ping socket for one address.
func pingSocket(to netip.Addr) (*os.File, error) {
	family, proto := unix.AF_INET, unix.IPPROTO_ICMP
	var sa unix.Sockaddr
	if to.Is6() {
		family, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
		sa = &unix.SockaddrInet6{Addr: to.As16()}
	} else {
		sa = &unix.SockaddrInet4{Addr: to.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, sa); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "ping"), nil
}
