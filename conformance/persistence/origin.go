package persistence

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hawser/conformance/testbed"
)

// origin stands for all servers: a port for each letter. It answers what the
// request's x-answer says and keeps the heads that it was sent.
type origin struct {
	addr map[byte]string

	mu   sync.Mutex
	seen []string // guarded by mu
}

// letters are the servers: e does not listen.
const letters = "abcdekn"

func startOrigin(t *testing.T) *origin {
	t.Helper()
	o := &origin{addr: map[byte]string{}}
	for i := range len(letters) {
		letter := letters[i]
		o.addr[letter] = testbed.FreeAddr()
		if letter == 'e' {
			continue
		}
		ln, err := testbed.Listen(o.addr[letter])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		go testbed.Accept(ln, func(c net.Conn) { o.serve(c, letter) })
	}
	return o
}

func (o *origin) serve(c net.Conn, letter byte) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		var head strings.Builder
		length, answer := 0, ""
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
			name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
			switch textproto.CanonicalMIMEHeaderKey(name) {
			case "X-Answer":
				b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
				answer = string(b)
				continue
			case "Content-Length":
				length, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			head.WriteString(line)
		}
		io.CopyN(io.Discard, r, int64(length))
		o.mu.Lock()
		o.seen = append(o.seen, fmt.Sprintf("%c: %s", letter, head.String()))
		o.mu.Unlock()
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// take returns the heads that came since it was called last.
func (o *origin) take() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := strings.Join(o.seen, "")
	o.seen = nil
	return s
}
