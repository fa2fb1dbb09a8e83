package persist

import (
	"bytes"
	"testing"
)

// FuzzList drops some cookies and tightens others: whatever comes, nothing is read or
// written out of bounds, and what stays is made of what was there.
func FuzzList(f *testing.F) {
	for _, v := range []string{"SRV=A", "a=b; SRV=A; c=d", ";;SRV = A ,, $Path=/;x", `v="a;SRV=B";SRV=`, " ; = ;SRV=;", "SRV=A;"} {
		f.Add([]byte(v), uint16(0x5555))
	}
	f.Fuzz(func(t *testing.T, v []byte, which uint16) {
		l := list{v: bytes.Clone(v), at: -1}
		for n := 0; l.next(); n++ {
			if n > len(v)+1 {
				t.Fatalf("does not end: %q", v)
			}
			if l.p.HasValue {
				l.tighten()
			}
			if which>>(n%16)&1 == 1 {
				l.drop()
				continue
			}
			l.settle()
			l.keep()
		}
		l.finish()
		if len(l.v) > len(v)+1 {
			t.Errorf("%q became %q", v, l.v)
		}
	})
}
