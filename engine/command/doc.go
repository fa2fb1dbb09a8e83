// Package command is the runtime API (management manual, 9.3): the sockets that
// "stats socket" opens, the reading of commands from a connection, rights and
// prompts, and the commands that belong to no other feature. Features register
// theirs with engine.AddCommands; the longest row that fits a line's words is run.
//
// A connection is owned by Serve's goroutine, which runs commands and writes; a
// second one reads lines. The package opens no sockets (listen does), and knows
// nothing of the statistics (stats does).
package command
