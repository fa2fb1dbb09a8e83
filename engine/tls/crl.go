package tls

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"hawser/engine"
	"hawser/parser/diag"
)

// revoked holds the revocation lists of a crl-file.
type revoked struct{ lists []*x509.RevocationList }

// crl reads the lists of a crl-file; nil without one.
func (ld *loader) crl(w engine.Word) (*revoked, error) {
	if w.Text == "" {
		return nil, nil
	}
	name := based(ld.b.RT.Global.CABase, w.Text)
	data, err := ld.b.ReadFile(name)
	if err != nil {
		return nil, diag.Errorf(w.Pos, "Couldn't open the ca-file '%s' (%s).\n'crl-file' : unable to load %s", name, sysError(err), name)
	}
	r := &revoked{}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "X509 CRL" {
			continue
		}
		l, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, diag.Errorf(w.Pos, "Couldn't open the ca-file '%s' (%s).\n'crl-file' : unable to load %s", name, err, name)
		}
		r.lists = append(r.lists, l)
	}
	if len(r.lists) == 0 {
		return nil, diag.Errorf(w.Pos, "Couldn't open the ca-file '%s' (no certificate or crl found).\n'crl-file' : unable to load %s", name, name)
	}
	return r, nil
}

// OpenSSL's numbers for what is wrong with a chain.
const (
	crlMissing = 3
	crlExpired = 12
	crlRevoked = 23
)

// judge looks at each certificate of a verified chain, the root's too: its issuer must
// have a list here that is in force and does not name it. 0: all is well.
func (r *revoked) judge(chain []*x509.Certificate, now time.Time) int {
	for i, c := range chain {
		issuer := c
		if i+1 < len(chain) {
			issuer = chain[i+1]
		}
		if code := r.one(c, issuer, now); code != 0 {
			return code
		}
	}
	return 0
}

func (r *revoked) one(c, issuer *x509.Certificate, now time.Time) int {
	code := crlMissing
	for _, l := range r.lists {
		if !bytes.Equal(l.RawIssuer, c.RawIssuer) || l.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if !l.NextUpdate.IsZero() && now.After(l.NextUpdate) {
			code = crlExpired
			continue
		}
		for i := range l.RevokedCertificateEntries {
			if l.RevokedCertificateEntries[i].SerialNumber.Cmp(c.SerialNumber) == 0 {
				return crlRevoked
			}
		}
		return 0
	}
	return code
}

// any refuses chains of which none is good.
func (r *revoked) any(chains [][]*x509.Certificate) error {
	err := errors.New("no chain was verified")
	for _, chain := range chains {
		code := r.judge(chain, time.Now())
		if code == 0 {
			return nil
		}
		err = fmt.Errorf("the revocation lists refuse it (error %d)", code)
	}
	return err
}

// guard has the handshakes of a listener refuse certificates that the lists name.
func (r *revoked) guard(cfg *tls.Config) {
	if r == nil || cfg.ClientAuth < tls.VerifyClientCertIfGiven {
		return
	}
	cfg.VerifyConnection = func(st tls.ConnectionState) error {
		if len(st.PeerCertificates) == 0 {
			return nil
		}
		return r.any(st.VerifiedChains)
	}
}
