package differential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// authority is the certificates of the TLS tables, as files in dir, which the
// tables write as $CERTS. Keys are made anew by every run; all that a table can
// see of a certificate stays the same.
type authority struct {
	dir   string
	certs map[string]*tls.Certificate
	known map[string]string // bytes that change with the keys → what they are
}

// part is a piece of a distinguished name; those with more set share the entry
// with the one before. tag is the kind of ASN.1 string.
type part struct {
	oid   asn1.ObjectIdentifier
	tag   int
	value string
	more  bool
}

// Attribute types of distinguished names.
var (
	oidCN, oidC, oidL, oidST, oidO, oidOU = oid(2, 5, 4, 3), oid(2, 5, 4, 6), oid(2, 5, 4, 7), oid(2, 5, 4, 8), oid(2, 5, 4, 10), oid(2, 5, 4, 11)
	oidSerial, oidTitle, oidGN, oidSN     = oid(2, 5, 4, 5), oid(2, 5, 4, 12), oid(2, 5, 4, 42), oid(2, 5, 4, 4)
	oidEmail                              = oid(1, 2, 840, 113549, 1, 9, 1)
	oidUID, oidDC                         = oid(0, 9, 2342, 19200300, 100, 1, 1), oid(0, 9, 2342, 19200300, 100, 1, 25)
)

func oid(n ...int) asn1.ObjectIdentifier { return n }

const (
	utf8String, printable, ia5, bmp = asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagBMPString
	t61                             = asn1.TagT61String
)

func dn(parts ...part) []byte {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type set []attribute
	var all []asn1.RawValue
	for i := 0; i < len(parts); {
		var s set
		for {
			p := parts[i]
			s = append(s, attribute{p.oid, asn1.RawValue{Tag: p.tag, Bytes: []byte(p.value)}})
			if i++; i == len(parts) || !parts[i].more {
				break
			}
		}
		b, err := asn1.MarshalWithParams(s, "set")
		must(err)
		all = append(all, asn1.RawValue{FullBytes: b})
	}
	b, err := asn1.Marshal(all)
	must(err)
	return b
}

