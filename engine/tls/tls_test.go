package tls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hawser/engine"
	_ "hawser/engine/balance"
	"hawser/engine/build"
	"hawser/engine/conn"
	_ "hawser/engine/dial"
	_ "hawser/engine/fetch"
	_ "hawser/engine/keyword"
	_ "hawser/engine/tls"
)

// shop makes certificates below one authority in a directory.
type shop struct {
	t   *testing.T
	dir string
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
	n   int64
}

func newShop(t *testing.T) *shop {
	s := &shop{t: t, dir: t.TempDir()}
	s.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &s.key.PublicKey, s.key)
	if err != nil {
		t.Fatal(err)
	}
	s.ca, _ = x509.ParseCertificate(der)
	s.write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return s
}

func (s *shop) write(name string, data []byte) string {
	p := filepath.Join(s.dir, name)
	os.MkdirAll(filepath.Dir(p), 0o700)
	if err := os.WriteFile(p, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// issue writes a certificate for the names; split puts its key beside it.
func (s *shop) issue(file string, split bool, names ...string) string {
	s.n++
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(100 + s.n), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, s.ca, &key.PublicKey, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	kder, _ := x509.MarshalECPrivateKey(key)
	cert, kpem := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: kder})
	if split {
		s.write(file+".key", kpem)
		return s.write(file, cert)
	}
	return s.write(file, append(cert, kpem...))
}

func load(t *testing.T, text string) build.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.cfg")
	os.WriteFile(file, []byte("defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"+text), 0o600)
	return build.Load([]string{file}, build.Options{})
}

// bind loads a frontend with the options and returns its TLS.
func bind(t *testing.T, before, options string) engine.TLSServer {
	t.Helper()
	res := load(t, before+"\nfrontend f\n bind 127.0.0.1:1 ssl "+options+"\n")
	if res.RT == nil {
		t.Fatalf("%v", res.Diags)
	}
	return res.RT.Frontend("f").Binds[0].TLS
}

func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// shake runs a handshake of cfg against srv and returns both sides' views.
func shake(t *testing.T, srv engine.TLSServer, cfg *tls.Config) (tls.ConnectionState, engine.TLSInfo, error) {
	t.Helper()
	cn, sn := pair(t)
	type out struct {
		info engine.TLSInfo
		err  error
	}
	done := make(chan out, 1)
	go func() {
		c, info, err := srv.Handshake(nil, conn.New(sn, 0), time.Second)
		if err == nil {
			c.Write([]byte("hi"))
		} else {
			sn.Close()
		}
		done <- out{info, err}
	}()
	cfg.InsecureSkipVerify = true
	tc := tls.Client(cn, cfg)
	cn.SetDeadline(time.Now().Add(2 * time.Second))
	err := tc.Handshake()
	if err == nil {
		_, err = io.ReadFull(tc, make([]byte, 2))
	}
	o := <-done
	if err == nil {
		err = o.err
	}
	return tc.ConnectionState(), o.info, err
}

func TestChoiceByName(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	w := s.issue("w.pem", true, "*.w.example")
	l := s.issue("l.pem", false, "l.example")
	list := s.write("list", []byte("# comment\n"+l+" [alpn foo ssl-max-ver TLSv1.2] x.example *.y.example !no.y.example\n"))
	srv := bind(t, "", "crt "+a+" crt "+w+" crt-list "+list+" alpn http/1.1")
	for name, want := range map[string]string{
		"a.example": "a.example", "b.w.example": "*.w.example", "b.c.w.example": "a.example", "w.example": "a.example",
		"X.Example": "l.example", "z.y.example": "l.example", "no.y.example": "a.example", "l.example": "a.example", "": "a.example",
	} {
		t.Run(name, func(t *testing.T) {
			st, info, err := shake(t, srv, &tls.Config{ServerName: name})
			if err != nil {
				t.Fatal(err)
			}
			if got := st.PeerCertificates[0].Subject.CommonName; got != want {
				t.Errorf("got the certificate of %s, want %s", got, want)
			}
			if info.SNI() != name && !strings.EqualFold(info.SNI(), name) {
				t.Errorf("SNI %q", info.SNI())
			}
		})
	}
	st, info, err := shake(t, srv, &tls.Config{ServerName: "x.example", NextProtos: []string{"foo"}})
	if err != nil || st.Version != tls.VersionTLS12 || info.ALPN() != "http/1.1" && info.ALPN() != "foo" && info.ALPN() != "" {
		t.Errorf("options of the list's line: %v, version %x, ALPN %q", err, st.Version, info.ALPN())
	}
	strict := bind(t, "", "crt "+a+" strict-sni")
	if _, _, err := shake(t, strict, &tls.Config{ServerName: "other.example"}); err == nil {
		t.Error("strict-sni let another name in")
	}
}

