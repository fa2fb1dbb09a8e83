package persist

import (
	"net/netip"
	"testing"

	"hawser/engine"
)

func TestDates(t *testing.T) {
	for _, sec := range []int64{0, 3, 1795270091, 1795270092, 1 << 31} {
		b := appendDate(nil, sec)
		if got := readDate(b); len(b) != 5 || got < sec || got > sec+3 {
			t.Errorf("%d is written %s, read %d", sec, b, got)
		}
	}
	// As HAProxy wrote it at that time.
	if got := string(appendDate(nil, 1795270091)); got != "awGlz" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "abcd", "ab!de"} {
		if readDate([]byte(bad)) != 0 {
			t.Errorf("%q is a date", bad)
		}
	}
}

// TestDynamicValue holds a value that HAProxy 3.5 made.
func TestDynamicValue(t *testing.T) {
	srv := &engine.Server{}
	srv.Addr.IP, srv.Addr.Port = netip.MustParseAddr("127.0.0.1"), 7301
	if got := dynamicValue("MYKEY", &srv.Addr); got != "5cfe3d7819b86ded" {
		t.Errorf("got %s", got)
	}
}

func TestRDPTarget(t *testing.T) {
	tests := []struct {
		value string
		ip    [4]byte
		port  int
		ok    bool
	}{
		{"16777343.15629.0000", [4]byte{127, 0, 0, 1}, 3389, true},
		{"16777343.15629", [4]byte{}, 0, false},
		{"x.y.z", [4]byte{}, 0, false},
	}
	for _, tt := range tests {
		ip, port, ok := rdpTarget([]byte(tt.value))
		if ok != tt.ok || ok && (ip != tt.ip || port != tt.port) {
			t.Errorf("%s: %v %d %v", tt.value, ip, port, ok)
		}
	}
}
