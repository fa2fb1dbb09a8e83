// Package conformance holds the tests that look at Hawser from outside: wire stories (VTC files under stories/, run by varnishtest
// against HAProxy and against hawser), the order of imports between packages, and the rules that every package and story keeps.
//
// A story is a promise about HAProxy's behaviour, so it is believed only after it has passed on HAProxy itself; a story that
// hawser does not keep yet is named in pending.txt. Nothing here is imported by the product.
package conformance
