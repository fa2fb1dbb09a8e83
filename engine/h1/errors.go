package h1

import "errors"

// Error is why a message was refused. Values are static: compare by identity.
type Error struct {
	Status int    // what HAProxy answers to a client; a bad response is 502 there
	Why    string // for `show errors`
}

func (e *Error) Error() string { return "h1: " + e.Why }

// Malformed reports whether the peer sent bytes that are no message, as opposed to
// none at all: the stream tells a bad client from one that left.
func (e *Error) Malformed() bool { return e != ErrBodyCut && e != ErrCut }

// ErrMore says that the head is not complete yet and that nothing is wrong so far.
var ErrMore = errors.New("h1: more bytes are needed")

// Reasons for refusing a head.
var (
	ErrMethod       = &Error{400, "invalid character in method"}
	ErrTarget       = &Error{400, "invalid character in request target"}
	ErrTargetForm   = &Error{400, "invalid form of request target"}
	ErrFragment     = &Error{400, "fragment in request target"}
	ErrNonASCII     = &Error{400, "non-ASCII byte in request target"}
	ErrVersion      = &Error{400, "invalid HTTP version"}
	ErrPreface      = &Error{400, "HTTP/2 preface on an HTTP/1 connection"}
	ErrStatus       = &Error{502, "invalid status code"}
	ErrBareCR       = &Error{400, "CR without LF"}
	ErrFieldName    = &Error{400, "invalid character in field name"}
	ErrEmptyName    = &Error{400, "empty field name"}
	ErrNoColon      = &Error{400, "field without colon"}
	ErrLeadingFold  = &Error{400, "continuation line before the first field"}
	ErrFieldValue   = &Error{400, "invalid character in field value"}
	ErrFields       = &Error{400, "too many fields"}
	ErrHost         = &Error{400, "invalid Host"}
	ErrHostDiffers  = &Error{400, "Host fields differ"}
	ErrAuthority    = &Error{400, "authority and Host differ"}
	ErrLength       = &Error{400, "invalid Content-Length"}
	ErrLengthDiffer = &Error{400, "Content-Length values differ"}
	ErrCoding       = &Error{400, "invalid Transfer-Encoding"}
	ErrCodingOther  = &Error{422, "unsupported transfer coding"}
	ErrWebSocketKey = &Error{400, "WebSocket upgrade without key"}
	ErrPayload      = &Error{413, "payload in an HTTP/1.0 request of a method without"}
	ErrUpgrade      = &Error{502, "101 without the upgrade that was asked for"}
	ErrURILong      = &Error{414, "request line does not fit the buffer"}
	ErrHeadLong     = &Error{431, "head does not fit the buffer"}
	ErrCut          = &Error{400, "connection closed within the head"}
)

// Reasons for refusing a body.
var (
	ErrChunkSize   = &Error{400, "invalid chunk size"}
	ErrChunkEnd    = &Error{400, "chunk data not followed by CRLF"}
	ErrChunkExt    = &Error{400, "invalid chunk extension"}
	ErrTrailer     = &Error{400, "invalid trailer"}
	ErrTrailerLong = &Error{400, "trailers do not fit the buffer"}
	ErrBodyCut     = &Error{400, "connection closed within the body"}
)
