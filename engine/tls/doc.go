// Package tls is TLS on both sides, over crypto/tls: certificates and their choice
// by server name, versions, ciphers and curves, client certificates, and the
// verification of servers. It provides engine.Bind.TLS and engine.Server.TLS.
//
// What OpenSSL can do and crypto/tls cannot (SSLv3, finite-field Diffie-Hellman,
// the choice of TLS 1.3 ciphers, renegotiation, early data) is told by a notice at
// load and never silently taken for done.
package tls
