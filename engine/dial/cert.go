package dial

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"

	"hawser/engine"
)

type certificate = x509.Certificate

// peerCert is the client's certificate, or nil.
func peerCert(tls engine.TLSInfo) *certificate {
	certs := tls.PeerCerts()
	if len(certs) == 0 {
		return nil
	}
	c, err := x509.ParseCertificate(certs[0])
	if err != nil {
		return nil
	}
	return c
}

func keyBits(c *certificate) int {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	}
	return 256
}
