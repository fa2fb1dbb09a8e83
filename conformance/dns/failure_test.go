package dns

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"hawser/conformance/testbed"
)

func TestFailures(t *testing.T) {
	const left = " 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."
	down := func(why string) []string {
		return []string{"Server be/a is going DOWN for maintenance (" + why + ")." + left, "backend be has no server available!"}
	}
	bad := func(name string, a Answer, counter, why string) scene {
		return scene{name: name, resolvers: brisk, rest: one, zone: answers("app.test", "", a),
			acts: []act{{want: "a=-"}, {do: addresses("app.test", "127.0.0.3"), want: "a=127.0.0.3:80"}},
			log:  down(why), asked: map[string]string{"app.test": "AAAA A AAAA A"}, counters: counter}
	}
	own := Records("app.test. 1 IN A 127.0.0.3")
	play(t, []scene{
		bad("NXDOMAIN", Code(mdns.RcodeNameError), "any_err nx update valid", "DNS NX status"),
		bad("REFUSED", Code(mdns.RcodeRefused), "any_err refused update valid", "DNS refused status"),
		bad("SERVFAIL", Code(mdns.RcodeServerFailure), "any_err other update valid", "unspecified DNS error"),
		bad("FORMERR", Code(mdns.RcodeFormatError), "any_err other update valid", "unspecified DNS error"),
		bad("an empty answer", Records(), "any_err update valid", "unspecified DNS error"),
		bad("junk", Junk, "any_err invalid update valid", "unspecified DNS error"),
		bad("less than a header", Short, "any_err invalid update valid", "unspecified DNS error"),
		bad("an answer to another question", Renamed("foo.test", "foo.test. 1 IN A 127.0.0.3"), "any_err invalid update valid", "unspecified DNS error"),
		bad("a record of another name", Records("foo.test. 1 IN A 127.0.0.3"), "any_err invalid update valid", "unspecified DNS error"),
		bad("no question", Edit(func(m *mdns.Msg) { m.Question = nil }), "any_err invalid update valid", "unspecified DNS error"),
		bad("a truncated answer", Cut(own), "any_err truncated update valid", "unspecified DNS error"),
		{name: "a record of no use", resolvers: brisk, rest: one, zone: answers("app.test", "", Records("app.test. 1 IN TXT x")),
			acts: []act{{want: "a=-"}}, log: down("No IP for server "), asked: map[string]string{"app.test": "AAAA AAAA"}, counters: "valid"},
		{name: "a truncated answer is not asked for by TCP", resolvers: brisk, rest: one, zone: answers("app.test", "", Cut(own)),
			acts: []act{{want: "a=-"}, {do: func(w *world) {
				for _, q := range w.ns[0].Asked() {
					if q.TCP {
						w.t.Error("asked by TCP")
					}
				}
			}}}},
		{name: "silence", resolvers: patient + " hold timeout 0\n", rest: one, zone: answers("app.test", "", Silence),
			acts: []act{{want: "a=-"}, {do: addresses("app.test", "127.0.0.3"), want: "a=127.0.0.3:80"}},
			log:  down("DNS timeout status")},
		{name: "an answer with another id", resolvers: patient + " hold timeout 0\n", rest: one, zone: answers("app.test", "", WrongID(own)),
			acts: []act{{want: "a=-"}}, log: down("DNS timeout status"), counters: ""},
	})
}

func TestHold(t *testing.T) {
	hold := func(name, event string, a Answer) scene {
		return scene{name: name, resolvers: patient + " hold " + event + " 4s\n", rest: one + " resolve-prefer ipv4", zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"},
				{do: answers("app.test", "", a), want: "a=127.0.0.3:80", stay: time.Second},
				{want: "a=-"}}}
	}
	play(t, []scene{
		hold("nx", "nx", Code(mdns.RcodeNameError)),
		hold("refused", "refused", Code(mdns.RcodeRefused)),
		hold("other", "other", Code(mdns.RcodeServerFailure)),
		hold("timeout", "timeout", Silence),
		{name: "counts from the start", resolvers: patient + " hold nx 8s\n", rest: one, zone: answers("app.test", "", Code(mdns.RcodeNameError)),
			acts: []act{{want: "a=127.0.0.9:80", stay: time.Second}, {want: "a=-"}}},
		{name: "valid is for rules only", resolvers: brisk + " hold valid 1h\n", rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}, {do: addresses("app.test", "127.0.0.4"), want: "a=127.0.0.4:80"}}},
	})
}

