package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"hawser/engine"
	"hawser/parser"
)

// Version is Hawser's own; compatible is the HAProxy whose language and
// behaviour it has: scripts read that line.
const (
	Version    = engine.Version
	compatible = engine.Compatible
	release    = engine.Released
)

// features is what -vv lists and feature() answers: + for what Hawser can do,
// whatever it does it with (OPENSSL: it has TLS).
var features = []string{
	"-51DEGREES", "+ACCEPT4", "-ACME", "+BACKTRACE", "+CPU_AFFINITY", "-CRYPT_H", "-DEVICEATLAS", "-DL", "-ENGINE", "+EPOLL",
	"-FCGI", "+GETADDRINFO", "-H2", "-KQUEUE", "-KTLS", "-LIBCRYPT", "+LINUX_CAP", "+LINUX_SPLICE", "+LINUX_TPROXY", "-LUA",
	"-NS", "+OPENSSL", "-OPENSSL_AWSLC", "-OPENSSL_WOLFSSL", "-PCRE", "-PCRE2", "+POLL", "-PRCTL", "+PROMEX", "-QUIC",
	"-QUIC_OPENSSL_COMPAT", "-SLZ", "-SPOE", "+SSL", "+TFO", "+THREAD", "+TPROXY", "-WURFL", "-ZLIB",
}

func printVersion(w io.Writer, all bool) {
	fmt.Fprintf(w, "HAProxy version %s %s - https://haproxy.org/ (compatible: this is Hawser %s)\n", compatible, release, Version)
	fmt.Fprintf(w, "Hawser version %s, built with %s, runs haproxy.cfg files of HAProxy %s\n", Version, runtime.Version(), compatible)
	if !all {
		return
	}
	fmt.Fprintf(w, "Build options :\n  TARGET  = linux-glibc\n  OPTIONS = USE_OPENSSL=1 USE_PROMEX=1\n\nFeature list : %s\n", strings.Join(features, " "))
	fmt.Fprintf(w, "\nDefault settings :\n  bufsize = 16384, maxrewrite = 1024, maxpollevents = 200\n\nBuilt with multi-threading support (default=%d).\n", runtime.GOMAXPROCS(0))
	fmt.Fprintf(w, "Built with SSL library version : OpenSSL compatible (Go crypto/tls, %s)\nSSL library supports : TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3\n", runtime.Version())
	fmt.Fprint(w, "Built with the Prometheus exporter as a service\n\nAvailable multiplexer protocols :\n  <default> : mode=HTTP  side=FE|BE  mux=H1\n         h1 : mode=HTTP  side=FE|BE  mux=H1\n  <default> : mode=TCP   side=FE|BE  mux=PASS\n\nAvailable services : prometheus-exporter\nAvailable filters : none\n")
}

// facts answer the predicates of ".if" and -cc.
func facts() parser.Facts {
	set := map[string]bool{}
	for _, f := range features {
		set[f[1:]] = f[0] == '+'
	}
	return parser.Facts{
		Version:        compatible,
		Feature:        func(name string) bool { return set[name] },
		Enabled:        func(name string) bool { return name == "SPLICE" || name == "EPOLL" || name == "REUSEPORT" },
		SSLLib:         "OpenSSL compatible (Go crypto/tls)",
		OpenSSLVersion: "3.0.0",
	}
}

// environment is the process's, with the variables that HAProxy sets.
func environment(f *flags) *parser.Env {
	env := parser.SystemEnv()
	host, _ := os.Hostname()
	if f.localPeer != "" {
		host = f.localPeer
	}
	env.Set("HAPROXY_LOCALPEER", host)
	env.Set("HAPROXY_STARTUP_VERSION", compatible)
	env.Set("HAPROXY_BRANCH", "3.5")
	env.Set("HAPROXY_CFGFILES", strings.Join(f.files, ";"))
	if f.master {
		env.Set("HAPROXY_MWORKER", "1")
	}
	for name, format := range logFormats {
		env.Set(name, format)
	}
	return env
}

// logFormats are the standard formats as variables (configuration manual, 2.3).
var logFormats = map[string]string{
	"HAPROXY_HTTP_LOG_FMT":     `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r`,
	"HAPROXY_HTTP_CLF_LOG_FMT": `%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl`,
	"HAPROXY_HTTPS_LOG_FMT":    `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc`,
	"HAPROXY_TCP_LOG_FMT":      `%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq`,
	"HAPROXY_TCP_CLF_LOG_FMT":  `%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq "" "" "" ""`,
}
