package fetch

import (
	"encoding/binary"

	"hawser/engine"
)

func init() {
	on := engine.OnRequest
	for _, n := range []string{"req.ssl_hello_type", "req_ssl_hello_type"} {
		engine.AddFetches(row(n, engine.TSint, on, "The type of the TLS handshake message in the request: 1 for a ClientHello.", helloType(engine.Req)))
	}
	for _, n := range []string{"res.ssl_hello_type", "rep_ssl_hello_type"} {
		engine.AddFetches(row(n, engine.TSint, engine.OnResponse, "The type of the TLS handshake message in the response: 2 for a ServerHello.", helloType(engine.Res)))
	}
	for _, n := range []string{"req.ssl_sni", "req_ssl_sni"} {
		engine.AddFetches(row(n, engine.TStr, on, "The server name in the TLS ClientHello that the connection begins with.", hello(helloSNI)))
	}
	for _, n := range []string{"req.ssl_ver", "req_ssl_ver"} {
		engine.AddFetches(row(n, engine.TSint, on, "The version in the TLS ClientHello: major * 65536 + minor.", helloVersion))
	}
	engine.AddFetches(
		row("req.ssl_alpn", engine.TStr, on, "The first protocol that the ClientHello's ALPN offers.", hello(helloALPN)),
		row("req.ssl_st_ext", engine.TSint, on, "The session ticket extension: 0 absent, 1 empty, 2 with a ticket.", hello(func(_ env, h *clientHello) (smp, stat) {
			x, ok := h.ext(35)
			switch {
			case !ok:
				return sint(0)
			case len(x) == 0:
				return sint(1)
			}
			return sint(2)
		})),
		row("req.ssl_ec_ext", engine.TBool, on, "True if the ClientHello names elliptic curves.", hello(func(_ env, h *clientHello) (smp, stat) {
			_, ok := h.ext(10)
			return boolean(ok)
		})),
		row("req.ssl_cipherlist", engine.TBin, engine.OnClient, "The cipher suites of the ClientHello.", hello(func(_ env, h *clientHello) (smp, stat) { return engine.Bin(h.ciphers), found })),
		row("req.ssl_supported_groups", engine.TBin, engine.OnClient, "The groups of the ClientHello.", hello(helloExt(10))),
		row("req.ssl_sigalgs", engine.TBin, engine.OnClient, "The signature algorithms of the ClientHello.", hello(helloExt(13))),
		row("req.ssl_keyshare_groups", engine.TBin, engine.OnClient, "The groups of the ClientHello's key shares.", hello(helloKeyShares)),
	)
}

// helloType returns the handshake type, Wait while the record is incomplete.
func helloType(dir engine.Dir) engine.FetchFunc {
	return func(e env, _ args) (smp, stat) {
		b, all, ok := buffer(e, dir)
		if !ok || e.Strm != nil && e.Strm.Kind != engine.NotHTTP {
			return none()
		}
		if len(b) == 0 {
			return waitOrMissing(e, all)
		}
		if b[0] >= 0x14 && b[0] <= 0x17 {
			return recordHello(e, b, all)
		}
		if dir == engine.Req && b[0]&0x80 != 0 && len(b) >= 3 && b[2] == 1 {
			return sint(1) // SSLv2's form of a hello
		}
		return none()
	}
}

func recordHello(e env, b []byte, all bool) (smp, stat) {
	if len(b) < 5 {
		return waitOrMissing(e, all)
	}
	if b[0] != 0x16 || b[1] != 3 {
		return none()
	}
	size := int(binary.BigEndian.Uint16(b[3:]))
	if size < 4 {
		return none()
	}
	if len(b) < 5+4 {
		return waitOrMissing(e, all)
	}
	body := int(b[6])<<16 | int(b[7])<<8 | int(b[8])
	if body+4 > size && b[5] == 1 || len(b) < 5+min(size, bufferSize(e)-5) && b[5] == 1 {
		if len(b) >= bufferSize(e) || body+4 > size {
			return sint(int64(b[5]))
		}
		return waitOrMissing(e, all)
	}
	return sint(int64(b[5]))
}

// clientHello is a parsed ClientHello; its slices point into the buffer.
type clientHello struct {
	version uint16
	session []byte
	ciphers []byte
	exts    []byte
}

