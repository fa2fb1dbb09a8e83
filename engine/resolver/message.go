package resolver

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// status is what an answer, or its absence, comes to.
type status uint8

const (
	valid status = iota
	nxDomain
	refused
	timedOut
	other
	// What follows holds as other; it is counted apart.
	invalid
	empty
	badCNAME
	truncated
)

// record is one answer: an address, or a place of a service with the address that
// the additional section has for it.
type record struct {
	hash uint32
	ip   netip.Addr // of A and AAAA
	// Of SRV; host is lower case, without the last dot.
	host         string
	port, weight int
	extra        netip.Addr
}

// same reports whether two records stand for the same place.
func (r *record) same(o *record) bool {
	return r.hash == o.hash && r.ip == o.ip && r.host == o.host && r.port == o.port
}

// appendQuestion makes the message that asks for a name. It announces the size of
// the answers that are taken (EDNS).
func appendQuestion(dst []byte, id uint16, host string, t dnsmessage.Type, payload int) ([]byte, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return nil, err
	}
	b := dnsmessage.NewBuilder(dst, dnsmessage.Header{ID: id, RecursionDesired: true})
	var h dnsmessage.ResourceHeader
	if err := errors.Join(
		b.StartQuestions(),
		b.Question(dnsmessage.Question{Name: name, Type: t, Class: dnsmessage.ClassINET}),
		b.StartAdditionals(),
		h.SetEDNS0(payload, dnsmessage.RCodeSuccess, false),
		b.OPTResource(h, dnsmessage.OPTResource{}),
	); err != nil {
		return nil, err
	}
	return b.Finish()
}

// readAnswer reads an answer to a question for host as HAProxy does: the name must
// be the one that was asked, aliases must lead from it to the records; type and
// class are not compared.
func readAnswer(msg []byte, host string) ([]record, status) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return nil, invalid
	}
	switch {
	case h.Truncated:
		return nil, truncated
	case h.RCode == dnsmessage.RCodeNameError:
		return nil, nxDomain
	case h.RCode == dnsmessage.RCodeRefused:
		return nil, refused
	case h.RCode != dnsmessage.RCodeSuccess:
		return nil, other
	}
	q, err := p.AllQuestions()
	if err != nil || len(q) != 1 || !sameName(q[0].Name, host) {
		return nil, invalid
	}
	list, st := readRecords(&p, host)
	if st != valid {
		return nil, st
	}
	if p.SkipAllAuthorities() == nil {
		readAdditional(&p, list)
	}
	return list, valid
}

// readRecords reads the answer section.
func readRecords(p *dnsmessage.Parser, host string) ([]record, status) {
	var list []record
	name, aliased, none := host, false, true
	for {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			break
		} else if err != nil {
			return nil, invalid
		}
		none = false
		r, alias, err := readRecord(p, &h)
		switch {
		case err != nil:
			return nil, invalid
		case alias == "" && r == nil:
			continue // nothing for us
		case !sameName(h.Name, name) && aliased:
			return nil, badCNAME
		case !sameName(h.Name, name):
			return nil, invalid
		case alias != "":
			name, aliased = alias, true
		default:
			list = append(list, *r)
		}
	}
	switch {
	case none:
		return nil, empty
	case aliased && len(list) == 0:
		return nil, badCNAME
	}
	return list, valid
}

// readRecord reads the body of a record: r for an address or a place, alias for a
// CNAME, neither for what is of no use.
func readRecord(p *dnsmessage.Parser, h *dnsmessage.ResourceHeader) (r *record, alias string, err error) {
	switch h.Type {
	case dnsmessage.TypeCNAME:
		b, err := p.CNAMEResource()
		return nil, b.CNAME.String(), err
	case dnsmessage.TypeA:
		b, err := p.AResource()
		ip := netip.AddrFrom4(b.A)
		return &record{ip: ip, hash: xxh32(b.A[:], uint32(h.Type))}, "", err
	case dnsmessage.TypeAAAA:
		b, err := p.AAAAResource()
		ip := netip.AddrFrom16(b.AAAA)
		return &record{ip: ip, hash: xxh32(b.AAAA[:], uint32(h.Type))}, "", err
	case dnsmessage.TypeSRV:
		b, err := p.SRVResource()
		if err != nil {
			return nil, "", err
		}
		host := plain(b.Target)
		return &record{host: host, port: int(b.Port), weight: int(b.Weight), hash: xxh32(wireName(host), uint32(h.Type))}, "", nil
	}
	return nil, "", p.SkipAnswer()
}

// readAdditional gives places their addresses, each address to the first place of
// its name that has none; what it cannot read it leaves.
func readAdditional(p *dnsmessage.Parser, list []record) {
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return
		}
		var ip netip.Addr
		switch h.Type {
		case dnsmessage.TypeA:
			b, err := p.AResource()
			if err != nil {
				return
			}
			ip = netip.AddrFrom4(b.A)
		case dnsmessage.TypeAAAA:
			b, err := p.AAAAResource()
			if err != nil {
				return
			}
			ip = netip.AddrFrom16(b.AAAA)
		default:
			if p.SkipAdditional() != nil {
				return
			}
			continue
		}
		for i := range list {
			if r := &list[i]; r.host != "" && !r.extra.IsValid() && sameName(h.Name, r.host) {
				r.extra = ip
				break
			}
		}
	}
}

func plain(n dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(n.String(), "."))
}

func sameName(n dnsmessage.Name, host string) bool {
	return strings.EqualFold(strings.TrimSuffix(n.String(), "."), strings.TrimSuffix(host, "."))
}

// wireName is a name as messages carry it, without the last, empty label.
func wireName(host string) []byte {
	var b []byte
	for label := range strings.SplitSeq(host, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return b
}
