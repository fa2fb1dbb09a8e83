package forwarded

import (
	"net/netip"
	"testing"

	"hawser/engine"
)

func TestNode(t *testing.T) {
	tests := []struct {
		n    node
		at   string
		want string
	}{
		{node{on: true}, "127.0.0.1:80", "for=127.0.0.1"},
		{node{on: true, port: true}, "127.0.0.1:80", `for="127.0.0.1:80"`},
		{node{on: true}, "[::1]:80", `for="[::1]"`},
		{node{on: true}, "", "for=unknown"},
		{node{}, "127.0.0.1:80", ""},
	}
	for _, tt := range tests {
		at, _ := netip.ParseAddrPort(tt.at)
		if got := string(tt.n.append(nil, &engine.Env{}, "for=", at)); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.at, got, tt.want)
		}
	}
}

func TestIsHost(t *testing.T) {
	for host, want := range map[string]bool{"a.b-c": true, "a:80": true, "[::1]:80": true, "[::1]": true, "": true,
		"a_b": false, "a:b": false, "a:": false, "[x]": false, "[::1": false, "a b": false} {
		if got := isHost([]byte(host)); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{"10.1.2.3": "10.1.2.3/32", "10.1.2.3/8": "10.0.0.0/8", "10.1.2.3/255.255.0.0": "10.1.0.0/16", "::1/64": "::/64", "x": "", "10.0.0.0/33": ""} {
		got, ok := network(text)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
}