// hello parses the ClientHello at the beginning of the request's buffer.
func hello(f func(env, *clientHello) (smp, stat)) engine.FetchFunc {
	return func(e env, _ args) (smp, stat) {
		if e.Strm != nil && e.Strm.Kind != engine.NotHTTP {
			return none()
		}
		b, all, ok := buffer(e, engine.Req)
		if !ok {
			return none()
		}
		var h clientHello
		switch st := h.parse(b); {
		case st == engine.Wait:
			return waitOrMissing(e, all)
		case st == missing:
			return none()
		}
		return f(e, &h)
	}
}

// cursor takes pieces off a slice; ok turns false when it ends early.
type cursor struct {
	b  []byte
	ok bool
}

func (c *cursor) take(n int) []byte {
	if !c.ok || n < 0 || n > len(c.b) {
		c.ok = false
		return nil
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) num(n int) (v int) {
	for _, x := range c.take(n) {
		v = v<<8 | int(x)
	}
	return v
}

func (h *clientHello) parse(b []byte) engine.Status {
	if len(b) == 0 {
		return engine.Wait
	}
	if b[0] != 0x16 {
		return missing
	}
	if len(b) < 5 {
		return engine.Wait
	}
	size := int(binary.BigEndian.Uint16(b[3:]))
	if b[1] != 3 || size < 4+2+32 {
		return missing
	}
	if len(b) < 5+size {
		return engine.Wait
	}
	c := cursor{b[5 : 5+size], true}
	if c.num(1) != 1 {
		return missing
	}
	c.b = c.b[:min(len(c.b), 3+c.peek3())]
	c.take(3)
	h.version = uint16(c.num(2))
	c.take(32)
	h.session = c.take(c.num(1))
	h.ciphers = c.take(c.num(2))
	c.take(c.num(1))
	if !c.ok {
		return missing
	}
	if len(c.b) >= 2 {
		n := c.num(2)
		h.exts = c.take(min(n, len(c.b)))
	}
	return found
}

func (c *cursor) peek3() int {
	if len(c.b) < 3 {
		return 0
	}
	return int(c.b[0])<<16 | int(c.b[1])<<8 | int(c.b[2])
}

// ext returns the data of an extension.
func (h *clientHello) ext(id int) ([]byte, bool) {
	c := cursor{h.exts, true}
	for len(c.b) >= 4 {
		t := c.num(2)
		data := c.take(c.num(2))
		if !c.ok {
			break
		}
		if t == id {
			return data, true
		}
	}
	return nil, false
}

func helloSNI(_ env, h *clientHello) (smp, stat) {
	x, _ := h.ext(0)
	c := cursor{x, true}
	c.num(2)
	kind, name := c.num(1), c.take(c.num(2))
	if !c.ok || kind != 0 {
		return none()
	}
	return str(name)
}

func helloALPN(_ env, h *clientHello) (smp, stat) {
	x, ok := h.ext(16)
	if !ok {
		return none()
	}
	c := cursor{x, true}
	c.num(2)
	p := c.take(c.num(1))
	if !c.ok {
		return none()
	}
	return str(p)
}

func helloExt(id int) func(env, *clientHello) (smp, stat) {
	return func(_ env, h *clientHello) (smp, stat) {
		x, _ := h.ext(id)
		c := cursor{x, true}
		p := c.take(c.num(2))
		if !c.ok {
			return none()
		}
		return engine.Bin(p), found
	}
}

func helloKeyShares(e env, h *clientHello) (smp, stat) {
	x, ok := h.ext(51)
	if !ok {
		return none()
	}
	c := cursor{x, true}
	c.num(2)
	m := e.Mark()
	for len(c.b) >= 4 {
		e.Tmp = append(e.Tmp, c.take(2)...)
		if c.take(c.num(2)); !c.ok {
			break
		}
	}
	return engine.Bin(e.Since(m)), found
}

func helloVersion(e env, _ args) (smp, stat) {
	b, all, ok := buffer(e, engine.Req)
	if !ok || e.Strm != nil && e.Strm.Kind != engine.NotHTTP {
		return none()
	}
	if len(b) < 3 {
		return waitOrMissing(e, all)
	}
	if b[0] == 0x16 {
		if len(b) < 11 {
			return waitOrMissing(e, all)
		}
		return sint(int64(b[9])<<16 | int64(b[10]))
	}
	return none()
}
