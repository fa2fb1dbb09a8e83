// Package dns holds tests of the resolvers section: a name server that does as
// it is told, and one set of cases that runs on HAProxy and on hawser. It knows
// nothing of hawser's code.
package dns

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

// NameServer answers on one loopback port, by UDP and by TCP, and notes what it
// was asked.
type NameServer struct {
	Addr string

	mu      sync.Mutex
	answers map[string]Answer // by "name type"; name alone is for every type
	asked   []Query
	servers []*mdns.Server
}

// Query is one question that came.
type Query struct {
	Name, Type string
	TCP        bool
	Payload    int // that EDNS announces; 0 without
	Extra      int // records behind the question, OPT among them
	RD         bool
	At         time.Time
}

// Answer makes the bytes of an answer; nil is silence.
type Answer func(q *mdns.Msg) []byte

// NewNameServer starts one that knows no name.
func NewNameServer(t testing.TB) *NameServer {
	t.Helper()
	for range 20 {
		if ns, err := listen(); err == nil {
			t.Cleanup(ns.Close)
			return ns
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil
}

func listen() (*NameServer, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := pc.LocalAddr().String()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		pc.Close()
		return nil, err
	}
	ns := &NameServer{Addr: addr, answers: map[string]Answer{}}
	ns.serve(&mdns.Server{PacketConn: pc, Handler: ns})
	ns.serve(&mdns.Server{Listener: l, Handler: ns})
	return ns, nil
}

func (ns *NameServer) serve(s *mdns.Server) {
	ready := make(chan struct{})
	s.NotifyStartedFunc = func() { close(ready) }
	ns.servers = append(ns.servers, s)
	go s.ActivateAndServe()
	<-ready
}

// TLS has it answer by TLS, too, and returns where.
func (ns *NameServer) TLS(c *tls.Config) (string, error) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		return "", err
	}
	ns.serve(&mdns.Server{Listener: l, Handler: ns})
	return l.Addr().String(), nil
}

// Close ends it: questions then meet a closed port.
func (ns *NameServer) Close() {
	ns.mu.Lock()
	list := ns.servers
	ns.servers = nil
	ns.mu.Unlock()
	for _, s := range list {
		s.Shutdown()
	}
}

// Set gives the answer for a name and a type; type "" is every type.
func (ns *NameServer) Set(name, qtype string, a Answer) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if qtype == "" {
		maps.DeleteFunc(ns.answers, func(key string, _ Answer) bool { return strings.HasPrefix(key, strings.ToLower(name)+" ") })
	}
	ns.answers[strings.TrimSpace(strings.ToLower(name)+" "+qtype)] = a
}

// Addresses gives a name A or AAAA records, by the addresses' family; the other
// family has none.
func (ns *NameServer) Addresses(name string, ips ...string) {
	var four, six []string
	for _, ip := range ips {
		if strings.Contains(ip, ":") {
			six = append(six, name+". 1 IN AAAA "+ip)
		} else {
			four = append(four, name+". 1 IN A "+ip)
		}
	}
	ns.Set(name, "A", Records(four...))
	ns.Set(name, "AAAA", Records(six...))
}

// Services gives a name SRV records, each written "priority weight port target".
func (ns *NameServer) Services(name string, targets ...string) {
	ns.Set(name, "SRV", Records(srvRecords(name, targets)...))
}

func srvRecords(name string, targets []string) []string {
	var list []string
	for _, s := range targets {
		list = append(list, name+". 1 IN SRV "+s+".")
	}
	return list
}

// ServeDNS answers one question.
func (ns *NameServer) ServeDNS(w mdns.ResponseWriter, q *mdns.Msg) {
	if len(q.Question) != 1 {
		return
	}
	name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
	qtype := mdns.TypeToString[q.Question[0].Qtype]
	e := Query{Name: name, Type: qtype, TCP: w.RemoteAddr().Network() == "tcp", Extra: len(q.Extra), RD: q.RecursionDesired, At: time.Now()}
	if opt := q.IsEdns0(); opt != nil {
		e.Payload = int(opt.UDPSize())
	}
	ns.mu.Lock()
	ns.asked = append(ns.asked, e)
	a := ns.answers[name+" "+qtype]
	if a == nil {
		a = ns.answers[name]
	}
	ns.mu.Unlock()
	if a == nil {
		a = Code(mdns.RcodeNameError)
	}
	if b := a(q); b != nil {
		w.Write(b)
	}
}

// Asked is what came so far.
func (ns *NameServer) Asked() []Query {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	return slices.Clone(ns.asked)
}

// Forget drops what Asked tells.
func (ns *NameServer) Forget() {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.asked = nil
}

// Types are the types that were asked for, in order.
func (ns *NameServer) Types() []string {
	var list []string
	for _, q := range ns.Asked() {
		list = append(list, q.Type)
	}
	return list
}

func rrs(lines []string) []mdns.RR {
	var list []mdns.RR
	for _, l := range lines {
		rr, err := mdns.NewRR(l)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", l, err))
		}
		list = append(list, rr)
	}
	return list
}

func pack(m *mdns.Msg) []byte {
	m.Compress = true
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}
