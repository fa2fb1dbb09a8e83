package engine

import "hawser/engine/htx"

// Dir is the direction that a rule or an expression is evaluated for.
type Dir uint8

// Req is client to server, Res server to client.
const (
	Req Dir = iota
	Res
)

// Env is what an expression, a condition or an action sees. One belongs to each
// stream and is reused; it is owned by the goroutine that runs the stream.
type Env struct {
	RT    *Runtime
	Sess  *Session // nil in checks, on the CLI and while configuring
	Strm  *Stream  // nil before a stream exists
	Px    *Proxy   // the proxy whose rule is being evaluated
	Dir   Dir
	Final bool // no more data will come: Wait is not accepted any more
	Place Where
	Check *CheckConn // in checks: the connection under test

	Lax bool // strict-mode off: rewrites may fail

	// Each asks fetches with several values (header fields, cookies) to return
	// them one by one; Cur is the fetch's own position, zero at first.
	Each bool
	Cur  [2]int

	// Tmp is the bump allocator for bytes of samples; see Mark and Reset.
	Tmp []byte
	out []byte // of log formats that are written to Tmp

	window uint32 // see OpenWindow; 0: closed

	held Sample // see Hold
	cast Sample // the sample that a conversion works on

	// Origin is where a log line is being made, for %OG; "": at its usual place.
	Origin string

	// Rule is the rule being run, for last_rule_file and diagnostics.
	Rule *Rule
}

// Mark returns the present end of the scratch bytes; append to e.Tmp and take
// the result with Since.
func (e *Env) Mark() int { return len(e.Tmp) }

// Since returns the scratch bytes appended after mark m.
func (e *Env) Since(m int) []byte { return e.Tmp[m:len(e.Tmp):len(e.Tmp)] }

// Hold keeps s until the next call and returns its place: for calls through
// interfaces and function values, which would have each sample allocated.
func (e *Env) Hold(s Sample) *Sample {
	e.held = s
	return &e.held
}

// Keep copies b into the scratch bytes.
func (e *Env) Keep(b []byte) []byte {
	m := e.Mark()
	e.Tmp = append(e.Tmp, b...)
	return e.Since(m)
}

// Reset gives the scratch bytes back; samples made before are invalid then.
func (e *Env) Reset() {
	const keep = 64 << 10
	if cap(e.Tmp) > keep {
		e.Tmp = nil
	}
	e.Tmp = e.Tmp[:0]
}

// Req returns the request, or nil where there is none.
func (e *Env) Req() *htx.Msg {
	if s := e.Strm; s != nil && s.HasReq {
		return s.Req
	}
	return e.peekReq()
}

// Res returns the response, or nil where there is none.
func (e *Env) Res() *htx.Msg {
	if e.Strm == nil || !e.Strm.HasRes {
		return nil
	}
	return e.Strm.Res
}

// Msg returns the message of the direction that is being evaluated.
func (e *Env) Msg() *htx.Msg {
	if e.Dir == Res {
		return e.Res()
	}
	return e.Req()
}
