// Package check finds out which servers can be used: health checks (a connection,
// TCP and HTTP dialogues, a few protocols, programs), agents, and the observation
// of traffic. It owns the timers, the dialogues and the health counters; what
// follows from a change of state is engine.Server.SetOp's.
//
// A server at rest costs one timer and no goroutine. Checkers hang on the servers'
// states, so that they go on over reloads with new intervals and rules.
package check
