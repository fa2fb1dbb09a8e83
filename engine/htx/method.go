package htx

// MethodID names the methods that anything here treats specially.
type MethodID uint8

// OtherMethod is any method that has no name here.
const (
	OtherMethod MethodID = iota
	OPTIONS
	GET
	HEAD
	POST
	PUT
	DELETE
	TRACE
	CONNECT
	PATCH
	PRI
)

var methodNames = [...]string{"", "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH", "PRI"}

// String returns the method as written on the wire, empty for OtherMethod.
func (id MethodID) String() string { return methodNames[id] }

// KnownMethod returns the MethodID of a method; methods are case-sensitive.
func KnownMethod(b []byte) MethodID {
	if len(b) < 3 || len(b) > 7 {
		return OtherMethod
	}
	if string(b) == "GET" {
		return GET
	}
	for id := OPTIONS; id <= PRI; id++ {
		if string(b) == methodNames[id] {
			return id
		}
	}
	return OtherMethod
}
