package proxyproto

import (
	"errors"
	"net"
	"net/netip"
)

// Header is what the peer tells of the connection that it forwards.
type Header struct {
	Version    uint8 // 1 or 2; 0 for NetScaler
	Local      bool  // no address is told: the connection is the peer's own (health check)
	Datagram   bool
	Src, Dst   netip.AddrPort // not valid when Local, for UNIX, and for unknown families
	SrcPath    string         // UNIX addresses
	DstPath    string
	Unix       bool
	TLVs       []byte // raw, of version 2; see Next and Lookup
	ChecksumOK bool   // a CRC32C TLV was there and right
}

// Known reports whether the header carries IP addresses to use.
func (h *Header) Known() bool { return !h.Local && h.Src.IsValid() }

// Addrs returns the addresses in the form of package net, nil when not told.
func (h *Header) Addrs() (src, dst net.Addr) {
	switch {
	case h.Local:
	case h.Unix:
		return &net.UnixAddr{Name: h.SrcPath, Net: "unix"}, &net.UnixAddr{Name: h.DstPath, Net: "unix"}
	case h.Src.IsValid() && h.Datagram:
		return net.UDPAddrFromAddrPort(h.Src), net.UDPAddrFromAddrPort(h.Dst)
	case h.Src.IsValid():
		return net.TCPAddrFromAddrPort(h.Src), net.TCPAddrFromAddrPort(h.Dst)
	}
	return nil, nil
}

// ErrMore says that the header is not complete and that nothing is wrong so far.
var ErrMore = errors.New("proxyproto: more bytes are needed")

// Reasons for refusing a header.
var (
	ErrNotProxy = errors.New("proxyproto: not a PROXY protocol header")
	ErrV1       = errors.New("proxyproto: malformed version 1 line")
	ErrV2       = errors.New("proxyproto: malformed version 2 header")
	ErrTLV      = errors.New("proxyproto: malformed TLV")
	ErrChecksum = errors.New("proxyproto: wrong checksum")
	ErrTooLong  = errors.New("proxyproto: header too long")
	ErrMagic    = errors.New("proxyproto: wrong NetScaler magic number")
	ErrCIP      = errors.New("proxyproto: malformed NetScaler header")
)

// MaxHeader bounds a version 2 header: more would not fit a connection's buffer.
const MaxHeader = 16384

// Parse reads a header of either version at the front of in. It returns how many
// bytes it takes, or ErrMore.
func Parse(in []byte) (Header, int, error) {
	switch {
	case hasPrefixPart(in, sigV2):
		if len(in) < 16 {
			return Header{}, 0, ErrMore
		}
		return parseV2(in)
	case hasPrefixPart(in, sigV1):
		if len(in) < len(sigV1) {
			return Header{}, 0, ErrMore
		}
		return parseV1(in)
	}
	return Header{}, 0, ErrNotProxy
}

const (
	sigV1 = "PROXY "
	sigV2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// hasPrefixPart reports whether in begins with sig, or is the beginning of it.
func hasPrefixPart(in []byte, sig string) bool {
	n := min(len(in), len(sig))
	return string(in[:n]) == sig[:n]
}
