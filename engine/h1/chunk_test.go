package h1

import (
	"io"
	"strings"
	"testing"

	"hawser/engine/conn"
	"hawser/engine/htx"
	"net"
)

// Tried on HAProxy as response bodies; 2.6 also takes LF alone after sizes and data,
// and control characters in extensions.
var chunked = []struct {
	name, in string
	err      error
	got      string
	trailers string
	rest     string
}{
	{"plain", "2\r\nok\r\n0\r\n\r\n", nil, "ok", "", ""},
	{"several", "2\r\nok\r\nA\r\n0123456789\r\n0\r\n\r\n", nil, "ok0123456789", "", ""},
	{"pipelined", "2\r\nok\r\n0\r\n\r\nGET", nil, "ok", "", "GET"},
	{"empty", "0\r\n\r\n", nil, "", "", ""},
	{"leading zeros", "0002\r\nok\r\n000\r\n\r\n", nil, "ok", "", ""},
	{"17 digits", "00000000000000002\r\nok\r\n0\r\n\r\n", nil, "ok", "", ""},
	{"extension", "2;a=b\r\nok\r\n0;c\r\n\r\n", nil, "ok", "", ""},
	{"extension quoted", "2;a=\"b\\\"\t;\"\r\nok\r\n0\r\n\r\n", nil, "ok", "", ""},
	{"blanks after size", "2 \t\r\nok\r\n0 \r\n\r\n", nil, "ok", "", ""},
	{"blank and extension", "2 ; a\r\nok\r\n0\r\n\r\n", nil, "ok", "", ""},
	{"last LF alone", "2\r\nok\r\n0\r\n\n", nil, "ok", "", ""},
	{"trailer", "2\r\nok\r\n0\r\nX-Foo: Bar\r\n\r\n", nil, "ok", "x-foo: Bar\n", ""},
	{"trailer folded", "2\r\nok\r\n0\r\nX-Foo: Bar\r\n y\r\n\r\n", nil, "ok", "x-foo: Bar   y\n", ""},
	{"trailers that frame or route", "0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: x\r\nConnection: close\r\nX-A: 1\r\n\r\nZ", nil, "", "x-a: 1\n", "Z"},
	{"leading blank", " 2\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"blank and junk", "2 a\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"LF after size", "2\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"LF after data", "2\r\nok\n0\r\n\r\n", ErrChunkEnd, "ok", "", ""},
	{"bare CR after size", "2\rok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"minus", "-2\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"0x", "0x2\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"no size", "\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"overflow", "FFFFFFFFFFFFFFFFF\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"64 bits", "8000000000000000\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"data too long", "2\r\nokX\r\n0\r\n\r\n", ErrChunkEnd, "ok", "", ""},
	{"extension control", "2;\x01\r\nok\r\n0\r\n\r\n", ErrChunkExt, "", "", ""},
	{"extension LF", "2;a\nok\r\n0\r\n\r\n", ErrChunkExt, "", "", ""},
	{"extension CR", "2;a\rb\r\nok\r\n0\r\n\r\n", ErrChunkSize, "", "", ""},
	{"extension unclosed", "2;a=\"\r\nok\r\n0\r\n\r\n", ErrChunkExt, "", "", ""},
	{"extension long", "2;" + strings.Repeat("a", 20000) + "\r\nok\r\n0\r\n\r\n", ErrChunkExt, "", "", ""},
	{"trailer name", "0\r\nX Foo: Bar\r\n\r\n", ErrFieldName, "", "", ""},
	{"trailer no colon", "0\r\nXFoo\r\n\r\n", ErrNoColon, "", "", ""},
	{"trailers too long", "0\r\nX: " + strings.Repeat("a", 20000) + "\r\n\r\n", ErrTrailerLong, "", "", ""},
	{"cut in data", "5\r\nok", ErrBodyCut, "ok", "", ""},
	{"cut before the last", "2\r\nok\r\n", ErrBodyCut, "ok", "", ""},
	{"cut in trailers", "2\r\nok\r\n0\r\nX: 1", ErrBodyCut, "ok", "", ""},
}

// feed is a net.Conn that yields in by pieces of step bytes.
type feed struct {
	net.Conn
	in   string
	step int
}

func (f *feed) Read(p []byte) (int, error) {
	if f.in == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), f.step)], f.in)
	f.in = f.in[n:]
	return n, nil
}

func TestChunkedBody(t *testing.T) {
	for _, c := range chunked {
		for _, step := range []int{1, 7, 1 << 20} {
			cn := conn.New(&feed{in: c.in, step: step}, 0)
			m := &htx.Msg{Flags: htx.Chunked, BodyLen: -1}
			var b Body
			b.Begin(cn, m, false)
			var got strings.Builder
			var err error
			for {
				var p []byte
				if p, err = b.Next(); err != nil {
					break
				}
				got.Write(p)
			}
			want := c.err
			if want == nil {
				want = io.EOF
			}
			if err != want || got.String() != c.got || b.Complete() != (c.err == nil) {
				t.Errorf("%s, step %d: %q, %v; want %q, %v", c.name, step, got.String(), err, c.got, want)
				continue
			}
			if _, again := b.Next(); again != err {
				t.Errorf("%s: then %v", c.name, again)
			}
			if c.err != nil {
				continue
			}
			var tr strings.Builder
			for _, f := range m.Trailers {
				tr.WriteString(m.Str(f.Name) + ": " + m.Str(f.Value) + "\n")
			}
			rest, _ := io.ReadAll(cn)
			if tr.String() != c.trailers || string(rest) != c.rest {
				t.Errorf("%s, step %d: trailers %q, rest %q", c.name, step, tr.String(), rest)
			}
		}
	}
}

