package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/engine/conn"
)

const large = 3 << 20

// bodies is a server whose answers end in every way.
func bodies(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, large)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", fmt.Sprint(large))
		switch r.URL.Path {
		case "/cut", "/until-close", "/stalls":
			c, _, _ := http.NewResponseController(w).Hijack()
			defer c.Close()
			length := fmt.Sprintf("Content-Length: %d\r\n", large+1)
			if r.URL.Path == "/until-close" {
				length = ""
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%s\r\n", length)
			c.Write(piece)
			if r.URL.Path == "/stalls" {
				io.Copy(io.Discard, c)
			}
		case "/huge":
			w.Header().Set("Content-Length", fmt.Sprint(20*large))
			for range 20 {
				w.Write(piece)
			}
		case "/chunks":
			w.Header().Del("Content-Length")
			w.Write(piece)
		case "/sent":
			w.Header().Del("Content-Length")
			fmt.Fprint(w, n)
		default:
			w.Write(piece)
		}
	})}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

var seenInLog = regexp.MustCompile(`(\d+) (\d+) (\d+) (....) "(\S+ \S+)`)

// visit makes each kind of exchange and returns what was logged of it.
func visit(t *testing.T, b *bench, log net.PacketConn) (lines []string) {
	t.Helper()
	for _, req := range []struct {
		head string
		body int
		read int64 // then the client leaves; -1: at the end
	}{
		{"GET /whole", 0, -1}, {"GET /until-close", 0, -1}, {"GET /cut", 0, -1}, {"GET /stalls", 0, -1}, {"GET /chunks", 0, -1},
		{"POST /sent", large, -1}, {"POST /sent", 10, -1}, {"POST /whole", large, -1}, {"HEAD /whole", 0, -1}, {"GET /huge", 0, 1000},
	} {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		go func() {
			fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", req.head, req.body)
			c.Write(make([]byte, req.body))
		}()
		var n int64
		if req.read < 0 {
			n, _ = io.Copy(io.Discard, c)
		} else {
			io.CopyN(io.Discard, c, req.read)
		}
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		buf := make([]byte, 2048)
		log.SetReadDeadline(time.Now().Add(10 * time.Second))
		k, _, err := log.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%s: no log line: %v", req.head, err)
		}
		m := seenInLog.FindStringSubmatch(string(buf[:k]))
		if m == nil {
			t.Fatalf("%s: %s", req.head, buf[:k])
		}
		if req.read >= 0 {
			m[2] = "-" // as much as there was room for
		}
		if req.head == "GET /chunks" {
			n = 0 // with the framing of as many pieces as came
		}
		lines = append(lines, fmt.Sprintf("%s: status %s, %s bytes, %s sent, %s; the client got %d", m[5], m[1], m[2], m[3], m[4], n))
	}
	return lines
}

// With option splice-auto bodies go through pipes, and nothing else differs.
func TestSplicedBodies(t *testing.T) {
	origin := bodies(t)
	log, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	text := `global
    log ` + log.LocalAddr().String() + ` local0
defaults
    mode http
    log global
    log-format "%ST %B %U %tsc \"%HM %HP"
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    %s
listen l
    bind "${BIND}"
    http-request set-timeout server 1s if { path /stalls }
    server s ` + origin + `
`
	var copied, spliced []string
	t.Run("copied", func(t *testing.T) { copied = visit(t, start(t, strings.Replace(text, "%s\n", "\n", 1)), log) })
	t.Run("spliced", func(t *testing.T) {
		b := start(t, strings.Replace(text, "%s\n", "option splice-auto\n", 1))
		spliced = visit(t, b, log)
		waitsInPipe(t, b)
	})
	for i := range min(len(copied), len(spliced)) {
		if copied[i] != spliced[i] {
			t.Errorf("copied:  %s\nspliced: %s", copied[i], spliced[i])
		}
	}
	if slices.IndexFunc(copied, func(l string) bool { return strings.Contains(l, "SD--") }) < 0 {
		t.Errorf("%q", copied)
	}
}

// Each option has its direction; TCP is spliced unless it is forbidden.
func TestSplicedDirections(t *testing.T) {
	origin := bodies(t)
	for _, o := range []struct {
		lines    string
		up, down bool
	}{
		{"mode http", false, false},
		{"mode http\n option splice-auto", true, true},
		{"mode http\n option splice-request", true, false},
		{"mode http\n option splice-response", false, true},
		{"mode tcp", true, true},
		{"mode tcp\n option splice-request", true, true},
		{"mode tcp\n no option splice-auto", false, false},
	} {
		t.Run(o.lines, func(t *testing.T) {
			conn.SetPipes(0, 0) // drops what was kept
			b := start(t, "defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nlisten l\n bind ${BIND}\n server s "+origin+"\n "+o.lines+"\n")
			for _, dir := range []struct {
				path string
				body int
				want bool
			}{{"/sent", large, o.up}, {"/whole", 0, o.down}} {
				res, err := http.Post("http://"+b.addr+dir.path, "a/b", bytes.NewReader(make([]byte, dir.body)))
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				http.DefaultClient.CloseIdleConnections()
				for until := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
					used, free, _ := conn.Pipes()
					if used == 0 && free > 0 == dir.want {
						break
					}
					if time.Now().After(until) {
						t.Fatalf("%s: %d pipes in use, %d were", dir.path, used, free)
					}
				}
				conn.SetPipes(0, 0)
				conn.SetPipes(100, 0)
			}
		})
	}
}

// waitsInPipe has a client that does not read: "show info" tells of its pipe.
func waitsInPipe(t *testing.T, b *bench) {
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
	bufio.NewReader(c).ReadString('\n')
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if used, _, _ := conn.Pipes(); used > 0 {
			return
		}
	}
	t.Error("no pipe is in use while the client takes its time")
}
