package conv

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash"
	"math/big"
	"strings"

	"hawser/engine"

	_ "crypto/sha256" // the hashes that tokens are signed with
	_ "crypto/sha512"
)

func init() {
	for _, n := range []string{"jwt_verify", "jwt_verify_cert"} {
		made(n, engine.TBin, engine.TSint, "(algorithm,key): 1 if the token's signature is right, 0 if not, less if it cannot be told; the key is a secret or a PEM file's name.", 2, types(engine.ArgStr, engine.ArgStr), jwtVerify)
	}
}

// tokenParts splits a token into header, payload and signature, still encoded.
func tokenParts(b []byte) (parts [3][]byte, ok bool) {
	p := bytes.Split(b, []byte("."))
	if len(p) != 3 {
		return parts, false
	}
	copy(parts[:], p)
	return parts, true
}

func jwtQuery(a args, part int) (engine.ConvFunc, error) {
	var path []jsonStep
	whole, asInt, known := true, false, true
	if given(a, 0) && a[0].Text != "" {
		whole = false
		path, known = jsonPath(a[0].Text)
		if given(a, 1) && a[1].Text != "" {
			if asInt = a[1].Text == "int"; !asInt {
				return nil, errText("output_type only supports \"int\" as argument")
			}
		}
	}
	return func(e env, _ args, v smp) (smp, stat) {
		text := v.B
		for range part {
			_, text, _ = bytes.Cut(text, []byte("."))
		}
		text, _, ok := bytes.Cut(text, []byte("."))
		if !ok {
			return none()
		}
		m := e.Mark()
		out, err := base64.RawURLEncoding.AppendDecode(e.Tmp, bytes.TrimRight(text, "="))
		if err != nil {
			return none()
		}
		e.Tmp = out
		switch {
		case whole:
			return str(e.Since(m))
		case !known:
			return none()
		}
		return queryJSON(e, e.Since(m), path, asInt)
	}, nil
}

// What jwt_verify says beside 1 and 0 (configuration manual, jwt_verify).
const (
	jwtUnknownAlg   = -1
	jwtUnmanaged    = -2
	jwtInvalidToken = -3
	jwtNoMemory     = -4
	jwtNoCert       = -5
)

var jwtHashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

func jwtVerify(b *engine.Build, a args) (engine.ConvFunc, error) {
	alg := strArg(b, a[0])
	key, isFile := strArg(b, a[1]), false
	_, err := b.Var(a[0].Text)
	fixed := err != nil
	if fixed && !knownJWT(a[0].Text) {
		return nil, errText("unknown JWT algorithm: " + a[0].Text)
	}
	var public any
	if _, err := b.Var(a[1].Text); err != nil && (!fixed || a[0].Text[:2] != "HS") {
		if data, err := b.ReadFile(a[1].Text); err == nil {
			public = publicKey(data)
		}
		isFile = public != nil
		if fixed && !isFile {
			return nil, errText("no public key in '" + a[1].Text + "'")
		}
	}
	return func(e env, _ args, v smp) (smp, stat) {
		name, ok := alg(e)
		if !ok {
			return none()
		}
		k, ok := key(e)
		if !ok {
			return none()
		}
		pub := public
		if !isFile {
			pub = nil
			if bytes.HasPrefix(k, []byte("-----BEGIN")) {
				pub = publicKey(k)
			}
		}
		return sint(verifyToken(string(name), v.B, k, pub))
	}, nil
}

func knownJWT(alg string) bool {
	if alg == "none" {
		return true
	}
	if len(alg) != 5 || !strings.Contains("HS RS ES PS", alg[:2]) {
		return false
	}
	_, ok := jwtHashes[alg[2:]]
	return ok
}

func publicKey(data []byte) any {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil
		}
		data = rest
		switch block.Type {
		case "PUBLIC KEY":
			if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
				return k
			}
		case "RSA PUBLIC KEY":
			if k, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
				return k
			}
		case "CERTIFICATE":
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				return c.PublicKey
			}
		}
	}
}

func verifyToken(alg string, token, key []byte, public any) int64 {
	parts, ok := tokenParts(token)
	if !ok {
		return jwtInvalidToken
	}
	header, err := base64.RawURLEncoding.DecodeString(string(parts[0]))
	var h struct{ Alg string }
	if err != nil || json.Unmarshal(header, &h) != nil || h.Alg == "" {
		return jwtInvalidToken
	}
	if h.Alg != alg {
		return 0 // never trust a token that names its own algorithm
	}
	if alg == "none" {
		if len(parts[2]) == 0 {
			return 1
		}
		return 0
	}
	sig, err := base64.RawURLEncoding.DecodeString(string(parts[2]))
	if err != nil {
		return jwtInvalidToken
	}
	if len(alg) != 5 {
		return jwtUnknownAlg
	}
	hs, ok := jwtHashes[alg[2:]]
	if !ok {
		return jwtUnknownAlg
	}
	signed := token[:len(parts[0])+1+len(parts[1])]
	return verifySignature(alg[:2], hs, signed, sig, key, public)
}

func verifySignature(family string, hs crypto.Hash, signed, sig, key []byte, public any) int64 {
	if family == "HS" {
		mac := hmac.New(func() hash.Hash { return hs.New() }, key)
		mac.Write(signed)
		return yes(hmac.Equal(mac.Sum(nil), sig))
	}
	d := hs.New()
	d.Write(signed)
	sum := d.Sum(nil)
	switch family {
	case "RS", "PS":
		k, ok := public.(*rsa.PublicKey)
		if !ok {
			return wrongKey(public)
		}
		if family == "RS" {
			return yes(rsa.VerifyPKCS1v15(k, hs, sum, sig) == nil)
		}
		return yes(rsa.VerifyPSS(k, hs, sum, sig, nil) == nil)
	case "ES":
		k, ok := public.(*ecdsa.PublicKey)
		if !ok {
			return wrongKey(public)
		}
		n := len(sig) / 2
		r, s := new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])
		return yes(ecdsa.Verify(k, sum, r, s))
	}
	return jwtUnknownAlg
}

// wrongKey is the answer for a key of the other family: the signature cannot be right.
func wrongKey(public any) int64 {
	if public == nil {
		return jwtNoCert
	}
	return 0
}

func yes(v bool) int64 {
	if v {
		return 1
	}
	return 0
}
