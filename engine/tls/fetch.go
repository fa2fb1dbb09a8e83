package tls

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
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
	add("ssl_c_chain_der", engine.TBin, "The chain that the client sent, in DER.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
		m := e.Mark()
		for _, c := range i.st.PeerCertificates {
			e.Tmp = append(e.Tmp, c.Raw...)
		}
		return engine.Bin(e.Since(m)), found(len(i.st.PeerCertificates) > 0)
	})
	number := func(name, usage string, f func(*info) int64) {
		add(name, engine.TSint, usage, func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
			return engine.Sint(f(i)), engine.Found
		})
	}
	zero := func(*info) int64 { return 0 }
	number("ssl_c_verify", "The result of the verification of the client's certificate, 0: good or none.", func(i *info) int64 { return i.verdict })
	number("ssl_c_err", "The error of the client's own certificate, 0: none.", func(i *info) int64 {
		if i.verdict == 20 {
			return 0
		}
		return i.verdict
	})
	number("ssl_c_ca_err", "The error of an authority's certificate, 0: none.", func(i *info) int64 {
		if i.verdict == 20 {
			return i.verdict
		}
		return 0
	})
	number("ssl_c_ca_err_depth", "Where in the chain ssl_c_ca_err was found.", zero)
	number("ssl_fc_err", "The library's last error on the connection: none, once it is there.", zero)
	number("ssl_fc_use_keysize", "The size of the cipher's key in bits.", func(i *info) int64 { return keySize(i.st.CipherSuite) })
	number("ssl_fc_alg_keysize", "The size of the cipher's key in bits.", func(i *info) int64 { return keySize(i.st.CipherSuite) })
	add("ssl_fc_has_early", engine.TBool, "True if the request came as early data: never.", func(*engine.Env, *info) (engine.Sample, engine.Status) { return engine.Bool(false), engine.Found })
	add("ssl_fc_early_rcvd", engine.TBool, "True if early data came: never.", func(*engine.Env, *info) (engine.Sample, engine.Status) { return engine.Bool(false), engine.Found })
	add("ssl_fc_curve", engine.TStr, "The group of the key exchange.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) {
		return str(e, curveName(i.st.CurveID))
	})
	add("ssl_fc_crtname", engine.TStr, "The file of our certificate.", func(e *engine.Env, i *info) (engine.Sample, engine.Status) { return str(e, i.file) })
	add("ssl_fc_unique_id", engine.TBin, "What binds other protocols to this connection (tls-unique).", func(_ *engine.Env, i *info) (engine.Sample, engine.Status) {
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
	if len(i.st.VerifiedChains) == 0 {
		return nil
	}
	c := i.st.VerifiedChains[0]
	return c[len(c)-1]
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

// date is ASN.1's UTCTime, or GeneralizedTime beyond its century.
func date(t time.Time) string {
	if t = t.UTC(); t.Year() >= 2050 {
		return t.Format("20060102150405Z")
	}
	return t.Format("060102150405Z")
}

func alternatives(c *x509.Certificate) string {
	var out []string
	for _, n := range c.DNSNames {
		out = append(out, "DNS:"+n)
	}
	for _, a := range c.EmailAddresses {
		out = append(out, "email:"+a)
	}
	for _, ip := range c.IPAddresses {
		out = append(out, "IP Address:"+ip.String())
	}
	for _, u := range c.URIs {
		out = append(out, "URI:"+u.String())
	}
	return strings.Join(out, ", ")
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

func curveName(id tls.CurveID) string {
	switch id {
	case tls.CurveP256:
		return "P-256"
	case tls.CurveP384:
		return "P-384"
	case tls.CurveP521:
		return "P-521"
	case 0:
		return ""
	}
	return id.String()
}

// dnNames are the short names of the parts of a distinguished name.
var dnNames = map[string]string{"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.42": "GN", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID"}

type dnPart struct{ name, value string }

// parts reads a distinguished name; one with a NUL inside is refused.
func parts(raw []byte) []dnPart {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return nil
	}
	var out []dnPart
	for _, set := range rdns {
		for _, a := range set {
			id := a.Type.String()
			if n, ok := dnNames[id]; ok {
				id = n
			}
			v, _ := a.Value.(string)
			if strings.IndexByte(v, 0) >= 0 {
				return nil
			}
			out = append(out, dnPart{id, v})
		}
	}
	return out
}

// addDN registers a fetch of a distinguished name: all of it, or one entry.
func addDN(name, what string, cert func(*engine.Env) *x509.Certificate, raw func(*x509.Certificate) []byte) {
	engine.AddFetches(engine.Fetch{Name: name, Out: engine.TStr, Where: engine.OnSession, Args: engine.OptArgs(0, engine.ArgStr, engine.ArgInt, engine.ArgStr),
		Usage: "The certificate's " + what + ": all of it (/C=FR/CN=x), or the n-th value of an entry; the format rfc2253 is for LDAP.",
		Check: func(_ *engine.Build, a []engine.Arg) error {
			if len(a) > 2 && a[2].Type != engine.ArgNone && a[2].Text != "" && a[2].Text != "rfc2253" {
				return errors.New("only rfc2253 or a zero-length string are supported as a format")
			}
			return nil
		},
		Eval: func(e *engine.Env, a []engine.Arg) (engine.Sample, engine.Status) {
			c := cert(e)
			if c == nil {
				return engine.Sample{}, engine.Missing
			}
			list := parts(raw(c))
			entry, occ, format := dnArgs(a)
			if entry != "" {
				return str(e, pick(list, entry, occ))
			}
			return str(e, joinDN(list, format != ""))
		}})
}

func dnArgs(a []engine.Arg) (entry string, occ int64, format string) {
	if len(a) > 0 {
		entry = a[0].Text
	}
	if len(a) > 1 {
		occ = a[1].Int
	}
	if len(a) > 2 {
		format = a[2].Text
	}
	return entry, occ, format
}

// pick returns the n-th value of an entry from the beginning, or from the end.
func pick(list []dnPart, entry string, n int64) string {
	var values []string
	for _, p := range list {
		if strings.EqualFold(p.name, entry) {
			values = append(values, p.value)
		}
	}
	switch k := int64(len(values)); {
	case n == 0 && k > 0:
		return values[0]
	case n > 0 && n <= k:
		return values[n-1]
	case n < 0 && -n <= k:
		return values[k+n]
	}
	return ""
}

func joinDN(list []dnPart, rfc2253 bool) string {
	var b strings.Builder
	if !rfc2253 {
		for _, p := range list {
			b.WriteString("/" + p.name + "=" + p.value)
		}
		return b.String()
	}
	for i := len(list) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(list[i].name + "=" + escapeDN(list[i].value))
	}
	return b.String()
}

func escapeDN(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`,+"\<>;`, s[i]) >= 0 || s[i] == '#' && i == 0 || s[i] == ' ' && (i == 0 || i == len(s)-1) {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
