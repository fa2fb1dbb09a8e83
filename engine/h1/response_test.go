package h1

import (
	"testing"

	"hawser/engine/htx"
)

var (
	reqGET     = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	req10      = "GET / HTTP/1.0\r\n\r\n"
	req10k     = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	reqHEAD    = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	reqUpgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"
	reqCONNECT = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
)

// As for requests: each was tried on both binaries, got is what the client is sent.
// keep says whether the client's connection goes on.
var responses = []struct {
	name, req, in string
	err           *Error
	keep          bool
	got           string
	length        int64
}{
	{"plain", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"closing", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, false, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n", 2},
	{"to 1.0", req10, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, false, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n", 2},
	{"to 1.0 kept", req10k, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n", 2},
	{"1.0", reqGET, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n", 2},
	{"1.0 to 1.0", req10, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", nil, false, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"1.0 until close", reqGET, "HTTP/1.0 200 OK\r\n\r\n", nil, false, "HTTP/1.0 200 OK\r\n\r\n", -1},
	{"until close", reqGET, "HTTP/1.1 200 OK\r\n\r\n", nil, false, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", -1},
	{"HEAD", reqHEAD, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 0},
	{"HEAD chunked", reqHEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 0},
	{"no reason (2.6 leaves it out)", reqGET, "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"no reason, space", reqGET, "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"HTTP/2.0", reqGET, "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"0.9", reqGET, "hello", ErrVersion, true, "", 0},
	{"http/1.1", reqGET, "http/1.1 200 OK\r\n\r\n", ErrVersion, true, "", 0},
	{"RTSP (2.6 takes it)", reqGET, "RTSP/1.0 200 OK\r\n\r\n", ErrVersion, true, "", 0},
	{"HTTP/1", reqGET, "HTTP/1 200 OK\r\n\r\n", ErrVersion, true, "", 0},
	{"ICY", reqGET, "ICY 200 OK\r\n\r\n", ErrVersion, true, "", 0},
	{"two spaces", reqGET, "HTTP/1.1  200  OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"tabs", reqGET, "HTTP/1.1\t200\tOK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"status of two digits (HAProxy takes it)", reqGET, "HTTP/1.1 20 OK\r\n\r\n", ErrStatus, true, "", 0},
	{"status of four digits (2.6 takes it)", reqGET, "HTTP/1.1 2000 OK\r\n\r\n", ErrStatus, true, "", 0},
	{"status 099 (HAProxy takes it)", reqGET, "HTTP/1.1 099 OK\r\n\r\n", ErrStatus, true, "", 0},
	{"upgrade answered 200 to 1.0", req10k, "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\nconnection: upgrade\r\nupgrade: foo\r\ncontent-length: 2\r\n\r\n", 2},
	{"status word", reqGET, "HTTP/1.1 abc OK\r\n\r\n", ErrStatus, true, "", 0},
	{"status 999", reqGET, "HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 999 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"reason odd", reqGET, "HTTP/1.1 200 \xe9\x01\x00\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 \xe9\x01\x00\r\ncontent-length: 2\r\n\r\n", 2},
	{"reason CR", reqGET, "HTTP/1.1 200 a\rb\r\n\r\n", ErrBareCR, true, "", 0},
	{"leading CRLF", reqGET, "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"LF alone", reqGET, "HTTP/1.1 200 OK\nContent-Length: 2\n\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"name space", reqGET, "HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n", ErrFieldName, true, "", 0},
	{"no colon", reqGET, "HTTP/1.1 200 OK\r\nfoo\r\n\r\n", ErrNoColon, true, "", 0},
	{"fold", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: a   b\r\n\r\n", 2},
	{"value NUL (2.6 takes it)", reqGET, "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", ErrFieldValue, true, "", 0},
	{"length twice", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", 2},
	{"length differs", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", ErrLengthDiffer, true, "", 0},
	{"length bad", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\n", ErrLength, true, "", 0},
	{"chunked", reqGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", -1},
	{"chunked to 1.0", req10, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", nil, false, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n", -1},
	{"chunked and length", reqGET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", -1},
	{"gzip", reqGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ErrCoding, true, "", 0},
	{"gzip, chunked", reqGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ErrCodingOther, true, "", 0},
	{"connection other", reqGET, "HTTP/1.1 200 OK\r\nConnection: close, x-foo\r\nX-Foo: 1\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\nconnection: x-foo\r\nx-foo: 1\r\ncontent-length: 2\r\n\r\n", 2},
	{"connection other to 1.0", req10, "HTTP/1.1 200 OK\r\nConnection: x-foo\r\nContent-Length: 2\r\n\r\n", nil, false, "HTTP/1.1 200 OK\r\nconnection: x-foo\r\ncontent-length: 2\r\nconnection: close\r\n\r\n", 2},
	{"keep-alive field", reqGET, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\n", 2},
	{"upgrade alone", reqGET, "HTTP/1.1 200 OK\r\nUpgrade: foo\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\nupgrade: foo\r\ncontent-length: 2\r\n\r\n", 2},
	{"100", reqGET, "HTTP/1.1 100 Continue\r\n\r\n", nil, true, "HTTP/1.1 100 Continue\r\n\r\n", 0},
	{"100 with length", reqGET, "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 100 Continue\r\n\r\n", 0},
	{"103", req10, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", nil, false, "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", 0},
	{"101", reqUpgrade, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", nil, true, "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\n", -1},
	{"101 not asked for", reqGET, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", ErrUpgrade, true, "", 0},
	{"101 of nothing", reqUpgrade, "HTTP/1.1 101 Switching\r\n\r\n", ErrUpgrade, true, "", 0},
	{"CONNECT", reqCONNECT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\n\r\n", -1},
	{"CONNECT refused", reqCONNECT, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\n", 2},
	{"204", reqGET, "HTTP/1.1 204 No\r\n\r\n", nil, true, "HTTP/1.1 204 No\r\n\r\n", 0},
	{"204 with length", reqGET, "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 204 No\r\n\r\n", 0},
	{"204 chunked", reqGET, "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", nil, true, "HTTP/1.1 204 No\r\n\r\n", 0},
	{"304", reqGET, "HTTP/1.1 304 Not\r\nContent-Length: 2\r\n\r\n", nil, true, "HTTP/1.1 304 Not\r\ncontent-length: 2\r\n\r\n", 0},
	{"205", reqGET, "HTTP/1.1 205 Reset\r\n\r\n", nil, false, "HTTP/1.1 205 Reset\r\nconnection: close\r\n\r\n", -1},
	{"order", reqGET, "HTTP/1.1 200 OK\r\nB: 1\r\nContent-Length: 2\r\nA: 2\r\nB: 3\r\n\r\n", nil, true, "HTTP/1.1 200 OK\r\nb: 1\r\ncontent-length: 2\r\na: 2\r\nb: 3\r\n\r\n", 2},
}

func TestResponse(t *testing.T) {
	for _, c := range responses {
		t.Run(c.name, func(t *testing.T) {
			var p Parser
			var req, m htx.Msg
			if _, err := p.Request(&req, []byte(c.req)); err != nil {
				t.Fatal(err)
			}
			p.Reset()
			n, err := p.Response(&m, []byte(c.in), &req)
			compare(t, "at once", err, c.err)
			if err == nil {
				if n != len(c.in) {
					t.Errorf("took %d of %d bytes", n, len(c.in))
				}
				if m.BodyLen != c.length {
					t.Errorf("body length %d, want %d", m.BodyLen, c.length)
				}
				if got := string(AppendResponseHead(nil, &m, ResponseConn(&m, &req, c.keep))); got != c.got {
					t.Errorf("written as\n%q\nwant\n%q", got, c.got)
				}
			}
			p.Reset()
			var s htx.Msg
			for k := 1; k <= len(c.in); k++ {
				n2, err := p.Response(&s, []byte(c.in)[:k], &req)
				if err == ErrMore {
					continue
				}
				compare(t, "byte by byte", err, c.err)
				if err == nil && (n2 != n || s.Flags != m.Flags) {
					t.Errorf("byte by byte: n=%d flags=%x, want n=%d flags=%x", n2, s.Flags, n, m.Flags)
				}
				return
			}
			t.Error("byte by byte: no end")
		})
	}
}

func TestReason(t *testing.T) {
	if Reason(200) != "OK" || Reason(999) != "" || Reason(-1) != "" {
		t.Error("reasons are wrong")
	}
}
