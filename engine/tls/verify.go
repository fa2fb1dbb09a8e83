package tls

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// clientRules is what a listener asks of the certificates of clients. Immutable after
// build. The library decides which are good; these rules tell what is wrong with the
// others, in OpenSSL's numbers and order, and let in those that crt-ignore-err and
// ca-ignore-err cover.
type clientRules struct {
	roots   *x509.CertPool
	trusted []*x509.Certificate // those of roots; none for @system-ca
	lists   *revoked            // crl-file; nil without one
	crt, ca errorSet
	alone   bool // roots are not those that the library knows
}

// judges tells whether the rules decide, and not the library.
func (r *clientRules) judges() bool { return r.alone || r.crt.any() || r.ca.any() }

// flaw is an error of the certificate at a depth of the chain; 0 is the client's.
type flaw struct{ depth, code int }

// account is what the verification of a client's certificate found: the last error,
// the first one of the certificate, the first one of an authority and how deep that is.
// stopped is the error that ended it.
type account struct {
	last, crt, ca, caDepth int64
	stopped                flaw
	chain                  []*x509.Certificate // as it was verified
}

// refusal is the error of a handshake that clientRules ended.
type refusal struct{ flaw }

func (r refusal) Error() string { return "the client's certificate does not verify" }

// guard puts the rules into the settings of a listener.
func (r *clientRules) guard(cfg *tls.Config, required bool) {
	if !r.judges() {
		r.lists.guard(cfg)
		return
	}
	cfg.ClientAuth = tls.RequestClientCert
	if required {
		cfg.ClientAuth = tls.RequireAnyClientCert
	}
	cfg.VerifyConnection = func(st tls.ConnectionState) error {
		if a := r.judge(st.PeerCertificates); a.stopped.code != 0 {
			return refusal{a.stopped}
		}
		return nil
	}
}

// judge looks at what a client sent.
func (r *clientRules) judge(sent []*x509.Certificate) (a account) {
	if r == nil || len(sent) == 0 {
		return a
	}
	var flaws []flaw
	a.chain, flaws = r.look(sent, time.Now())
	for _, f := range flaws {
		a.last = int64(f.code)
		skipped := &r.ca
		if f.depth == 0 {
			skipped = &r.crt
			if a.crt == 0 {
				a.crt = int64(f.code)
			}
		} else if a.ca == 0 {
			a.ca, a.caDepth = int64(f.code), int64(f.depth)
		}
		if !skipped.has(f.code) {
			a.stopped = f
			return a
		}
	}
	return a
}

const unspecified = 1

