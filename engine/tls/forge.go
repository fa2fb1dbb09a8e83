package tls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// forge makes certificates for server names that no certificate has
// (generate-certificates). The latest are kept. Safe for concurrent use.
type forge struct {
	ca    *x509.Certificate
	caKey crypto.PrivateKey
	key   *ecdsa.PrivateKey // of all that it makes

	mu   sync.Mutex
	made map[string]*entry // guarded by mu
}

// mostForged bounds what is kept, as HAProxy's cache does (tune.ssl.ssl-ctx-cache-size).
const mostForged = 1000

func (t *server) makeForge(ld *loader, px *engine.Proxy, bd *engine.Bind, c *bindConf) error {
	if !c.generate {
		return nil
	}
	if c.signFile.Text == "" {
		return diag.Errorf(bd.Pos, "Proxy '%s': cannot enable certificate generation, no CA certificate File configured at [%s].", px.Name, bd.Pos)
	}
	certs, _, err := ld.crt(c.signFile)
	if err != nil {
		return diag.Errorf(c.signFile.Pos, "Proxy '%s': Failed to read CA certificate file '%s' at [%s]. Chain loading failed: %s", px.Name, c.signFile.Text, bd.Pos, said(err))
	}
	f := &forge{ca: certs[0].Leaf, caKey: certs[0].PrivateKey, made: map[string]*entry{}}
	if f.ca == nil {
		if f.ca, err = x509.ParseCertificate(certs[0].Certificate[0]); err != nil {
			return diag.Errorf(c.signFile.Pos, "Proxy '%s': Failed to read CA certificate file '%s' at [%s].", px.Name, c.signFile.Text, bd.Pos)
		}
	}
	if f.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	t.forge = f
	return nil
}

// entry returns the certificate for a name, nil if none can be made.
func (f *forge) entry(name string, model *entry) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.made[name]; e != nil && time.Now().Before(e.cert.Leaf.NotAfter) {
		return e
	}
	cert := f.sign(name)
	if cert == nil {
		return nil
	}
	cert.SupportedSignatureAlgorithms = model.signs
	e := &entry{cert: cert, file: model.file, cfg: model.cfg.Clone(), bare: model.bare.Clone(), clients: model.clients}
	e.cfg.Certificates, e.bare.Certificates = []tls.Certificate{*cert}, []tls.Certificate{*cert}
	if len(f.made) >= mostForged {
		for old := range f.made {
			delete(f.made, old)
			break
		}
	}
	f.made[name] = e
	return e
}

func (f *forge) sign(name string) *tls.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil
	}
	now := time.Now()
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	if ip := net.ParseIP(name); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, f.ca, &f.key.PublicKey, f.caKey)
	if err != nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return &tls.Certificate{Certificate: [][]byte{der, f.ca.Raw}, PrivateKey: f.key, Leaf: leaf}
}
