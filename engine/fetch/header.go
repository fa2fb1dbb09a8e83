package fetch

import (
	"bytes"
	"net/netip"

	"hawser/engine"
	"hawser/engine/htx"
)

// A header fetch is compiled once for its name: evaluation looks the key up.
type headerPick struct {
	key   htx.Key
	any   bool // no name: every header
	occ   int
	full  bool // whole lines instead of comma-separated values
	where func(env) *htx.Msg
}

var headerSpec = engine.OptArgs(0, engine.ArgStr, engine.ArgInt)

func init() {
	headerFetches(engine.Req, "req.hdr", "req.fhdr", "req.hdr_cnt", "req.fhdr_cnt", "req.hdr_ip", "req.hdr_val", "req.hdr_names", "hdr_cnt", "hdr_ip", "hdr_val")
	headerFetches(engine.Res, "res.hdr", "res.fhdr", "res.hdr_cnt", "res.fhdr_cnt", "res.hdr_ip", "res.hdr_val", "res.hdr_names", "shdr_cnt", "shdr_ip", "shdr_val")
	headerFetch("shdr", engine.TStr, engine.OnResponse, resMsg, false, headerValue)
	headerFetch("hdr", engine.TStr, engine.OnBoth, (*engine.Env).Msg, false, headerValue)
	methods := []string{"beg", "dir", "dom", "end", "len", "reg", "sub"}
	engine.AddCriteria("req.hdr", "hdr", methods...)
	engine.AddCriteria("res.hdr", "shdr", methods...)
}

func reqMsg(e env) *htx.Msg { return e.Req() }
func resMsg(e env) *htx.Msg { return e.Res() }

func headerFetches(dir engine.Dir, hdr, fhdr, cnt, fcnt, ip, val, names, cnt2, ip2, val2 string) {
	where, of := engine.OnRequest, reqMsg
	if dir == engine.Res {
		where, of = engine.OnResponse, resMsg
	}
	headerFetch(hdr, engine.TStr, where, of, false, headerValue)
	headerFetch(fhdr, engine.TStr, where, of, true, headerValue)
	for _, n := range []string{ip, ip2} {
		headerFetch(n, engine.TAddr, where, of, false, headerIP)
	}
	for _, n := range []string{val, val2} {
		headerFetch(n, engine.TSint, where, of, false, headerInt)
	}
	for _, n := range []string{cnt, cnt2} {
		headerCount(n, where, of, false)
	}
	headerCount(fcnt, where, of, true)
	engine.AddFetches(withArgs(engine.OptArgs(0, engine.ArgStr), needHTTP(row(names, engine.TStr, where,
		"([delim]): the names of all headers, separated by the delimiter.", func(e env, a args) (smp, stat) { return headerNames(e, of(e), a) }))))
}

func headerFetch(name string, out engine.Type, where engine.Where, of func(env) *htx.Msg, full bool, eval func(*headerPick, env) (smp, stat)) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: where, Args: headerSpec, Needs: engine.NeedHTTPReq,
		Head:  where != engine.OnResponse,
		Usage: "([name[,occ]]): a header's value; occ counts from 1, or from the last one with -1. ACLs try all values.",
		Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
			p := &headerPick{full: full, where: of, any: !given(a, 0) || a[0].Text == ""}
			if !p.any {
				p.key = htx.NewKey(a[0].Text)
			}
			if given(a, 1) {
				p.occ = int(a[1].Int)
				if p.occ < -10 {
					return nil, errText("invalid occurrence: it must be at least -10")
				}
			}
			if p.occ != 0 && p.any {
				return nil, errText("occurrence or count requires a header name")
			}
			return func(e env, _ args) (smp, stat) { return eval(p, e) }, nil
		}})
}

type errText string

func (e errText) Error() string { return string(e) }

func headerCount(name string, where engine.Where, of func(env) *htx.Msg, full bool) {
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TSint, Where: where, Args: engine.OptArgs(0, engine.ArgStr), Needs: engine.NeedHTTPReq,
		Usage: "([name]): how many values a header has.",
		Make: func(_ *engine.Build, a args) (engine.FetchFunc, error) {
			any, key := !given(a, 0) || a[0].Text == "", htx.Key{}
			if !any {
				key = htx.NewKey(a[0].Text)
			}
			return func(e env, _ args) (smp, stat) {
				m := of(e)
				switch {
				case m == nil:
					return none()
				case any && full:
					return sint(int64(m.FieldCount()))
				case any:
					return sint(countAll(m))
				case full:
					return sint(int64(m.CountFields(key)))
				}
				return sint(int64(m.CountItems(key)))
			}, nil
		}})
}

