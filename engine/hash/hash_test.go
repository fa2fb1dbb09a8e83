package hash

import "testing"

// The values were recorded from HAProxy's converters.
func TestValues(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  uint32
		want uint32
	}{
		{"djb2", Named["djb2"]([]byte("Hello")), 223289465},
		{"djb2 avalanche", Avalanche(DJB2([]byte("a-b-c"))), 825782709},
		{"sdbm", Named["sdbm"]([]byte("Hello")), 2873473298},
		{"sdbm avalanche", Avalanche(SDBM([]byte("a-b-c"))), 4119781965},
		{"sdbm in parts", SDBMFrom(SDBM([]byte("He")), []byte("llo")), 2873473298},
		{"wt6", Named["wt6"]([]byte("Hello")), 2542579625},
		{"xxh32", XX([]byte("a"), 0), 0x550d7456},
		{"crc32", Named["crc32"]([]byte("Hello")), 4157704578},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, tc.got, tc.want)
		}
	}
}
