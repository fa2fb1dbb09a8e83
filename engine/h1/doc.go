// Package h1 is HTTP/1 on the wire: a strict parser of heads, readers of bodies,
// writers of both, and (on top of them) the mux of client and server connections.
//
// The parser reads a connection's buffer in one pass, resumes where it stopped when
// more bytes come, and refuses a bad byte as soon as it is there. Its grammar is
// that of HAProxy 3.5, found by experiment; each deviation is named where it is.
// The Msg owns the parsed head; bodies are yielded as parts of the connection's
// buffer and are never copied.
package h1
