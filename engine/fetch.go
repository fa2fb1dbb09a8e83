package engine

import "hawser/engine/registry"

// FetchFunc takes a sample from what e offers.
type FetchFunc func(e *Env, args []Arg) (Sample, Status)

// ConvFunc turns a sample into another one.
type ConvFunc func(e *Env, args []Arg, s Sample) (Sample, Status)

// Needs tells what must be present for a fetch to answer.
type Needs uint8

// What a fetch can need. NeedHTTP: a parsed HTTP message; the proxy must be in
// HTTP mode, or an implicit parser looks at the TCP contents.
const (
	NeedHTTPReq Needs = 1 << iota
	NeedHTTPRes
	NeedBody
)

// Fetch is a sample fetch that the user can name.
type Fetch struct {
	Name  string
	Args  ArgSpec
	Out   Type
	Where Where
	Needs Needs
	Const bool // the value depends on the arguments alone
	Head  bool // the value depends on the arguments and the request head alone
	Usage string
	// Idle: it tells nothing here, always the same value or none. A notice says so.
	Idle bool
	// Match is the method of the derived ACL criteria (path_beg, hdr_dom …):
	// filled for the rows that DeriveACL makes.
	Match string
	// Check completes the arguments at load; nil: nothing to do.
	Check func(b *Build, args []Arg) error
	Eval  FetchFunc
	// Make, where set, compiles a function of its own instead of Eval.
	Make func(b *Build, args []Arg) (FetchFunc, error)
}

// Conv is a converter that the user can name.
type Conv struct {
	Name  string
	Args  ArgSpec
	In    Type
	Out   Type
	Pure  bool // the result depends on the sample alone
	Usage string
	Check func(b *Build, args []Arg) error
	Eval  ConvFunc
	Make  func(b *Build, args []Arg) (ConvFunc, error)
}

// Fetches and Convs are the tables of all fetches and converters.
var (
	Fetches = registry.New[*Fetch]("sample fetch")
	Convs   = registry.New[*Conv]("converter")
)

// AddFetches registers rows; for init functions.
func AddFetches(rows ...Fetch) {
	for i := range rows {
		Fetches.Add(rows[i].Name, &rows[i])
	}
}

// AddConvs registers rows; for init functions.
func AddConvs(rows ...Conv) {
	for i := range rows {
		Convs.Add(rows[i].Name, &rows[i])
	}
}
