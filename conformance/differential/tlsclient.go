package differential

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

// shake says how the client of a TLS group behaves: "cert=alice sni=example.com
// alpn=http/1.1 min=1.2 max=1.2 ciphers=a:b curves=P-256 resume fails".
type shake map[string]string

func readShake(text string) shake {
	s := shake{}
	for _, w := range strings.Fields(text) {
		k, v, _ := strings.Cut(w, "=")
		s[k] = v
	}
	return s
}

var (
	tlsVersions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	tlsCurves   = map[string]tls.CurveID{"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521}
	tlsCiphers  = map[string]uint16{}
)

func init() {
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		tlsCiphers[c.Name] = c.ID
	}
}

// config makes the settings of a client or of a TLS server behind the proxy.
func (s shake) config(a *authority) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, MinVersion: tlsVersions[s["min"]], MaxVersion: tlsVersions[s["max"]], ServerName: s["sni"], SessionTicketsDisabled: s["tickets"] == "no"}
	if s["cert"] != "" {
		cert := a.certs[s["cert"]]
		c.Certificates = []tls.Certificate{*cert}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	if s["alpn"] != "" {
		c.NextProtos = strings.Split(s["alpn"], ",")
	}
	for n := range strings.SplitSeq(s["curves"], ",") {
		if n != "" {
			c.CurvePreferences = append(c.CurvePreferences, tlsCurves[n])
		}
	}
	for n := range strings.SplitSeq(s["ciphers"], ",") {
		if n != "" {
			c.CipherSuites = append(c.CipherSuites, tlsCiphers[n])
		}
	}
	return c
}

// tap keeps the first bytes that pass a connection in each direction.
type tap struct {
	net.Conn
	mu      sync.Mutex
	in, out []byte // guarded by mu
}

const tapped = 16 << 10

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.in) < tapped {
		t.in = append(t.in, b[:n]...)
	}
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	if len(t.out) < tapped {
		t.out = append(t.out, b...)
	}
	t.mu.Unlock()
	return t.Conn.Write(b)
}

// witness is what one end of a TLS connection saw of it: values that differ from
// run to run, by name.
type witness struct {
	mu    sync.Mutex
	known map[string]string // guarded by mu
	keys  bytes.Buffer      // guarded by mu
}

func newWitness() *witness { return &witness{known: map[string]string{}} }

func (w *witness) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys.Write(b)
}

func (w *witness) enter(b []byte, name string) {
	if len(b) > 1 {
		w.known[string(b)] = "<" + name + ">"
		w.known[hex.EncodeToString(b)] = "<" + name + " in hex>"
		w.known[strings.ToUpper(hex.EncodeToString(b))] = "<" + name + " in HEX>"
	}
}

// saw enters what a handshake showed; client and server are the bytes that each
// end sent.
func (w *witness) saw(st *tls.ConnectionState, client, server []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enter(st.TLSUnique, "tls-unique")
	for line := range strings.Lines(w.keys.String()) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		secret, _ := hex.DecodeString(f[2])
		random, _ := hex.DecodeString(f[1])
		w.enter(secret, strings.ToLower(strings.ReplaceAll(f[0], "CLIENT_RANDOM", "MASTER_KEY")))
		w.enter(random, "client random")
	}
	if h, ok := readHello(client); ok {
		w.enter(h.random, "client random")
		w.enter(h.ciphers, "ciphers")
		w.enter(h.types(), "extensions")
		w.enter(h.list(10, 2), "groups")
		w.enter(h.list(11, 1), "point formats")
		w.enter(h.list(13, 2), "signature algorithms")
		w.enter(h.list(43, 1), "versions")
		w.enter(binary.BigEndian.AppendUint64(nil, xxhash.Sum64(h.ciphers)), "hash of the ciphers")
	}
	if h, ok := readServerHello(server); ok {
		w.enter(h.random, "server random")
		w.enter(h.session, "session id")
	}
}

// wireHello is a hello of either side, as on the wire.
type wireHello struct {
	random, session, ciphers []byte
	exts                     []struct {
		id   uint16
		data []byte
	}
}

func readHello(b []byte) (h wireHello, ok bool) {
	defer func() { ok = recover() == nil }() // cut short
	b = b[5+4+2:]
	h.random, b = b[:32], b[32:]
	h.session, b = b[1:1+b[0]], b[1+b[0]:]
	n := binary.BigEndian.Uint16(b)
	h.ciphers, b = b[2:2+n], b[2+n:]
	b = b[1+b[0]:]
	for b = b[2:][:binary.BigEndian.Uint16(b)]; len(b) > 3; {
		n := binary.BigEndian.Uint16(b[2:])
		h.exts = append(h.exts, struct {
			id   uint16
			data []byte
		}{binary.BigEndian.Uint16(b), b[4 : 4+n]})
		b = b[4+n:]
	}
	return h, true
}

func readServerHello(b []byte) (h wireHello, ok bool) {
	defer func() { ok = recover() == nil }() // cut short
	again := sha256.Sum256([]byte("HelloRetryRequest"))
	for b[0] != 22 || bytes.Equal(b[11:43], again[:]) {
		b = b[5+int(binary.BigEndian.Uint16(b[3:])):]
	}
	b = b[5+4+2:]
	h.random, b = b[:32], b[32:]
	h.session = b[1 : 1+b[0]]
	return h, true
}

func (h *wireHello) types() (out []byte) {
	for _, x := range h.exts {
		out = binary.BigEndian.AppendUint16(out, x.id)
	}
	return out
}

// list is the contents of an extension behind its length of n bytes.
func (h *wireHello) list(id uint16, n int) []byte {
	for _, x := range h.exts {
		if x.id == id && len(x.data) >= n {
			return x.data[n:]
		}
	}
	return nil
}

// talk makes the connection of a TLS group, sends the input and reads the answer.
func (s shake) talk(addr, input string, a *authority, cache tls.ClientSessionCache) (*witness, error) {
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(10 * time.Second))
	w, t := newWitness(), &tap{Conn: raw}
	cfg := s.config(a)
	cfg.KeyLogWriter, cfg.ClientSessionCache = w, cache
	c := tls.Client(t, cfg)
	err = c.Handshake()
	if err == nil {
		if _, err = c.Write([]byte(input)); err == nil {
			_, err = c.Read(make([]byte, 4096))
		}
	}
	if _, fails := s["fails"]; fails {
		if err == nil {
			return nil, errors.New("the handshake was to fail")
		}
		err = nil
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	st := c.ConnectionState()
	t.mu.Lock()
	defer t.mu.Unlock()
	w.saw(&st, t.out, t.in)
	if err != nil {
		err = fmt.Errorf("TLS to %s: %w", addr, err)
	}
	return w, err
}
