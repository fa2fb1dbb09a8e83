package tls

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"

	"hawser/engine"
)

// failure is why a handshake with a client failed: HAProxy's sentence, and the number
// that OpenSSL has for it.
type failure struct {
	cause string
	code  int
	err   error
}

func (f *failure) Error() string { return f.cause }
func (f *failure) Unwrap() error { return f.err }

// OpenSSL's reasons within its library of TLS (the numbers of openssl errstr).
const (
	sslLibrary          = 20 << 23
	certificateFailed   = 134
	httpsProxyRequest   = 155
	httpRequest         = 156
	noSharedCipher      = 193
	noCertificate       = 199
	callbackFailed      = 234
	unsupportedProtocol = 258
	wrongVersion        = 267
	unexpectedEOF       = 294
	remoteAlert         = 1000
)

// reasons are their texts. Alerts of the other side are at remoteAlert and their number.
var reasons = map[int]string{certificateFailed: "certificate verify failed", httpsProxyRequest: "https proxy request", httpRequest: "http request", noSharedCipher: "no shared cipher",
	noCertificate: "peer did not return a certificate", callbackFailed: "callback failed", unsupportedProtocol: "unsupported protocol", wrongVersion: "wrong version number",
	unexpectedEOF: "unexpected eof while reading",
	1010:          "sslv3 alert unexpected message", 1020: "sslv3 alert bad record mac", 1022: "tlsv1 alert record overflow", 1040: "sslv3 alert handshake failure",
	1042: "sslv3 alert bad certificate", 1043: "sslv3 alert unsupported certificate", 1044: "sslv3 alert certificate revoked", 1045: "sslv3 alert certificate expired",
	1046: "sslv3 alert certificate unknown", 1047: "sslv3 alert illegal parameter", 1048: "tlsv1 alert unknown ca", 1049: "tlsv1 alert access denied",
	1050: "tlsv1 alert decode error", 1051: "tlsv1 alert decrypt error", 1070: "tlsv1 alert protocol version", 1071: "tlsv1 alert insufficient security",
	1080: "tlsv1 alert internal error", 1090: "tlsv1 alert user cancelled", 1100: "tlsv1 alert no renegotiation", 1109: "tlsv13 alert missing extension",
	1110: "tlsv1 unsupported extension", 1112: "tlsv1 unrecognized name", 1116: "tlsv13 alert certificate required"}

// explain makes a failure of the library's error.
func explain(err error, i *info, asked *tls.ClientHelloInfo, cfg *tls.Config) *failure {
	f := &failure{cause: "SSL handshake failure", err: err}
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	var refused refusal
	var op *net.OpError
	var late net.Error
	switch {
	case errors.As(err, &verify), errors.As(err, &refused), i.account.stopped.code != 0:
		f.code, f.cause = certificateFailed, "SSL client certificate not trusted"
		if i.account.stopped.depth > 0 {
			f.cause = "SSL client CA chain cannot be verified"
		}
	case errors.As(err, &late) && late.Timeout():
		f.cause = "Timeout during SSL handshake"
	case errors.As(err, &record):
		f.code = firstBytes(record.RecordHeader[:])
	case errors.Is(err, errNoName):
		f.code = callbackFailed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if f.code = unexpectedEOF; asked == nil {
			f.code, f.cause = 0, "Connection closed during SSL handshake"
		}
	case errors.As(err, &op) && op.Op == "remote error":
		if v := reflect.ValueOf(op.Err); v.CanUint() {
			f.code = remoteAlert + int(v.Uint())
		}
	case asked != nil && cfg != nil:
		f.code = disagreement(asked, cfg)
	}
	return f
}

// firstBytes tells what came instead of a record.
func firstBytes(b []byte) int {
	for _, method := range []string{"GET ", "POST ", "HEAD ", "PUT "} {
		if bytes.HasPrefix(b, []byte(method)) {
			return httpRequest
		}
	}
	if bytes.HasPrefix(b, []byte("CONNE")) {
		return httpsProxyRequest
	}
	return wrongVersion
}

// disagreement tells on what a client and we did not agree.
func disagreement(h *tls.ClientHelloInfo, cfg *tls.Config) int {
	if len(h.SupportedVersions) > 0 && slices.Max(h.SupportedVersions) < cfg.MinVersion || len(h.SupportedVersions) > 0 && slices.Min(h.SupportedVersions) > cfg.MaxVersion {
		return unsupportedProtocol
	}
	ours := cfg.CipherSuites
	if len(ours) == 0 || cfg.MaxVersion >= tls.VersionTLS13 {
		for _, c := range tls.CipherSuites() {
			ours = append(ours[:len(ours):len(ours)], c.ID)
		}
	}
	if !slices.ContainsFunc(h.CipherSuites, func(id uint16) bool { return slices.Contains(ours, id) }) {
		return noSharedCipher
	}
	if cfg.ClientAuth == tls.RequireAnyClientCert || cfg.ClientAuth == tls.RequireAndVerifyClientCert {
		return noCertificate
	}
	return 0
}

func init() {
	add("ssl_fc_err", engine.TSint, "OpenSSL's number for why the handshake failed, for error-log-format; 0: none, or one without a counterpart here.", func(_ env, i *info) (smp, stat) {
		return engine.Sint(i.failed.number()), engine.Found
	})
	add("ssl_fc_err_str", engine.TStr, "The text of ssl_fc_err.", func(e env, i *info) (smp, stat) {
		n := i.failed.number()
		if n == 0 {
			return none()
		}
		return str(e, fmt.Sprintf("error:%08X:SSL routines::%s", n, strings.TrimSpace(reasons[i.failed.code])))
	})
}

func (f *failure) number() int64 {
	if f == nil || f.code == 0 {
		return 0
	}
	return int64(sslLibrary + f.code)
}
