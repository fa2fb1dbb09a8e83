package proxyproto

import "encoding/binary"

// Types of TLVs.
const (
	TLVALPN      = 0x01
	TLVAuthority = 0x02
	TLVChecksum  = 0x03
	TLVNoop      = 0x04
	TLVUniqueID  = 0x05
	TLVSSL       = 0x20
	TLVNetNS     = 0x30

	SSLVersion    = 0x21
	SSLCommonName = 0x22
	SSLCipher     = 0x23
	SSLSigAlg     = 0x24
	SSLKeyAlg     = 0x25
	SSLGroup      = 0x26
	SSLSigScheme  = 0x27
	SSLClientCert = 0x28
)

// Bits of SSL.Client.
const (
	ClientSSL      = 0x01
	ClientCertConn = 0x02
	ClientCertSess = 0x04
)

// TLV is one type and value.
type TLV struct {
	Type  byte
	Value []byte
}

// Next returns the TLV at offset off of h.TLVs and the offset of the one after it.
func (h *Header) Next(off int) (t TLV, next int, ok bool) { return nextTLV(h.TLVs, off) }

func nextTLV(b []byte, off int) (t TLV, next int, ok bool) {
	if off+3 > len(b) {
		return t, 0, false
	}
	next = off + 3 + int(binary.BigEndian.Uint16(b[off+1:]))
	if next > len(b) {
		return t, 0, false
	}
	return TLV{b[off], b[off+3 : next : next]}, next, true
}

// Lookup returns the value of the first TLV of that type (fc_pp_tlv).
func (h *Header) Lookup(typ byte) ([]byte, bool) { return lookup(h.TLVs, typ) }

func lookup(b []byte, typ byte) ([]byte, bool) {
	for off := 0; ; {
		t, next, ok := nextTLV(b, off)
		if !ok {
			return nil, false
		}
		if t.Type == typ {
			return t.Value, true
		}
		off = next
	}
}

// SSL is the value of a TLVSSL.
type SSL struct {
	Client byte   // bits above
	Verify uint32 // zero: a certificate was presented and verified
	Sub    []byte // raw TLVs of the SSL… types
}

// SSL returns the TLS part of the header.
func (h *Header) SSL() (s SSL, ok bool) {
	v, ok := h.Lookup(TLVSSL)
	if !ok || len(v) < 5 {
		return s, false
	}
	return SSL{v[0], binary.BigEndian.Uint32(v[1:]), v[5:]}, true
}

// Lookup returns the value of the first sub-TLV of that type.
func (s *SSL) Lookup(typ byte) ([]byte, bool) { return lookup(s.Sub, typ) }

// AppendTLV appends one TLV; a value that does not fit 16 bits is left out.
func AppendTLV[T []byte | string](dst []byte, typ byte, value T) []byte {
	if len(value) > 0xffff {
		return dst
	}
	dst = append(dst, typ)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
	return append(dst, value...)
}

// AppendSSL appends a TLVSSL.
func AppendSSL(dst []byte, s SSL) []byte {
	if len(s.Sub)+5 > 0xffff {
		return dst
	}
	dst = append(dst, TLVSSL)
	dst = binary.BigEndian.AppendUint16(dst, uint16(5+len(s.Sub)))
	dst = append(dst, s.Client)
	dst = binary.BigEndian.AppendUint32(dst, s.Verify)
	return append(dst, s.Sub...)
}
