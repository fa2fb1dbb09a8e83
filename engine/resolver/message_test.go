package resolver

import (
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"hawser/parser/diag"
)

// TestXXH32 holds the hash against the sums that its specification gives.
func TestXXH32(t *testing.T) {
	tests := []struct {
		in   string
		seed uint32
		want uint32
	}{
		{"", 0, 0x02cc5d05}, {"", 0x9e3779b1, 0x36b78ae7}, {"a", 0, 0x550d7456}, {"abc", 0, 0x32d153ff},
		{"Nobody inspects the spammish repetition", 0, 0xe2293b2f}, {"\x7f\x00\x00\x06", 1, 0x00698687}, {"\x7f\x00\x00\x09", 1, 0xfd70e729},
	}
	for _, tt := range tests {
		if got := xxh32([]byte(tt.in), tt.seed); got != tt.want {
			t.Errorf("%q, seed %d: %08x, want %08x", tt.in, tt.seed, got, tt.want)
		}
	}
}

// message is an answer to a question for app.test with these records.
func message(t testing.TB, h dnsmessage.Header, records ...dnsmessage.Resource) []byte {
	t.Helper()
	m := dnsmessage.Message{Header: h, Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("app.test."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	for _, r := range records {
		r.Header.Class = dnsmessage.ClassINET
		if r.Header.Name.String() == "" || r.Header.Name.String() == "." {
			r.Header.Name = dnsmessage.MustNewName("app.test.")
		}
		m.Answers = append(m.Answers, r)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func a(ip string) dnsmessage.Resource {
	return dnsmessage.Resource{Body: &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()}}
}

func alias(to string) dnsmessage.Resource {
	return dnsmessage.Resource{Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to)}}
}

func TestReadAnswer(t *testing.T) {
	ok := dnsmessage.Header{Response: true}
	text := dnsmessage.Resource{Body: &dnsmessage.TXTResource{TXT: []string{"x"}}}
	cut := message(t, ok, a("127.0.0.1"))
	tests := []struct {
		name string
		msg  []byte
		n    int
		want status
	}{
		{"one", message(t, ok, a("127.0.0.1")), 1, valid},
		{"two, and something else", message(t, ok, a("127.0.0.1"), text, a("127.0.0.2")), 2, valid},
		{"nothing", message(t, ok), 0, empty},
		{"nothing of use", message(t, ok, text), 0, valid},
		{"alias alone", message(t, ok, alias("b.test.")), 0, badCNAME},
		{"NXDOMAIN", message(t, dnsmessage.Header{RCode: dnsmessage.RCodeNameError}, a("127.0.0.1")), 0, nxDomain},
		{"REFUSED", message(t, dnsmessage.Header{RCode: dnsmessage.RCodeRefused}), 0, refused},
		{"NOTIMP", message(t, dnsmessage.Header{RCode: dnsmessage.RCodeNotImplemented}), 0, other},
		{"TC", message(t, dnsmessage.Header{Truncated: true}, a("127.0.0.1")), 0, truncated},
		{"cut off", cut[:len(cut)-2], 0, invalid},
		{"no bytes", nil, 0, invalid},
	}
	for _, tt := range tests {
		list, st := readAnswer(tt.msg, "App.test")
		if st != tt.want || len(list) != tt.n {
			t.Errorf("%s: %d records, status %d; want %d, %d", tt.name, len(list), st, tt.n, tt.want)
		}
	}
}

func TestValidHost(t *testing.T) {
	long := make([]byte, 64)
	for i := range long {
		long[i] = 'a'
	}
	for host, want := range map[string]bool{"a": true, "a.b": true, "a.b.": true, "_h._tcp.x-1": true, "": false, ".": false, "a..b": false, "a b": false,
		string(long[1:]): true, string(long): false, "ä": false, "a:80": false} {
		if got := validHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// FuzzAnswer reads what a name server may send, and has a resolution take it.
func FuzzAnswer(f *testing.F) {
	ok := dnsmessage.Header{Response: true}
	place := dnsmessage.Resource{Body: &dnsmessage.SRVResource{Port: 80, Weight: 300, Target: dnsmessage.MustNewName("b.test.")}}
	for _, b := range [][]byte{message(f, ok, a("127.0.0.1"), a("127.0.0.2")), message(f, ok, alias("b.test."), a("127.0.0.1")), message(f, ok, place, place),
		message(f, ok), {0, 1, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0, 0x3f, 0xff, 0xc0, 0xff, 0xc0}, {0}, {}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		list, st := readAnswer(msg, "app.test")
		if st != valid && len(list) > 0 {
			t.Fatalf("status %d with %d records", st, len(list))
		}
		for _, r := range list {
			if r.ip.IsValid() && r.host != "" {
				t.Fatalf("%+v is an address and a place", r)
			}
		}
		all := families{four: true, six: true}
		res := &resolution{q: addressOf("app.test", true), by: newAsker(newSection("t", diag.Pos{}))}
		res.merge(all.drop(list))
		res.merge(all.drop(list))
		if len(res.records) > len(list) {
			t.Fatalf("%d records of %d", len(res.records), len(list))
		}
		for i := range res.records {
			if i > 0 && res.records[i-1].hash > res.records[i].hash {
				t.Fatal("out of order")
			}
		}
	})
}

func FuzzQuestion(f *testing.F) {
	f.Add("app.test")
	f.Add("_h._tcp.app.test.")
	f.Add("a..b")
	f.Fuzz(func(t *testing.T, host string) {
		if !validHost(host) {
			return
		}
		msg, err := appendQuestion(nil, 7, host, dnsmessage.TypeA, 512)
		if err != nil {
			t.Fatalf("%q: %v", host, err)
		}
		var p dnsmessage.Parser
		if _, err := p.Start(msg); err != nil {
			t.Fatal(err)
		}
		if q, err := p.Question(); err != nil || !sameName(q.Name, host) {
			t.Fatalf("%q: asks for %v, %v", host, q.Name, err)
		}
	})
}
