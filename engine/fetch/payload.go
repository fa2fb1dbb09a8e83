package fetch

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"hawser/engine"
)

func init() {
	ints := func(n int) engine.ArgSpec {
		if n == 2 {
			return engine.Args(engine.ArgInt, engine.ArgInt)
		}
		return engine.OptArgs(2, engine.ArgInt, engine.ArgInt, engine.ArgStr)
	}
	for _, d := range []struct {
		prefix string
		dir    func(env) engine.Dir
		where  engine.Where
	}{
		{"req.", func(env) engine.Dir { return engine.Req }, engine.OnRequest},
		{"res.", func(env) engine.Dir { return engine.Res }, engine.OnResponse},
		{"", func(e env) engine.Dir { return e.Dir }, engine.OnBoth},
	} {
		of := func(e env) ([]byte, bool, bool) { return buffer(e, d.dir(e)) }
		engine.AddFetches(
			withArgs(ints(2), row(d.prefix+"payload", engine.TBin, d.where, "(offset,length): bytes of the buffered contents; length 0: all.", func(e env, a args) (smp, stat) { return payload(e, a, of) })),
			lengthAndValue(ints(3), row(d.prefix+"payload_lv", engine.TBin, d.where, "(offset1,length[,offset2]): bytes whose length stands in the contents.", func(e env, a args) (smp, stat) { return payloadLV(e, a, of) })),
		)
		if d.prefix != "" {
			engine.AddFetches(row(d.prefix+"len", engine.TSint, d.where, "How many bytes are buffered.", func(e env, _ args) (smp, stat) {
				return length(e, d.dir(e), of)
			}))
		}
	}
	engine.AddFetches(
		row("req_len", engine.TSint, engine.OnRequest, "How many bytes of the request are buffered.", func(e env, _ args) (smp, stat) {
			return length(e, engine.Req, func(e env) ([]byte, bool, bool) { return buffer(e, engine.Req) })
		}),
		row("wait_end", engine.TBool, engine.AtTraffic, "True once the inspection is over (inspect-delay), to be waited for before.", func(e env, _ args) (smp, stat) {
			if e.Final {
				return boolean(true)
			}
			return smp{}, engine.Wait
		}),
	)
	for _, n := range []string{"req.rdp_cookie", "rdp_cookie"} {
		engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr), row(n, engine.TStr, engine.OnRequest, "([name]): the value of the RDP cookie, mstshash or msts.", rdpCookie)))
	}
	for _, n := range []string{"req.rdp_cookie_cnt", "rdp_cookie_cnt"} {
		engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr), row(n, engine.TSint, engine.OnRequest, "([name]): 1 if there is such an RDP cookie.", func(e env, a args) (smp, stat) {
			_, st := rdpCookie(e, a)
			if st == engine.Wait {
				return smp{}, st
			}
			return sint(int64(b2i(st == found)))
		})))
	}
}

func init() {
	for n, method := range map[string]string{"rdp_cookie": "str", "rdp_cookie_cnt": "int"} { // ACL keywords only
		engine.Criteria.Add("req_"+n, engine.Criterion{Name: "req_" + n, Fetch: "req." + n, Method: method})
	}
}

// lengthAndValue checks the arguments of payload_lv.
func lengthAndValue(spec engine.ArgSpec, f engine.Fetch) engine.Fetch {
	f.Args = spec
	f.Check = func(_ *engine.Build, a []engine.Arg) error {
		if a[0].Int < 0 {
			return errText("payload offset1 must be positive")
		}
		if a[1].Int == 0 {
			return errText("payload length must be > 0")
		}
		if given(a, 2) && a[2].Text != "" {
			v, err := strconv.Atoi(a[2].Text)
			if err != nil {
				return errText("payload offset2 is not a number")
			}
			if v < 0 && int(a[0].Int+a[1].Int)+v < 0 {
				return errText("payload offset2 too negative")
			}
		}
		return nil
	}
	return f
}

// buffer returns what is there of a direction's contents, and whether all is: in
// TCP the connection's buffer, in HTTP the body.
func buffer(e env, dir engine.Dir) (b []byte, all, ok bool) {
	if e.Check != nil && e.Strm == nil {
		return e.Check.In, e.Final, true
	}
	s := e.Strm
	if s == nil {
		return nil, false, false
	}
	if dir == engine.Res {
		c := s.Seen.Conn.Load()
		if s.Kind != engine.NotHTTP || c == nil {
			return nil, true, s.HasRes
		}
		return c.Bytes(), e.Final, true
	}
	if s.Kind != engine.NotHTTP {
		return s.ReqBody, s.BodyDone || e.Final, true
	}
	if e.Sess == nil || e.Sess.Conn == nil {
		return nil, false, false
	}
	return e.Sess.Conn.Bytes(), e.Final, true
}

