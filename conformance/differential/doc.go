// Package differential evaluates expressions and conditions on several programs
// and compares the values. The tables in testdata/*.txt hold them by scene: the
// bytes that come in, and what is asked of them. Beside each table lies what
// HAProxy 3.5 answered (*.want, which names the version); Debian's haproxy, where
// there is one, must answer like Hawser wherever the two HAProxys agree.
//
// -record asks haproxy35 and haproxy again and rewrites the *.want files.
package differential
