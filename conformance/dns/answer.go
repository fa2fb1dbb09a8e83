package dns

import (
	"sync/atomic"

	mdns "github.com/miekg/dns"
)

// Records answers with these records, written as in a zone file.
func Records(lines ...string) Answer { return Full(lines, nil) }

// Full answers with records in the answer section and in the additional one.
func Full(answer, extra []string) Answer {
	an, ex := rrs(answer), rrs(extra)
	return Edit(func(m *mdns.Msg) { m.Answer, m.Extra = an, ex })
}

// Code answers with nothing but a response code.
func Code(rcode int) Answer { return Edit(func(m *mdns.Msg) { m.Rcode = rcode }) }

// Edit answers with what f makes of an empty answer.
func Edit(f func(m *mdns.Msg)) Answer {
	return func(q *mdns.Msg) []byte {
		m := new(mdns.Msg).SetReply(q)
		m.RecursionAvailable = true
		f(m)
		return pack(m)
	}
}

// Silence gives no answer.
func Silence(*mdns.Msg) []byte { return nil }

// Junk answers with bytes that are no message, but for the id.
func Junk(q *mdns.Msg) []byte {
	return append([]byte{byte(q.Id >> 8), byte(q.Id), 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0}, "\x3f\xff\xc0\xff\xc0"...)
}

// Short answers with less than a header.
func Short(q *mdns.Msg) []byte { return []byte{byte(q.Id >> 8), byte(q.Id), 0x81} }

// WrongID answers another question's id.
func WrongID(a Answer) Answer {
	return func(q *mdns.Msg) []byte {
		b := a(q)
		b[0] ^= 0x55
		return b
	}
}

// Cut sets the TC flag on an answer.
func Cut(a Answer) Answer {
	return func(q *mdns.Msg) []byte {
		b := a(q)
		b[2] |= 2
		return b
	}
}

// Renamed answers for another name than was asked.
func Renamed(name string, lines ...string) Answer {
	an := rrs(lines)
	return Edit(func(m *mdns.Msg) { m.Question[0].Name, m.Answer = name+".", an })
}

// Turns gives its answers one after the other, the last one for ever.
func Turns(list ...Answer) Answer {
	var n atomic.Int32
	return func(q *mdns.Msg) []byte { return list[min(int(n.Add(1)), len(list))-1](q) }
}
