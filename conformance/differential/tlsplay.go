package differential

import (
	"bufio"
	"crypto/tls"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"hawser/conformance/testbed"
)

func (s shake) fails() bool { _, ok := s["fails"]; return ok }

// withCerts puts the directory of the certificates where a line writes $CERTS.
func withCerts(line string) string {
	if !strings.Contains(line, "$CERTS") {
		return line
	}
	return strings.ReplaceAll(line, "$CERTS", authorityOnce().dir)
}

var madeCertificates string

func cleanCertificates() {
	if madeCertificates != "" {
		os.RemoveAll(madeCertificates)
	}
}

// playTLS plays the connection of a TLS group, twice where the second one resumes
// the first, and returns the log line and the names of what both ends saw.
func playTLS(t testing.TB, bin testbed.Binary, g *group, addr string, end *tlsOrigin, line func(int) string) (string, func(string) string) {
	t.Helper()
	a := authorityOnce()
	madeCertificates = a.dir
	var cache tls.ClientSessionCache
	turns := 1
	if _, ok := g.client["resume"]; ok {
		cache, turns = tls.NewLRUClientSessionCache(4), 2
	}
	var w *witness
	var text string
	for n := range turns {
		var err error
		if w, err = g.client.talk(addr, g.input, a, cache); err != nil {
			t.Fatalf("%s, client %v of bind %s: %v", bin.Name, g.client, g.bind, err)
		}
		text = line(n + 1)
	}
	return text, func(v string) string {
		for _, known := range []map[string]string{a.known, w.known, end.saw()} {
			if name := known[v]; name != "" {
				return name
			}
		}
		if rest, ok := strings.CutPrefix(v, a.dir); ok {
			return "CERTS" + rest
		}
		return ""
	}
}

// tlsOrigin is a TLS server behind the proxy. It remembers its last connection.
type tlsOrigin struct {
	addr string
	mu   sync.Mutex
	last *witness // guarded by mu
}

// newTLSOrigin starts one, and closes it with the test.
func newTLSOrigin(t testing.TB, g *group) *tlsOrigin {
	a := authorityOnce()
	o := &tlsOrigin{}
	cfg := g.origin.config(a)
	cfg.ClientAuth = tls.RequestClientCert
	serve := func(raw net.Conn, _ *bufio.Reader) {
		if g.origin.fails() {
			raw.Write([]byte("this is not TLS\r\n"))
			return
		}
		w, tp := newWitness(), &tap{Conn: raw}
		cfg := cfg.Clone()
		cfg.KeyLogWriter = w
		c := tls.Server(tp, cfg)
		if c.Handshake() != nil {
			return
		}
		st := c.ConnectionState()
		tp.mu.Lock()
		w.saw(&st, tp.in, tp.out)
		tp.mu.Unlock()
		o.mu.Lock()
		o.last = w
		o.mu.Unlock()
		answer(c, bufio.NewReader(c), g.response)
	}
	s, err := testbed.NewOrigin("s", func(o *testbed.Origin) { o.Raw = serve })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	o.addr = s.Addr
	return o
}

func (o *tlsOrigin) saw() map[string]string {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		return nil
	}
	return o.last.known
}
