package dns

import (
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

func TestAddresses(t *testing.T) {
	play(t, []scene{
		{name: "both types are asked for, IPv6 first", resolvers: brisk, rest: one, zone: addresses("app.test", "127.0.0.3"),
			acts: []act{{want: "a=127.0.0.3:80"}}, asked: map[string]string{"app.test": "AAAA A AAAA A AAAA A"}, counters: "any_err update valid",
			log: []string{"be/a: IP changed from '127.0.0.9' to '127.0.0.3' by 'dns/n1'."}},
		{name: "resolve-prefer ipv4", resolvers: brisk, rest: one + " resolve-prefer ipv4", zone: addresses("app.test", "127.0.0.3", "::3"),
			acts: []act{{want: "a=127.0.0.3:80"}}, asked: map[string]string{"app.test": "A A A"}, counters: "update valid"},
		{name: "resolve-prefer ipv6", resolvers: brisk, rest: one + " resolve-prefer ipv6", zone: addresses("app.test", "127.0.0.3", "::3"),
			acts: []act{{want: "a=::3:80"}}, asked: map[string]string{"app.test": "AAAA AAAA AAAA"}, counters: "update valid"},
		{name: "an answer with both families", resolvers: brisk, rest: one,
			zone: answers("app.test", "", Records("app.test. 1 IN A 127.0.0.3", "app.test. 1 IN AAAA ::3")),
			acts: []act{{want: "a=::3:80"}}},
		{name: "a template with fewer addresses than slots", resolvers: brisk, rest: template, zone: addresses("app.test", "127.0.0.2", "127.0.0.3", "127.0.0.4"),
			acts: []act{{want: "s1=127.0.0.2:80 s2=127.0.0.3:80 s3=127.0.0.4:80 s4=-"},
				{do: addresses("app.test", "127.0.0.3", "127.0.0.5"), want: "s1=127.0.0.5:80 s2=127.0.0.3:80 s3=- s4=-"},
				{do: answers("app.test", "", Code(3)), want: "s1=- s2=- s3=- s4=-"},
				{do: addresses("app.test", "::1"), want: "s1=::1:80 s2=- s3=- s4=-"}},
			log: []string{"be/s1: IP changed from '(none)' to '127.0.0.2' by 'dns/n1'.",
				"be/s2: IP changed from '(none)' to '127.0.0.3' by 'DNS cache'.",
				"Server be/s2 ('app.test') is UP/READY (resolves again).",
				"Server be/s2 administratively READY thanks to valid DNS answer.",
				"be/s1: IP changed from '127.0.0.2' to '127.0.0.5' by 'dns/n1'.",
				"Server be/s3 is going DOWN for maintenance (No IP for server ). ",
				"Server be/s1 is going DOWN for maintenance (DNS NX status). "}},
		{name: "a template with more addresses than slots", resolvers: brisk, rest: template,
			zone: addresses("app.test", "127.0.0.9", "127.0.0.2", "127.0.7.3", "127.4.0.5", "127.0.0.1"),
			acts: []act{{want: "s1=127.0.0.2:80 s2=127.0.7.3:80 s3=127.0.0.1:80 s4=127.4.0.5:80"}}},
		{name: "who has an address keeps it", resolvers: brisk, rest: one, zone: addresses("app.test", "127.0.0.8", "127.0.0.9"),
			acts: []act{{want: "a=127.0.0.9:80", stay: time.Second},
				{do: addresses("app.test", "127.0.0.9", "127.0.0.6", "127.0.0.7"), want: "a=127.0.0.9:80", stay: time.Second}}},
		{name: "resolve-net", resolvers: brisk, rest: one + " resolve-net 127.0.8.0/24,127.0.9.0/24", zone: addresses("app.test", "127.0.0.3", "127.0.9.1", "127.0.8.1"),
			acts: []act{{want: "a=127.0.9.1:80"},
				{do: addresses("app.test", "127.0.0.3"), want: "a=127.0.0.3:80"},
				{do: addresses("app.test", "127.0.8.4", "127.0.0.3"), want: "a=127.0.0.3:80", stay: time.Second}}},
		{name: "one address for many", resolvers: brisk, zone: addresses("app.test", "127.0.0.3"),
			rest: "backend be\n default-server resolvers dns init-addr none\n server a app.test:80\n server b app.test:81\n" +
				" server c app.test:82 resolve-opts allow-dup-ip\n server d app.test:83 resolve-opts prevent-dup-ip",
			acts: []act{{want: "a=127.0.0.3:80 b=- c=127.0.0.3:82 d=-"},
				{do: addresses("app.test", "127.0.0.3", "127.0.0.4"), want: "a=127.0.0.3:80 b=127.0.0.4:81 c=127.0.0.3:82 d=-"},
				{do: addresses("app.test", "127.0.0.4"), want: "a=- b=127.0.0.4:81 c=127.0.0.4:82 d=-"}}},
		{name: "allow-dup-ip shares only where it must", resolvers: brisk, zone: addresses("app.test", "127.0.0.3", "127.0.0.4"),
			rest: "backend be\n server-template t 3 app.test:80 resolve-opts allow-dup-ip resolvers dns init-addr none",
			acts: []act{{want: "t1=127.0.0.3:80 t2=127.0.0.4:80 t3=127.0.0.3:80"}}},
		{name: "another backend may have the same address", resolvers: brisk, rest: one + "\nbackend other\n server o app.test:81 resolvers dns init-addr none",
			zone: addresses("app.test", "127.0.0.3"), acts: []act{{want: "a=127.0.0.3:80 o=127.0.0.3:81"}}},
		{name: "aliases", resolvers: brisk, rest: one + " resolve-prefer ipv4",
			zone: answers("app.test", "", Records("app.test. 1 IN CNAME b.test.", "b.test. 1 IN CNAME c.test.", "c.test. 1 IN A 127.0.0.3")),
			acts: []act{{want: "a=127.0.0.3:80"}}, counters: "update valid"},
		{name: "an alias that leads nowhere", resolvers: brisk, rest: one, zone: answers("app.test", "", Records("app.test. 1 IN CNAME b.test.")),
			acts: []act{{want: "a=-"}}, counters: "cname_error"},
		{name: "an alias that leads elsewhere", resolvers: brisk, rest: one,
			zone: answers("app.test", "", Records("app.test. 1 IN CNAME b.test.", "c.test. 1 IN A 127.0.0.3")),
			acts: []act{{want: "a=-"}}, counters: "cname_error"},
		{name: "hold obsolete keeps what an answer lacks", resolvers: brisk + " hold obsolete 4s\n", rest: template, zone: addresses("app.test", "127.0.0.1", "127.0.0.2"),
			acts: []act{{want: "s1=127.0.0.2:80 s2=127.0.0.1:80 s3=- s4=-"},
				{do: addresses("app.test", "127.0.0.2"), want: "s1=127.0.0.2:80 s2=127.0.0.1:80 s3=- s4=-", stay: time.Second},
				{want: "s1=127.0.0.2:80 s2=- s3=- s4=-"}}},
		{name: "a disabled server takes an address too", resolvers: brisk, zone: addresses("app.test", "127.0.0.3"),
			rest: "backend be\n server a app.test:1 resolvers dns init-addr none disabled\n server b app.test:2 resolvers dns init-addr none",
			acts: []act{{want: "a=127.0.0.3:1 b=-"}},
			log:  []string{"Server be/a ('app.test') resolves again but remains in maintenance."}},
		{name: "the answer's name in other letters", resolvers: brisk, rest: one + " resolve-prefer ipv4",
			zone: answers("app.test", "", Records("app.test. 1 IN A 127.0.0.3")), acts: []act{{want: "a=127.0.0.3:80"}}},
	})
}

// TestFamilies: only the families that are accepted are asked for and used.
func TestFamilies(t *testing.T) {
	tests := []struct{ accept, flag, want, asked string }{
		{"ipv4", "", "a=127.0.0.3:80 b=-", "A A A"},
		{"ipv6", "", "a=::3:80 b=::4:80", "AAAA AAAA AAAA"},
		{"ipv6", "-4", "a=127.0.0.3:80 b=-", "A A A"},
	}
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		if bin.Name == "haproxy" {
			t.Skip("2.6 has no dns-accept-family")
		}
		for _, tt := range tests {
			w := newWorld(t, bin)
			w.ns[0].Addresses("app.test", "127.0.0.3", "::3")
			w.ns[0].Addresses("six.test", "::4")
			if tt.flag != "" {
				w.flags = []string{tt.flag}
			}
			w.write("run.cfg", strings.Replace(head, "ipv4,ipv6", tt.accept, 1)+w.text(brisk,
				"backend be\n server a app.test:80 resolvers dns init-addr none\n server b six.test:80 resolvers dns init-addr none"))
			w.run()
			w.want(tt.want)
			if got := w.asked(w.ns[0], "app.test", 3); got != tt.asked {
				t.Errorf("%s %s: asked for %s, want %s", tt.accept, tt.flag, got, tt.asked)
			}
		}
	})
}
