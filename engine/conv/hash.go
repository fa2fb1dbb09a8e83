package conv

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/zeebo/xxh3"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/ripemd160" //lint:ignore SA1019 files name it

	"hawser/engine"
	sum32 "hawser/engine/hash"
)

func init() {
	sum := func(name, usage string, f func([]byte) uint32) {
		conv(name, engine.TBin, engine.TSint, "([avalanche]): "+usage+"; 1 mixes the bits once more.", 0, types(engine.ArgInt), func(_ env, a args, v smp) (smp, stat) {
			h := f(v.B)
			if given(a, 0) && a[0].Int != 0 {
				h = sum32.Avalanche(h)
			}
			return sint(int64(h))
		})
	}
	sum("crc32", "the CRC-32 of Ethernet and gzip", crc32.ChecksumIEEE)
	sum("crc32c", "the CRC-32 of iSCSI", func(b []byte) uint32 { return crc32.Checksum(b, castagnoli) })
	sum("djb2", "a 32-bit hash with DJB2", sum32.DJB2)
	sum("sdbm", "a 32-bit hash with SDBM", sum32.SDBM)
	sum("wt6", "a 32-bit hash with WT6", sum32.WT6)
	seeded := types(engine.ArgInt)
	seed := func(a args) uint64 {
		if given(a, 0) {
			return uint64(a[0].Int)
		}
		return 0
	}
	conv("xxh32", engine.TBin, engine.TSint, "([seed]): a 32-bit hash with XXHash.", 0, seeded, func(_ env, a args, v smp) (smp, stat) { return sint(int64(sum32.XX(v.B, uint32(seed(a))))) })
	conv("xxh64", engine.TBin, engine.TSint, "([seed]): a 64-bit hash with XXHash.", 0, seeded, func(_ env, a args, v smp) (smp, stat) {
		if s := seed(a); s != 0 {
			d := xxhash.NewWithSeed(s)
			d.Write(v.B)
			return sint(int64(d.Sum64()))
		}
		return sint(int64(xxhash.Sum64(v.B)))
	})
	conv("xxh3", engine.TBin, engine.TSint, "([seed]): a 64-bit hash with XXH3.", 0, seeded, func(_ env, a args, v smp) (smp, stat) { return sint(int64(xxh3.HashSeed(v.B, seed(a)))) })
	conv("sha1", engine.TBin, engine.TBin, "The SHA-1 digest.", 0, nil, func(e env, _ args, v smp) (smp, stat) {
		d := sha1.Sum(v.B)
		return bin(e.Keep(d[:]))
	})
	made("sha2", engine.TBin, engine.TBin, "([bits]): the SHA-2 digest of 224, 256 (default), 384 or 512 bits.", 0, types(engine.ArgInt), makeSHA2)
	made("digest", engine.TBin, engine.TBin, "(algorithm): the digest by that algorithm's name.", 1, types(engine.ArgStr), func(_ *engine.Build, a args) (engine.ConvFunc, error) {
		h, ok := digests[lowerText(a[0].Text)]
		if !ok {
			return nil, errText("algorithm must be a valid OpenSSL message digest name.")
		}
		return func(e env, _ args, v smp) (smp, stat) {
			d := h()
			d.Write(v.B)
			m := e.Mark()
			e.Tmp = d.Sum(e.Tmp)
			return bin(e.Since(m))
		}, nil
	})
	made("hmac", engine.TBin, engine.TBin, "(algorithm,key): the HMAC; the key is base64 or a variable that holds it.", 2, types(engine.ArgStr, engine.ArgStr), makeHMAC)
	made("secure_memcmp", engine.TBin, engine.TBool, "(var): compares with a variable in constant time.", 1, types(engine.ArgStr), func(b *engine.Build, a args) (engine.ConvFunc, error) {
		if a[0].Text == "" {
			return nil, errText("missing variable name")
		}
		ref, err := b.Var(a[0].Text)
		if err != nil {
			return nil, errText("failed to register variable name '" + a[0].Text + "'")
		}
		get := varBytes(ref)
		return func(e env, _ args, v smp) (smp, stat) {
			w, ok := get(e)
			if !ok {
				return none()
			}
			return boolean(subtle.ConstantTimeCompare(v.B, w) == 1)
		}, nil
	})
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var digests = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha-1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384,
	"sha512": sha512.New, "sha512-256": sha512.New512_256, "sha512-224": sha512.New512_224,
	"sha-224": sha256.New224, "sha-256": sha256.New, "sha-384": sha512.New384, "sha-512": sha512.New,
	"sha3-224": func() hash.Hash { return sha3.New224() }, "sha3-256": func() hash.Hash { return sha3.New256() },
	"sha3-384": func() hash.Hash { return sha3.New384() }, "sha3-512": func() hash.Hash { return sha3.New512() },
	"blake2b512": func() hash.Hash { h, _ := blake2b.New512(nil); return h }, "blake2s256": func() hash.Hash { h, _ := blake2s.New256(nil); return h },
	"ripemd160": ripemd160.New, "rmd160": ripemd160.New, "ripemd": ripemd160.New,
}

func lowerText(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

func makeSHA2(_ *engine.Build, a args) (engine.ConvFunc, error) {
	n := int64(256)
	if given(a, 0) {
		n = a[0].Int
	}
	h := map[int64]func() hash.Hash{224: sha256.New224, 256: sha256.New, 384: sha512.New384, 512: sha512.New}[n]
	if h == nil {
		return nil, errText("Unsupported number of bits: '" + strconv.FormatInt(n, 10) + "'")
	}
	if n == 256 {
		return func(e env, _ args, v smp) (smp, stat) {
			d := sha256.Sum256(v.B)
			return bin(e.Keep(d[:]))
		}, nil
	}
	return func(e env, _ args, v smp) (smp, stat) {
		d := h()
		d.Write(v.B)
		m := e.Mark()
		e.Tmp = d.Sum(e.Tmp)
		return bin(e.Since(m))
	}, nil
}

func makeHMAC(b *engine.Build, a args) (engine.ConvFunc, error) {
	h, ok := digests[lowerText(a[0].Text)]
	if !ok {
		return nil, errText("algorithm must be a valid OpenSSL message digest name.")
	}
	key, err := keyArg(b, a[1])
	if err != nil {
		return nil, errText("failed to parse key : " + err.Error())
	}
	return func(e env, _ args, v smp) (smp, stat) {
		k, ok := key(e)
		if !ok {
			return none()
		}
		mac := hmac.New(h, k)
		mac.Write(v.B)
		m := e.Mark()
		e.Tmp = mac.Sum(e.Tmp)
		return bin(e.Since(m))
	}, nil
}

// keyArg is a key in base64, written in the configuration or held by a variable.
func keyArg(b *engine.Build, a engine.Arg) (func(env) ([]byte, bool), error) {
	if ref, err := b.Var(a.Text); err == nil {
		get := varBytes(ref)
		return func(e env) ([]byte, bool) {
			t, ok := get(e)
			if !ok {
				return nil, false
			}
			m := e.Mark()
			out, err := base64.StdEncoding.AppendDecode(e.Tmp, t)
			if err != nil {
				return nil, false
			}
			e.Tmp = out
			return e.Since(m), true
		}, nil
	}
	k, err := base64.StdEncoding.DecodeString(a.Text)
	if err != nil {
		return nil, errText("argument needs to be base64 encoded, and can either be a string or a variable.")
	}
	return func(env) ([]byte, bool) { return k, true }, nil
}
