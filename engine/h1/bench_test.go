package h1

import (
	"testing"

	"hawser/engine/htx"
)

const nineFields = "GET /index.html?user=42&lang=en HTTP/1.1\r\n" +
	"Host: www.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Referer: https://www.example.com/\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=0123456789abcdef; theme=dark\r\n" +
	"Cache-Control: max-age=0\r\n\r\n"

const eightFields = "HTTP/1.1 200 OK\r\n" +
	"Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n" +
	"Server: Apache/2.4.62\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n" +
	"Content-Length: 1024\r\n" +
	"Cache-Control: max-age=60\r\n" +
	"ETag: \"5f3759df\"\r\n" +
	"Vary: Accept-Encoding\r\n" +
	"X-Request-Id: 0123456789abcdef\r\n\r\n"

func BenchmarkRequest(b *testing.B) {
	in := []byte(nineFields)
	var p Parser
	var m htx.Msg
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		m.Reset()
		p.Reset()
		if _, err := p.Request(&m, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResponse(b *testing.B) {
	in := []byte(eightFields)
	var p Parser
	var m htx.Msg
	for b.Loop() {
		m.Reset()
		p.Reset()
		if _, err := p.Response(&m, in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRequestHead(b *testing.B) {
	var p Parser
	var m htx.Msg
	p.Request(&m, []byte(nineFields))
	var out []byte
	for b.Loop() {
		out = AppendRequestHead(out[:0], &m, ConnNone)
	}
}

func TestAllocations(t *testing.T) {
	in, res := []byte(nineFields), []byte(eightFields)
	var p Parser
	var m, r htx.Msg
	out := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		m.Reset()
		p.Reset()
		p.Request(&m, in)
		out = AppendRequestHead(out[:0], &m, ConnNone)
		r.Reset()
		p.Reset()
		p.Response(&r, res, &m)
		out = AppendResponseHead(out[:0], &r, ConnNone)
	}); n != 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}
