package engine

import "time"

// Runtime is one generation of the compiled configuration. Immutable once
// published; Proc is shared by all generations.
type Runtime struct {
	Slots
	Global     Global
	Proxies    []*Proxy // without defaults sections, in the file's order
	Generation int
	Files      []string // everything that was read: watched for changes
	Built      time.Time
	Warnings   int      // of the configuration
	Peers      []string // names of the peers sections
	Proc       *ProcState
	VarNames   [VarParent + 1][]string
	ProcVars   *ProcVars
	Env        []string
	Defaults   []*Proxy    // the named defaults sections, for backends made at run time
	Names      *NamesState // proxies by name, those added at run time too
}
