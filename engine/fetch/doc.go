// Package fetch is the sample fetches that belong to no larger feature: internal
// states, addresses and ports, buffer contents, and HTTP messages. A fetch reads
// what the stream, its session or its message holds and changes nothing. Fetches
// of variables, stick tables, checks or caches stand with those features.
package fetch
