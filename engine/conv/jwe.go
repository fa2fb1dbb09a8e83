package conv

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"math/big"

	"hawser/engine"
)

// Encrypted JSON web tokens (RFC 7516) in their compact form, with the algorithms
// of RFC 7518 that the manual lists. Whatever is wrong with a token gives nothing.

// jweKey is what a token is decrypted with: one of a secret, an RSA or an EC key.
type jweKey struct {
	secret []byte
	rsa    *rsa.PrivateKey
	ec     *ecdh.PrivateKey
}

// jweHeader is the part of the header that decryption needs.
type jweHeader struct {
	alg, enc, iv, tag, apu, apv string
	epk                         *ecdh.PublicKey
}

// contentKinds are the ciphers of the content: bytes of its key, and of the key
// of its HMAC, which AES-GCM has not.
var contentKinds = map[string]struct {
	key, mac int
	hash     func() hash.Hash
}{
	"A128GCM": {key: 16}, "A192GCM": {key: 24}, "A256GCM": {key: 32},
	"A128CBC-HS256": {16, 16, sha256.New}, "A192CBC-HS384": {24, 24, sha512.New384}, "A256CBC-HS512": {32, 32, sha512.New},
}

// decryptToken returns the content of a token, nil if it cannot be had.
func decryptToken(token []byte, key *jweKey) []byte {
	if bytes.Count(token, []byte(".")) != 4 {
		return nil
	}
	var part [5][]byte
	parts := bytes.Split(token, []byte("."))
	for i, p := range parts {
		var err error
		if part[i], err = base64.RawURLEncoding.AppendDecode(nil, p); err != nil {
			return nil
		}
	}
	h, ok := readJWEHeader(part[0])
	if !ok {
		return nil
	}
	kind, ok := contentKinds[h.enc]
	if !ok {
		return nil
	}
	cek := unwrapKey(h, part[1], key, kind.key+kind.mac)
	if len(cek) != kind.key+kind.mac {
		return nil
	}
	if kind.mac == 0 {
		return openGCM(cek, part[2], part[3], part[4], parts[0])
	}
	mac := hmac.New(kind.hash, cek[:kind.mac])
	mac.Write(parts[0])
	mac.Write(part[2])
	mac.Write(part[3])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(parts[0]))*8))
	if subtle.ConstantTimeCompare(mac.Sum(nil)[:kind.mac], part[4]) != 1 {
		return nil
	}
	return openCBC(cek[kind.mac:], part[2], part[3])
}

func openGCM(key, iv, text, tag, aad []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) == 0 {
		return nil
	}
	g, err := cipher.NewGCMWithNonceSize(block, len(iv))
	if err != nil || len(tag) != g.Overhead() {
		return nil
	}
	out, err := g.Open(nil, iv, append(bytes.Clone(text), tag...), aad)
	if err != nil {
		return nil
	}
	return out
}

func openCBC(key, iv, text []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) != aes.BlockSize || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil
	}
	out := make([]byte, len(text))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, text)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil
	}
	return out[:len(out)-pad]
}

// unwrapKey finds the content's key (RFC 7518, 4).
func unwrapKey(h *jweHeader, wrapped []byte, key *jweKey, size int) []byte {
	switch h.alg {
	case "dir":
		if len(wrapped) == 0 {
			return key.secret
		}
	case "A128KW", "A192KW", "A256KW":
		if len(key.secret)*8 == algBits(h.alg) {
			return unwrapAES(key.secret, wrapped)
		}
	case "A128GCMKW", "A192GCMKW", "A256GCMKW":
		iv, err := base64.RawURLEncoding.DecodeString(h.iv)
		tag, err2 := base64.RawURLEncoding.DecodeString(h.tag)
		if err == nil && err2 == nil && len(key.secret)*8 == algBits(h.alg) {
			return openGCM(key.secret, iv, wrapped, tag, nil)
		}
	case "RSA-OAEP", "RSA-OAEP-256":
		if key.rsa == nil {
			return nil
		}
		sum := sha1.New
		if h.alg == "RSA-OAEP-256" {
			sum = sha256.New
		}
		out, _ := rsa.DecryptOAEP(sum(), nil, key.rsa, wrapped, nil)
		return out
	case "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW":
		return agreeKey(h, wrapped, key, size)
	}
	return nil
}

// algBits reads the key's size from names such as A128KW.
func algBits(alg string) int {
	return int(alg[1]-'0')*100 + int(alg[2]-'0')*10 + int(alg[3]-'0')
}

