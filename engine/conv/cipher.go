package conv

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"

	"hawser/engine"
)

func init() {
	b := engine.TBin
	cbc := types(engine.ArgInt, engine.ArgStr, engine.ArgStr, engine.ArgStr)
	gcm := types(engine.ArgInt, engine.ArgStr, engine.ArgStr, engine.ArgStr, engine.ArgStr)
	made("aes_cbc_dec", b, b, "(bits,iv,key[,aad]): decrypts AES-CBC; iv and key are base64 or variables.", 3, cbc, makeCBC(false))
	made("aes_cbc_enc", b, b, "(bits,iv,key[,aad]): encrypts with AES-CBC; iv and key are base64 or variables.", 3, cbc, makeCBC(true))
	made("aes_gcm_dec", b, b, "(bits,nonce,key,tag[,aad]): decrypts AES-GCM; all are base64 or variables.", 4, gcm, makeGCM(false))
	made("aes_gcm_enc", b, b, "(bits,nonce,key,tag[,aad]): encrypts with AES-GCM; the tag is stored in the variable named.", 4, gcm, makeGCM(true))
}

func keyBytes(a args) (int, error) {
	switch a[0].Int {
	case 128, 192, 256:
		return int(a[0].Int) / 8, nil
	}
	return 0, errText("key size must be 128, 192 or 256 (bits).")
}

// cipherArgs reads what all these converters begin with: the key's size in bytes,
// the nonce (or IV) and the key.
func cipherArgs(b *engine.Build, a args) (size int, nonce, key func(env) ([]byte, bool), err error) {
	if size, err = keyBytes(a); err != nil {
		return 0, nil, nil, err
	}
	if nonce, err = keyArg(b, a[1]); err != nil {
		return 0, nil, nil, errText("failed to parse nonce : " + err.Error())
	}
	if key, err = keyArg(b, a[2]); err != nil {
		return 0, nil, nil, errText("failed to parse key : " + err.Error())
	}
	return size, nonce, key, nil
}

func makeCBC(enc bool) func(*engine.Build, args) (engine.ConvFunc, error) {
	return func(b *engine.Build, a args) (engine.ConvFunc, error) {
		size, iv, key, err := cipherArgs(b, a)
		if err != nil {
			return nil, err
		}
		return func(e env, _ args, v smp) (smp, stat) {
			n, ok := iv(e)
			k, ok2 := key(e)
			if !ok || !ok2 || len(k) != size || len(n) != aes.BlockSize {
				return none()
			}
			block, err := aes.NewCipher(k)
			if err != nil {
				return none()
			}
			if enc {
				return encryptCBC(e, block, n, v.B)
			}
			return decryptCBC(e, block, n, v.B)
		}, nil
	}
}

// encryptCBC pads as PKCS#7 says.
func encryptCBC(e env, block cipher.Block, iv, in []byte) (smp, stat) {
	pad := aes.BlockSize - len(in)%aes.BlockSize
	m := e.Mark()
	e.Tmp = append(e.Tmp, in...)
	e.Tmp = append(e.Tmp, bytes.Repeat([]byte{byte(pad)}, pad)...)
	out := e.Since(m)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return bin(out)
}

func decryptCBC(e env, block cipher.Block, iv, in []byte) (smp, stat) {
	if len(in) == 0 || len(in)%aes.BlockSize != 0 {
		return none()
	}
	out := e.Keep(in)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, out)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize {
		return none()
	}
	for _, c := range out[len(out)-pad:] {
		if int(c) != pad {
			return none()
		}
	}
	return bin(out[:len(out)-pad])
}

func makeGCM(enc bool) func(*engine.Build, args) (engine.ConvFunc, error) {
	return func(b *engine.Build, a args) (engine.ConvFunc, error) {
		size, nonce, key, err := cipherArgs(b, a)
		if err != nil {
			return nil, err
		}
		aad := func(env) ([]byte, bool) { return nil, true }
		if given(a, 4) && a[4].Text != "" {
			if aad, err = keyArg(b, a[4]); err != nil {
				return nil, errText("failed to parse aad : " + err.Error())
			}
		}
		var tag func(env) ([]byte, bool)
		var tagVar engine.VarRef
		if enc {
			if tagVar, err = b.Var(a[3].Text); err != nil {
				return nil, errText("failed to parse aead_tag : a variable is expected")
			}
		} else if tag, err = keyArg(b, a[3]); err != nil {
			return nil, errText("failed to parse aead_tag : " + err.Error())
		}
		return func(e env, _ args, v smp) (smp, stat) {
			n, ok := nonce(e)
			k, ok2 := key(e)
			ad, ok3 := aad(e)
			if !ok || !ok2 || !ok3 || len(k) != size || len(n) == 0 {
				return none()
			}
			block, err := aes.NewCipher(k)
			if err != nil {
				return none()
			}
			g, err := cipher.NewGCMWithNonceSize(block, len(n))
			if err != nil {
				return none()
			}
			if enc {
				out := g.Seal(nil, n, v.B, ad)
				cut := len(out) - g.Overhead()
				e.SetVar(tagVar, engine.Str(base64.StdEncoding.AppendEncode(nil, out[cut:])))
				return bin(e.Keep(out[:cut]))
			}
			t, ok := tag(e)
			if !ok {
				return none()
			}
			out, err := g.Open(nil, n, append(bytes.Clone(v.B), t...), ad)
			if err != nil {
				return none()
			}
			return bin(e.Keep(out))
		}, nil
	}
}