// look asks the library first. Where that refuses and nothing is found to be wrong, the
// error has no number of its own.
func (r *clientRules) look(sent []*x509.Certificate, now time.Time) ([]*x509.Certificate, []flaw) {
	o := x509.VerifyOptions{Roots: r.roots, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	for _, c := range sent[1:] {
		o.Intermediates.AddCert(c)
	}
	chains, err := sent[0].Verify(o)
	if err == nil {
		if r.lists == nil || r.lists.any(chains) == nil {
			return chains[0], nil
		}
		return chains[0], r.revocations(nil, chains[0], now)
	}
	chain := r.build(sent)
	flaws := r.ends(chain)
	inTime := o // what is expired may be forbidden, too
	inTime.CurrentTime = sent[0].NotBefore
	if _, then := sent[0].Verify(inTime); forbidden(err) || forbidden(then) {
		flaws = append(flaws, flaw{0, 47}) // permitted subtree violation
	}
	flaws = purposes(flaws, chain)
	if r.lists != nil {
		flaws = r.revocations(flaws, chain, now)
	}
	if flaws = signed(flaws, chain, now); len(flaws) == 0 {
		flaws = []flaw{{0, unspecified}}
	}
	return chain, flaws
}

// forbidden tells whether an authority may not speak for the names that it signed.
func forbidden(err error) bool {
	var e x509.CertificateInvalidError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Reason {
	case x509.CANotAuthorizedForThisName, x509.NameConstraintsWithoutSANs, x509.UnconstrainedName, x509.TooManyConstraints:
		return true
	}
	return false
}

// longest is how many authorities a chain may have here.
const longest = 16

// build follows the issuers: among the trusted first, then among what was sent.
func (r *clientRules) build(sent []*x509.Certificate) []*x509.Certificate {
	chain := sent[:1:1]
	for c := sent[0]; !selfSigned(c) && len(chain) <= longest; chain = append(chain, c) {
		up := issuerOf(c, r.trusted)
		if up == nil {
			up = issuerOf(c, sent[1:])
		}
		if up == nil || slices.ContainsFunc(chain, up.Equal) {
			break
		}
		c = up
	}
	return chain
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

func issuerOf(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, up := range among {
		if !bytes.Equal(up.RawSubject, c.RawIssuer) {
			continue
		}
		if len(c.AuthorityKeyId) == 0 || len(up.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, up.SubjectKeyId) {
			return up
		}
	}
	return nil
}

// ends finds a chain that does not end at a trusted root.
func (r *clientRules) ends(chain []*x509.Certificate) []flaw {
	n := len(chain) - 1
	top := chain[n]
	known := slices.ContainsFunc(r.trusted, top.Equal)
	switch {
	case selfSigned(top) && known:
		return nil
	case selfSigned(top) && n == 0:
		return []flaw{{0, 18}} // self-signed certificate
	case selfSigned(top):
		return []flaw{{n, 19}} // self-signed certificate in the chain
	case known:
		return []flaw{{n, 2}} // unable to get issuer certificate
	}
	return []flaw{{n, 20}} // unable to get local issuer certificate
}

// purposes finds certificates that are not for what they are used for.
func purposes(flaws []flaw, chain []*x509.Certificate) []flaw {
	for i, c := range chain {
		authority := c.BasicConstraintsValid && c.IsCA && (c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCertSign != 0)
		if i > 0 && !authority {
			flaws = append(flaws, flaw{i, 79}) // invalid CA certificate
		}
		if i > 0 && !authority || !forClients(c) || i == 0 && c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement) == 0 {
			flaws = append(flaws, flaw{i, 26}) // unsuitable purpose
		}
		if i > 1 && c.BasicConstraintsValid && (c.MaxPathLen > 0 || c.MaxPathLenZero) && i-1 > c.MaxPathLen {
			flaws = append(flaws, flaw{i, 25}) // path length constraint exceeded
		}
	}
	return flaws
}

// forClients tells whether a certificate may identify clients.
func forClients(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// revocations finds what the revocation lists say.
func (r *clientRules) revocations(flaws []flaw, chain []*x509.Certificate, now time.Time) []flaw {
	for i, c := range chain {
		issuer := c
		if i+1 < len(chain) {
			issuer = chain[i+1]
		}
		if code := r.lists.one(c, issuer, now); code != 0 {
			flaws = append(flaws, flaw{i, code})
		}
	}
	return flaws
}

// signed finds wrong signatures and times, from the root down.
func signed(flaws []flaw, chain []*x509.Certificate, now time.Time) []flaw {
	n := len(chain) - 1
	if !selfSigned(chain[n]) {
		if n == 0 {
			return times(append(flaws, flaw{0, 21}), chain[0], 0, now) // unable to verify the first certificate
		}
		n--
	}
	for ; n >= 0; n-- {
		c := chain[n]
		if n+1 < len(chain) && chain[n+1].CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
			flaws = append(flaws, flaw{n, 7}) // certificate signature failure
		}
		flaws = times(flaws, c, n, now)
	}
	return flaws
}

func times(flaws []flaw, c *x509.Certificate, depth int, now time.Time) []flaw {
	if now.Before(c.NotBefore) {
		flaws = append(flaws, flaw{depth, 9}) // certificate is not yet valid
	}
	if now.After(c.NotAfter) {
		flaws = append(flaws, flaw{depth, 10}) // certificate has expired
	}
	return flaws
}
