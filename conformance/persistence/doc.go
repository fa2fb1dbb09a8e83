// Package persistence compares what becomes of persistence cookies: one
// configuration with a backend for each way to say "cookie" is run by HAProxy and
// by Hawser, both are sent the same requests, whose servers give the same answers,
// and all that can be seen must be the same: the server, the bytes of the heads
// that server and client get, the cookie's letters in the log. It decides nothing by
// itself; without HAProxy it is skipped.
package persistence
