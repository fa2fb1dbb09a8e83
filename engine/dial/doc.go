// Package dial connects to servers: TCP and UNIX sockets made by hand, bound to a
// source where asked, behind a PROXY protocol header and TLS where configured.
// It provides engine.Server.Dial for every server, for traffic and for checks.
//
// It keeps no connections, counts nothing and never retries: engine/backend and
// engine/check do.
package dial
