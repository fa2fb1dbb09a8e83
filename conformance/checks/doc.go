// Package checks compares Hawser's health checks with HAProxy's, scene by scene: a
// scene is the check rules of one backend with one server, and what that server says
// on each connection. What HAProxy 3.5 sent and reported is kept in testdata, so that
// the comparison needs no HAProxy; `go test ./conformance/checks -record` plays the
// scenes on it again, `-invent 7` makes new ones first.
//
// The package owns the scenes and the servers that they talk to. How often and when
// checks happen is not compared here but in conformance/servers.
package checks
