package tls

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// loader reads certificates for one runtime: each file once.
type loader struct {
	b     *engine.Build
	g     *globalConf
	certs map[string]*tls.Certificate
}

var loaders = engine.NewSlot[*engine.Runtime, loader]("certificate files")

func loaderOf(b *engine.Build) *loader {
	ld := loaders.Edit(b.RT)
	if ld.certs == nil {
		*ld = loader{b: b, g: globals.Edit(b.RT), certs: map[string]*tls.Certificate{}}
	}
	return ld
}

// files says where the parts of a certificate are; only crt must be set.
type files struct {
	crt, key, ocsp, issuer string
}

// based puts a base directory before a relative name.
func based(dir, name string) string {
	if dir == "" || filepath.IsAbs(name) || strings.HasPrefix(name, "@") {
		return name
	}
	return filepath.Join(dir, name)
}

// pair reads a certificate with its key: from one file, or the key from a file
// beside it.
func (ld *loader) pair(w engine.Word, f files) (*tls.Certificate, error) {
	id := f.crt + "\n" + f.key
	if c := ld.certs[id]; c != nil {
		return c, nil
	}
	data, err := ld.b.ReadFile(f.crt)
	if err != nil {
		return nil, diag.Errorf(w.Pos, "unable to stat SSL certificate from file '%s' : %s", f.crt, sysError(err))
	}
	if !bytes.Contains(data, []byte("-----BEGIN CERTIFICATE-----")) && !bytes.Contains(data, []byte("-----BEGIN X509 CERTIFICATE-----")) && !bytes.Contains(data, []byte("-----BEGIN TRUSTED CERTIFICATE-----")) {
		return nil, diag.Errorf(w.Pos, "unable to load certificate from file '%s': no start line.", f.crt)
	}
	key := data
	if f.key != "" || !hasKey(data) {
		if key, err = ld.key(w, &f); err != nil {
			return nil, err
		}
	}
	c, err := tls.X509KeyPair(data, key)
	if err != nil {
		if strings.Contains(err.Error(), "does not match") {
			return nil, diag.Errorf(w.Pos, "inconsistencies between private key and certificate loaded '%s'.", f.crt)
		}
		return nil, diag.Errorf(w.Pos, "unable to load certificate from file '%s': %s.", f.crt, strings.TrimPrefix(err.Error(), "tls: "))
	}
	ld.extra(&c, &f)
	ld.certs[id] = &c
	return &c, nil
}

func (ld *loader) key(w engine.Word, f *files) ([]byte, error) {
	name := f.key
	if name == "" {
		name = f.crt + ".key"
		if ld.g.delExt {
			name = strings.TrimSuffix(f.crt, filepath.Ext(f.crt)) + ".key"
		}
	}
	data, err := ld.b.ReadFile(name)
	if err != nil || !hasKey(data) {
		return nil, diag.Errorf(w.Pos, "No Private Key found in '%s'.", name)
	}
	return data, nil
}

// extra reads an OCSP response and the issuer's certificate that lie beside.
func (ld *loader) extra(c *tls.Certificate, f *files) {
	if ld.g.noExtra && f.ocsp == "" && f.issuer == "" {
		return
	}
	ocsp, issuer := f.ocsp, f.issuer
	if ocsp == "" {
		ocsp = f.crt + ".ocsp"
	}
	if issuer == "" {
		issuer = f.crt + ".issuer"
	}
	if data, err := os.ReadFile(ld.b.Path(ocsp)); err == nil {
		c.OCSPStaple = data
		ld.b.Watch(ocsp)
	}
	if len(c.Certificate) > 1 {
		return
	}
	if data, err := os.ReadFile(ld.b.Path(issuer)); err == nil {
		ld.b.Watch(issuer)
		if block, _ := pem.Decode(data); block != nil {
			c.Certificate = append(c.Certificate, block.Bytes)
		}
	}
}

func hasKey(data []byte) bool { return bytes.Contains(data, []byte("PRIVATE KEY-----")) }

