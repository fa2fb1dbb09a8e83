// Package conn is a transport connection as the engine wants it: a net.Conn with
// one read buffer that can be peeked, inactivity deadlines, byte counts, half-close,
// splicing, and questions to the kernel (has the peer closed? what is its RTT?).
//
// Two layers. A Socket wraps the operating system's connection and owns deadlines
// and counters; a Conn wraps a Socket, or TLS over it, and owns the buffer. So
// lazy deadlines work under TLS, whose own writes must never time out early.
//
// One goroutine reads a Conn and one may write it at the same time. Timeouts,
// Interrupt, counters and probes may be used from any goroutine. A []byte from
// Bytes or Peek is valid until the next call that reads.
//
// Deadlines are inactivity timeouts, as HAProxy's are: time that nobody waits in
// a read does not count, and by default bytes written refresh the read side too.
// The kernel-facing deadline is moved only when it fires or must come sooner, so
// a busy connection pays nothing for it.
//
// The package dials nothing, accepts nothing, and knows no protocol.
package conn