// TestTries: how often and of which type name servers are asked in one resolution.
func TestTries(t *testing.T) {
	const rarely = " timeout resolve 1h\n hold nx 0\n hold timeout 0\n hold other 0\n resolve_retries 3\n timeout retry "
	none := func(n int) func(w *world) {
		return func(w *world) {
			if got := len(w.ns[0].Asked()); got != n {
				w.t.Errorf("%d questions, want %d: %v", got, n, w.ns[0].Types())
			}
		}
	}
	play(t, []scene{
		{name: "silence: the same type", resolvers: rarely + "300ms", rest: one, zone: answers("app.test", "", Silence),
			acts: []act{{want: "a=-", stay: 2 * time.Second}, {do: none(3)}}, asked: map[string]string{"app.test": "AAAA AAAA"}},
		{name: "an error: both types each time", resolvers: rarely + "2s", rest: one, zone: answers("app.test", "", Code(mdns.RcodeNameError)),
			asked: map[string]string{"app.test": "AAAA A AAAA A"}},
		{name: "one is silent, one has an error", resolvers: " nameserver n1 N1\n nameserver n2 N2\n" + rarely + "1s", rest: one,
			zone:  answers("app.test", "", Silence), // n2: NXDOMAIN
			asked: map[string]string{"app.test": "AAAA A AAAA A"}, log: []string{"Server be/a is going DOWN for maintenance (DNS NX status)."}},
		{name: "none: it never gives up", resolvers: rarely + "100ms\n resolve_retries 0", rest: one, zone: answers("app.test", "", Silence),
			acts: []act{{want: "a=127.0.0.9:80", stay: time.Second}}, asked: map[string]string{"app.test": "AAAA AAAA AAAA AAAA AAAA"}},
		{name: "a service has one type", resolvers: rarely + "1s", rest: "backend be\n server a _h._tcp.test resolvers dns init-addr none",
			zone: answers("_h._tcp.test", "", Records()), asked: map[string]string{"_h._tcp.test": "SRV SRV SRV"}},
	})
}

// TestUnreachable: a check that cannot connect has the name asked for again.
func TestUnreachable(t *testing.T) {
	const conf = " timeout resolve 1h\n timeout retry 5s\n hold valid "
	const rest = "backend be\n server a app.test:1 resolvers dns init-addr none resolve-prefer ipv4 check inter 100"
	play(t, []scene{
		{name: "asks again", resolvers: conf + "100ms", rest: rest, zone: addresses("app.test", "127.0.0.1"), asked: map[string]string{"app.test": "A A A A"}},
		{name: "not while the answer is fresh", resolvers: conf + "1h", rest: rest, zone: addresses("app.test", "127.0.0.1"),
			acts: []act{{want: "a=127.0.0.1:1", stay: time.Second}, {do: func(w *world) {
				if n := len(w.ns[0].Asked()); n != 1 {
					w.t.Errorf("%d questions", n)
				}
			}}}},
	})
}

