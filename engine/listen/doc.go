// Package listen owns the listening sockets: found again by identity on a
// reload, so that none is closed and reopened. It accepts connections within
// their limits, runs the rules of layer 4, the PROXY and TLS handshakes and
// hands each connection to a mux. It knows every session, to close the idle ones
// when their frontend goes.
//
// It does not parse requests, choose servers or read configuration.
package listen
