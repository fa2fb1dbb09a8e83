package tls

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	"hawser/engine"
)

// What certificates and connections tell: of the client's certificate (ssl_c_…),
// of ours (ssl_f_…), and of the connection.
func init() {
	client := func(name string, out engine.Type, usage string, f func(*engine.Env, *x509.Certificate) (engine.Sample, engine.Status)) {
		add(name, out, usage, func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
			if len(i.st.PeerCertificates) == 0 {
				return engine.Sample{}, engine.Missing
			}
			return f(e, i.st.PeerCertificates[0])
		})
	}
	own := func(name string, out engine.Type, usage string, f func(*engine.Env, *x509.Certificate) (engine.Sample, engine.Status)) {
		add(name, out, usage, func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
			if i.own == nil {
				return engine.Sample{}, engine.Missing
			}
			return f(e, i.own)
		})
	}
	for _, c := range certFetches {
		if c.name != "san" {
			ofServer("ssl_s_"+c.name, c.out, "The server's certificate: "+c.usage+".", c.eval)
		}
		client("ssl_c_"+c.name, c.out, "The client's certificate: "+c.usage+".", c.eval)
		if c.name != "san" {
			own("ssl_f_"+c.name, c.out, "Our certificate: "+c.usage+".", c.eval)
		}
	}
	for _, n := range []struct {
		prefix string
		cert   func(*engine.Env) *x509.Certificate
	}{{"ssl_c", ofClient(peer)}, {"ssl_f", ofClient(func(i *info) *x509.Certificate { return i.own })}, {"ssl_s", serverCert}} {
		addDN(n.prefix+"_s_dn", "subject", n.cert, func(c *x509.Certificate) []byte { return c.RawSubject })
		addDN(n.prefix+"_i_dn", "issuer", n.cert, func(c *x509.Certificate) []byte { return c.RawIssuer })
	}
	addDN("ssl_c_r_dn", "root authority's subject", ofClient(root), func(c *x509.Certificate) []byte { return c.RawSubject })
	add("ssl_c_used", engine.TBool, "True if the client showed a certificate on this connection or the one that it resumes.", func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
		return engine.Bool(len(i.st.PeerCertificates) > 0), engine.Found
	})
	add("ssl_c_chain_der", engine.TBin, "What the client sent beside its certificate, in DER; none on a session that was resumed.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
		if i.st.DidResume || len(i.st.PeerCertificates) < 2 {
			return engine.Sample{}, engine.Missing
		}
		m := e.Mark()
		for _, c := range i.st.PeerCertificates[1:] {
			e.Tmp = append(e.Tmp, c.Raw...)
		}
		return engine.Bin(e.Since(m)), engine.Found
	})
	number := func(name, usage string, f func(*info) int64) {
		add(name, engine.TSint, usage, func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
			return engine.Sint(f(i)), engine.Found
		})
	}
	add("ssl_c_verify", engine.TSint, "The last error in the verification of the client's certificate, by OpenSSL's number, 0: good or none.", func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
		return engine.Sint(i.account.last), found(i.failed == nil)
	})
	number("ssl_c_err", "The first error of the client's own certificate, 0: none.", func(i *info) int64 { return i.account.crt })
	number("ssl_c_ca_err", "The first error of an authority's certificate, 0: none.", func(i *info) int64 { return i.account.ca })
	number("ssl_c_ca_err_depth", "Where in the chain ssl_c_ca_err was found.", func(i *info) int64 { return i.account.caDepth })
	number("ssl_fc_use_keysize", "The size of the cipher's key in bits.", func(i *info) int64 { return keySize(i.st.CipherSuite) })
	number("ssl_fc_alg_keysize", "The size of the cipher's key in bits.", func(i *info) int64 { return keySize(i.st.CipherSuite) })
	for name, usage := range map[string]string{"ssl_fc_has_early": "True if the request came as early data, which is not taken: never.", "ssl_fc_early_rcvd": "True if early data came, which is not taken: never."} {
		engine.AddFetches(engine.Fetch{Name: name, Out: engine.TBool, Where: engine.OnSession, Usage: usage, Idle: true, Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
			return engine.Bool(false), found(infoOf(e) != nil)
		}})
	}
	add("ssl_fc_curve", engine.TStr, "The group of the key exchange.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
		return str(e, curveName(i.st.CurveID))
	})
	add("ssl_fc_crtname", engine.TStr, "The file of our certificate.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) { return str(e, i.file) })
	add("ssl_fc_unique_id", engine.TBin, "What binds other protocols to this connection (tls-unique); none in TLS 1.3 (RFC 9266).", func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
		return engine.Bin(i.st.TLSUnique), found(len(i.st.TLSUnique) > 0)
	})
}