func sysError(err error) string {
	s := err.Error()
	if errors.Is(err, os.ErrNotExist) {
		return "No such file or directory"
	}
	if errors.Is(err, os.ErrPermission) {
		return "Permission denied"
	}
	return s
}

// crt reads what a "crt" option names: an entry of a store, a file, a directory,
// or a bundle of one file per kind of key.
func (ld *loader) crt(w engine.Word) ([]*tls.Certificate, []string, error) {
	name := w.Text
	if strings.HasPrefix(name, "@") {
		c, err := ld.stored(w)
		return []*tls.Certificate{c}, []string{name}, err
	}
	if f, ok := ld.declared(name); ok {
		c, err := ld.pair(w, f)
		return []*tls.Certificate{c}, []string{name}, err
	}
	name = based(ld.b.RT.Global.CrtBase, name)
	info, err := os.Stat(ld.b.Path(name))
	if err == nil && info.IsDir() {
		return ld.directory(w, name)
	}
	if err != nil {
		if list, names := ld.bundle(w, name); len(list) > 0 {
			return list, names, nil
		}
	}
	c, err := ld.pair(w, files{crt: name})
	return []*tls.Certificate{c}, []string{name}, err
}

func (ld *loader) bundle(w engine.Word, name string) (list []*tls.Certificate, names []string) {
	for _, ext := range []string{".rsa", ".ecdsa", ".dsa"} {
		if _, err := os.Stat(ld.b.Path(name + ext)); err != nil {
			continue
		}
		if c, err := ld.pair(w, files{crt: name + ext}); err == nil {
			list, names = append(list, c), append(names, name+ext)
		}
	}
	return list, names
}

func (ld *loader) directory(w engine.Word, dir string) (list []*tls.Certificate, names []string, err error) {
	ld.b.Watch(dir)
	entries, err := os.ReadDir(ld.b.Path(dir))
	if err != nil {
		return nil, nil, diag.Errorf(w.Pos, "unable to scan directory '%s' : %s.", dir, sysError(err))
	}
	for _, e := range entries {
		if e.IsDir() || e.Name()[0] == '.' || slices.Contains([]string{".key", ".ocsp", ".issuer", ".sctl"}, filepath.Ext(e.Name())) {
			continue
		}
		c, err := ld.pair(w, files{crt: filepath.Join(dir, e.Name())})
		if err != nil {
			return nil, nil, err
		}
		list, names = append(list, c), append(names, filepath.Join(dir, e.Name()))
	}
	return list, names, nil
}

// pool reads the certificates of a ca-file.
func (ld *loader) pool(w engine.Word) (*x509.CertPool, error) {
	pool, _, err := ld.trusted(w)
	return pool, err
}

// trusted is pool and a list of what is in it, which the system's does not have.
func (ld *loader) trusted(w engine.Word) (*x509.CertPool, []*x509.Certificate, error) {
	if w.Text == "@system-ca" {
		pool, err := x509.SystemCertPool()
		return pool, nil, err
	}
	name := based(ld.b.RT.Global.CABase, w.Text)
	pool := x509.NewCertPool()
	var list []*x509.Certificate
	paths := []string{name}
	if info, err := os.Stat(ld.b.Path(name)); err == nil && info.IsDir() {
		ld.b.Watch(name)
		paths = nil
		entries, _ := os.ReadDir(ld.b.Path(name))
		for _, e := range entries {
			paths = append(paths, filepath.Join(name, e.Name()))
		}
	}
	for _, p := range paths {
		data, err := ld.b.ReadFile(p)
		if err != nil {
			return nil, nil, diag.Errorf(w.Pos, "Couldn't open the ca-file '%s' (%s).\n'ca-file' : unable to load %s", name, sysError(err), name)
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
				pool.AddCert(c)
				list = append(list, c)
			}
		}
	}
	if len(list) == 0 {
		return nil, nil, diag.Errorf(w.Pos, "'ca-file' : unable to load %s", name)
	}
	return pool, list, nil
}
