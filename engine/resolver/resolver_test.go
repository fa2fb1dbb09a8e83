package resolver

import (
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"hawser/engine"
)

// dnsServer answers questions on a loopback socket with what answers holds.
func dnsServer(t *testing.T, answers func(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode)) nameserver {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			res, code := answers(m.Questions[0])
			m.Response, m.RCode, m.Answers, m.Additionals = true, code, res, nil
			out, _ := m.Pack()
			c.WriteToUDP(out, from)
		}
	}()
	return nameserver{name: "t", addr: c.LocalAddr().String(), network: "udp"}
}

func aRecord(q dnsmessage.Question, ip string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 1},
		Body: &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()}}
}

func testSection(ns nameserver) *section {
	r := newSection("t", ns.pos)
	r.servers, r.retry, r.retries = []nameserver{ns}, 200*time.Millisecond, 1
	return r
}

func TestLookup(t *testing.T) {
	ns := dnsServer(t, func(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
		switch {
		case q.Name.String() == "gone.test.":
			return nil, dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeSRV:
			return []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET},
				Body: &dnsmessage.SRVResource{Port: 8080, Weight: 5, Target: dnsmessage.MustNewName("a.test.")}}}, 0
		case q.Type == dnsmessage.TypeA:
			return []dnsmessage.Resource{aRecord(q, "127.0.0.9")}, 0
		}
		return nil, 0
	})
	r := testSection(ns)
	tests := []struct {
		host string
		want record
		err  error
	}{
		{"a.test", record{ip: netip.MustParseAddr("127.0.0.9")}, nil},
		{"gone.test", record{}, errNX},
		{"_http._tcp.test", record{ip: netip.MustParseAddr("127.0.0.9"), port: 8080, weight: 5}, nil},
	}
	for _, tt := range tests {
		got, err := r.lookup(tt.host, false)
		if err != tt.err || err == nil && (len(got) != 1 || got[0] != tt.want) {
			t.Errorf("%s: %v, %v; want %v, %v", tt.host, got, err, tt.want, tt.err)
		}
	}
}

// TestApply follows the addresses of a name for the servers of a template.
func TestApply(t *testing.T) {
	var two atomic.Bool
	ns := dnsServer(t, func(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
		if q.Type != dnsmessage.TypeA {
			return nil, 0
		}
		out := []dnsmessage.Resource{aRecord(q, "127.0.0.3")}
		if two.Load() {
			out = append(out, aRecord(q, "127.0.0.2"))
		}
		return out, 0
	})
	px := &engine.Proxy{Name: "be", Kind: "backend"}
	w := &watch{rt: &engine.Runtime{}, sec: testSection(ns), host: "app.test", good: time.Now(), stop: make(chan struct{})}
	for _, name := range []string{"s1", "s2"} {
		srv := &engine.Server{Name: name, Px: px, State: &engine.ServerState{}}
		srv.ServerSpec = engine.DefaultServerSpec()
		srv.Host, srv.Template, srv.Addr.Port, srv.Unresolved = "app.test", true, 80, true
		srv.Begin()
		srv.State.Admin.Store(uint32(engine.AdmRMaint))
		srv.Reweigh()
		w.srvs = append(w.srvs, srv)
	}
	addr := func(i int) string {
		ip, _ := current(w.srvs[i])
		if !w.srvs[i].State.Usable() {
			return "-"
		}
		return ip.String()
	}
	for _, step := range []struct {
		two  bool
		want [2]string
	}{
		{false, [2]string{"127.0.0.3", "-"}},
		{true, [2]string{"127.0.0.3", "127.0.0.2"}},
		{false, [2]string{"127.0.0.3", "-"}},
	} {
		two.Store(step.two)
		w.once()
		if got := [2]string{addr(0), addr(1)}; got != step.want {
			t.Errorf("two=%v: %v, want %v", step.two, got, step.want)
		}
	}
}

// TestAddress: what do-resolve gets is kept as long as hold says, and those who ask
// for one name at a time cost one question.
func TestAddress(t *testing.T) {
	var asked atomic.Int32
	ns := dnsServer(t, func(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
		asked.Add(1)
		if q.Name.String() == "gone.test." {
			return nil, dnsmessage.RCodeNameError
		}
		if q.Type == dnsmessage.TypeA {
			return []dnsmessage.Resource{aRecord(q, "127.0.0.9")}, 0
		}
		return nil, 0
	})
	r := testSection(ns)
	tests := []struct {
		host    string
		prefer4 bool
		valid   time.Duration
		want    string
		asked   int32
	}{
		{"a.test", true, time.Minute, "127.0.0.9", 1},
		{"A.test", true, time.Minute, "127.0.0.9", 0},
		{"a.test", false, time.Minute, "127.0.0.9", 2},
		{"gone.test", true, time.Minute, "invalid IP", 2},
		{"gone.test", true, time.Minute, "invalid IP", 0},
		{"b.test", true, 0, "127.0.0.9", 1},
		{"b.test", true, 0, "127.0.0.9", 1},
	}
	for _, tt := range tests {
		r.hold["valid"] = tt.valid
		asked.Store(0)
		got, _ := r.address(tt.host, tt.prefer4)
		if got.String() != tt.want || asked.Load() != tt.asked {
			t.Errorf("%s: %v after %d questions, want %s after %d", tt.host, got, asked.Load(), tt.want, tt.asked)
		}
	}
	r.hold["valid"] = time.Minute
	asked.Store(0)
	done := make(chan netip.Addr)
	for range 8 {
		go func() { ip, _ := r.address("same.test", true); done <- ip }()
	}
	for range 8 {
		<-done
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("eight at a time cost %d questions", n)
	}
}

// TestManyAnswers: names that clients make up do not fill the memory.
func TestManyAnswers(t *testing.T) {
	r := newSection("t", testSection(nameserver{}).pos) // no name server: every name fails at once
	for i := range 2 * mostAnswers {
		r.address(strconv.Itoa(i)+".test", true)
	}
	if n := len(r.asked.all); n > mostAnswers {
		t.Errorf("%d answers are kept", n)
	}
}
