// Package soak puts load on a proxy while its servers fail: some are killed and
// restarted again and again, all of them now and then close, stall, talk junk or
// break a response off, and clients leave early. At the end the books must
// balance: every request was answered or is accounted for by termination flags,
// the counters of frontend, backend and servers add up, and sessions, queues,
// slots, goroutines and descriptors are back where they began.
//
// How many requests get a 503 tells little: with leastconn a dead server draws all
// traffic until two checks have failed, and whoever answers a failed request sooner is
// sent more of them. With roundrobin HAProxy and Hawser have the same share.
//
// It runs for five seconds, or for as long as HAWSER_SOAK says; with HAWSER_RACE=1
// on a hawser built with the race detector; with HAWSER_SOAK_ON=haproxy on HAProxy,
// which must balance its books as well.
package soak
