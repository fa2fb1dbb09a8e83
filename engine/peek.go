package engine

import "hawser/engine/htx"

// PeekState tells what the contents of a stream without HTTP look like.
type PeekState uint8

// The states. PeekNone: not looked at yet.
const (
	PeekNone PeekState = iota
	PeekMore           // the beginning of a request head
	PeekHead           // a whole head: Stream.Req holds it
	PeekBad            // no HTTP/1 request
)

// Peek is what was found when the contents were looked at last.
type Peek struct {
	State PeekState
	Len   int // bytes that were there then
}

// PeekHTTP looks at the contents of a stream without HTTP as at an HTTP/1 request,
// for rules that ask for its parts (configuration manual, 7.3.6). Nothing is taken
// from the connection. The h1 feature provides it.
var PeekHTTP func(s *Stream) PeekState

// peekReq returns the request head that a stream without HTTP begins with.
func (e *Env) peekReq() *htx.Msg {
	if e.peekState() != PeekHead {
		return nil
	}
	return e.Strm.Req
}

func (e *Env) peekState() PeekState {
	s := e.Strm
	if s == nil || s.HasReq || s.Kind != NotHTTP || e.Place&OnRequest == 0 || PeekHTTP == nil {
		return PeekBad
	}
	return PeekHTTP(s)
}

// awaitsHTTP reports whether a fetch of the request found nothing because its head
// has not come whole.
func (e *Env) awaitsHTTP(f *Fetch) bool {
	return !e.Final && f != nil && f.Needs&NeedHTTPReq != 0 && e.Dir == Req && e.peekState() == PeekMore
}
