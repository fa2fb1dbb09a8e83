package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// An error that is ignored does not let in what is wrong in another way, too.
func TestIgnoredErrorHidesNoOther(t *testing.T) {
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(c, by *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, PermittedDNSDomains: []string{"good.example"}, PermittedDNSDomainsCritical: true}
	root = sign(root, root)
	leaf := func(name string, until time.Time) *x509.Certificate {
		return sign(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{name}, NotBefore: now.Add(-24 * time.Hour),
			NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, root)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	r := &clientRules{roots: pool, trusted: []*x509.Certificate{root}, crt: errorSet{ids: []int{10}}}
	for _, tt := range []struct {
		name  string
		until time.Time
		want  int
	}{
		{"a.good.example", now.Add(time.Hour), 0},
		{"a.good.example", now.Add(-time.Hour), 0}, // 10, which is ignored
		{"a.bad.example", now.Add(time.Hour), 47},
		{"a.bad.example", now.Add(-time.Hour), 47},
	} {
		if a := r.judge([]*x509.Certificate{leaf(tt.name, tt.until)}); a.stopped.code != tt.want {
			t.Errorf("%s until %v: %d, want %d (%+v)", tt.name, tt.until, a.stopped.code, tt.want, a)
		}
	}
}
