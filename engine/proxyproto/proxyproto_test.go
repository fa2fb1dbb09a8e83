package proxyproto

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func TestParseV1(t *testing.T) {
	for _, c := range []struct {
		name, in string
		err      error
		src, dst string
	}{
		{"tcp4", "PROXY TCP4 1.2.3.4 5.6.7.8 123 456\r\nX", nil, "1.2.3.4:123", "5.6.7.8:456"},
		{"tcp6", "PROXY TCP6 ::1 2001:db8::2 1 65535\r\n", nil, "[::1]:1", "[2001:db8::2]:65535"},
		{"unknown", "PROXY UNKNOWN\r\n", nil, "", ""},
		{"unknown with text", "PROXY UNKNOWN a b c\r\n", nil, "", ""},
		{"incomplete", "PROXY TCP4 1.2", ErrMore, "", ""},
		{"first byte", "P", ErrMore, "", ""},
		{"other", "GET / HTTP/1.1\r\n", ErrNotProxy, "", ""},
		{"almost", "PROXX", ErrNotProxy, "", ""},
		{"LF alone", "PROXY TCP4 1.2.3.4 5.6.7.8 123 456\n", ErrV1, "", ""},
		{"two spaces", "PROXY TCP4  1.2.3.4 5.6.7.8 123 456\r\n", ErrV1, "", ""},
		{"family", "PROXY UDP4 1.2.3.4 5.6.7.8 123 456\r\n", ErrV1, "", ""},
		{"family differs", "PROXY TCP4 ::1 5.6.7.8 123 456\r\n", ErrV1, "", ""},
		{"port too large", "PROXY TCP4 1.2.3.4 5.6.7.8 65536 456\r\n", ErrV1, "", ""},
		{"port leading zero", "PROXY TCP4 1.2.3.4 5.6.7.8 0123 456\r\n", ErrV1, "", ""},
		{"port word", "PROXY TCP4 1.2.3.4 5.6.7.8 x 456\r\n", ErrV1, "", ""},
		{"part missing", "PROXY TCP4 1.2.3.4 5.6.7.8 123\r\n", ErrV1, "", ""},
		{"part too many", "PROXY TCP4 1.2.3.4 5.6.7.8 123 456 7\r\n", ErrV1, "", ""},
		{"zone", "PROXY TCP6 fe80::1%eth0 ::1 123 456\r\n", ErrV1, "", ""},
		{"too long", "PROXY UNKNOWN " + strings.Repeat("x", 100) + "\r\n", ErrTooLong, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, n, err := Parse([]byte(c.in))
			if err != c.err {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if want := strings.Index(c.in, "\n") + 1; n != want {
				t.Errorf("took %d bytes, want %d", n, want)
			}
			if c.src == "" {
				if !h.Local {
					t.Error("unknown is not local")
				}
			} else if h.Src != ap(c.src) || h.Dst != ap(c.dst) {
				t.Errorf("addresses %v %v", h.Src, h.Dst)
			}
		})
	}
}

func TestV2BothWays(t *testing.T) {
	sub := AppendTLV(nil, SSLVersion, "TLSv1.3")
	tlvs := AppendTLV(nil, TLVAuthority, "example.com")
	tlvs = AppendSSL(tlvs, SSL{Client: ClientSSL, Verify: 7, Sub: sub})
	for _, crc := range []bool{false, true} {
		for _, c := range [][2]string{{"1.2.3.4:5", "6.7.8.9:10"}, {"[::1]:5", "[::2]:6"}, {"[::ffff:1.2.3.4]:5", "6.7.8.9:10"}} {
			out := AppendV2(nil, ap(c[0]), ap(c[1]), false, tlvs, crc)
			for k := range out {
				if _, _, err := Parse(out[:k]); err != ErrMore {
					t.Fatalf("%d of %d bytes: %v", k, len(out), err)
				}
			}
			h, n, err := Parse(append(out, "rest"...))
			if err != nil || n != len(out) {
				t.Fatalf("%v: n=%d err=%v", c, n, err)
			}
			if h.Src.Addr().Unmap() != ap(c[0]).Addr().Unmap() || h.Dst != ap(c[1]) || h.ChecksumOK != crc {
				t.Errorf("%+v", h)
			}
			if v, ok := h.Lookup(TLVAuthority); !ok || string(v) != "example.com" {
				t.Errorf("authority %q", v)
			}
			s, ok := h.SSL()
			if v, _ := s.Lookup(SSLVersion); !ok || s.Verify != 7 || string(v) != "TLSv1.3" {
				t.Errorf("ssl %+v", s)
			}
			if crc {
				out[16] ^= 1
				if _, _, err := Parse(out); err != ErrChecksum {
					t.Errorf("changed byte: %v", err)
				}
			}
		}
	}
}

