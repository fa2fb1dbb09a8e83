package tls

import (
	"crypto/tls"
	"slices"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// schemes are the signature algorithms by the names of TLS 1.3; 0 is one that the
// library lacks.
var schemes = map[string]tls.SignatureScheme{
	"ecdsa_secp256r1_sha256": tls.ECDSAWithP256AndSHA256, "ecdsa_secp384r1_sha384": tls.ECDSAWithP384AndSHA384, "ecdsa_secp521r1_sha512": tls.ECDSAWithP521AndSHA512,
	"ecdsa_sha1": tls.ECDSAWithSHA1, "ecdsa_sha224": 0, "ed25519": tls.Ed25519, "ed448": 0,
	"rsa_pss_rsae_sha256": tls.PSSWithSHA256, "rsa_pss_rsae_sha384": tls.PSSWithSHA384, "rsa_pss_rsae_sha512": tls.PSSWithSHA512,
	"rsa_pss_pss_sha256": 0, "rsa_pss_pss_sha384": 0, "rsa_pss_pss_sha512": 0,
	"rsa_pkcs1_sha256": tls.PKCS1WithSHA256, "rsa_pkcs1_sha384": tls.PKCS1WithSHA384, "rsa_pkcs1_sha512": tls.PKCS1WithSHA512,
	"rsa_pkcs1_sha224": 0, "rsa_pkcs1_sha1": tls.PKCS1WithSHA1,
}

// families are the same by OpenSSL's pair of key and hash.
var families = map[string]map[string]tls.SignatureScheme{
	"RSA":     {"SHA1": tls.PKCS1WithSHA1, "SHA224": 0, "SHA256": tls.PKCS1WithSHA256, "SHA384": tls.PKCS1WithSHA384, "SHA512": tls.PKCS1WithSHA512},
	"RSA-PSS": {"SHA256": tls.PSSWithSHA256, "SHA384": tls.PSSWithSHA384, "SHA512": tls.PSSWithSHA512},
	"ECDSA":   {"SHA1": tls.ECDSAWithSHA1, "SHA224": 0, "SHA256": tls.ECDSAWithP256AndSHA256, "SHA384": tls.ECDSAWithP384AndSHA384, "SHA512": tls.ECDSAWithP521AndSHA512},
	"DSA":     {"SHA1": 0, "SHA224": 0, "SHA256": 0, "SHA384": 0, "SHA512": 0},
}

// pickSchemes reads a list of OpenSSL's form. missing are those that the library
// lacks; ok is false where OpenSSL refuses the list: a name that is none, or one twice.
func pickSchemes(list string) (use []tls.SignatureScheme, missing []string, ok bool) {
	use = []tls.SignatureScheme{}
	var seen []string
	for name := range strings.SplitSeq(list, ":") {
		id, known := schemes[name]
		if key, hash, pair := strings.Cut(name, "+"); pair {
			if key == "PSS" {
				key = "RSA-PSS"
			}
			id, known = families[key][hash]
		}
		switch {
		case !known || slices.Contains(seen, name) || id != 0 && slices.Contains(use, id):
			return nil, nil, false
		case id == 0:
			missing = append(missing, name)
		default:
			use = append(use, id)
		}
		seen = append(seen, name)
	}
	return use, missing, true
}

// signWith restricts what a certificate's key signs with to the list of w; nil, for
// any, where there is none. kind and who complete the sentence.
func signWith(b *engine.Build, w engine.Word, kind, who string) ([]tls.SignatureScheme, error) {
	if w.Text == "" {
		return nil, nil
	}
	use, missing, ok := pickSchemes(w.Text)
	if !ok {
		return nil, diag.Errorf(w.Pos, "unable to set SSL %s list to '%s'%s.", kind, w.Text, who)
	}
	if len(missing) > 0 {
		b.Notice(w.Pos, "these signature algorithms are not there and are left out: %s", strings.Join(missing, ":"))
	}
	return use, nil
}

// checkSchemes looks at a list that the library cannot follow.
func checkSchemes(w engine.Word, kind, who string) error {
	if w.Text == "" {
		return nil
	}
	if _, _, ok := pickSchemes(w.Text); !ok {
		return diag.Errorf(w.Pos, "unable to set SSL %s list to '%s'%s.", kind, w.Text, who)
	}
	return nil
}