func TestNameServers(t *testing.T) {
	both := " nameserver n1 N1\n nameserver n2 N2\n"
	play(t, []scene{
		{name: "one is silent", resolvers: both + patient, rest: one,
			zone: func(w *world) { w.ns[0].Set("app.test", "", Silence); w.ns[1].Addresses("app.test", "127.0.0.3") },
			acts: []act{{want: "a=127.0.0.3:80"}}, log: []string{"be/a: IP changed from '127.0.0.9' to '127.0.0.3' by 'dns/n2'."}},
		{name: "one is dead", resolvers: " nameserver n1 127.0.0.1:1\n nameserver n2 N1\n" + patient, rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}}, log: []string{"be/a: IP changed from '127.0.0.9' to '127.0.0.3' by 'dns/n2'."}},
		{name: "a valid answer wins over an error", resolvers: both + brisk, rest: one,
			zone: func(w *world) { w.ns[1].Addresses("app.test", "127.0.0.3") },
			acts: []act{{want: "a=127.0.0.3:80", stay: time.Second}}},
		{name: "all are asked", resolvers: both + brisk, rest: one + " resolve-prefer ipv4",
			zone: func(w *world) {
				w.ns[0].Addresses("app.test", "127.0.0.3")
				w.ns[1].Addresses("app.test", "127.0.0.3")
			},
			acts: []act{{want: "a=127.0.0.3:80"}, {do: func(w *world) { w.asked(w.ns[1], "app.test", 3) }}}},
		{name: "by TCP", resolvers: " nameserver n1 tcp@N1\n" + brisk, rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}, {do: func(w *world) {
				w.asked(w.ns[0], "app.test", 4)
				for _, q := range w.ns[0].Asked() {
					if !q.TCP {
						w.t.Error("asked by UDP")
					}
				}
			}}}, counters: "any_err update valid"},
		{name: "TCP to a dead one", resolvers: " nameserver n1 N1\n nameserver n2 tcp@127.0.0.1:1\n" + patient, rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}}},
		{name: "TCP comes back", resolvers: " nameserver n1 tcp@N1\n" + patient + " hold timeout 0\n", rest: one, zone: answers("app.test", "", Silence),
			acts: []act{{want: "a=-"}, {do: addresses("app.test", "127.0.0.3"), want: "a=127.0.0.3:80"}}},
		{name: "payload size", resolvers: brisk + " accepted_payload_size 1280\n", rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}, {do: payload(1280)}}},
		{name: "payload size that is the default", resolvers: brisk, rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}, {do: payload(512)}}},
		{name: "more than the payload size", resolvers: brisk, rest: one + " resolve-prefer ipv4", zone: addresses("app.test", loopbacks(50)...),
			acts: []act{{want: "a=-"}}, counters: "too_big", log: []string{"Server be/a is going DOWN for maintenance (DNS timeout status)."}},
		{name: "a large answer", resolvers: brisk + " accepted_payload_size 8192\n", rest: one + " resolve-prefer ipv4", zone: addresses("app.test", loopbacks(50)...),
			acts: []act{{want: "a=127.0.1.23:80"}}, counters: "update valid"},
	})
}

// TestByTLS: the options of a server line have their effect on a name server by TCP.
func TestByTLS(t *testing.T) {
	text, err := testbed.PEM("dns.test")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		if bin.Name == "haproxy" {
			t.Skip("2.6 does not survive it")
		}
		w := newWorld(t, bin)
		w.ns[0].Addresses("app.test", "127.0.0.3")
		addr, err := w.ns[0].TLS(&tls.Config{Certificates: []tls.Certificate{cert}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "ca.pem"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		w.start(" nameserver n1 tcp@"+addr+" ssl verify required ca-file DIR/ca.pem verifyhost dns.test maxconn 2\n"+patient, one)
		w.want("a=127.0.0.3:80")
		w.logged("be/a: IP changed from '127.0.0.9' to '127.0.0.3' by 'dns/n1'.")
	})
}

// payload checks what the questions announce, and that they ask for recursion.
func payload(n int) func(w *world) {
	return func(w *world) {
		for _, q := range w.ns[0].Asked() {
			if q.Payload != n || q.Extra != 1 || !q.RD {
				w.t.Errorf("question %+v, want payload %d, one more record, recursion", q, n)
			}
		}
	}
}

func loopbacks(n int) (list []string) {
	for i := range n {
		list = append(list, "127.0.1."+strconv.Itoa(i+1))
	}
	return list
}
