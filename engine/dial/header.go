package dial

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/engine/conn"
	"hawser/engine/proxyproto"
	"hawser/parser/diag"
)

func init() {
	v1 := func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
		srv.SendProxy = 1
		return nil
	}
	v2 := func(opts ...string) func(*engine.Build, *engine.Server, engine.Word, []engine.Word) error {
		return func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
			srv.SendProxy = 2
			h := header.Edit(srv)
			for _, o := range opts {
				headerOptions[o](h)
			}
			return nil
		}
	}
	off := func(_ *engine.Build, srv *engine.Server, _ engine.Word, _ []engine.Word) error {
		srv.SendProxy = 0
		return nil
	}
	engine.AddServerKeywords(
		engine.ServerKeyword{Name: "send-proxy", Parse: v1, Usage: "send-proxy: begin each connection with a PROXY protocol version 1 line"},
		engine.ServerKeyword{Name: "no-send-proxy", Parse: off, Usage: "no-send-proxy: undo send-proxy of default-server"},
		engine.ServerKeyword{Name: "send-proxy-v2", Parse: v2(), Usage: "send-proxy-v2: begin each connection with a PROXY protocol version 2 header"},
		engine.ServerKeyword{Name: "no-send-proxy-v2", Parse: off, Usage: "no-send-proxy-v2: undo send-proxy-v2 of default-server"},
		engine.ServerKeyword{Name: "send-proxy-v2-ssl", Parse: v2("ssl"), Usage: "send-proxy-v2-ssl: send-proxy-v2 that tells about the client's TLS"},
		engine.ServerKeyword{Name: "no-send-proxy-v2-ssl", Parse: off, Usage: "no-send-proxy-v2-ssl: undo send-proxy-v2-ssl of default-server"},
		engine.ServerKeyword{Name: "send-proxy-v2-ssl-cn", Parse: v2("ssl", "cert-cn"), Usage: "send-proxy-v2-ssl-cn: send-proxy-v2-ssl with the common name of the client's certificate"},
		engine.ServerKeyword{Name: "no-send-proxy-v2-ssl-cn", Parse: off, Usage: "no-send-proxy-v2-ssl-cn: undo send-proxy-v2-ssl-cn of default-server"},
		engine.ServerKeyword{Name: "set-proxy-v2-tlv-fmt", Args: 1, Parse: parseTLV, Missing: "'set-proxy-v2-tlv-fmt' : expects a format as argument",
			Usage: "set-proxy-v2-tlv-fmt(<id>) <format>: a field of that type in the header of send-proxy-v2"},
		engine.ServerKeyword{Name: "proxy-v2-options", Args: 1, Parse: parseHeaderOptions, Usage: "proxy-v2-options <option>,…: what send-proxy-v2 tells: ssl, cert-cn, ssl-cipher, cert-sig, cert-key, authority, crc32c, unique-id"},
	)
}

// headerConf says what a version 2 header carries.
type headerConf struct {
	ssl, cn, cipher, sig, key, authority, crc, uniqueID bool

	own []ownTLV // set-proxy-v2-tlv-fmt
}

// ownTLV is a field whose value a format makes.
type ownTLV struct {
	id  byte
	fmt *engine.LogFormat
}

// parseTLV reads set-proxy-v2-tlv-fmt(<id>) <format>.
func parseTLV(b *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	_, id, _ := strings.Cut(strings.TrimSuffix(name.Text, ")"), "(")
	n, err := strconv.ParseUint(id, 0, 32)
	switch {
	case err != nil:
		return diag.Errorf(name.Pos, "'%s' : could not convert TLV ID", name.Text)
	case n > 255:
		return diag.Errorf(name.Pos, "'%s' : the maximum allowed TLV ID is 255", name.Text)
	}
	f, err := b.LogFormat(args[0], engine.SrvSource, 0)
	if err != nil {
		return err
	}
	h := header.Edit(srv)
	h.own = append(h.own[:len(h.own):len(h.own)], ownTLV{byte(n), f})
	return nil
}

var header = engine.NewSlot[*engine.Server, headerConf]("PROXY header")

var headerOptions = map[string]func(*headerConf){
	"ssl":        func(h *headerConf) { h.ssl = true },
	"cert-cn":    func(h *headerConf) { h.ssl, h.cn = true, true },
	"ssl-cipher": func(h *headerConf) { h.ssl, h.cipher = true, true },
	"cert-sig":   func(h *headerConf) { h.ssl, h.sig = true, true },
	"cert-key":   func(h *headerConf) { h.ssl, h.key = true, true },
	"authority":  func(h *headerConf) { h.authority = true },
	"crc32c":     func(h *headerConf) { h.crc = true },
	"unique-id":  func(h *headerConf) { h.uniqueID = true },
}

