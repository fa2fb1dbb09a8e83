package stream_test

import (
	"bytes"
	"io"
	"net"
	"testing"
)

// rawOrigin answers every head with the same bytes.
func rawOrigin(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	res := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello")
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					c.Write(res)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// BenchmarkForward is a keep-alive request with nine headers through the proxy;
// client and origin run in the same process, so only the profile tells the
// proxy's part.
func BenchmarkForward(b *testing.B) {
	addr := startProxy(b, rawOrigin(b), nil)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	req := []byte("GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n" +
		"Accept-Language: en\r\nCookie: a=b; c=d\r\nReferer: http://x/\r\nCache-Control: max-age=0\r\nX-One: 1\r\n\r\n")
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		c.Write(req)
		n, err := io.ReadAtLeast(c, buf, 60)
		if err != nil || !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 200")) {
			b.Fatal(err, string(buf[:n]))
		}
	}
}
