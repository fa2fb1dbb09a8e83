package tls

import (
	"crypto/rand"
	"crypto/tls"
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
	tc := tls.Server(c.Lower(), t.base)
	if err := shake(tc, c, timeout); err != nil {
		return nil, nil, err
	}
	c.SetUpper(tc)
	return c, newInfo(tc), nil
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
type info struct{ st tls.ConnectionState }

func newInfo(tc *tls.Conn) *info { return &info{tc.ConnectionState()} }

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