// length grows as long as data comes.
// An HTTP message counts as HAProxy stores it.
func length(e env, dir engine.Dir, of source) (smp, stat) {
	if s := e.Strm; s != nil && s.Kind != engine.NotHTTP {
		switch {
		case dir == engine.Req && s.HasReq:
			return sint(int64(s.Req.Size() + len(s.ReqBody)))
		case dir == engine.Res && s.HasRes:
			return sint(int64(s.Res.Size() + len(responseBody(s))))
		}
		return none()
	}
	b, all, ok := of(e)
	if !ok {
		return none()
	}
	return smp{Type: engine.TSint, Int: int64(len(b)), May: !all}, found
}

type source func(env) (b []byte, all, ok bool)

func waitOrMissing(e env, all bool) (smp, stat) {
	if all || e.Final {
		return none()
	}
	return smp{}, engine.Wait
}

// payload looks at raw contents: those of an HTTP message are not.
func payload(e env, a args, of source) (smp, stat) {
	if e.Strm != nil && e.Strm.Kind != engine.NotHTTP {
		return none()
	}
	b, all, ok := of(e)
	if !ok {
		return none()
	}
	off, n := int(a[0].Int), int(a[1].Int)
	if off < 0 || n < 0 || off+n > len(b) || n == 0 && len(b) == 0 {
		if off+n > bufferSize(e) {
			return none()
		}
		return waitOrMissing(e, all)
	}
	if n == 0 {
		return smp{Type: engine.TBin, B: b[off:], May: !all}, found
	}
	return engine.Bin(b[off : off+n]), found
}

func bufferSize(e env) int {
	if e.RT != nil && e.RT.Global.Tune.BufSize > 0 {
		return e.RT.Global.Tune.BufSize
	}
	return 16384
}

func payloadLV(e env, a args, of source) (smp, stat) {
	if e.Strm != nil && e.Strm.Kind != engine.NotHTTP {
		return none()
	}
	b, all, ok := of(e)
	if !ok {
		return none()
	}
	off, n := int(a[0].Int), int(a[1].Int)
	if off < 0 || n < 1 || n > 8 {
		return none()
	}
	if off+n > len(b) {
		return waitOrMissing(e, all)
	}
	size := 0
	for _, c := range b[off : off+n] {
		size = size<<8 | int(c)
	}
	start := off + n
	if given(a, 2) && a[2].Text != "" {
		start = secondOffset(a[2].Text, start)
	}
	if size <= 0 || start < 0 || size > bufferSize(e) {
		return none()
	}
	if start+size > len(b) {
		return waitOrMissing(e, all)
	}
	return engine.Bin(b[start : start+size]), found
}

// secondOffset is where the bytes of payload_lv begin. The manual says that a number
// without a sign counts from the beginning; HAProxy takes half of it, and an odd one
// counts from the end of the length.
func secondOffset(t string, end int) int {
	v, _ := strconv.Atoi(t)
	switch {
	case t[0] == '+' || t[0] == '-':
		return end + v
	case v&1 != 0:
		return end + v>>1
	}
	return v >> 1
}

// rdpCookie finds "Cookie: name=value" in an RDP connection request (TPKT, X.224).
func rdpCookie(e env, a args) (smp, stat) {
	b, all, ok := buffer(e, engine.Req)
	if !ok || e.Strm.Kind != engine.NotHTTP {
		return none()
	}
	if len(b) <= 11 {
		return waitOrMissing(e, all)
	}
	if b[0] != 3 || b[5]&0xf0 != 0xe0 {
		return none()
	}
	size := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < size {
		return waitOrMissing(e, all)
	}
	b = b[11:min(size, len(b))]
	if len(b) < 8 || !bytes.EqualFold(b[:7], []byte("Cookie:")) {
		return none()
	}
	b = bytes.TrimLeft(b[7:], " ")
	eq := bytes.IndexByte(b, '=')
	if eq < 0 || given(a, 0) && a[0].Text != "" && !nameIs(b[:eq], a[0].Text, true) {
		return none()
	}
	b = b[eq+1:]
	end := bytes.IndexAny(b, ";\r\n")
	if end < 0 {
		return none()
	}
	return str(b[:end])
}

// RDPAddress decodes the address and port of an msts cookie, for persistence.
func RDPAddress(v []byte) (netip.AddrPort, bool) {
	parts := bytes.Split(v, []byte("."))
	if len(parts) < 2 {
		return netip.AddrPort{}, false
	}
	ip, err := strconv.ParseUint(string(parts[0]), 10, 32)
	port, err2 := strconv.ParseUint(string(parts[1]), 10, 16)
	if err != nil || err2 != nil {
		return netip.AddrPort{}, false
	}
	a := netip.AddrFrom4([4]byte{byte(ip), byte(ip >> 8), byte(ip >> 16), byte(ip >> 24)})
	return netip.AddrPortFrom(a, uint16(port>>8|port<<8&0xff00)), true
}