func countAll(m *htx.Msg) (n int64) {
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		v := m.Value(i)
		for off := 0; ; {
			_, _, next, ok := htx.NextItem(v, off)
			if !ok {
				break
			}
			n, off = n+1, next
		}
	}
	return n
}

func (p *headerPick) next(m *htx.Msg, from int) int {
	if p.any {
		return m.NextAny(from)
	}
	return m.NextKey(p.key, from)
}

// headerValue returns one value; in ACLs without occurrence one after the other.
func headerValue(p *headerPick, e env) (smp, stat) {
	m := p.where(e)
	if m == nil {
		return none()
	}
	if p.occ == 0 && e.Each {
		return p.each(m, e)
	}
	if p.any {
		return p.last(m)
	}
	if p.full {
		if i := m.FieldOccurrence(p.key, p.occ); i >= 0 {
			return str(bytes.Trim(m.Value(i), " \t")) // a rule may have set it with blanks
		}
		return none()
	}
	if it, ok := m.Occurrence(p.key, p.occ); ok {
		return str(m.ItemBytes(it))
	}
	return none()
}

// each goes on from e.Cur: the field (counted from one) and the offset in it.
func (p *headerPick) each(m *htx.Msg, e env) (smp, stat) {
	i, off := e.Cur[0]-1, e.Cur[1]
	if i < 0 {
		i, off = p.next(m, 0), 0
	}
	for i >= 0 {
		v := m.Value(i)
		if p.full || len(v) == 0 && off == 0 { // an empty line has one element in ACLs
			e.Cur = [2]int{after(p.next(m, i+1)), 0}
			return smp{Type: engine.TStr, B: bytes.Trim(v, " \t"), More: true}, found
		}
		if from, to, next, ok := htx.NextItem(v, off); ok {
			e.Cur = [2]int{i + 1, next}
			return smp{Type: engine.TStr, B: v[from:to], More: true}, found
		}
		i, off = p.next(m, i+1), 0
	}
	e.Cur = [2]int{pastEnd, 0}
	return none()
}

// pastEnd is a field that no message has.
const pastEnd = 1 << 30

func after(i int) int {
	if i < 0 {
		return pastEnd
	}
	return i + 1
}

func (p *headerPick) last(m *htx.Msg) (smp, stat) {
	last := -1
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		last = i
	}
	if last < 0 {
		return none()
	}
	return str(m.Value(last))
}

func headerIP(p *headerPick, e env) (smp, stat) {
	for {
		s, st := headerValue(p, e)
		if st != found {
			return s, st
		}
		if ip, ok := ipIn(s.B); ok {
			out := engine.IP(ip)
			if ip.Is4In6() { // stays what it is
				out.IP, out.Type = ip, engine.TIPv6
			}
			out.More = s.More
			return out, found
		}
		if !s.More {
			return none()
		}
	}
}

// ipIn reads an address, with a port behind IPv4 or brackets around IPv6.
func ipIn(b []byte) (netip.Addr, bool) {
	if len(b) == 0 || len(b) > 64 {
		return netip.Addr{}, false
	}
	if b[0] == '[' {
		for i, c := range b {
			if c == ']' {
				b = b[1:i]
				break
			}
		}
	} else if n := ipv4Len(b); n > 0 {
		b = b[:n]
	}
	a, err := netip.ParseAddr(string(b))
	return a, err == nil && a.Zone() == ""
}

// ipv4Len is where the port of "1.2.3.4:80" begins, 0 if there is none.
func ipv4Len(b []byte) int {
	for i, c := range b {
		if c == ':' {
			return i * b2i(i >= 7)
		}
		if c != '.' && (c < '0' || c > '9') {
			return 0
		}
	}
	return 0
}

func b2i(v bool) int {
	if v {
		return 1
	}
	return 0
}

func headerInt(p *headerPick, e env) (smp, stat) {
	s, st := headerValue(p, e)
	if st != found {
		return s, st
	}
	return smp{Type: engine.TSint, Int: leadingInt(s.B), More: s.More}, found
}

// leadingInt reads the number at the beginning; it wraps around at 32 bits, as
// HAProxy's.
func leadingInt(b []byte) int64 {
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg, b = b[0] == '-', b[1:]
	}
	var v int32
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		v = v*10 + int32(c-'0')
	}
	if neg {
		v = -v
	}
	return int64(v)
}

func headerNames(e env, m *htx.Msg, a args) (smp, stat) {
	if m == nil {
		return none()
	}
	delim := ","
	if given(a, 0) && a[0].Text != "" {
		delim = a[0].Text[:1]
	}
	mark := e.Mark()
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		if len(e.Tmp) > mark {
			e.Tmp = append(e.Tmp, delim...)
		}
		e.Tmp = append(e.Tmp, m.Name(i)...)
	}
	return str(e.Since(mark))
}
