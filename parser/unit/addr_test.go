package unit

import (
	"fmt"
	"testing"
)

// show writes what matters of an address in one line.
func show(a *Addr) string {
	names := [...]string{"ip", "ipv4", "ipv6", "unix", "abns", "abnsz", "fd", "sockpair", "rhttp"}
	types := [...]string{"", "dgram ", "quic "}
	s := types[a.Type] + names[a.Family]
	if a.MPTCP {
		s = "mptcp " + s
	}
	switch {
	case a.IsIP() && a.Host != "":
		s += " host " + a.Host
	case a.IsIP():
		s += " " + a.IP.String()
	case a.Family == FD || a.Family == SockPair:
		s += fmt.Sprintf(" %d", a.Num)
	default:
		s += fmt.Sprintf(" %q", a.Path+a.Name)
	}
	switch {
	case a.PortOffset:
		s += fmt.Sprintf(" offset %d", a.Port)
	case a.PortHigh != a.Port:
		s += fmt.Sprintf(" port %d-%d", a.Port, a.PortHigh)
	case a.HasPort:
		s += fmt.Sprintf(" port %d", a.Port)
	}
	return s
}

var bindTests = []struct{ text, want, err string }{
	{":80", "ipv4 0.0.0.0 port 80", ""},
	{"*:80", "ipv4 0.0.0.0 port 80", ""},
	{"[::]:80", "ipv6 :: port 80", ""},
	{"::1:80", "ipv6 ::1 port 80", ""},
	{":::80", "ipv6 :: port 80", ""},
	{"ipv6@:80", "ipv6 :: port 80", ""},
	{"ipv4@:80", "ipv4 0.0.0.0 port 80", ""},
	{"ip@:80", "ipv4 0.0.0.0 port 80", ""},
	{":80-90", "ipv4 0.0.0.0 port 80-90", ""},
	{"localhost:80", "ip host localhost port 80", ""},
	{"ipv6@localhost:80", "ipv6 host localhost port 80", ""},
	{"/tmp/x.sock", `unix "/tmp/x.sock"`, ""},
	{"/tmp/a:80", `unix "/tmp/a:80"`, ""},
	{"unix@x.sock", `unix "x.sock"`, ""},
	{"uxst@/x", `unix "/x"`, ""},
	{"abns@foo", `abns "foo"`, ""},
	{"abnsz@foo", `abnsz "foo"`, ""},
	{"fd@3", "fd 3", ""},
	{"sockpair@4", "sockpair 4", ""},
	{"tcp@:80", "ipv4 0.0.0.0 port 80", ""},
	{"tcp4@1.2.3.4:80", "ipv4 1.2.3.4 port 80", ""},
	{"tcp6@::1:80", "ipv6 ::1 port 80", ""},
	{"stream+ipv4@:80", "ipv4 0.0.0.0 port 80", ""},
	{"stream+unix@/x", `unix "/x"`, ""},
	{"quic4@:443", "quic ipv4 0.0.0.0 port 443", ""},
	{"quic6@:443", "quic ipv6 :: port 443", ""},
	{"quic+ip@:443", "quic ipv4 0.0.0.0 port 443", ""},
	{"mptcp@:80", "mptcp ipv4 0.0.0.0 port 80", ""},
	{"mptcp6@:80", "mptcp ipv6 :: port 80", ""},
	{"rhttp@b/s", `rhttp "b/s"`, ""},
	{":080", "ipv4 0.0.0.0 port 80", ""},
	{"0:80", "ipv4 0.0.0.0 port 80", ""},
	{"1.2.3:80", "ipv4 1.2.0.3 port 80", ""},
	{"2130706433:80", "ipv4 127.0.0.1 port 80", ""},
	{":$PORT", "ipv4 0.0.0.0 port 81", ""},
	{"fd@${FD}", "fd 9", ""},
	{"1.2.3.4", "", "missing port specification in '1.2.3.4'"},
	{"1.2.3.4:", "", "missing port specification in '1.2.3.4:'"},
	{"1.2.3.4:0", "", "invalid port '0'"},
	{":65536", "", "invalid port '65536'"},
	{":abc", "", "invalid character 'a' in port number 'abc' in ':abc'"},
	{":80x", "", "invalid character 'x' in port number '80x' in ':80x'"},
	{":80-90x", "", "invalid character 'x' in port number '90x' in ':80-90x'"},
	{":80-70", "", "invalid port range '80-70'"},
	{"1.2.3.4:80-", "", "invalid port ''"},
	{":+80", "", "port offset not permitted here in ':+80'"},
	{":-80", "", "port offset not permitted here in ':-80'"},
	{"", "", "'' resolves to an empty address (environment variable missing?)"},
	{"fd@", "", "file descriptor '' is not a valid integer in 'fd@'"},
	{"fd@x", "", "file descriptor 'x' is not a valid integer in 'fd@x'"},
	{"fd@${X}", "", "file descriptor '' is not a valid integer in 'fd@${X}'"},
	{":$X", "", "missing port specification in ':$X'"},
	{"ipv4@[::1]:80", "", "invalid address: '[::1]' in 'ipv4@[::1]:80'"},
	{"ipv6@1.2.3.4:80", "", "invalid address: '1.2.3.4' in 'ipv6@1.2.3.4:80'"},
	{"udp@:80", "", "dgram-type address not acceptable in 'udp@:80'"},
	{"uxdg@/x", "", "dgram-type address not acceptable in 'uxdg@/x'"},
	{"dgram+ipv4@:80", "", "dgram-type address not acceptable in 'dgram+ipv4@:80'"},
	{"foo@:80", "", "invalid address: 'foo@' in 'foo@:80'"},
	{"[::1]", "", "missing port specification in '[::1]'"},
	{"[::1", "", "invalid address: '[:' in '[::1'"},
	{"[::1:80", "", "invalid address: '[::1' in '[::1:80'"},
	{"1.2.3.4:80:90", "", "invalid address: '1.2.3.4:80' in '1.2.3.4:80:90'"},
	{"::", "", "missing port specification in '::'"},
	{"::1", "", "invalid address: ':' in '::1'"},
	{"fe80::1%eth0:80", "", "invalid address: 'fe80::1%eth0' in 'fe80::1%eth0:80'"},
	{"*:*", "", "invalid character '*' in port number '*' in '*:*'"},
}

