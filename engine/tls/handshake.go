package tls

import (
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

func processKeys() [][32]byte {
	tickets.Do(func() {
		var k [32]byte
		rand.Read(k[:])
		tickets.keys = [][32]byte{k}
	})
	return tickets.keys
}

// Handshake implements engine.TLSServer.
func (t *server) Handshake(_ *engine.Session, c *conn.Conn, timeout time.Duration) (*conn.Conn, engine.TLSInfo, error) {
	cfg := t.base.Clone()
	var used *entry
	var asked *tls.ClientHelloInfo
	i := &info{}
	wire := t.g.listen(c.Lower(), cfg)
	i.wire, _ = wire.(*tap)
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		e, own, err := t.choose(hello)
		used, asked = e, hello
		if t.g.hellos {
			i.hello = hear(hello)
		}
		if i.wire != nil && own != nil {
			own = own.Clone()
			own.KeyLogWriter = cfg.KeyLogWriter
		}
		return own, err
	}
	tc := tls.Server(wire, cfg)
	err := shake(tc, c, timeout)
	i.st = tc.ConnectionState()
	if used != nil {
		i.own, i.file = used.cert.Leaf, used.file
	}
	if err != nil {
		i.fail(err, used, asked)
		return nil, i, i.failed
	}
	if used != nil {
		i.verified(used.clients)
	}
	c.SetUpper(tc)
	return c, i, nil
}

// verified notes what is to be told of the client's certificate.
func (i *info) verified(r *clientRules) {
	switch {
	case r == nil || len(i.st.PeerCertificates) == 0:
	case r.judges():
		i.account = r.judge(i.st.PeerCertificates)
	case len(i.st.VerifiedChains) > 0:
		i.account.chain = i.st.VerifiedChains[0]
	}
	if i.st.DidResume { // only the session's result is known
		i.account = account{last: i.account.last}
	}
}

// fail notes why the handshake failed.
func (i *info) fail(err error, used *entry, asked *tls.ClientHelloInfo) {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		i.st.PeerCertificates = verify.UnverifiedCertificates
	}
	var cfg *tls.Config
	if used != nil {
		cfg = used.cfg
		i.account = used.clients.judge(i.st.PeerCertificates)
	}
	i.failed = explain(err, i, asked, cfg)
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
	account account  // of the client's certificate
	hello   *heard   // what the client's first message offered, if that is kept
	wire    *tap     // nil if nothing asks for it
	failed  *failure // nil if the handshake succeeded
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
