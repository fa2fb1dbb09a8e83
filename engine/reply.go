package engine

import "hawser/engine/htx"

// Reply is a response that Hawser itself makes: compiled at load.
type Reply struct {
	Status      int
	Reason      string // "": the standard one
	ContentType string
	Headers     []ReplyHeader
	Body        []byte     // a constant body, or
	BodyFmt     *LogFormat // one evaluated for each stream
	// Raw is a complete HTTP response (errorfile): its head and body are sent
	// as they are, but for the connection's own framing. Empty Raw with Silent
	// set closes without an answer (errorfile /dev/null).
	Raw    *RawReply
	Silent bool
}

// RawReply is a complete response read from a file: the head as a message to
// be cloned, and the body.
type RawReply struct {
	Head htx.Msg
	Body []byte
}

// ReplyHeader is a header field of a Reply.
type ReplyHeader struct {
	Name string
	Fmt  *LogFormat
}

// Local is a response under way that did not come from a server.
type Local struct {
	Set     bool
	Close   bool   // the client connection ends with it
	Body    []byte // borrowed until the stream ends
	Reply   *Reply // the reply that it is made from; nil: Stream.Res was filled by its maker
	NoRules bool   // no rules see it: it answers what is no request, or a reply whose rules failed
	// Server: it stands for a server's response: the http-response rules apply.
	Server bool
}

// FindErrors returns the replies of an http-errors section; LoadErrorFile reads
// an error file. The keyword feature provides them.
var (
	FindErrors    func(b *Build, name string) (map[int]*Reply, bool)
	LoadErrorFile func(b *Build, file Word, status int) (*Reply, error)
)