func TestBodyCheck(t *testing.T) {
	for _, c := range chunked {
		if len(c.in) > conn.DefaultSize || c.trailers != "" {
			continue
		}
		cn := conn.New(&feed{in: c.in, step: 1 << 20}, 0)
		cn.ReadMore()
		m := &htx.Msg{Flags: htx.Chunked, BodyLen: -1}
		var b Body
		b.Begin(cn, m, false)
		want := c.err
		if want == ErrBodyCut || strings.Contains(c.name, "trailer") {
			want = nil // what is there is not wrong; trailers are not looked at
		}
		if err := b.Check(); err != want {
			t.Errorf("%s: %v, want %v", c.name, err, want)
		}
		if cn.Buffered() != len(c.in) {
			t.Errorf("%s: Check took something", c.name)
		}
	}
}

func TestOtherBodies(t *testing.T) {
	for _, c := range []struct {
		name     string
		m        htx.Msg
		in, got  string
		err      error
		complete bool
		rest     string
	}{
		{"none", htx.Msg{Flags: htx.NoBody}, "next", "", io.EOF, true, "next"},
		{"length", htx.Msg{BodyLen: 5}, "hellonext", "hello", io.EOF, true, "next"},
		{"length zero", htx.Msg{BodyLen: 0}, "next", "", io.EOF, true, "next"},
		{"length cut", htx.Msg{BodyLen: 9}, "hello", "hello", ErrBodyCut, false, ""},
		{"until close", htx.Msg{BodyLen: -1, Flags: htx.UntilClose}, "hello", "hello", io.EOF, false, ""},
	} {
		for _, step := range []int{1, 100} {
			cn := conn.New(&feed{in: c.in, step: step}, 0)
			var b Body
			m := c.m
			b.Begin(cn, &m, false)
			var got strings.Builder
			p, err := b.Next()
			for ; err == nil; p, err = b.Next() {
				got.Write(p)
			}
			rest, _ := io.ReadAll(cn)
			if got.String() != c.got || err != c.err || b.Complete() != c.complete || string(rest) != c.rest {
				t.Errorf("%s: %q, %v, complete %v, rest %q", c.name, got.String(), err, b.Complete(), rest)
			}
		}
	}
}

func TestBodyRaw(t *testing.T) {
	cn := conn.New(&feed{in: "5\r\nhello\r\n0\r\n\r\n", step: 4}, 0)
	m := &htx.Msg{Flags: htx.Chunked, BodyLen: -1}
	var b Body
	b.Begin(cn, m, false)
	p, err := b.Next()
	if err != nil || string(p) != "h" {
		t.Fatalf("%q %v", p, err)
	}
	c, n := b.Raw()
	if n != 4 {
		t.Fatalf("Raw offers %d", n)
	}
	got, _ := c.Peek(4)
	if string(got[:4]) != "ello" {
		t.Fatalf("raw bytes %q", got)
	}
	c.Discard(4)
	b.Moved(4, false)
	if _, err := b.Next(); err != io.EOF || !b.Complete() {
		t.Errorf("then %v", err)
	}
}

func TestReadRequestLimits(t *testing.T) {
	const bufsize, maxrewrite = 16384, 1024
	plain := "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n"
	for _, c := range []struct {
		name string
		in   string
		err  error
	}{
		// 15281 bytes with two fields is the most that HAProxy takes by default.
		{"largest", strings.Replace(plain, "x: ", "x: "+strings.Repeat("a", 15281-len(plain)), 1), nil},
		{"larger", strings.Replace(plain, "x: ", "x: "+strings.Repeat("a", 15282-len(plain)), 1), ErrHeadLong},
		{"long URI", "GET /" + strings.Repeat("a", 16000) + " HTTP/1.1\r\n\r\n", ErrHeadLong},
		{"longer URI", "GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\n\r\n", ErrURILong},
		{"longer head", "GET / HTTP/1.1\r\nx: " + strings.Repeat("a", 20000), ErrHeadLong},
		{"cut", "GET / HTTP/1.1\r\nx:", io.EOF},
		{"nothing", "", io.EOF},
	} {
		for _, step := range []int{1000, 1 << 20} {
			var p Parser
			var m htx.Msg
			cn := conn.New(&feed{in: "\r\n" + c.in, step: step}, bufsize)
			if err := p.ReadRequest(cn, &m, bufsize-maxrewrite); err != c.err {
				t.Errorf("%s, step %d: %v, want %v", c.name, step, err, c.err)
			}
		}
	}
}

func TestAppendChunks(t *testing.T) {
	var m htx.Msg
	m.AddTrailer([]byte("X-Sum"), []byte("1"))
	out := append(AppendChunkHeader(nil, 0x1ABC), "…\r\n"...)
	out = AppendLastChunk(out, &m)
	if string(out) != "1ABC\r\n…\r\n0\r\nx-sum: 1\r\n\r\n" {
		t.Errorf("%q", out)
	}
}

func TestBodyAllocations(t *testing.T) {
	in := "2\r\nok\r\n5\r\nhello\r\n0\r\n\r\n"
	f := &feed{in: in, step: 100}
	cn := conn.New(f, 0)
	m := &htx.Msg{}
	var b Body
	if n := testing.AllocsPerRun(100, func() {
		f.in = in
		m.Reset()
		m.Flags = htx.Chunked
		b.Begin(cn, m, false)
		for {
			if _, err := b.Next(); err != nil {
				break
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
