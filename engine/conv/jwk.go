package conv

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"

	"hawser/engine"
)

func init() {
	b := engine.TBin
	made("jwt_decrypt_secret", b, b, "(secret): the content of an encrypted JSON web token; the secret is base64 or a variable that holds it.", 1, types(engine.ArgStr), func(bd *engine.Build, a args) (engine.ConvFunc, error) {
		secret, err := keyArg(bd, a[0])
		if err != nil {
			return nil, errText("failed to parse secret: " + err.Error())
		}
		return func(e env, _ args, v smp) (smp, stat) {
			k, ok := secret(e)
			if !ok {
				return none()
			}
			return decrypted(e, v.B, &jweKey{secret: k})
		}, nil
	})
	made("jwt_decrypt_jwk", b, b, "(jwk): the content of an encrypted JSON web token; the key is a JSON web key (oct, RSA, EC) or a variable that holds it.", 1, types(engine.ArgStr), decryptJWK)
	made("jwt_decrypt_cert", b, b, "(file): the content of an encrypted JSON web token; the key is in a PEM file.", 1, types(engine.ArgStr), decryptCert)
}

func decryptJWK(b *engine.Build, a args) (engine.ConvFunc, error) {
	if ref, err := b.Var(a[0].Text); err == nil {
		get := varBytes(ref)
		return func(e env, _ args, v smp) (smp, stat) {
			t, ok := get(e)
			if !ok {
				return none()
			}
			k, _ := readJWK(t)
			return decrypted(e, v.B, k)
		}, nil
	}
	k, err := readJWK([]byte(a[0].Text))
	if err != nil {
		return nil, err
	}
	return func(e env, _ args, v smp) (smp, stat) { return decrypted(e, v.B, k) }, nil
}

func decryptCert(b *engine.Build, a args) (engine.ConvFunc, error) {
	data, err := b.ReadFile(a[0].Text)
	if err != nil {
		return nil, errText("unknown certificate " + a[0].Text)
	}
	k := privateKey(data)
	if k == nil {
		return nil, errText("unknown certificate " + a[0].Text)
	}
	return func(e env, _ args, v smp) (smp, stat) { return decrypted(e, v.B, k) }, nil
}

func privateKey(data []byte) *jweKey {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil
		}
		data = rest
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		}
		if err != nil {
			continue
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			return &jweKey{rsa: k}
		case *ecdsa.PrivateKey:
			return &jweKey{ec: ecKey(k)}
		}
	}
}

func readJWK(text []byte) (*jweKey, error) {
	var k map[string]any
	json.Unmarshal(text, &k)
	get := func(name string) string { s, _ := k[name].(string); return s }
	num := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(get(name))
		if err != nil || len(b) == 0 {
			return nil
		}
		return new(big.Int).SetBytes(b)
	}
	switch get("kty") {
	case "":
		return nil, errText("Missing key type (expected 'oct', 'RSA' or 'EC')")
	case "oct":
		secret, err := base64.RawURLEncoding.DecodeString(get("k"))
		if err == nil && len(secret) > 0 {
			return &jweKey{secret: secret}, nil
		}
	case "RSA":
		if key := rsaSecret(num); key != nil {
			return &jweKey{rsa: key}, nil
		}
	case "EC":
		if key := ecSecret(get("crv"), get("d")); key != nil {
			return &jweKey{ec: key}, nil
		}
	default:
		return nil, errText("Unmanaged key type (expected 'oct', 'RSA' or 'EC'")
	}
	return nil, errText("Failed to parse JWK")
}

func readJWEHeader(text []byte) (*jweHeader, bool) {
	var h struct {
		Alg, Enc, IV, Tag, Apu, Apv, Zip string
		Epk                              struct{ Crv, X, Y string }
	}
	if json.Unmarshal(text, &h) != nil || h.Zip != "" {
		return nil, false
	}
	return &jweHeader{h.Alg, h.Enc, h.IV, h.Tag, h.Apu, h.Apv, ecPoint(h.Epk.Crv, h.Epk.X, h.Epk.Y)}, true
}
