package compress

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"testing"

	"hawser/engine/htx"
)

func request1(fields ...string) *htx.Msg {
	m := &htx.Msg{Flags: htx.Version11}
	for i := 0; i < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	return m
}

func TestChoose(t *testing.T) {
	gz, df, raw := algoByName("gzip"), algoByName("deflate"), algoByName("raw-deflate")
	cases := []struct {
		name   string
		list   []*algo
		accept string
		want   *algo
	}{
		{"asked for", []*algo{gz}, "gzip", gz},
		{"in capitals", []*algo{gz}, "GZIP", gz},
		{"not asked for", []*algo{gz}, "br", nil},
		{"a longer word", []*algo{gz}, "gzipped", nil},
		{"refused", []*algo{gz}, "gzip;q=0", nil},
		{"refused with blanks", []*algo{gz}, "gzip ; q=0.000", nil},
		{"too little", []*algo{gz}, "gzip;q=0.0001", nil},
		{"just enough", []*algo{gz}, "gzip;q=0.001", gz},
		{"anything", []*algo{gz, df}, "*", df},
		{"anything but", []*algo{gz}, "*;q=0", nil},
		{"by weight", []*algo{gz, df}, "deflate;q=.4, gzip;q=.5", gz},
		{"the first of equals", []*algo{gz, df}, "deflate, gzip", df},
		{"raw", []*algo{raw}, "deflate", raw},
		{"identity needs no asking", []*algo{gz, identity}, "", identity},
		{"identity asked for", []*algo{gz, identity}, "identity, gzip", identity},
		{"nothing configured", nil, "gzip", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := choose(c.list, request1("accept-encoding", c.accept)); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestOldBrowser(t *testing.T) {
	cases := map[string]bool{
		"":                       false,
		"Mozilla/5.0 (X11)":      false,
		"Mozilla/4.0 (X11)":      true,
		"Mozilla/4.0 (MSIE 5.5)": true,
		"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)":       true,
		"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)":  false,
		"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)":       false,
		"Mozilla/4.0 (compatible; MSIE 10.0; Windows NT 6.1; x64)": false,
	}
	for ua, want := range cases {
		if got := oldBrowser(request1("user-agent", ua)); got != want {
			t.Errorf("%q: %v", ua, got)
		}
	}
}

func TestFit(t *testing.T) {
	cases := []struct {
		name   string
		types  []string
		fields []string
		want   bool
	}{
		{"plain", nil, []string{"content-type", "image/gif"}, true},
		{"no type", nil, nil, true},
		{"no type, some named", []string{"text/"}, nil, false},
		{"a beginning", []string{"text/html"}, []string{"content-type", "Text/HTML5"}, true},
		{"parts", nil, []string{"content-type", "Multipart/x"}, false},
		{"encoded", nil, []string{"content-encoding", "identity"}, false},
		{"empty validator", nil, []string{"etag", `""`}, true},
		{"weak validator", nil, []string{"etag", `W/"a"`}, true},
		{"open validator", nil, []string{"etag", `"a`}, false},
		{"bad validator", nil, []string{"etag", `w/"a"`}, false},
		{"two validators", nil, []string{"etag", `"a"`, "etag", `"a"`}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := request1(c.fields...)
			m.BodyLen = 10
			if got := fit(m, c.types, 10); got != c.want {
				t.Errorf("%v", got)
			}
			if fit(m, c.types, 11) {
				t.Error("fit though too small")
			}
		})
	}
}

func decode(t *testing.T, f frame, p []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(p)
	var err error
	switch f {
	case gzipFrame:
		r, err = gzip.NewReader(r)
	case zlibFrame:
		r, err = zlib.NewReader(r)
	case rawFrame:
		r = flate.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEncoder mixes deflated and stored pieces, with flushes, on every frame.
func TestEncoder(t *testing.T) {
	long := bytes.Repeat([]byte("the same again and again, "), 8000)
	for _, a := range algos {
		for level := 1; level <= 9; level += 4 {
			e := newEncoder(a.frame, level)
			var want, got []byte
			for i := range 6 {
				p := long[:1+i*40000]
				want = append(want, p...)
				if i%3 == 1 {
					e.store(p)
				} else {
					e.add(p)
				}
				if i%2 == 0 {
					e.flush()
				}
				got = append(got, e.out...)
				e.out = e.out[:0]
			}
			e.finish()
			got = append(got, e.out...)
			e.release()
			if !bytes.Equal(decode(t, a.frame, got), want) {
				t.Errorf("%s level %d: other contents", a.name, level)
			}
		}
	}
}

func TestEncoderEmpty(t *testing.T) {
	for _, a := range algos {
		e := newEncoder(a.frame, 1)
		e.finish()
		if got := decode(t, a.frame, e.out); len(got) != 0 {
			t.Errorf("%s: %q", a.name, got)
		}
	}
}

func TestEncoderAllocatesNothing(t *testing.T) {
	p := bytes.Repeat([]byte("x y "), 500)
	e := newEncoder(gzipFrame, 1)
	n := testing.AllocsPerRun(50, func() {
		e.out = e.out[:0]
		e.add(p)
		e.flush()
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzEncoder(f *testing.F) {
	f.Add([]byte("hello"), uint8(3))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, p []byte, how uint8) {
		fr := frame(how & 3)
		e := newEncoder(fr, 1)
		at := len(p) * int(how>>4) / 16
		e.add(p[:at])
		if how&4 != 0 {
			e.store(p[at:])
		} else {
			e.flush()
			e.add(p[at:])
		}
		e.finish()
		if !bytes.Equal(decode(t, fr, e.out), p) {
			t.Error("other contents")
		}
		e.release()
	})
}
