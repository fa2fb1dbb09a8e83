package engine

import (
	"net/netip"

	"hawser/parser/diag"
)

// ArgType is the type of one argument of a fetch or a converter.
type ArgType uint8

// The argument types (configuration manual, 7.3: what may stand in brackets).
const (
	ArgNone ArgType = iota
	ArgInt
	ArgStr
	ArgTime // milliseconds
	ArgSize // bytes
	ArgIPv4
	ArgIPv6
	ArgMask4
	ArgMask6
	ArgAddr  // IPv4 or IPv6
	ArgProxy // any proxy; Px is set
	ArgFront // a frontend
	ArgBack  // a backend; absent: the current one
	ArgServer
	ArgTable  // a proxy or peers table; Name holds it, the feature resolves it
	ArgUser   // userlist; the feature resolves it
	ArgRegex  // the feature compiles it
	ArgVar    // a variable name with its scope
	ArgMap    // a map file; the feature loads it
	ArgID     // an identifier of the feature's own (protobuf path, …)
	ArgIntStr // integer or string
)

// Arg is one argument, parsed and resolved at load.
type Arg struct {
	Type ArgType // ArgNone: an optional argument that was not given
	Text string  // as written
	Int  int64   // ArgInt, ArgTime (ms), ArgSize (bytes)
	IP   netip.Addr
	Mask netip.Addr
	Px   *Proxy
	Srv  *Server
	Var  VarRef
	Pos  diag.Pos
	In   string // where a name stands, as messages say it; see Build.Unresolved
}

// ArgSpec lists the arguments that a row takes: the first Min are required.
type ArgSpec struct {
	Types []ArgType
	Min   int
}

// Args is shorthand for a list of required arguments.
func Args(t ...ArgType) ArgSpec { return ArgSpec{Types: t, Min: len(t)} }

// OptArgs is shorthand for a list whose first min arguments are required.
func OptArgs(min int, t ...ArgType) ArgSpec { return ArgSpec{Types: t, Min: min} }
