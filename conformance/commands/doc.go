// Package commands sends commands of the runtime API to Hawser and compares each
// answer, byte by byte, with what HAProxy 3.5 said to the same commands in the same
// order. Each testdata/*.txt is one run on testdata/run.cfg: "> " begins a command,
// what follows is the answer. Where Hawser differs on purpose, "~ " says why in the
// line before.
//
// -record asks haproxy35 again and rewrites the answers.
package commands