// agreeKey is ECDH-ES with the Concat KDF (RFC 7518, 4.6).
func agreeKey(h *jweHeader, wrapped []byte, key *jweKey, size int) []byte {
	if key.ec == nil || h.epk == nil {
		return nil
	}
	z, err := key.ec.ECDH(h.epk)
	if err != nil {
		return nil
	}
	id := h.enc
	if h.alg != "ECDH-ES" {
		id, size = h.alg, algBits(h.alg[len("ECDH-ES+"):])/8
	}
	var info []byte
	for _, s := range []string{id, decoded(h.apu), decoded(h.apv)} {
		info = append(binary.BigEndian.AppendUint32(info, uint32(len(s))), s...)
	}
	info = binary.BigEndian.AppendUint32(info, uint32(size*8))
	var out []byte
	for n := uint32(1); len(out) < size; n++ {
		d := sha256.New()
		d.Write(binary.BigEndian.AppendUint32(nil, n))
		d.Write(z)
		d.Write(info)
		out = d.Sum(out)
	}
	out = out[:size]
	if h.alg != "ECDH-ES" {
		return unwrapAES(out, wrapped)
	}
	return out
}

func decoded(s string) string {
	b, _ := base64.RawURLEncoding.DecodeString(s)
	return string(b)
}

// unwrapAES is AES key unwrap (RFC 3394).
func unwrapAES(kek, wrapped []byte) []byte {
	block, err := aes.NewCipher(kek)
	n := len(wrapped)/8 - 1
	if err != nil || len(wrapped)%8 != 0 || n < 2 {
		return nil
	}
	a, r := [8]byte(wrapped[:8]), bytes.Clone(wrapped[8:])
	var b [16]byte
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			t := binary.BigEndian.Uint64(a[:]) ^ uint64(n*j+i)
			binary.BigEndian.PutUint64(b[:8], t)
			copy(b[8:], r[(i-1)*8:i*8])
			block.Decrypt(b[:], b[:])
			copy(a[:], b[:8])
			copy(r[(i-1)*8:], b[8:])
		}
	}
	if a != [8]byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6} {
		return nil
	}
	return r
}

// ecKey puts a key of package ecdsa, as PEM files hold it, into ecdh's form.
func ecKey(k *ecdsa.PrivateKey) *ecdh.PrivateKey {
	e, err := k.ECDH()
	if err != nil {
		return nil
	}
	return e
}

func ecCurve(name string) (ecdh.Curve, int) {
	switch name {
	case "P-256":
		return ecdh.P256(), 32
	case "P-384":
		return ecdh.P384(), 48
	case "P-521":
		return ecdh.P521(), 66
	}
	return nil, 0
}

// ecPoint makes a public key of its coordinates.
func ecPoint(curve, x, y string) *ecdh.PublicKey {
	c, size := ecCurve(curve)
	if c == nil {
		return nil
	}
	xb, err := base64.RawURLEncoding.DecodeString(x)
	yb, err2 := base64.RawURLEncoding.DecodeString(y)
	if err != nil || err2 != nil || len(xb) > size || len(yb) > size {
		return nil
	}
	point := make([]byte, 1+2*size)
	point[0] = 4
	copy(point[1+size-len(xb):], xb)
	copy(point[1+2*size-len(yb):], yb)
	k, err := c.NewPublicKey(point)
	if err != nil {
		return nil
	}
	return k
}

// ecSecret makes a private key of its number.
func ecSecret(curve, d string) *ecdh.PrivateKey {
	c, size := ecCurve(curve)
	b, err := base64.RawURLEncoding.DecodeString(d)
	if c == nil || err != nil || len(b) > size {
		return nil
	}
	k, err := c.NewPrivateKey(append(make([]byte, size-len(b)), b...))
	if err != nil {
		return nil
	}
	return k
}

// rsaSecret makes a private key of its numbers.
func rsaSecret(num func(string) *big.Int) *rsa.PrivateKey {
	n, e, d, p, q := num("n"), num("e"), num("d"), num("p"), num("q")
	if n == nil || e == nil || d == nil || p == nil || q == nil || !e.IsInt64() {
		return nil
	}
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
	if k.Validate() != nil {
		return nil
	}
	k.Precompute()
	return k
}

// decrypted is the converters' result: an empty text where there is none.
func decrypted(e env, token []byte, key *jweKey) (smp, stat) {
	if key == nil {
		return none()
	}
	out := decryptToken(token, key)
	if out == nil {
		return none()
	}
	return engine.Bin(e.Keep(out)), found
}
