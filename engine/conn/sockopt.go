package conn

import (
	"encoding/binary"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Control calls f with the file descriptor, which stays open meanwhile.
func (s *Socket) Control(f func(fd int) error) error {
	if s.raw == nil {
		return ErrNotSocket
	}
	var err error
	if e := s.raw.Control(func(fd uintptr) { err = f(int(fd)) }); e != nil {
		return e
	}
	return err
}

func (s *Socket) setInt(level, name, v int) error {
	return s.Control(func(fd int) error { return unix.SetsockoptInt(fd, level, name, v) })
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// NoDelay, QuickAck and Cork switch the TCP options of those names.
func (s *Socket) NoDelay(on bool) error {
	return s.setInt(unix.IPPROTO_TCP, unix.TCP_NODELAY, flag(on))
}
func (s *Socket) QuickAck(on bool) error {
	return s.setInt(unix.IPPROTO_TCP, unix.TCP_QUICKACK, flag(on))
}
func (s *Socket) Cork(on bool) error { return s.setInt(unix.IPPROTO_TCP, unix.TCP_CORK, flag(on)) }

// KeepAlive switches SO_KEEPALIVE (option clitcpka, srvtcpka).
func (s *Socket) KeepAlive(on bool) error {
	return s.setInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, flag(on))
}

// Mark sets the netfilter mark; TOS the IP type of service or traffic class.
func (s *Socket) Mark(v int) error { return s.setInt(unix.SOL_SOCKET, unix.SO_MARK, v) }

// TOS sets the type of service of both families; the one that does not apply fails silently.
func (s *Socket) TOS(v int) error {
	err4 := s.setInt(unix.IPPROTO_IP, unix.IP_TOS, v)
	err6 := s.setInt(unix.IPPROTO_IPV6, unix.IPV6_TCLASS, v)
	if err4 != nil && err6 != nil {
		return err4
	}
	return nil
}

// TCPInfo returns the kernel's view of the connection (fc_rtt and its kin).
func (s *Socket) TCPInfo() (*unix.TCPInfo, error) {
	var info *unix.TCPInfo
	err := s.Control(func(fd int) (err error) {
		info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	return info, err
}

// soOriginalDst is SO_ORIGINAL_DST of linux/netfilter_ipv4.h and its IPv6 twin.
const soOriginalDst = 80

// OriginalDst returns where the client meant to go before a REDIRECT rule.
func (s *Socket) OriginalDst() (netip.AddrPort, error) {
	var ap netip.AddrPort
	level := unix.IPPROTO_IP
	if a, ok := s.nc.LocalAddr().(*net.TCPAddr); ok && a.IP.To4() == nil {
		level = unix.IPPROTO_IPV6
	}
	err := s.Control(func(fd int) error {
		var b [unix.SizeofSockaddrInet6]byte
		n := uint32(len(b))
		_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), soOriginalDst,
			uintptr(unsafe.Pointer(&b)), uintptr(unsafe.Pointer(&n)), 0)
		if e != 0 {
			return e
		}
		port := binary.BigEndian.Uint16(b[2:])
		if level == unix.IPPROTO_IP {
			ap = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), port)
		} else {
			ap = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), port)
		}
		return nil
	})
	return ap, err
}
