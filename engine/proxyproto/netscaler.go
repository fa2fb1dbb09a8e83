package proxyproto

import (
	"encoding/binary"
	"net/netip"
)

// maxCIP bounds the inserted headers: IPv6 and TCP with all options, and some.
const maxCIP = 1024

// ParseCIP reads a NetScaler client IP header, legacy or standard, whose magic number
// both sides agreed on. It is followed by copies of the client's IP and TCP headers.
func ParseCIP(in []byte, magic uint32) (h Header, n int, err error) {
	if len(in) < 8 {
		return h, 0, moreUnless(in, magic)
	}
	if binary.BigEndian.Uint32(in) != magic {
		return h, 0, ErrMagic
	}
	size := int(binary.BigEndian.Uint32(in[4:]))
	if size < 0 || size > maxCIP {
		return h, 0, ErrCIP
	}
	if len(in) < 12 {
		return h, 0, ErrMore
	}
	// The standard form has a type where the legacy one has the version of IP in the
	// upper half of a byte. Its own header length counts: senders do not agree on
	// what the other one covers, and HAProxy does not look at it either.
	off := 8
	if v := in[8] >> 4; v != 4 && v != 6 {
		off, size = 12, int(binary.BigEndian.Uint16(in[10:]))
	}
	total := off + size
	if size > maxCIP || size < 24 {
		return h, 0, ErrCIP
	}
	if len(in) < total {
		return h, 0, ErrMore
	}
	return h, total, h.fromPacket(in[off:total])
}

// moreUnless refuses a wrong magic number as soon as it is seen.
func moreUnless(in []byte, magic uint32) error {
	var m [4]byte
	binary.BigEndian.PutUint32(m[:], magic)
	if !hasPrefixPart(in[:min(len(in), 4)], string(m[:])) {
		return ErrMagic
	}
	return ErrMore
}

// fromPacket takes the addresses from an IP header and the TCP header after it.
func (h *Header) fromPacket(b []byte) error {
	switch b[0] >> 4 {
	case 4:
		ihl := int(b[0]&0xf) * 4
		if ihl < 20 || len(b) < ihl+4 || b[9] != 6 {
			return ErrCIP
		}
		sp, dp := binary.BigEndian.Uint16(b[ihl:]), binary.BigEndian.Uint16(b[ihl+2:])
		h.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:])), sp)
		h.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:])), dp)
	case 6:
		if len(b) < 44 || b[6] != 6 {
			return ErrCIP
		}
		sp, dp := binary.BigEndian.Uint16(b[40:]), binary.BigEndian.Uint16(b[42:])
		h.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:])), sp)
		h.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:])), dp)
	default:
		return ErrCIP
	}
	return nil
}
