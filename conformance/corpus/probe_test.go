package corpus

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"hawser/conformance/testbed"
)

// probe is one connection with one request.
type probe struct {
	method, host, path string
	sni                string
	tls                bool // the client speaks TLS: to a TLS bind, or through TCP
}

func (p probe) String() string {
	s := fmt.Sprintf("%s %s host %s", p.method, p.path, p.host)
	if p.tls {
		s += " sni " + p.sni
	}
	return s
}

// probesOf derives requests from the conditions of the file.
func probesOf(f testbed.Front) []probe {
	hosts := append([]string{"probe.example.com"}, f.Hosts...)
	paths := append([]string{"/"}, f.Paths...)
	if !f.HTTP {
		hosts, paths = hosts[:min(4, len(hosts))], paths[:1]
	}
	var list []probe
	for _, h := range hosts {
		for _, p := range paths {
			list = append(list, probe{method: "GET", host: h, path: p, sni: h, tls: f.TLS})
		}
	}
	if f.HTTP {
		list = thin(list, 40)
		last := hosts[len(hosts)-1]
		list = append(list, probe{"HEAD", last, "/", last, f.TLS}, probe{"POST", last, "/form?a=b", last, f.TLS},
			probe{"OPTIONS", hosts[0], "/", hosts[0], f.TLS}, probe{"GET", hosts[0], "/a/b.html?x=1", hosts[0], f.TLS})
	} else if !f.TLS {
		for _, h := range hosts {
			list = append(list, probe{"GET", h, "/", h, true})
		}
	}
	return list
}

// thin keeps n of the list, evenly.
func thin(list []probe, n int) []probe {
	if len(list) <= n {
		return list
	}
	var out []probe
	for i := range n {
		out = append(out, list[i*len(list)/n])
	}
	return out
}

const (
	timedOut = "no answer in time"
	patience = 1500 * time.Millisecond
)

// answer is what came back: failure, or status, headers and body.
type answer struct {
	failure string
	status  int
	header  map[string]string
	body    string
}

func (p probe) send(f front) answer {
	c, err := net.Dial("tcp", f.Addr)
	if err != nil {
		return answer{failure: "closed"} // a reset may come this early
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if f.PROXY {
		fmt.Fprintf(c, "PROXY TCP4 192.0.2.7 192.0.2.1 40000 %d\r\n", 443)
	}
	if p.tls {
		tc := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: p.sni, NextProtos: []string{"http/1.1"}})
		if err := tc.Handshake(); err != nil {
			return answer{failure: failureOf(err, "handshake fails")}
		}
		c = tc
	}
	if _, err := c.Write(p.bytes()); err != nil {
		return answer{failure: failureOf(err, "closed")}
	}
	return p.read(c)
}

func (p probe) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: probe/1.0\r\nAccept: */*\r\nCookie: a=1; b=2\r\nReferer: http://example.com/from\r\nConnection: close\r\n", p.method, p.path, p.host)
	if p.method == "POST" {
		b.WriteString("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nc=d&e=f")
	} else {
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func (p probe) read(c net.Conn) answer {
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: p.method})
	if err != nil {
		return answer{failure: failureOf(err, "closed")}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	a := answer{status: res.StatusCode, header: map[string]string{}, body: string(body)}
	if err != nil {
		a.failure = failureOf(err, "body cut short")
	}
	for n, v := range res.Header {
		a.header[strings.ToLower(n)] = strings.Join(v, " | ")
	}
	if len(res.TransferEncoding) > 0 {
		a.header["transfer-encoding"] = strings.Join(res.TransferEncoding, ",")
	}
	return a
}

func failureOf(err error, otherwise string) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return timedOut
	}
	return otherwise
}

// oracle is what a reference answered in two runs. What differs between the
// two is not judged.
type oracle struct{ want, again [][]answer }

// difference names the first thing in which got is not want. hashed tells the
// backends where even the server must be the same; elsewhere its turn depends
// on when the connection before was counted as ended.
func difference(want, again, got answer, hashed map[string]bool) string {
	switch {
	case want.failure != again.failure || want.status != again.status:
		return ""
	case want.failure != got.failure:
		return fmt.Sprintf("%q, want %q", orStatus(got), orStatus(want))
	case want.status != got.status:
		return fmt.Sprintf("status %d, want %d", got.status, want.status)
	case otherTurn(want.header["x-origin"], got.header["x-origin"], hashed):
		return nameDifference(want, got)
	}
	service := isService(want)
	for _, n := range names(want, got) {
		fixed := want.header[n] == again.header[n]
		if n == "content-length" && (service || want.body != again.body || want.status == 204) { // 3.5 has one in its own 204, 2.6 has none
			fixed = false
		}
		if fixed && want.header[n] != got.header[n] {
			return fmt.Sprintf("%s: %q, want %q", n, got.header[n], want.header[n])
		}
	}
	if !service {
		return bodyDifference(want.body, again.body, got.body)
	}
	return ""
}

// otherTurn: the same backend, another server.
func otherTurn(want, got string, hashed map[string]bool) bool {
	w, _, _ := strings.Cut(want, "/")
	g, _, _ := strings.Cut(got, "/")
	return w == g && want != got && !hashed[w]
}

// nameDifference compares only which headers there are.
func nameDifference(want, got answer) string {
	for _, n := range names(want, got) {
		_, a := want.header[n]
		if _, b := got.header[n]; a != b {
			return fmt.Sprintf("header %s there: %v, want %v", n, b, a)
		}
	}
	return ""
}

// names are the headers of both, sorted; date is never judged.
func names(a, b answer) []string {
	var list []string
	for _, h := range []map[string]string{a.header, b.header} {
		for n := range h {
			if n != "date" && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return list
}

func orStatus(a answer) string {
	if a.failure != "" {
		return a.failure
	}
	return fmt.Sprint("status ", a.status)
}

// isService: statistics and metrics show time and version in their text.
func isService(a answer) bool {
	return a.header["x-origin"] == "" && (strings.Contains(a.body, "Statistics Report") ||
		strings.HasPrefix(a.body, "# pxname") || strings.Contains(a.body, "haproxy_process_"))
}

// bodyDifference compares line by line, since an origin's answer has a line
// for each header that it got.
func bodyDifference(want, again, got string) string {
	w, a, g := strings.Split(want, "\n"), strings.Split(again, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(w) || i < len(g); i++ {
		wl, al, gl := at(w, i), at(a, i), at(g, i)
		if wl == al && wl != gl {
			return fmt.Sprintf("body line %d: %q, want %q", i+1, gl, wl)
		}
	}
	return ""
}

func at(l []string, i int) string {
	if i < len(l) {
		return l[i]
	}
	return "(none)"
}
