// Package failures compares what becomes of requests when servers fail and when
// they must wait: small random configurations with servers that refuse, hang up,
// stall and answer nonsense, and fixed sequences of clients, are run by HAProxy and
// by Hawser. Of each request the status, the server, the termination flags, the
// retries and the places in queues must be the same, and at the end the counters.
//
// Newer HAProxy's side lies in testdata, so that the comparison needs only Hawser.
package failures
