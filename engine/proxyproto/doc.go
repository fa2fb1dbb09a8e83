// Package proxyproto reads and writes the PROXY protocol, versions 1 and 2, and reads
// the NetScaler client IP insertion protocol. It works on bytes: callers peek, parse,
// and discard. Nothing is allocated for a header without TLVs or UNIX addresses; a
// Header's slices point into the input. Grammar: proxy-protocol.txt of HAProxy.
package proxyproto
