package engine

import "net/netip"

// Type is the type of a sample (configuration manual, 7.3 "Sample types").
type Type uint8

// The sample types. TAny, TSame and TAddr occur in tables only: a sample that
// exists is of one of the others.
const (
	TAny  Type = iota // any type, as input of a converter
	TSame             // output of a converter: the type of its input
	TBool
	TSint
	TAddr // IPv4 or IPv6
	TIPv4
	TIPv6
	TStr
	TBin
	TMeth
	nTypes
)

var typeNames = [nTypes]string{"any", "same", "bool", "sint", "addr", "ipv4", "ipv6", "str", "bin", "meth"}

func (t Type) String() string { return typeNames[t] }

// Status tells what became of an evaluation.
type Status uint8

// Found: the sample is there. Missing: it will not come. Wait: it may come with
// more data; evaluate again later, at last with Env.Final set.
const (
	Found Status = iota
	Missing
	Wait
)

// Sample is a typed run-time value. Bytes are borrowed: they are valid until
// the message that they came from is edited or Env.Reset is called, whichever
// is first; copy what must live longer.
type Sample struct {
	Type Type
	More bool       // a fetch that iterates (Env.Each) has further values
	May  bool       // more data may change the value: a test that fails is not certain yet
	Int  int64      // TBool (0, 1), TSint, TMeth (htx method id)
	B    []byte     // TStr, TBin, and TMeth of an unknown method
	IP   netip.Addr // TIPv4, TIPv6
}

// Bool returns a boolean sample.
func Bool(v bool) Sample {
	if v {
		return Sample{Type: TBool, Int: 1}
	}
	return Sample{Type: TBool}
}

// Sint returns an integer sample.
func Sint(v int64) Sample { return Sample{Type: TSint, Int: v} }

// Str returns a string sample that borrows b.
func Str(b []byte) Sample { return Sample{Type: TStr, B: b} }

// Bin returns a binary sample that borrows b.
func Bin(b []byte) Sample { return Sample{Type: TBin, B: b} }

// IP returns an address sample; an IPv4-mapped address becomes IPv4.
func IP(a netip.Addr) Sample {
	a = a.Unmap()
	if a.Is4() {
		return Sample{Type: TIPv4, IP: a}
	}
	return Sample{Type: TIPv6, IP: a.WithZone("")}
}

// Truth reports the boolean value of a TBool or TSint sample.
func (s *Sample) Truth() bool { return s.Int != 0 }
