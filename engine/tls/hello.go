package tls

import (
	"crypto/tls"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"hawser/engine"
)

// heard is what a client's first message offered, kept where
// tune.ssl.capture-buffer-size asks for it: big-endian lists, as on the wire.
type heard struct {
	version                                              uint16
	ciphers, extensions, groups, formats, sigs, versions []byte
}

func hear(h *tls.ClientHelloInfo) *heard {
	out := &heard{version: tls.VersionTLS12, formats: h.SupportedPoints, ciphers: shorts(h.CipherSuites), extensions: shorts(h.Extensions),
		groups: shorts(h.SupportedCurves), sigs: shorts(h.SignatureSchemes)}
	if slices.Contains(h.Extensions, 43) { // supported_versions
		out.versions = shorts(h.SupportedVersions)
	}
	if len(h.SupportedVersions) > 0 { // the field in the head ends at TLS 1.2
		out.version = min(slices.Max(h.SupportedVersions), tls.VersionTLS12)
	}
	return out
}

func shorts[T ~uint16](list []T) []byte {
	out := make([]byte, 0, 2*len(list))
	for _, v := range list {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// grease tells the values that clients make up (RFC 8701).
func grease(hi, lo byte) bool { return hi == lo && hi&15 == 10 }

func init() {
	spec := engine.OptArgs(0, engine.ArgInt)
	list := func(name string, out engine.Type, usage string, f func(*heard) []byte) {
		engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: engine.OnSession, Args: spec, Usage: "([filter]): " + usage + " of the client's hello; 1: without those of RFC 8701. Needs tune.ssl.capture-buffer-size.",
			Eval: func(e env, a []engine.Arg) (smp, stat) { return helloList(e, a, out, f) }})
	}
	list("ssl_fc_cipherlist_bin", engine.TStr, "the ciphers", func(h *heard) []byte { return h.ciphers })
	list("ssl_fc_extlist_bin", engine.TStr, "the extensions", func(h *heard) []byte { return h.extensions })
	list("ssl_fc_eclist_bin", engine.TStr, "the groups", func(h *heard) []byte { return h.groups })
	list("ssl_fc_sigalgs_bin", engine.TBin, "the signature algorithms", func(h *heard) []byte { return h.sigs })
	list("ssl_fc_supported_versions_bin", engine.TBin, "the versions", func(h *heard) []byte { return h.versions })
	engine.AddFetches(
		engine.Fetch{Name: "ssl_fc_cipherlist_hex", Out: engine.TBin, Where: engine.OnSession, Args: spec, Usage: "([filter]): the ciphers of the client's hello as hexadecimal digits. Needs tune.ssl.capture-buffer-size.",
			Eval: func(e env, a []engine.Arg) (smp, stat) {
				s, st := helloList(e, a, engine.TBin, func(h *heard) []byte { return h.ciphers })
				if st != engine.Found {
					return s, st
				}
				m := e.Mark()
				for _, c := range s.B {
					e.Tmp = append(e.Tmp, "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
				}
				return engine.Bin(e.Since(m)), engine.Found
			}},
		engine.Fetch{Name: "ssl_fc_cipherlist_str", Out: engine.TStr, Where: engine.OnSession, Args: spec, Usage: "([filter]): the names of the ciphers of the client's hello, comma-separated. Needs tune.ssl.capture-buffer-size.",
			Eval: cipherNames},
	)
	add("ssl_fc_cipherlist_xxh", engine.TSint, "The XXH64 hash of the ciphers of the client's hello. Needs tune.ssl.capture-buffer-size.", ofHello(func(h *heard) (smp, stat) {
		return engine.Sint(int64(xxhash.Sum64(h.ciphers))), engine.Found
	}))
	add("ssl_fc_protocol_hello_id", engine.TSint, "The version in the head of the client's hello. Needs tune.ssl.capture-buffer-size.", ofHello(func(h *heard) (smp, stat) {
		return engine.Sint(int64(h.version)), engine.Found
	}))
	add("ssl_fc_ecformats_bin", engine.TStr, "The point formats of the client's hello. Needs tune.ssl.capture-buffer-size.", ofHello(func(h *heard) (smp, stat) {
		return engine.Str(h.formats), found(len(h.formats) > 0)
	}))
}

func ofHello(f func(*heard) (smp, stat)) func(env, *info) (smp, stat) {
	return func(_ env, i *info) (smp, stat) {
		if i.hello == nil {
			return none()
		}
		return f(i.hello)
	}
}

func helloList(e env, a []engine.Arg, out engine.Type, f func(*heard) []byte) (smp, stat) {
	i := infoOf(e)
	if i == nil || i.hello == nil {
		return none()
	}
	b := f(i.hello)
	if len(a) > 0 && a[0].Type != engine.ArgNone && a[0].Int == 1 {
		m := e.Mark()
		for ; len(b) > 1; b = b[2:] {
			if !grease(b[0], b[1]) {
				e.Tmp = append(e.Tmp, b[:2]...)
			}
		}
		b = e.Since(m)
	}
	return smp{Type: out, B: b}, found(len(b) > 0)
}

func cipherNames(e env, a []engine.Arg) (smp, stat) {
	s, st := helloList(e, a, engine.TStr, func(h *heard) []byte { return h.ciphers })
	if st != engine.Found {
		return s, st
	}
	m := e.Mark()
	for b := s.B; len(b) > 1; b = b[2:] {
		if len(e.Tmp) > m {
			e.Tmp = append(e.Tmp, ',')
		}
		id := binary.BigEndian.Uint16(b)
		if name := openSSLName(id); name != "" {
			e.Tmp = append(e.Tmp, name...)
		} else {
			e.Tmp = append(append(e.Tmp, "UNKNOWN("...), "0123456789abcdef"[id>>12], "0123456789abcdef"[id>>8&15], "0123456789abcdef"[id>>4&15], "0123456789abcdef"[id&15], ')')
		}
	}
	return engine.Str(e.Since(m)), engine.Found
}
