package dns

import (
	"strings"
	"testing"
	"time"
)

func TestServices(t *testing.T) {
	abc := all(addresses("a.test", "127.0.0.1"), addresses("b.test", "127.0.0.2"), addresses("c.test", "127.0.0.3"), addresses("d.test", "127.0.0.4"))
	additional := func(extra ...string) Answer {
		return Full(srvRecords("_h._tcp.test", []string{"1 10 8001 a.test", "1 256 8002 b.test"}), extra)
	}
	play(t, []scene{
		{name: "places come and go", resolvers: brisk, rest: "backend be\n server-template s 1-4 _h._tcp.test resolvers dns init-addr none",
			zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test", "1 20 8002 b.test", "5 0 8003 c.test")),
			acts: []act{
				{want: "s1=127.0.0.3:8003 s2=127.0.0.1:8001 s3=127.0.0.2:8002 s4=-"},
				{do: services("_h._tcp.test", "1 100 8001 a.test", "1 20 8005 b.test"), want: "s1=- s2=127.0.0.1:8001 s3=- s4=127.0.0.2:8005"},
				{do: services("_h._tcp.test", "1 100 8001 a.test", "1 20 8005 b.test", "1 1 8006 d.test"), want: "s1=127.0.0.4:8006 s2=127.0.0.1:8001 s3=- s4=127.0.0.2:8005"},
				{do: answers("a.test", "", Code(3)), want: "s1=127.0.0.4:8006 s2=- s3=- s4=127.0.0.2:8005"},
				{do: addresses("a.test", "::1"), want: "s1=127.0.0.4:8006 s2=::1:8001 s3=- s4=127.0.0.2:8005"}},
			log: []string{"be/s1 changed its FQDN from (null) to c.test by 'SRV record'",
				"be/s2: IP changed from '(none)' to '127.0.0.1' by 'dns/n1'.",
				"Server be/s1 is going DOWN for maintenance (entry removed from SRV record). ",
				"be/s4 changed its FQDN from (null) to b.test by 'SRV record'",
				"Server be/s2 is going DOWN for maintenance (DNS NX status). "}},
		{name: "one host at two ports", resolvers: brisk, rest: service, zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test", "1 10 8007 a.test")),
			acts: []act{{do: func(w *world) {
				w.await("one server has the address", func() bool { return strings.Count(w.servers(), "=127.0.0.1:") == 1 })
			}}}},
		{name: "weights", resolvers: brisk, rest: "backend be\n server-template s 1-4 _h._tcp.test weight 50 resolve-prefer ipv4 resolvers dns init-addr none",
			zone: all(abc, services("_h._tcp.test", "1 0 8001 a.test", "1 1 8002 b.test", "1 255 8003 c.test", "1 32768 8004 d.test")),
			acts: []act{{want: "s1=127.0.0.4:8004 s2=127.0.0.3:8003 s3=127.0.0.1:8001 s4=127.0.0.2:8002", do: weights("128 1 0 1")},
				{do: all(services("_h._tcp.test", "1 257 8001 a.test", "1 65535 8002 b.test", "1 256 8003 c.test", "1 32769 8004 d.test"), weights("129 1 2 256"))},
				{do: all(cli("set server be/s1 weight 9"), weights("129 1 2 256"))}}},
		{name: "ignore-weight", resolvers: brisk, rest: service + " resolve-opts ignore-weight weight 7", zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test", "1 2000 8002 b.test")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=127.0.0.2:8002 s3=-"}, {do: weights("7 7 7")}}},
		{name: "additional records", resolvers: brisk, rest: service, zone: answers("_h._tcp.test", "SRV", additional("a.test. 1 IN A 127.0.0.1", "b.test. 1 IN AAAA ::2")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=::2:8002 s3=-"}, {do: func(w *world) {
				w.asked(w.ns[0], "_h._tcp.test", 4)
				for _, q := range w.ns[0].Asked() {
					if q.Type != "SRV" {
						w.t.Errorf("%s was asked for, which came along", q.Name)
					}
				}
			}},
				{do: answers("_h._tcp.test", "SRV", additional("a.test. 1 IN A 127.0.0.7")), want: "s1=127.0.0.7:8001 s2=- s3=-"},
				{do: addresses("b.test", "127.0.0.2"), want: "s1=127.0.0.7:8001 s2=127.0.0.2:8002 s3=-"}},
			// How s1 gets its new address is told in one line or, where HAProxy has lost the old one before, in several.
			log: []string{"be/s1 changed its FQDN from (null) to a.test by 'SRV record'", "Server be/s2 is going DOWN for maintenance (DNS NX status). "}},
		{name: "additional records, one for each place", resolvers: brisk, rest: "backend be\n server-template s 3 _h._tcp.test resolvers dns init-addr none resolve-prefer ipv6",
			zone: all(addresses("a.test", "127.0.0.9"), answers("_h._tcp.test", "SRV", Full(srvRecords("_h._tcp.test", []string{"1 1 81 a.test", "1 1 82 a.test", "1 1 83 a.test"}),
				[]string{"a.test. 1 IN A 127.0.0.5", "a.test. 1 IN AAAA ::5"}))),
			acts: []act{{want: "s1=127.0.0.5:81 s2=::5:82 s3=127.0.0.9:83"}}},
		{name: "hold obsolete", resolvers: brisk + " hold obsolete 4s\n", rest: service, zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test", "1 20 8002 b.test")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=127.0.0.2:8002 s3=-"},
				{do: services("_h._tcp.test", "1 10 8001 a.test"), want: "s1=127.0.0.1:8001 s2=127.0.0.2:8002 s3=-", stay: time.Second},
				{want: "s1=127.0.0.1:8001 s2=- s3=-"}}},
		{name: "the service is gone", resolvers: brisk, rest: service, zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=- s3=-"}, {do: answers("_h._tcp.test", "", Code(3)), want: "s1=- s2=- s3=-"},
				{do: services("_h._tcp.test", "1 10 8001 a.test"), want: "s1=- s2=127.0.0.1:8001 s3=-"}},
			log: []string{"Server be/s1 is going DOWN for maintenance (entry removed from SRV record). "}},
		{name: "hold nx keeps the service", resolvers: brisk + " hold nx 4s\n", rest: service, zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=- s3=-"}, {do: answers("_h._tcp.test", "", Code(3)), want: "s1=127.0.0.1:8001 s2=- s3=-", stay: time.Second}, {want: "s1=- s2=- s3=-"}}},
		{name: "who waits longest is first", resolvers: brisk, rest: service, zone: all(abc, services("_h._tcp.test", "1 10 8001 a.test")),
			acts: []act{{want: "s1=127.0.0.1:8001 s2=- s3=-"}, {do: services("_h._tcp.test", "1 10 8002 b.test"), want: "s1=- s2=127.0.0.2:8002 s3=-"},
				{do: services("_h._tcp.test", "1 10 8003 c.test"), want: "s1=- s2=- s3=127.0.0.3:8003"},
				{do: services("_h._tcp.test", "1 10 8004 d.test"), want: "s1=127.0.0.4:8004 s2=- s3=-"}}},
	})
}

// weights waits until the servers have these weights.
func weights(want string) func(w *world) {
	return func(w *world) {
		w.t.Helper()
		w.await("weights "+want, func() bool {
			var list []string
			for _, f := range w.state() {
				list = append(list, f[7])
			}
			return strings.Join(list, " ") == want
		})
	}
}