func parseHeaderOptions(_ *engine.Build, srv *engine.Server, name engine.Word, args []engine.Word) error {
	h := header.Edit(srv)
	for o := range strings.SplitSeq(args[0].Text, ",") {
		set, ok := headerOptions[o]
		if !ok {
			return diag.Errorf(args[0].Pos, "'%s' : v2 option not implemented", name.Text)
		}
		set(h)
	}
	return nil
}

// sendHeader tells the server who the client is.
func (d *dialer) sendHeader(spec *engine.DialSpec, c *conn.Conn, to *target) error {
	from, dst := addrs(spec, c)
	var room [256]byte
	out := room[:0]
	switch {
	case spec.SendProxy == 1:
		out = proxyproto.AppendV1(out, from, dst)
	case spec.Strm == nil && d.asProxy:
		out = proxyproto.AppendV2(out, from, dst, false, nil, d.header != nil && d.header.crc)
	case spec.Strm == nil:
		out = proxyproto.AppendV2Local(out, nil, d.header != nil && d.header.crc)
	default:
		h := d.header
		if h == nil {
			h = &headerConf{}
		}
		out = proxyproto.AppendV2(out, from, dst, false, h.tlvs(spec.Strm), h.crc)
	}
	_, err := c.Write(out)
	return err
}

// addrs are the client's connection's ends; those of the socket for checks.
func addrs(spec *engine.DialSpec, c *conn.Conn) (from, to netip.AddrPort) {
	if s := spec.Strm; s != nil {
		return s.Sess.Src, s.Sess.Dst
	}
	return addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort()
	}
	return netip.AddrPort{}
}

// ReuseKey tells connections apart whose headers say something of one request.
func (d *dialer) ReuseKey(s *engine.Stream) string {
	if d.header == nil || len(d.header.own) == 0 {
		return ""
	}
	return string(d.header.ownTLVs(nil, s))
}

// ownTLVs appends the fields that formats make; empty ones are left out.
func (h *headerConf) ownTLVs(out []byte, s *engine.Stream) []byte {
	for i := range h.own {
		m := s.Env.Mark()
		s.Env.Tmp = h.own[i].fmt.Append(s.Env.Tmp, &s.Env)
		if v := s.Env.Since(m); len(v) > 0 {
			out = proxyproto.AppendTLV(out, h.own[i].id, string(v))
		}
		s.Env.Tmp = s.Env.Tmp[:m]
	}
	return out
}

func (h *headerConf) tlvs(s *engine.Stream) []byte {
	out := h.ownTLVs(nil, s)
	tls := s.Sess.TLS
	if tls != nil && tls.ALPN() != "" {
		out = proxyproto.AppendTLV(out, proxyproto.TLVALPN, tls.ALPN())
	}
	if h.authority && tls != nil && tls.SNI() != "" {
		out = proxyproto.AppendTLV(out, proxyproto.TLVAuthority, tls.SNI())
	}
	if h.uniqueID && len(s.UniqueID) > 0 {
		out = proxyproto.AppendTLV(out, proxyproto.TLVUniqueID, s.UniqueID)
	}
	if h.ssl {
		out = h.sslTLV(out, tls)
	}
	return out
}

func (h *headerConf) sslTLV(out []byte, tls engine.TLSInfo) []byte {
	v := proxyproto.SSL{Verify: 1}
	if tls != nil {
		v.Client = proxyproto.ClientSSL
		v.Sub = proxyproto.AppendTLV(v.Sub, proxyproto.SSLVersion, tls.Version())
		if cert := peerCert(tls); cert != nil {
			v.Verify = 0
			v.Client |= proxyproto.ClientCertSess
			if !tls.Resumed() {
				v.Client |= proxyproto.ClientCertConn
			}
			if h.cn && cert.Subject.CommonName != "" {
				v.Sub = proxyproto.AppendTLV(v.Sub, proxyproto.SSLCommonName, cert.Subject.CommonName)
			}
			if h.key {
				v.Sub = proxyproto.AppendTLV(v.Sub, proxyproto.SSLKeyAlg, keyName(cert))
			}
			if h.sig {
				v.Sub = proxyproto.AppendTLV(v.Sub, proxyproto.SSLSigAlg, cert.SignatureAlgorithm.String())
			}
		}
		if h.cipher {
			v.Sub = proxyproto.AppendTLV(v.Sub, proxyproto.SSLCipher, tls.Cipher())
		}
	}
	return proxyproto.AppendSSL(out, v)
}

// keyName is the public key's kind and size, as in "RSA2048".
func keyName(c *certificate) string { return c.PublicKeyAlgorithm.String() + strconv.Itoa(keyBits(c)) }
