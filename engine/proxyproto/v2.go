package proxyproto

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// Families and protocols of the 14th byte.
const (
	famUnspec  = 0x00
	famTCP4    = 0x11
	famUDP4    = 0x12
	famTCP6    = 0x21
	famUDP6    = 0x22
	famUnix    = 0x31
	famUnixDgm = 0x32
)

func parseV2(in []byte) (h Header, n int, err error) {
	if in[12]>>4 != 2 {
		return h, 0, ErrV2
	}
	size := 16 + int(binary.BigEndian.Uint16(in[14:]))
	if size > MaxHeader {
		return h, 0, ErrTooLong
	}
	cmd := in[12] & 0xf
	if cmd > 1 {
		return h, 0, ErrV2
	}
	if len(in) < size {
		return h, 0, ErrMore
	}
	h.Version = 2
	if cmd == 0 { // whatever it holds is skipped (2.2); HAProxy 3.5 wants TLVs there
		h.Local = true
		return h, size, nil
	}
	body := in[16:size]
	if body, err = h.addresses(in[13], body); err != nil {
		return h, 0, err
	}
	h.TLVs = body
	if err := h.check(in[:size]); err != nil {
		return h, 0, err
	}
	return h, size, nil
}

// addresses reads the address block and returns what follows it.
func (h *Header) addresses(fam byte, b []byte) ([]byte, error) {
	switch fam {
	case famTCP4, famUDP4:
		if len(b) < 12 {
			return nil, ErrV2
		}
		h.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[8:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:])), binary.BigEndian.Uint16(b[10:]))
		b = b[12:]
	case famTCP6, famUDP6:
		if len(b) < 36 {
			return nil, ErrV2
		}
		h.Src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)), binary.BigEndian.Uint16(b[32:]))
		h.Dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[16:])), binary.BigEndian.Uint16(b[34:]))
		b = b[36:]
	case famUnix, famUnixDgm:
		if len(b) < 216 {
			return nil, ErrV2
		}
		h.Unix = true
		h.SrcPath, h.DstPath = unixPath(b[:108]), unixPath(b[108:216])
		b = b[216:]
	case famUnspec:
		h.Local = true // no address: the real ones are used, the TLVs still count
	default:
		return nil, ErrV2
	}
	h.Datagram = fam&0xf == 2
	return b, nil
}

// unixPath cuts the padding off a path; an abstract one keeps its leading NUL as "@".
func unixPath(b []byte) string {
	if b[0] == 0 {
		if b = bytes.TrimRight(b[1:], "\x00"); len(b) == 0 {
			return ""
		}
		return "@" + string(b)
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// check walks the TLVs and verifies a checksum if there is one.
func (h *Header) check(all []byte) error {
	base := len(all) - len(h.TLVs)
	for off := 0; off < len(h.TLVs); {
		t, next, ok := h.Next(off)
		if !ok {
			return ErrTLV
		}
		if t.Type == TLVChecksum {
			if len(t.Value) != 4 {
				return ErrTLV
			}
			at := base + off + 3
			if checksum(all, at) != binary.BigEndian.Uint32(t.Value) {
				return ErrChecksum
			}
			h.ChecksumOK = true
		}
		off = next
	}
	return nil
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	zeros      [4]byte
)

// checksum is the CRC32C of a header whose four bytes at off count as zero.
func checksum(all []byte, off int) uint32 {
	c := crc32.Update(0, castagnoli, all[:off])
	c = crc32.Update(c, castagnoli, zeros[:])
	return crc32.Update(c, castagnoli, all[off+4:])
}

// AppendV2 appends a version 2 header for addresses from and to, with the TLVs given
// in raw form (see AppendTLV). Without valid addresses it tells none: command PROXY
// and family UNSPEC. crc adds a checksum TLV.
func AppendV2(dst []byte, from, to netip.AddrPort, datagram bool, tlvs []byte, crc bool) []byte {
	var block [36]byte
	fam, addrs := byte(famUnspec), block[:0]
	if from.IsValid() && to.IsValid() {
		from, to, v4 := sameFamily(from, to)
		if v4 {
			fam = famTCP4
			a, b := from.Addr().As4(), to.Addr().As4()
			addrs = append(append(addrs, a[:]...), b[:]...)
		} else {
			fam = famTCP6
			a, b := from.Addr().As16(), to.Addr().As16()
			addrs = append(append(addrs, a[:]...), b[:]...)
		}
		if datagram {
			fam++
		}
		addrs = binary.BigEndian.AppendUint16(addrs, from.Port())
		addrs = binary.BigEndian.AppendUint16(addrs, to.Port())
	}
	return appendV2(dst, 0x21, fam, addrs, tlvs, crc)
}

// AppendV2Unix is AppendV2 for UNIX addresses.
func AppendV2Unix(dst []byte, from, to string, tlvs []byte, crc bool) []byte {
	var block [216]byte
	copy(block[:108], from)
	copy(block[108:], to)
	return appendV2(dst, 0x21, famUnix, block[:], tlvs, crc)
}

// AppendV2Local appends the header of a connection of our own, such as a check.
func AppendV2Local(dst []byte, tlvs []byte, crc bool) []byte {
	return appendV2(dst, 0x20, famUnspec, nil, tlvs, crc)
}

func appendV2(dst []byte, cmd, fam byte, addrs, tlvs []byte, crc bool) []byte {
	start := len(dst)
	size := len(addrs) + len(tlvs)
	if crc {
		size += 7
	}
	dst = append(dst, sigV2...)
	dst = append(dst, cmd, fam)
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = append(append(dst, addrs...), tlvs...)
	if crc {
		dst = append(dst, TLVChecksum, 0, 4, 0, 0, 0, 0)
		at := len(dst) - 4
		binary.BigEndian.PutUint32(dst[at:], checksum(dst[start:], at-start))
	}
	return dst
}
