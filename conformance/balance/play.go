package balance

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// scene is one backend and the requests that are sent to it in each pass.
type scene struct {
	name    string
	lines   []string // balance, hash-type …
	servers []string // options of each
	key     func(i int) request
	keys    int // of the first pass; later ones send a tenth of them
	loose   int // from this pass on only shares are compared; 0: never
}

// request is what of a request makes a key.
type request struct{ method, target, header, body string }

// table is what a program did: the letters of the servers, by scene and pass,
// and what it answered to commands.
type table struct {
	picks   [][]string
	answers []string
}

// pass is what is done to every backend before its keys are sent once more; $
// stands for the backend.
type pass []string

// play runs bin on the scenes.
func play(t *testing.T, bin testbed.Binary, scenes []scene, passes []pass) table {
	t.Helper()
	dir, addr := testbed.TempDir(t), testbed.FreeAddr()
	socket := filepath.Join(dir, "cli")
	file := filepath.Join(dir, "run.cfg")
	if err := os.WriteFile(file, []byte(configuration(scenes, addr, socket)), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Start(bin, dir, []string{"-db", "-f", file})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := p.WaitAddrs(addr); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	out := table{picks: make([][]string, len(scenes))}
	for n, do := range passes {
		for _, command := range do {
			out.answers = append(out.answers, tell(t, socket, command, len(scenes)))
		}
		for i, s := range scenes {
			keys := s.keys
			if n > 0 {
				keys = max(keys/10, 50)
			}
			out.picks[i] = append(out.picks[i], ask(t, bin.Name, c, r, i, s, keys))
		}
	}
	return out
}

func configuration(scenes []scene, addr, socket string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global\n nbthread 1\n maxconn 200\n stats socket %s level admin\ndefaults\n mode http\n retries 0\n"+
		" timeout client 30s\n timeout server 5s\n timeout connect 5s\n http-error status 503 content-type text/plain string '-'\n"+
		"frontend f\n bind %s\n http-request set-src req.hdr(x-src) if { req.hdr(x-src) -m found }\n use_backend %%[req.hdr(backend)]\n", socket, addr)
	for i, s := range scenes {
		fmt.Fprintf(&b, "backend b%d\n http-after-response set-header x-s %%s\n", i)
		for _, l := range s.lines {
			fmt.Fprintf(&b, " %s\n", l)
		}
		for k, options := range s.servers {
			where := "unix@/nowhere"
			if at, rest, ok := strings.Cut(options, "@ "); ok {
				where, options = at, rest
			}
			fmt.Fprintf(&b, " server %c %s %s\n", 'a'+k, where, options)
		}
	}
	return b.String()
}

// tell gives a command for each backend, many on a connection, and returns the
// answers in one.
func tell(t *testing.T, socket, command string, backends int) string {
	t.Helper()
	var all strings.Builder
	for from := 0; from < backends; from += 40 {
		var line []string
		for i := from; i < min(from+40, backends); i++ {
			line = append(line, strings.ReplaceAll(command, "$", "b"+strconv.Itoa(i)))
		}
		answer, err := testbed.Ask(socket, strings.Join(line, ";"))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.ReplaceAll(answer, "\n\n", "\n")) // versions differ in empty lines
	}
	return all.String()
}

// window is how many requests are under way at once.
const window = 64

func ask(t *testing.T, who string, c net.Conn, r *bufio.Reader, n int, s scene, keys int) string {
	t.Helper()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	picked := make([]byte, 0, keys)
	var out bytes.Buffer
	for i := 0; i < keys; i += window {
		out.Reset()
		many := min(window, keys-i)
		for k := range many {
			s.key(i+k).write(&out, n)
		}
		if _, err := c.Write(out.Bytes()); err != nil {
			t.Fatalf("%s, %s: %v", who, s.name, err)
		}
		for range many {
			letter, err := answer(r)
			if err != nil {
				t.Fatalf("%s, %s: %v after %d answers", who, s.name, err, len(picked))
			}
			picked = append(picked, letter)
		}
	}
	return string(picked)
}

func (q request) write(out *bytes.Buffer, backend int) {
	if q.method == "" {
		q.method = "GET"
	}
	if q.target == "" {
		q.target = "/"
	}
	host := "h"
	if rest, ok := strings.CutPrefix(q.target, "http://"); ok {
		host, _, _ = strings.Cut(rest, "/")
	}
	fmt.Fprintf(out, "%s %s HTTP/1.1\r\nhost: %s\r\nbackend: b%d\r\n", q.method, q.target, host, backend)
	if q.body != "" {
		fmt.Fprintf(out, "content-length: %d\r\ncontent-type: application/x-www-form-urlencoded\r\n", len(q.body))
	}
	out.WriteString(q.header)
	out.WriteString("\r\n")
	out.WriteString(q.body)
}

// answer reads a response and returns the letter of its server, '-' for none.
func answer(r *bufio.Reader) (byte, error) {
	letter, length := byte('-'), 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		switch line = bytes.TrimRight(line, "\r\n"); {
		case len(line) == 0:
			_, err := r.Discard(length)
			return letter, err
		case bytes.HasPrefix(line, []byte("x-s: ")):
			letter = line[5]
			if string(line[5:]) == "<NOSRV>" {
				letter = '-'
			}
		case bytes.HasPrefix(line, []byte("content-length: ")):
			length, _ = strconv.Atoi(string(line[16:]))
		}
	}
}