func TestV2Forms(t *testing.T) {
	sig := hex.EncodeToString([]byte(sigV2))
	for _, c := range []struct {
		name, tail string
		err        error
		local      bool
	}{
		{"local", "20000000", nil, true},
		{"local with addresses", "2011000c0102030405060708000a000b", nil, true},
		{"proxy unspec", "21000000", nil, true},
		{"tcp4", "2111000c0102030405060708000a000b", nil, false},
		{"udp4", "2112000c0102030405060708000a000b", nil, false},
		{"tcp4 short", "2111000b0102030405060708000a00", ErrV2, false},
		{"version 3", "3111000c0102030405060708000a000b", ErrV2, false},
		{"command 2", "2211000c0102030405060708000a000b", ErrV2, false},
		{"family 4", "2141000c0102030405060708000a000b", ErrV2, false},
		{"protocol 3", "2113000c0102030405060708000a000b", ErrV2, false},
		{"tlv cut", "2111000e0102030405060708000a000b0100", ErrTLV, false},
		{"tlv too long", "211100100102030405060708000a000b01000561", ErrTLV, false},
		{"checksum length", "211100100102030405060708000a000b03000100", ErrTLV, false},
		{"too long", "2111fff0", ErrTooLong, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, _ := hex.DecodeString(sig + c.tail)
			h, n, err := Parse(in)
			if err != c.err {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && (n != len(in) || h.Local != c.local) {
				t.Errorf("n=%d of %d, local=%v", n, len(in), h.Local)
			}
		})
	}
}

func TestV2Unix(t *testing.T) {
	h, _, err := Parse(AppendV2Unix(nil, "/run/a.sock", "/run/b.sock", nil, true))
	if err != nil || h.SrcPath != "/run/a.sock" || h.DstPath != "/run/b.sock" || !h.Unix {
		t.Errorf("%+v, %v", h, err)
	}
	if src, _ := h.Addrs(); src.String() != "/run/a.sock" {
		t.Errorf("address %v", src)
	}
}

func TestAppendV1(t *testing.T) {
	for _, c := range [][3]string{
		{"1.2.3.4:5", "6.7.8.9:10", "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n"},
		{"[::1]:5", "[::2]:0", "PROXY TCP6 ::1 ::2 5 0\r\n"},
		{"1.2.3.4:5", "[::2]:6", "PROXY TCP6 ::ffff:1.2.3.4 ::2 5 6\r\n"},
	} {
		if got := string(AppendV1(nil, ap(c[0]), ap(c[1]))); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
	if got := string(AppendV1(nil, netip.AddrPort{}, netip.AddrPort{})); got != "PROXY UNKNOWN\r\n" {
		t.Errorf("%q", got)
	}
}

func cipPacket(v6 bool) []byte {
	if v6 {
		b := make([]byte, 60)
		b[0], b[6], b[23], b[39] = 0x60, 6, 1, 2
		b[40], b[41], b[42], b[43] = 0, 5, 0, 6
		return b
	}
	b := make([]byte, 40)
	copy(b, []byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 5, 0, 6})
	return b
}

func TestCIP(t *testing.T) {
	for _, c := range []struct {
		name     string
		standard bool
		v6       bool
		src      string
	}{
		{"legacy IPv4", false, false, "1.2.3.4:5"}, {"standard IPv4", true, false, "1.2.3.4:5"},
		{"legacy IPv6", false, true, "[::1]:5"}, {"standard IPv6", true, true, "[::1]:5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := cipPacket(c.v6)
			in := []byte{0, 0, 0, 77, 0, 0, 0, byte(len(p))}
			if c.standard {
				in = []byte{0, 0, 0, 77, 0, 0, 0, byte(len(p) + 12), 0, 1, 0, byte(len(p))}
			}
			in = append(in, p...)
			for k := range in {
				if _, _, err := ParseCIP(in[:k], 77); err != ErrMore {
					t.Fatalf("%d bytes: %v", k, err)
				}
			}
			h, n, err := ParseCIP(append(in, "rest"...), 77)
			if err != nil || n != len(in) || h.Src != ap(c.src) {
				t.Errorf("%v n=%d of %d err=%v", h.Src, n, len(in), err)
			}
			if _, _, err := ParseCIP(in, 78); err != ErrMagic {
				t.Errorf("wrong magic: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("PROXY TCP4 1.2.3.4 5.6.7.8 123 456\r\n"))
	f.Add(AppendV2(nil, ap("1.2.3.4:5"), ap("[::1]:6"), false, AppendTLV(nil, TLVALPN, "h2"), true))
	f.Add(AppendV2Local(nil, nil, false))
	f.Add(append([]byte{0, 0, 0, 77, 0, 0, 0, 40}, cipPacket(false)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, n, err := Parse(in)
		if n < 0 || n > len(in) || (err != nil) != (n == 0) {
			t.Fatalf("n=%d of %d, err=%v", n, len(in), err)
		}
		if err == nil && h.Version == 1 && h.Known() {
			if out := AppendV1(nil, h.Src, h.Dst); !bytes.HasPrefix(out, []byte("PROXY TCP")) {
				t.Fatalf("written as %q", out)
			}
		}
		h.Addrs()
		ParseCIP(in, 77)
	})
}

func TestAllocations(t *testing.T) {
	in := AppendV2(nil, ap("1.2.3.4:5"), ap("6.7.8.9:10"), false, nil, false)
	line := []byte("PROXY TCP4 1.2.3.4 5.6.7.8 123 456\r\n")
	out := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		h, _, _ := Parse(in)
		Parse(line)
		out = AppendV2(AppendV1(out[:0], h.Src, h.Dst), h.Src, h.Dst, false, nil, true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
