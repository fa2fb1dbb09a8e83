package differential

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomGroups makes inputs for hash, string and number converters: the same ones
// every time.
func randomGroups() []group {
	r := rand.New(rand.NewPCG(20261121, 3))
	g := group{scene: "request", input: someRequest}
	add := func(format string, a ...any) { g.asks = append(g.asks, ask{text: fmt.Sprintf(format, a...)}) }
	hashes := strings.Fields("crc32 crc32c djb2 sdbm wt6 xxh3 xxh32 xxh64 crc32(1) crc32c(1) djb2(1) sdbm(1) wt6(1) xxh32(7) xxh64(-3) xxh3(9) sha1 sha2 sha2(512) sha2(384) sha2(224) " +
		"digest(md5) hmac(sha256,a2V5) hex base64 ub64enc base2 be2dec(.,2) be2hex(:,3) le2dec(.,2) bytes(1) bytes(3,4) hex,hex2i")
	for i := range 12 {
		b := make([]byte, 1+r.IntN(16)*(i&3))
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		for _, h := range hashes {
			add("bin(%s),%s", hex.EncodeToString(b), h)
		}
	}
	strs := strings.Fields("lower upper length reverse reverse_dom url_enc url_dec url_dec(1) b64dec ub64dec hex2i field(2,.) field(-1,.) field(1,.,2) word(1,.) word(-2,./,2) ltrim(a.) rtrim(a.) " +
		"json(utf8s) json(ascii) json(utf8p) host_only port_only cut_crlf regsub([a-c],X) regsub([a-c]+,<\\0>,gi) concat(a) param(a) param(a,.) bool add(1) even rfc7239_is_valid url_enc(query) " +
		"strcmp(txn.none) djb2 length,add(3) ipmask(24)")
	const letters = "abcABC.,/-_ %+=&;:\"\\019[]@?#~\t"
	for range 24 {
		b := make([]byte, 1+r.IntN(24))
		for k := range b {
			b[k] = letters[r.IntN(len(letters))]
		}
		for _, c := range strs {
			add("bin(%s),concat(),%s", hex.EncodeToString(b), c)
		}
	}
	nums := strings.Fields("add(%d) sub(%d) mul(%d) div(%d) mod(%d) and(%d) or(%d) xor(%d) cpl neg even odd not bool htonl hex http_date(0) utime(%%Y%%m%%dT%%H%%M%%S)")
	for i := range 24 {
		a, b := number(r, i), number(r, i+1)
		for _, c := range nums {
			c = strings.ReplaceAll(strings.Replace(c, "(%d)", fmt.Sprintf("(%d)", b), 1), "%%", "%")
			if a>>33 != 0 && strings.ContainsAny(c, "%_") { // no date of ours
				continue
			}
			add("int(%d),%s", a, c)
		}
	}
	return split([]group{g})
}

// number draws from small, middle and whole ranges in turn.
func number(r *rand.Rand, i int) int64 {
	switch i % 4 {
	case 0:
		return r.Int64N(100) - 50
	case 1:
		return int64(r.Uint32())
	case 2:
		return int64(r.Uint64())
	}
	return r.Int64N(1 << 31)
}