func cn(name string) []byte { return dn(part{oid: oidCN, tag: utf8String, value: name}) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var (
	begin   = time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	end     = time.Date(2049, 12, 31, 23, 59, 58, 0, time.UTC)
	later   = time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC)
	highBit = []byte{0x8f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
)

var authorityOnce = sync.OnceValue(makeAuthority)

func makeAuthority() *authority {
	dir, err := os.MkdirTemp("", "hwcerts")
	must(err)
	a := &authority{dir: dir, certs: map[string]*tls.Certificate{}, known: map[string]string{}}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	a.roots(rsaKey, p256)
	a.sign("alice", "root", rsaKey, x509.Certificate{RawSubject: longName(), SerialNumber: new(big.Int).SetBytes(highBit), NotAfter: later,
		Policies: policies("1.3.6.1.4.1.99999.1.2", "2.23.140.1.2.1", "0.4.0.1862.1.4"), ExtraExtensions: []pkix.Extension{allNames()}})
	a.sign("bob", "middle", p384, x509.Certificate{RawSubject: cn("bob"), SerialNumber: big.NewInt(1), DNSNames: []string{"bob.example"}})
	a.sign("carol", "root", ed, x509.Certificate{RawSubject: cn("carol"), SerialNumber: big.NewInt(128), SignatureAlgorithm: x509.SHA512WithRSA})
	a.sign("dave", "root", p256, x509.Certificate{RawSubject: cn("dave"), SignatureAlgorithm: x509.SHA256WithRSAPSS})
	a.sign("expired", "root", p256, x509.Certificate{RawSubject: cn("expired"), NotAfter: begin.AddDate(1, 0, 0)})
	a.sign("future", "root", p256, x509.Certificate{RawSubject: cn("future"), NotBefore: end.AddDate(0, -1, 0)})
	a.sign("self", "", p256, x509.Certificate{RawSubject: cn("self")})
	a.sign("stranger", "other", p256, x509.Certificate{RawSubject: cn("stranger")})
	a.sign("orphan", "middle", p256, x509.Certificate{RawSubject: cn("orphan")})
	a.certs["orphan"].Certificate = a.certs["orphan"].Certificate[:1]
	a.sign("old", "aged", p256, x509.Certificate{RawSubject: cn("old")})
	a.sign("misused", "root", p256, x509.Certificate{RawSubject: cn("misused"), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	a.sign("impostor", "bob", p256, x509.Certificate{RawSubject: cn("impostor")})
	a.sign("revoked", "root", p256, x509.Certificate{RawSubject: cn("revoked"), SerialNumber: big.NewInt(666)})
	a.sign("deep", "low", p256, x509.Certificate{RawSubject: cn("deep")})
	server := []string{"example.com", "*.example.com"}
	a.sign("server", "root", rsaKey, x509.Certificate{RawSubject: dn(part{oid: oidC, tag: printable, value: "DE"}, part{oid: oidO, tag: utf8String, value: "Müller & Co"},
		part{oid: oidCN, tag: utf8String, value: "example.com"}), SerialNumber: big.NewInt(0xabcdef), DNSNames: server, NotAfter: later})
	a.sign("ecserver", "middle", p256, x509.Certificate{RawSubject: cn("ec.example.com"), SerialNumber: big.NewInt(77), DNSNames: server})
	a.forge("root", "tampered", p256)
	a.revoke("root", big.NewInt(666))
	return a
}

// roots makes the authorities: root and other; middle and low below root; aged,
// which has expired.
func (a *authority) roots(rsaKey *rsa.PrivateKey, p256 *ecdsa.PrivateKey) {
	ca := func(name string) x509.Certificate {
		return x509.Certificate{RawSubject: dn(part{oid: oidC, tag: printable, value: "FR"}, part{oid: oidO, tag: utf8String, value: "Autorité"}, part{oid: oidCN, tag: utf8String, value: name}),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	}
	a.sign("root", "", rsaKey, ca("Hawser root"))
	a.sign("other", "", p256, ca("Another root"))
	a.sign("middle", "root", p256, ca("Hawser middle"))
	a.sign("low", "middle", p256, ca("Hawser low"))
	aged := ca("Hawser aged")
	aged.NotAfter = begin.AddDate(1, 0, 0)
	a.sign("aged", "root", p256, aged)
}

func policies(list ...string) (out []x509.OID) {
	for _, s := range list {
		o, err := x509.ParseOID(s)
		must(err)
		out = append(out, o)
	}
	return out
}

func longName() []byte {
	return dn(part{oid: oidC, tag: printable, value: "FR"}, part{oid: oidST, tag: utf8String, value: "Île-de-France"}, part{oid: oidL, tag: bmp, value: "\x00O\x00r\x00l\x00\xe9"},
		part{oid: oidO, tag: t61, value: "Soci\xe9t\xe9"}, part{oid: oidOU, tag: utf8String, value: "first"}, part{oid: oidOU, tag: utf8String, value: "second, \"quoted\""},
		part{oid: oidOU, tag: utf8String, value: "#third+ "}, part{oid: oidDC, tag: ia5, value: "example"}, part{oid: oidDC, tag: ia5, value: "org"},
		part{oid: oidTitle, tag: utf8String, value: "Dr/Prof"}, part{oid: oidGN, tag: utf8String, value: "Alice"}, part{oid: oidSN, tag: utf8String, value: "<Liddell>;=\\"},
		part{oid: oidSerial, tag: printable, value: "12-34"}, part{oid: oid(1, 3, 6, 1, 4, 1, 99999, 7), tag: utf8String, value: "private"}, part{oid: oid(2, 5, 4, 65), tag: utf8String, value: "pseudo"},
		part{oid: oid(2, 5, 4, 9), tag: utf8String, value: "1 rue X"}, part{oid: oid(2, 5, 4, 17), tag: utf8String, value: "75000"}, part{oid: oid(2, 5, 4, 46), tag: printable, value: "dnq"},
		part{oid: oidCN, tag: utf8String, value: " alice "}, part{oid: oidUID, tag: utf8String, value: "u1", more: true}, part{oid: oidEmail, tag: ia5, value: "alice@example.org"})
}

// allNames is a subjectAltName with every kind of name.
func allNames() pkix.Extension {
	upn, err := asn1.Marshal(asn1.RawValue{Tag: utf8String, Bytes: []byte("alice@corp.example")})
	must(err)
	type other struct {
		ID    asn1.ObjectIdentifier
		Value asn1.RawValue `asn1:"tag:0"`
	}
	o, err := asn1.MarshalWithParams(other{oid(1, 3, 6, 1, 4, 1, 311, 20, 2, 3), asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: upn}}, "tag:0")
	must(err)
	id, err := asn1.Marshal(oid(1, 2, 3, 4))
	must(err)
	ctx := func(tag int, b []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: b}
	}
	dir := ctx(4, dn(part{oid: oidC, tag: printable, value: "FR"}, part{oid: oidCN, tag: utf8String, value: "dir, name"}))
	dir.IsCompound = true
	v, err := asn1.Marshal([]asn1.RawValue{{FullBytes: o}, ctx(1, []byte("alice@example.org")), ctx(2, []byte("alice.example.org")), ctx(2, []byte("*.alice.example")), dir,
		ctx(6, []byte("https://example.org/~alice?a=b,c")), ctx(7, net.IPv4(192, 0, 2, 1).To4()), ctx(7, net.ParseIP("2001:db8::1:0:1")), ctx(8, id[2:])})
	must(err)
	return pkix.Extension{Id: oid(2, 5, 29, 17), Value: v}
}

// sign makes a certificate, its files (name.pem: chain and key, name.ca: it alone)
// and enters what changes with the keys.
func (a *authority) sign(name, issuer string, key crypto.Signer, c x509.Certificate) {
	if c.SerialNumber == nil {
		c.SerialNumber = big.NewInt(int64(1000 + len(a.certs)))
	}
	if c.NotBefore.IsZero() {
		c.NotBefore = begin
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = end
	}
	c.SubjectKeyId = []byte(name)
	parent, parentKey := &c, key
	var chain [][]byte
	if up := a.certs[issuer]; up != nil {
		parent, parentKey = up.Leaf, up.PrivateKey.(crypto.Signer)
		if issuer != "root" && issuer != "other" {
			chain = up.Certificate
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, parent, key.Public(), parentKey)
	must(err)
	a.keep(name, der, chain, key)
}

func (a *authority) keep(name string, der []byte, chain [][]byte, key crypto.Signer) {
	leaf, err := x509.ParseCertificate(der)
	must(err)
	cert := &tls.Certificate{Certificate: append([][]byte{der}, chain...), PrivateKey: key, Leaf: leaf}
	a.certs[name] = cert
	sum := sha1.Sum(der)
	a.known[string(der)], a.known[string(sum[:])] = "<"+name+">", "<sha1 of "+name+">"
	a.known[hex.EncodeToString(sum[:])] = "<sha1 of " + name + ">"
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(os.WriteFile(filepath.Join(a.dir, name+".ca"), text, 0o600))
	for i, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
		a.known[string(join(cert.Certificate[:i+2]))] = "<" + name + " and its chain>"
	}
	kb, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kb})...)
	must(os.WriteFile(filepath.Join(a.dir, name+".pem"), text, 0o600))
}

func join(parts [][]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// forge makes a certificate whose signature is wrong.
func (a *authority) forge(issuer, name string, key crypto.Signer) {
	a.sign(name, issuer, key, x509.Certificate{RawSubject: cn(name)})
	der := append([]byte{}, a.certs[name].Certificate[0]...)
	der[len(der)-1] ^= 1
	a.keep(name, der, nil, key)
}

// revoke makes the revocation list of an authority, root.crl.
func (a *authority) revoke(issuer string, serial *big.Int) {
	up := a.certs[issuer]
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: begin, NextUpdate: end,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: serial, RevocationTime: begin}}}, up.Leaf, up.PrivateKey.(crypto.Signer))
	must(err)
	must(os.WriteFile(filepath.Join(a.dir, issuer+".crl"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600))
}
