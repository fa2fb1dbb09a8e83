package conn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"testing"
	"time"
)

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// The preface is peeked before TLS begins, the deadline stays lazy under it, and a
// write that is slow but moves does not break the TLS connection.
func TestTLSOverLower(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	tight(t, a, b)
	cert := certificate(t)
	go func() {
		mustWrite(t, a, "PREFACE")
		c := tls.Client(a.Lower(), &tls.Config{InsecureSkipVerify: true})
		a.SetUpper(c)
		if _, err := a.Write([]byte("hello")); err != nil {
			t.Error(err)
			return
		}
		buf := make([]byte, 1<<20)
		for {
			time.Sleep(5 * time.Millisecond)
			if _, err := a.Read(buf); err != nil {
				return
			}
		}
	}()
	b.SetReadTimeout(Handshake, 10*time.Second)
	if p, err := b.Peek(8); err != nil || string(p[:7]) != "PREFACE" {
		t.Fatalf("%q, %v", p, err)
	}
	b.Discard(7)
	b.SetUpper(tls.Server(b.Lower(), &tls.Config{Certificates: []tls.Certificate{cert}}))
	p, err := b.Peek(5)
	if err != nil || string(p) != "hello" {
		t.Fatalf("%q, %v", p, err)
	}
	b.Discard(5)
	b.SetWriteTimeout(Data, time.Second)
	if n, err := b.Write(make([]byte, 4<<20)); err != nil || n != 4<<20 {
		t.Errorf("wrote %d: %v", n, err)
	}
	b.SetReadTimeout(Data, 30*time.Millisecond)
	_, err = b.ReadMore()
	wantClass(t, err, Data)
	if _, err := b.Write([]byte("still usable")); err != nil {
		t.Errorf("after a read timeout: %v", err)
	}
	if err := b.CloseWrite(); err != nil {
		t.Error(err)
	}
}
