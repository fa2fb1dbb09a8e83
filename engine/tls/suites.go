package tls

import (
	"crypto/tls"
	"strings"
)

// suite is a cipher of crypto/tls with OpenSSL's name and the groups that its
// cipher strings can name it by.
type suite struct {
	name string
	id   uint16
	tags string
}

var suites = []suite{
	{"ECDHE-ECDSA-AES128-GCM-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE EECDH kECDHE ECDSA aECDSA AESGCM AES AES128 SHA256 HIGH TLSv1.2"},
	{"ECDHE-RSA-AES128-GCM-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE EECDH kECDHE aRSA AESGCM AES AES128 SHA256 HIGH TLSv1.2"},
	{"ECDHE-ECDSA-AES256-GCM-SHA384", tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE EECDH kECDHE ECDSA aECDSA AESGCM AES AES256 SHA384 HIGH TLSv1.2"},
	{"ECDHE-RSA-AES256-GCM-SHA384", tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE EECDH kECDHE aRSA AESGCM AES AES256 SHA384 HIGH TLSv1.2"},
	{"ECDHE-ECDSA-CHACHA20-POLY1305", tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE EECDH kECDHE ECDSA aECDSA CHACHA20 HIGH TLSv1.2"},
	{"ECDHE-RSA-CHACHA20-POLY1305", tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE EECDH kECDHE aRSA CHACHA20 HIGH TLSv1.2"},
	{"ECDHE-ECDSA-AES128-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE EECDH kECDHE ECDSA aECDSA AES AES128 SHA256 HIGH TLSv1.2"},
	{"ECDHE-RSA-AES128-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE EECDH kECDHE aRSA AES AES128 SHA256 HIGH TLSv1.2"},
	{"ECDHE-ECDSA-AES128-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE EECDH kECDHE ECDSA aECDSA AES AES128 SHA SHA1 HIGH"},
	{"ECDHE-RSA-AES128-SHA", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE EECDH kECDHE aRSA AES AES128 SHA SHA1 HIGH"},
	{"ECDHE-ECDSA-AES256-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE EECDH kECDHE ECDSA aECDSA AES AES256 SHA SHA1 HIGH"},
	{"ECDHE-RSA-AES256-SHA", tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE EECDH kECDHE aRSA AES AES256 SHA SHA1 HIGH"},
	{"AES128-GCM-SHA256", tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "RSA kRSA aRSA AESGCM AES AES128 SHA256 HIGH TLSv1.2"},
	{"AES256-GCM-SHA384", tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "RSA kRSA aRSA AESGCM AES AES256 SHA384 HIGH TLSv1.2"},
	{"AES128-SHA256", tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "RSA kRSA aRSA AES AES128 SHA256 HIGH TLSv1.2"},
	{"AES128-SHA", tls.TLS_RSA_WITH_AES_128_CBC_SHA, "RSA kRSA aRSA AES AES128 SHA SHA1 HIGH"},
	{"AES256-SHA", tls.TLS_RSA_WITH_AES_256_CBC_SHA, "RSA kRSA aRSA AES AES256 SHA SHA1 HIGH"},
}

var suites13 = map[string]bool{"TLS_AES_128_GCM_SHA256": true, "TLS_AES_256_GCM_SHA384": true, "TLS_CHACHA20_POLY1305_SHA256": true,
	"TLS_AES_128_CCM_SHA256": false, "TLS_AES_128_CCM_8_SHA256": false}

// groups are words of cipher strings that stand for no cipher of crypto/tls.
var groups = map[string]bool{"aNULL": true, "eNULL": true, "NULL": true, "EXPORT": true, "EXP": true, "LOW": true, "MEDIUM": true, "DES": true,
	"3DES": true, "MD5": true, "RC4": true, "PSK": true, "SRP": true, "DSS": true, "aDSS": true, "DH": true, "DHE": true, "EDH": true, "kDHE": true, "kEDH": true,
	"ADH": true, "AECDH": true, "CAMELLIA": true, "SEED": true, "IDEA": true, "ARIA": true, "AESCCM": true, "AESCCM8": true, "kDH": true, "kECDH": true, "ECDH": true,
	"SSLv3": true, "TLSv1": true, "SSLv2": true, "COMPLEMENTOFDEFAULT": true, "COMPLEMENTOFALL": true, "ARIAGCM": true, "kRSA": true}

// has reports whether the suite belongs to the group.
func (s *suite) has(group string) bool {
	if group == "ALL" || group == "DEFAULT" || group == s.name {
		return true
	}
	for tag := range strings.FieldsSeq(s.tags) {
		if tag == group {
			return true
		}
	}
	return false
}

// pickSuites evaluates an OpenSSL cipher string. known is false when it names
// nothing at all; missing lists ciphers that crypto/tls does not have.
func pickSuites(list string) (ids []uint16, missing []string, known bool) {
	out := map[uint16]bool{}
	add := func(s *suite) {
		if !out[s.id] {
			out[s.id] = true
			ids = append(ids, s.id)
		}
	}
	for _, tok := range strings.FieldsFunc(list, func(c rune) bool { return c == ':' || c == ',' || c == ' ' }) {
		if tok[0] == '@' {
			continue
		}
		op := byte(0)
		if strings.IndexByte("!-+", tok[0]) >= 0 {
			op, tok = tok[0], tok[1:]
		}
		parts, found := strings.Split(tok, "+"), false
		for i := range suites {
			s := &suites[i]
			if !allOf(s, parts) {
				continue
			}
			found = true
			switch op {
			case 0:
				add(s)
			case '!', '-':
				for k, id := range ids {
					if id == s.id {
						ids = append(ids[:k], ids[k+1:]...)
						break
					}
				}
				out[s.id] = op == '!'
			}
		}
		switch {
		case found:
			known = true
		case groups[tok] || strings.Contains(tok, "+"):
		case strings.Contains(tok, "-") && op == 0: // a cipher's full name
			missing = append(missing, tok)
		}
	}
	return ids, missing, known && len(ids) > 0
}

func allOf(s *suite, parts []string) bool {
	for _, p := range parts {
		if !s.has(p) {
			return false
		}
	}
	return true
}

// openSSLName is OpenSSL's name of a cipher, as logs and fetches show it.
func openSSLName(id uint16) string {
	for i := range suites {
		if suites[i].id == id {
			return suites[i].name
		}
	}
	return tls.CipherSuiteName(id)
}

var curves = map[string]tls.CurveID{
	"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521,
	"prime256v1": tls.CurveP256, "secp256r1": tls.CurveP256, "secp384r1": tls.CurveP384, "secp521r1": tls.CurveP521,
	"x25519": tls.X25519, "X25519MLKEM768": tls.X25519MLKEM768,
}

var otherCurves = map[string]bool{"X448": true, "x448": true, "secp256k1": true, "brainpoolP256r1": true, "brainpoolP384r1": true, "brainpoolP512r1": true,
	"ffdhe2048": true, "ffdhe3072": true, "ffdhe4096": true, "ffdhe6144": true, "ffdhe8192": true, "MLKEM768": true, "SecP256r1MLKEM768": true, "SecP384r1MLKEM1024": true}

// pickCurves reads a list of groups; ok is false when it holds an unknown one.
func pickCurves(list string) (ids []tls.CurveID, missing []string, ok bool) {
	for _, name := range strings.FieldsFunc(list, func(c rune) bool { return c == ':' || c == ',' || c == '/' }) {
		name = strings.TrimLeft(name, "*?")
		switch id, have := curves[name]; {
		case have:
			ids = append(ids, id)
		case otherCurves[name]:
			missing = append(missing, name)
		default:
			return nil, nil, false
		}
	}
	return ids, missing, len(ids) > 0
}
