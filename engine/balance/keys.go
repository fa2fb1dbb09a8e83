package balance

import (
	"bytes"
	"encoding/binary"
	"errors"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/parser/diag"
)

func init() {
	engine.AddBalances(
		engine.BalanceKeyword{Name: "source", Keyed: true, New: newSource,
			Usage: "source: by a hash of the client's address"},
		engine.BalanceKeyword{Name: "uri", Keyed: true, New: newURI,
			Usage: "uri [len <n>] [depth <n>] [whole] [path-only]: by a hash of the URI before its question mark (mode http)"},
		engine.BalanceKeyword{Name: "url_param", Keyed: true, New: newURLParam,
			Usage: "url_param <name> [check_post]: by a hash of a parameter of the URL, or of a POST body (mode http)"},
		engine.BalanceKeyword{Name: "hdr", Keyed: true, New: newHdr,
			Usage: "hdr(<name>) [use_domain_only]: by a hash of a request header (mode http)"},
		engine.BalanceKeyword{Name: "rdp-cookie", Keyed: true, New: newRDPCookie,
			Usage: "rdp-cookie[(<name>)]: by a hash of the RDP cookie (mstshash)"},
		engine.BalanceKeyword{Name: "hash", Keyed: true, New: newExpr,
			Usage: "hash <expression>: by a hash of a sample expression"},
	)
}

// onlyHTTP makes an algorithm that needs HTTP fall back to round robin elsewhere.
func onlyHTTP(b *engine.Build, px *engine.Proxy, key keyFunc) (engine.Balancer, error) {
	if px.IsHTTP() {
		return newHashed(px, key)
	}
	b.Warn(px.Pos, "Layer 7 hash not possible for %s '%s' (needs 'mode http'). Falling back to round robin.", px.Kind, px.Name).AsBare()
	return newRoundRobin(px), nil
}

// newSource hashes the four bytes of an IPv4 address, or the words of an IPv6
// one, into a number by exclusive or; hash-type's function has no part in it.
func newSource(_ *engine.Build, px *engine.Proxy, _ []engine.Word) (engine.Balancer, error) {
	bal, err := newHashed(px, func(s *engine.Stream) ([]byte, bool) {
		a := s.Sess.Src.Addr().Unmap()
		if !a.IsValid() {
			return nil, false
		}
		e := &s.Env
		m := e.Mark()
		if a.Is4() {
			b := a.As4()
			e.Tmp = append(e.Tmp, b[:]...)
		} else {
			b := a.As16()
			e.Tmp = append(e.Tmp, b[:]...)
		}
		return e.Since(m), true
	})
	switch bal := bal.(type) {
	case *mapped:
		bal.sum = foldWords
	case *ring:
		bal.sum = foldWords
	}
	return bal, err
}

func foldWords(b []byte) uint32 {
	h := uint32(0)
	for ; len(b) >= 4; b = b[4:] {
		h ^= binary.BigEndian.Uint32(b)
	}
	return h
}

func newURI(b *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	conf, err := uriOptions(words[1:])
	if err != nil {
		return nil, err
	}
	return onlyHTTP(b, px, func(s *engine.Stream) ([]byte, bool) {
		if !s.HasReq {
			return nil, false
		}
		span := s.Req.Target
		if conf.pathOnly {
			span = s.Req.PathQuery()
		}
		return conf.key(s.Req.Bytes(span)), true
	})
}

func newURLParam(b *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	name := []byte(words[1].Text)
	post := len(words) > 2
	if post {
		px.WantsBody = true
	}
	return onlyHTTP(b, px, func(s *engine.Stream) ([]byte, bool) {
		if !s.HasReq {
			return nil, false
		}
		if q, ok := s.Req.Query(); ok {
			if v, ok := param(s.Req.Bytes(q), name); ok {
				return v, true
			}
		}
		if post && s.Req.MethodID == htx.POST {
			return param(s.ReqBody, name)
		}
		return nil, false
	})
}

// param finds the value of name in "a=1&b=2".
func param(q, name []byte) ([]byte, bool) {
	for {
		end := bytes.IndexByte(q, '&')
		pair := q
		if end >= 0 {
			pair = q[:end]
		}
		if n := len(name); len(pair) > n && pair[n] == '=' && string(pair[:n]) == string(name) {
			return pair[n+1:], true
		}
		if end < 0 {
			return nil, false
		}
		q = q[end+1:]
	}
}

func newHdr(b *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	name := htx.NewKey(words[0].Text)
	domain := len(words) > 1
	return onlyHTTP(b, px, func(s *engine.Stream) ([]byte, bool) {
		if !s.HasReq {
			return nil, false
		}
		v := firstItem(s.Req, name)
		if len(v) == 0 {
			return nil, false
		}
		if domain {
			v = mainDomain(v)
		}
		return v, true
	})
}

// firstItem is the first element of the first field of a name that has any.
func firstItem(m *htx.Msg, name htx.Key) []byte {
	for i := m.NextKey(name, 0); i >= 0; i = m.NextKey(name, i+1) {
		v := m.Value(i)
		if from, to, _, ok := htx.NextItem(v, 0); ok {
			return v[from:to]
		}
	}
	return nil
}

// mainDomain cuts "haproxy.1wt.eu" down to "1wt": what stands before the last
// dot, from the dot before it on.
func mainDomain(host []byte) []byte {
	end := bytes.LastIndexByte(host, '.')
	if end < 0 {
		return host
	}
	return host[bytes.LastIndexByte(host[:end], '.')+1 : end]
}

func newRDPCookie(b *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	name := words[0].Text
	if name == "" {
		name = "mstshash"
	}
	return exprKey(b, px, engine.Word{Text: "req.rdp_cookie(" + name + ")", Pos: words[0].Pos})
}

func newExpr(b *engine.Build, px *engine.Proxy, words []engine.Word) (engine.Balancer, error) {
	return exprKey(b, px, words[1])
}

func exprKey(b *engine.Build, px *engine.Proxy, w engine.Word) (engine.Balancer, error) {
	b.Px = px
	x, err := b.Expr(w, engine.BeServer)
	if err != nil {
		var d *diag.Diagnostic
		if !errors.As(err, &d) {
			return nil, err
		}
		return nil, diag.Errorf(w.Pos, "backend '%s' [%s]: failed to parse 'balance hash' expression '%s' in : %s.", px.Name, px.Pos, w.Text, d.Message).AsBare()
	}
	as := engine.TBin
	if t := px.Balance.HashType; len(t) > 1 && t[1].Text == "none" {
		as = engine.TStr
	}
	return newHashed(px, func(s *engine.Stream) ([]byte, bool) {
		e := &s.Env
		before, dir := e.Px, e.Dir
		e.Px, e.Dir = px, engine.Req
		v, st := x.EvalAs(e, as)
		e.Px, e.Dir = before, dir
		return v.B, st == engine.Found
	})
}
