// Package htx is one HTTP message for all versions: the head of a request or
// response as spans over one arena, and the reader interface of its body.
//
// A Msg owns its arena. Names of fields are lower-cased in place when they are
// added; order and duplicates are kept. Edits append to the arena and never move
// what is there, so a Span stays valid until Reset; a []byte from Bytes stays
// valid until the next call that adds or edits. A clone is three memmoves. A Msg
// that is Reset and used again allocates nothing once its arena has grown.
//
// The package knows no wire format and no policy: what a connection does with
// "close", or which fields a version forbids, is decided by the muxes.
package htx
