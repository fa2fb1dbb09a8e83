package resolver

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// record is one answer: an address, and for SRV names its port and weight.
type record struct {
	ip     netip.Addr
	port   int
	weight int
}

var (
	errNX      = errors.New("nx")
	errRefused = errors.New("refused")
	errOther   = errors.New("other")
	errTimeout = errors.New("timeout")
)

func joinPort(ip netip.Addr, port int) string {
	return netip.AddrPortFrom(ip, uint16(port)).String()
}

// lookup asks for a name: SRV for those that begin with an underscore, else
// addresses of the preferred family first, then of the other.
func (r *section) lookup(host string, prefer4 bool) ([]record, error) {
	if strings.HasPrefix(host, "_") {
		return r.services(host, prefer4)
	}
	first, second := dnsmessage.TypeAAAA, dnsmessage.TypeA
	if prefer4 {
		first, second = second, first
	}
	out, err := r.addresses(host, first)
	if err == nil && len(out) > 0 {
		return out, nil
	}
	return r.addresses(host, second)
}

func (r *section) addresses(host string, t dnsmessage.Type) ([]record, error) {
	msg, err := r.ask(host, t)
	if err != nil {
		return nil, err
	}
	var out []record
	for _, a := range msg.Answers {
		switch b := a.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, record{ip: netip.AddrFrom4(b.A)})
		case *dnsmessage.AAAAResource:
			out = append(out, record{ip: netip.AddrFrom16(b.AAAA)})
		}
	}
	return out, nil
}

// services resolves an SRV name; addresses in the additional section are used.
func (r *section) services(host string, prefer4 bool) ([]record, error) {
	msg, err := r.ask(host, dnsmessage.TypeSRV)
	if err != nil {
		return nil, err
	}
	known := map[string]netip.Addr{}
	for _, a := range msg.Additionals {
		switch b := a.Body.(type) {
		case *dnsmessage.AResource:
			known[strings.ToLower(a.Header.Name.String())] = netip.AddrFrom4(b.A)
		case *dnsmessage.AAAAResource:
			known[strings.ToLower(a.Header.Name.String())] = netip.AddrFrom16(b.AAAA)
		}
	}
	var out []record
	for _, a := range msg.Answers {
		srv, ok := a.Body.(*dnsmessage.SRVResource)
		if !ok {
			continue
		}
		target := srv.Target.String()
		ip, ok := known[strings.ToLower(target)]
		if !ok {
			recs, err := r.lookup(strings.TrimSuffix(target, "."), prefer4)
			if err != nil || len(recs) == 0 {
				continue
			}
			ip = recs[0].ip
		}
		out = append(out, record{ip: ip, port: int(srv.Port), weight: int(srv.Weight)})
	}
	return out, nil
}

// ask sends a question to the name servers in turn until one answers it.
func (r *section) ask(host string, t dnsmessage.Type) (*dnsmessage.Message, error) {
	last := errTimeout
	for range r.retries {
		for i := range r.servers {
			msg, err := r.exchange(&r.servers[i], host, t)
			if err == nil {
				return msg, nil
			}
			if last = err; err == errNX {
				return nil, err
			}
		}
	}
	return nil, last
}

func (r *section) exchange(ns *nameserver, host string, t dnsmessage.Type) (*dnsmessage.Message, error) {
	q, id, err := r.question(host, t)
	if err != nil {
		return nil, errOther
	}
	c, err := net.DialTimeout(ns.network, ns.addr, r.retry)
	if err != nil {
		return nil, errRefused
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(r.retry))
	if ns.network == "tcp" {
		q = append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
	}
	if _, err := c.Write(q); err != nil {
		return nil, errRefused
	}
	for {
		buf, err := readMessage(c, ns.network)
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				return nil, errTimeout
			}
			return nil, errRefused
		}
		var msg dnsmessage.Message
		if msg.Unpack(buf) != nil || msg.ID != id || !msg.Response {
			continue // not our answer
		}
		return judged(&msg)
	}
}

func judged(msg *dnsmessage.Message) (*dnsmessage.Message, error) {
	switch msg.RCode {
	case dnsmessage.RCodeSuccess:
		return msg, nil
	case dnsmessage.RCodeNameError:
		return nil, errNX
	case dnsmessage.RCodeRefused:
		return nil, errRefused
	}
	return nil, errOther
}

func readMessage(c net.Conn, network string) ([]byte, error) {
	buf := make([]byte, 65535)
	if network != "tcp" {
		n, err := c.Read(buf)
		return buf[:n], err
	}
	if _, err := io.ReadFull(c, buf[:2]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(buf))
	_, err := io.ReadFull(c, buf[:n])
	return buf[:n], err
}

func (r *section) question(host string, t dnsmessage.Type) ([]byte, uint16, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return nil, 0, err
	}
	id := uint16(rand.Uint32())
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	if err := b.StartQuestions(); err != nil {
		return nil, 0, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: t, Class: dnsmessage.ClassINET}); err != nil {
		return nil, 0, err
	}
	if r.payload > 512 {
		if err := b.StartAdditionals(); err != nil {
			return nil, 0, err
		}
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(r.payload, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, 0, err
		}
		if err := b.OPTResource(h, dnsmessage.OPTResource{}); err != nil {
			return nil, 0, err
		}
	}
	q, err := b.Finish()
	return q, id, err
}