func TestDirectoryAndStore(t *testing.T) {
	s := newShop(t)
	s.issue("d/1.pem", true, "one.example")
	s.issue("d/2.pem", false, "two.example")
	srv := bind(t, "", "crt "+s.dir+"/d")
	if st, _, err := shake(t, srv, &tls.Config{ServerName: "two.example"}); err != nil || st.PeerCertificates[0].Subject.CommonName != "two.example" {
		t.Errorf("directory: %v", err)
	}
	s.issue("k.crt", true, "k.example")
	os.Rename(filepath.Join(s.dir, "k.crt.key"), filepath.Join(s.dir, "other.key"))
	srv = bind(t, "crt-store web\n crt-base "+s.dir+"\n key-base "+s.dir+"\n load crt k.crt key other.key alias kay", "crt @web/kay")
	if st, _, err := shake(t, srv, &tls.Config{}); err != nil || st.PeerCertificates[0].Subject.CommonName != "k.example" {
		t.Errorf("store: %v", err)
	}
}

func TestVersionsAndCiphers(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	for _, tc := range []struct {
		options string
		client  *tls.Config
		ok      bool
		version string
		cipher  string
	}{
		{"", &tls.Config{}, true, "TLSv1.3", ""},
		{"", &tls.Config{MaxVersion: tls.VersionTLS11}, false, "", ""},
		{"ssl-min-ver TLSv1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, true, "TLSv1.1", ""},
		{"ssl-max-ver TLSv1.2", &tls.Config{}, true, "TLSv1.2", ""},
		{"force-tlsv12", &tls.Config{MinVersion: tls.VersionTLS13}, false, "", ""},
		{"no-tlsv13", &tls.Config{}, true, "TLSv1.2", ""},
		{"no-tlsv13 ciphers ECDHE-ECDSA-AES256-GCM-SHA384", &tls.Config{}, true, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"},
		{"no-tlsv13 ciphers HIGH:!AESGCM:!AES", &tls.Config{}, true, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"},
		{"curves P-256", &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519}}, false, "", ""},
	} {
		t.Run(tc.options, func(t *testing.T) {
			_, info, err := shake(t, bind(t, "", "crt "+a+" "+tc.options), tc.client)
			if (err == nil) != tc.ok {
				t.Fatalf("handshake: %v", err)
			}
			if err == nil && (info.Version() != tc.version || tc.cipher != "" && info.Cipher() != tc.cipher) {
				t.Errorf("%s with %s", info.Version(), info.Cipher())
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	own, _ := tls.LoadX509KeyPair(s.issue("c.pem", false, "client"), filepath.Join(s.dir, "c.pem"))
	srv := bind(t, "", "crt "+a+" ca-file "+s.dir+"/ca.pem verify required")
	if _, _, err := shake(t, srv, &tls.Config{}); err == nil {
		t.Error("let in without a certificate")
	}
	if _, info, err := shake(t, srv, &tls.Config{Certificates: []tls.Certificate{own}}); err != nil || len(info.PeerCerts()) == 0 {
		t.Errorf("refused: %v", err)
	}
	srv = bind(t, "", "crt "+a+" ca-file "+s.dir+"/ca.pem verify optional")
	if _, _, err := shake(t, srv, &tls.Config{}); err != nil {
		t.Error(err)
	}
}

func TestTicketsOutliveReloads(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	cfg := &tls.Config{ServerName: "a.example", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for i, want := range []bool{false, true} {
		_, info, err := shake(t, bind(t, "", "crt "+a), cfg)
		if err != nil || info.Resumed() != want {
			t.Errorf("%d: resumed %v, %v", i, info.Resumed(), err)
		}
	}
	if _, info, err := shake(t, bind(t, "", "crt "+a+" no-tls-tickets"), cfg); err != nil || info.Resumed() {
		t.Errorf("no-tls-tickets: %v", err)
	}
}

// To servers: verification follows sni, else verifyhost, else the chain alone.
func TestServerSide(t *testing.T) {
	s := newShop(t)
	own, err := tls.LoadX509KeyPair(s.issue("a.pem", false, "a.example"), filepath.Join(s.dir, "a.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		options string
		ok      bool
		sni     string
	}{
		{"verify none", true, ""},
		{"verify required ca-file " + s.dir + "/ca.pem", true, ""},
		{"verify required ca-file " + s.dir + "/ca.pem verifyhost a.example", true, ""},
		{"verify required ca-file " + s.dir + "/ca.pem verifyhost b.example", false, ""},
		{"verify required ca-file " + s.dir + "/ca.pem sni str(a.example) verifyhost b.example", true, "a.example"},
		{"verify required ca-file " + s.dir + "/ca.pem sni str(b.example)", false, "b.example"},
		{"verify required ca-file @system-ca", false, ""},
	} {
		t.Run(strings.ReplaceAll(tc.options, s.dir, ""), func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			sni := make(chan string, 1)
			go func() {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{own}})
				tc.Handshake()
				sni <- tc.ConnectionState().ServerName
				io.Copy(io.Discard, tc)
				c.Close()
			}()
			res := load(t, "backend b\n server s "+ln.Addr().String()+" ssl "+tc.options+"\n")
			if res.RT == nil {
				t.Fatalf("%v", res.Diags)
			}
			srv := res.RT.Backend("b").Servers[0]
			st := &engine.Stream{Back: srv.Px, Sess: &engine.Session{Src: netip.MustParseAddrPort("127.0.0.1:1")}}
			c, err := srv.Dial.Connect(&engine.DialSpec{Strm: st, TLS: srv.TLS, Timeout: time.Second})
			if (err == nil) != tc.ok {
				t.Fatalf("got %v", err)
			}
			if got := <-sni; err == nil && got != tc.sni {
				t.Errorf("asked for %q, want %q", got, tc.sni)
			}
			if err == nil {
				c.Close()
			}
		})
	}
}

// What is wrong is said in HAProxy's words.
func TestErrors(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	s.issue("alone.pem", true, "x")
	os.Remove(s.dir + "/alone.pem.key")
	front := func(options string) string { return "frontend f\n bind :1 " + options + "\n" }
	back := func(options string) string { return "backend b\n server s 127.0.0.1:1 " + options + "\n" }
	for text, want := range map[string]string{
		front("ssl"):                                        "no SSL certificate specified for bind ':1' at ",
		front("ssl crt /nonexistent"):                       "unable to stat SSL certificate from file '/nonexistent' : No such file or directory",
		front("ssl crt " + s.dir + "/alone.pem"):            "No Private Key found in '" + s.dir + "/alone.pem.key'",
		front("ssl crt " + a + " verify foo"):               "'verify' : unknown verify method 'foo', only 'none', 'optional', and 'required' are supported",
		front("ssl crt " + a + " verify required"):          "verify is enabled but no CA file specified",
		front("ssl crt " + a + " ssl-min-ver foo"):          "'foo' : unknown ssl/tls version",
		front("ssl crt " + a + " ciphers FOO"):              "unable to set SSL cipher list to 'FOO'",
		front("ssl crt " + a + " ciphersuites FOO"):         "unable to set TLS 1.3 cipher suites to 'FOO'",
		front("ssl crt " + a + " curves FOO"):               "unable to set SSL curves list to 'FOO'",
		front("ssl crt " + a + " force-sslv3"):              "all SSL/TLS versions are disabled",
		front("ssl crt-list /nonexistent"):                  "'crt-list' : cannot open file '/nonexistent' : No such file or directory",
		front("ssl crt " + a + " alpn"):                     "'alpn' : missing the comma-delimited ALPN protocol suite",
		back("ssl"):                                         "verify is enabled by default but no CA file specified.",
		back("ssl verify foo"):                              "'verify' : unknown verify method 'foo', only 'none' and 'required' are supported",
		back("ssl verify none sni foo"):                     "error detected while parsing sni or pool-conn-name expressions : unknown fetch method 'foo'",
		back("ssl verify none ciphers FOO"):                 "unable to set SSL cipher list to 'FOO'",
		"global\n ssl-default-bind-options foo\n":           "unknown option 'foo' on global statement 'ssl-default-bind-options'.",
		"global\n ssl-default-bind-options ssl-min-ver x\n": "'x' : unknown ssl/tls version on global statement 'ssl-default-bind-options'.",
		"global\n ssl-default-bind-ciphers\n":               "global statement 'ssl-default-bind-ciphers' expects a cipher suite as an argument.",
		"global\n ssl-server-verify foo\n":                  "'ssl-server-verify' expects 'none' or 'required' as argument.",
		"global\n ca-base\n":                                "global statement 'ca-base' expects a directory path as an argument.",
		"global\n tune.ssl.default-dh-param x\n":            "'tune.ssl.default-dh-param' expects a value >= 1024.",
	} {
		t.Run(strings.ReplaceAll(text, s.dir, ""), func(t *testing.T) {
			res := load(t, text)
			var all strings.Builder
			for _, d := range res.Diags.Items {
				all.WriteString(d.Message + "\n")
			}
			if !strings.Contains(all.String(), want) {
				t.Errorf("got %q, want %q", all.String(), want)
			}
		})
	}
}
