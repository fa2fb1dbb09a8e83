package tls

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"hawser/engine"
	"hawser/engine/conn"
)

// Tickets are opened by all generations of the process: its keys are made once.
var tickets struct {
	sync.Once
	keys [][32]byte
}

func ticketKeys() [][32]byte {
	tickets.Do(func() {
		var k [32]byte
		rand.Read(k[:])
		tickets.keys = [][32]byte{k}
	})
	return tickets.keys
}

// Handshake implements engine.TLSServer.
func (t *server) Handshake(_ *engine.Session, c *conn.Conn, timeout time.Duration) (*conn.Conn, engine.TLSInfo, error) {
	var used *entry
	cfg := t.base.Clone()
	var seen *heard
	var keys *keyLog
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		e, own, err := t.choose(hello)
		used = e
		if t.hellos {
			seen = hear(hello)
		}
		if t.keys && own != nil {
			keys = &keyLog{}
			own = own.Clone()
			own.KeyLogWriter = keys
		}
		return own, err
	}
	tc := tls.Server(c.Lower(), cfg)
	if err := shake(tc, c, timeout); err != nil {
		return nil, nil, err
	}
	c.SetUpper(tc)
	i := newInfo(tc)
	i.hello, i.keys = seen, keys
	if used != nil {
		i.own, i.file = used.cert.Leaf, used.file
		i.verdict = verdict(i.st.PeerCertificates, used.cfg.ClientCAs, t.lenient)
	}
	return c, i, nil
}

// verdict is what OpenSSL's number for the verification of a client's
// certificate would be; only lenient listeners let bad ones in.
func verdict(chain []*x509.Certificate, roots *x509.CertPool, lenient bool) int64 {
	if !lenient || len(chain) == 0 {
		return 0
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if time.Now().Before(chain[0].NotBefore) {
			return 9 // certificate is not yet valid
		}
		return 10 // certificate has expired
	case bytes.Equal(chain[0].RawIssuer, chain[0].RawSubject):
		return 18 // self-signed certificate
	}
	return 20 // unable to get local issuer certificate
}

// Fingerprint implements engine.TLSServer.
func (t *server) Fingerprint() string { return t.print }

// shake does a handshake within its time.
func shake(tc *tls.Conn, c *conn.Conn, timeout time.Duration) error {
	if timeout > 0 {
		c.SetDeadline(time.Now().Add(timeout))
		defer c.SetDeadline(time.Time{})
	}
	return tc.Handshake()
}

// info implements engine.TLSInfo.
type info struct {
	st      tls.ConnectionState
	own     *x509.Certificate // ours, where we are the server
	file    string
	verdict int64   // on the client's certificate, 0: good or none
	hello   *heard  // what the client's first message offered, if that is kept
	keys    *keyLog // if they are kept
}

func newInfo(tc *tls.Conn) *info { return &info{st: tc.ConnectionState()} }

func (i *info) SNI() string    { return i.st.ServerName }
func (i *info) ALPN() string   { return i.st.NegotiatedProtocol }
func (i *info) Cipher() string { return openSSLName(i.st.CipherSuite) }
func (i *info) Resumed() bool  { return i.st.DidResume }

var versionNames = map[uint16]string{tls.VersionTLS10: "TLSv1", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}

func (i *info) Version() string { return versionNames[i.st.Version] }

func (i *info) PeerCerts() [][]byte {
	var out [][]byte
	for _, c := range i.st.PeerCertificates {
		out = append(out, c.Raw)
	}
	return out
}

// State is the library's own account, for who needs more.
func (i *info) State() *tls.ConnectionState { return &i.st }