func TestBindAddr(t *testing.T) {
	want := BindWant
	want.Env = func(name string) (string, bool) {
		v, ok := map[string]string{"PORT": "81", "FD": "9"}[name]
		return v, ok
	}
	for _, tt := range bindTests {
		checkAddr(t, tt.text, want, tt.want, tt.err)
	}
}

func TestServerAddr(t *testing.T) {
	tests := []struct{ text, want, err string }{
		{"1.2.3.4", "ipv4 1.2.3.4", ""},
		{"1.2.3.4:0", "ipv4 1.2.3.4 port 0", ""},
		{"1.2.3.4:+80", "ipv4 1.2.3.4 offset 80", ""},
		{"1.2.3.4:-1", "ipv4 1.2.3.4 offset -1", ""},
		{"[1.2.3.4]:80", "ipv4 1.2.3.4 port 80", ""},
		{"[::1]", "ipv6 ::1", ""},
		{"*", "ipv4 0.0.0.0", ""},
		{"app.example.com:+80", "ip host app.example.com offset 80", ""},
		{"a_b:80", "ip host a_b port 80", ""},
		{"udp@1.2.3.4:80", "dgram ipv4 1.2.3.4 port 80", ""},
		{"rhttp@", `rhttp ""`, ""},
		{"1.2.3.4:80-90", "", "port range not permitted here in '1.2.3.4:80-90'"},
		{"1.2.3.4:65536", "", "invalid port '65536'"},
		{"fd@3", "", "a file descriptor is not acceptable here in 'fd@3'"},
	}
	for _, tt := range tests {
		checkAddr(t, tt.text, ServerWant, tt.want, tt.err)
	}
}

func checkAddr(t *testing.T, text string, want Want, result, message string) {
	t.Helper()
	a, err := ParseAddr(text, want)
	got, gotErr := "", ""
	if err != nil {
		gotErr = err.Error()
	} else {
		got = show(&a)
	}
	if got != result || gotErr != message {
		t.Errorf("%q = %q, %q; want %q, %q", text, got, gotErr, result, message)
	}
}

func TestAddrs(t *testing.T) {
	list, err := Addrs("127.0.0.1:80,:81-82,/run/x.sock,", BindWant)
	if err != nil || len(list) != 3 || list[1].PortHigh != 82 || list[2].Path != "/run/x.sock" {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := Addrs(",:80", BindWant); err == nil {
		t.Error("an empty first address is a mistake")
	}
}

func FuzzAddr(f *testing.F) {
	for _, tt := range bindTests {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, want := range []Want{BindWant, ServerWant, LogWant, SourceWant} {
			a, err := ParseAddr(text, want)
			if err == nil && a.IsIP() && a.Host == "" && !a.IP.IsValid() {
				t.Errorf("%q: neither host nor address: %+v", text, a)
			}
		}
		Time(text, Millisecond)
		Size(text)
	})
}