// add registers a fetch of the client's connection.
func add(name string, out engine.Type, usage string, f func(*engine.Env, *info) (engine.Sample, engine.Status)) {
	engine.AddFetches(engine.Fetch{Name: name, Out: out, Where: engine.OnSession, Usage: usage, Eval: func(e *engine.Env, _ []engine.Arg) (engine.Sample, engine.Status) {
		i := infoOf(e)
		if i == nil {
			return engine.Sample{}, engine.Missing
		}
		return f(e, i)
	}})
}

func infoOf(e *engine.Env) *info {
	if e.Sess == nil {
		return nil
	}
	i, _ := e.Sess.TLS.(*info)
	return i
}

// ofClient looks for a certificate on the client's side.
func ofClient(f func(*info) *x509.Certificate) func(*engine.Env) *x509.Certificate {
	return func(e *engine.Env) *x509.Certificate {
		if i := infoOf(e); i != nil {
			return f(i)
		}
		return nil
	}
}

func found(ok bool) engine.Status {
	if ok {
		return engine.Found
	}
	return engine.Missing
}

func str(e *engine.Env, s string) (engine.Sample, engine.Status) {
	m := e.Mark()
	e.Tmp = append(e.Tmp, s...)
	return engine.Str(e.Since(m)), found(s != "")
}

func peer(i *info) *x509.Certificate {
	if len(i.st.PeerCertificates) == 0 {
		return nil
	}
	return i.st.PeerCertificates[0]
}

func root(i *info) *x509.Certificate {
	if n := len(i.account.chain); n > 0 {
		return i.account.chain[n-1]
	}
	return nil
}

// certFetches are what both kinds of certificates tell.
var certFetches = []struct {
	name  string
	out   engine.Type
	usage string
	eval  func(*engine.Env, *x509.Certificate) (engine.Sample, engine.Status)
}{
	{"der", engine.TBin, "in DER", func(_ *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return engine.Bin(c.Raw), engine.Found
	}},
	{"sha1", engine.TBin, "SHA-1 fingerprint", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		sum := sha1.Sum(c.Raw)
		return engine.Bin(e.Keep(sum[:])), engine.Found
	}},
	{"serial", engine.TBin, "serial number", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return engine.Bin(c.SerialNumber.Bytes()), engine.Found
	}},
	{"notbefore", engine.TStr, "begin of validity, YYMMDDhhmmssZ", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return str(e, date(c.NotBefore))
	}},
	{"notafter", engine.TStr, "end of validity, YYMMDDhhmmssZ", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return str(e, date(c.NotAfter))
	}},
	{"key_alg", engine.TStr, "algorithm of the key", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		switch c.PublicKey.(type) {
		case *rsa.PublicKey:
			return str(e, "rsaEncryption")
		case *ecdsa.PublicKey:
			return str(e, "id-ecPublicKey")
		case ed25519.PublicKey:
			return str(e, "ED25519")
		}
		return engine.Sample{}, engine.Missing
	}},
	{"sig_alg", engine.TStr, "algorithm of the signature", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return str(e, signatures[c.SignatureAlgorithm])
	}},
	{"version", engine.TSint, "version", func(_ *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return engine.Sint(int64(c.Version)), engine.Found
	}},
	{"san", engine.TStr, "alternative names", func(e *engine.Env, c *x509.Certificate) (engine.Sample, engine.Status) {
		return str(e, alternatives(c))
	}},
}

var signatures = map[x509.SignatureAlgorithm]string{x509.SHA1WithRSA: "RSA-SHA1", x509.SHA256WithRSA: "RSA-SHA256", x509.SHA384WithRSA: "RSA-SHA384", x509.SHA512WithRSA: "RSA-SHA512",
	x509.SHA256WithRSAPSS: "RSASSA-PSS", x509.SHA384WithRSAPSS: "RSASSA-PSS", x509.SHA512WithRSAPSS: "RSASSA-PSS",
	x509.ECDSAWithSHA1: "ecdsa-with-SHA1", x509.ECDSAWithSHA256: "ecdsa-with-SHA256", x509.ECDSAWithSHA384: "ecdsa-with-SHA384", x509.ECDSAWithSHA512: "ecdsa-with-SHA512", x509.PureEd25519: "ED25519"}

// date is ASN.1's UTCTime; of a GeneralizedTime of this century the first two digits
// are left out.
func date(t time.Time) string {
	if t = t.UTC(); t.Year() >= 2100 {
		return ""
	}
	return t.Format("060102150405Z")
}

func keySize(id uint16) int64 {
	name := tls.CipherSuiteName(id)
	switch {
	case strings.Contains(name, "AES_128"):
		return 128
	case strings.Contains(name, "AES_256"), strings.Contains(name, "CHACHA20"):
		return 256
	}
	return 0
}

// curveName is the group's name in OpenSSL.
func curveName(id tls.CurveID) string {
	switch id {
	case tls.CurveP256:
		return "prime256v1"
	case tls.CurveP384:
		return "secp384r1"
	case tls.CurveP521:
		return "secp521r1"
	case 0:
		return ""
	}
	return id.String()
}
