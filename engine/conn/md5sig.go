package conn

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxMD5Key is how long a key for TCP signatures may be (linux/tcp.h).
const MaxMD5Key = 80

// SignTCP has the kernel sign what goes to peer and demand it of what comes from
// there (RFC 2385); the unspecified address of a family stands for all of it.
func SignTCP(fd int, peer netip.Addr, key string) error {
	sig := unix.TCPMD5Sig{Keylen: uint16(len(key))}
	copy(sig.Key[:], key)
	option := unix.TCP_MD5SIG
	if peer.IsUnspecified() { // a prefix of no bits
		option, sig.Flags = unix.TCP_MD5SIG_EXT, unix.TCP_MD5SIG_FLAG_PREFIX
	}
	if peer.Is4() {
		a := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sig.Addr))
		a.Family, a.Addr = unix.AF_INET, peer.As4()
	} else {
		a := (*unix.RawSockaddrInet6)(unsafe.Pointer(&sig.Addr))
		a.Family, a.Addr = unix.AF_INET6, peer.As16()
	}
	return unix.SetsockoptTCPMD5Sig(fd, unix.IPPROTO_TCP, option, &sig)
}

// SavedSYN returns the packet that the connection began with, if the listener had
// it kept (TCP_SAVE_SYN); the kernel gives it away once.
func (s *Socket) SavedSYN(buf []byte) (n int, err error) {
	err = s.Control(func(fd int) error {
		size := uint32(len(buf))
		if _, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_SAVED_SYN,
			uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&size)), 0); e != 0 {
			return e
		}
		n = int(size)
		return nil
	})
	return n, err
}
