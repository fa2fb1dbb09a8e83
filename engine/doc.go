// Package engine is the vocabulary of Hawser: the types that describe a
// compiled configuration (Runtime, Proxy, Server, Bind, Rule, Expr, Cond), the
// types that live while traffic flows (Session, Stream, *State) and the tables
// in which features register the names that a user can write (Keywords,
// Fetches, Convs, Actions, …).
//
// It owns no behaviour of its own: it does no I/O, starts no goroutine and
// knows no keyword. Everything reachable from a Runtime is written by build
// only and read-only afterwards; what changes at run time lives behind a
// pointer to a type whose name ends in State, which a reload hands on from the
// old generation to the new one by identity.
package engine
