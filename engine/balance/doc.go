// Package balance chooses a server of a backend for a stream: the algorithms of
// "balance", the hash types, and the keywords that set them up. A balancer
// belongs to one backend of one generation; the order of servers, weights and
// loads that it works on come from the servers' states, so that a new generation
// starts right.
//
// It does not look at persistence, queues or connections, and it decides nothing
// about a server's state: others tell it with Changed.
package balance
