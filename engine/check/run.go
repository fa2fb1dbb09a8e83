package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hawser/engine"
	"hawser/engine/htx"
)

// step is one step of a check; nil means that it went well and the next follows.
type step interface {
	run(r *run) *result
}

// result ends a check.
type result struct {
	ok     bool
	cond   bool // passed, but the server is to stop (NOLB)
	status string
	code   int // -1 none
	desc   string
	noted  string // stands for desc in the line of option log-health-checks, as HAProxy has it
}

// run is one check under way.
type run struct {
	engine.CheckConn
	ctx   context.Context
	srv   *engine.Server
	plan  *plan
	until time.Time // of the present wait
	eof   bool
	head  *head // of the HTTP response read last
	asked *request
	last  *result       // what the last expect found
	n     int           // the present step as written, from 1
	strm  engine.Stream // what fetches of the response look at
	lent  bool          // the connection has another reader, which may not have ended yet
	// linger: the connection ends with a FIN instead of a reset.
	linger bool
	stays  bool   // the request asked to keep it
	keep   bool   // and says so by its version
	uses   int    // of a connection that may go to the server's idle ones: how many requests it carried; 0: it may not
	pooled string // its name there
	unread bool   // lines of the SMTP reply read last are still to come
	did    byte   // what the last rule that counts was: 'c' connect, 's' send, 'e' expect
}

// showHead lets expressions see the response.
func (r *run) showHead() {
	m := &htx.Msg{}
	m.StartResponse(r.head.status, r.head.reason)
	for i, n := range r.head.names {
		m.AddStr(n, r.head.values[i])
	}
	m.BodyLen = r.head.length
	s := &r.strm
	s.Res, s.HasRes, s.Status, s.Back, s.Server = m, true, r.head.status, r.srv.Px, r.srv
	r.Env.Strm = s
}

// showBody lets them see what has come of its body.
func (r *run) showBody() {
	if r.head != nil {
		body, _ := r.bodyNow()
		r.strm.Local.Set, r.strm.Local.Body = true, body
	}
}

// check runs the plan once.
func (p *plan) check(ctx context.Context, srv *engine.Server) *result {
	if p.external != nil {
		return p.external.check(ctx, srv, p)
	}
	r := &run{ctx: ctx, srv: srv, plan: p}
	r.CheckConn.Srv = srv
	r.Env = engine.Env{RT: srv.Px.RT, Px: srv.Px, Check: &r.CheckConn, Place: engine.AtCheck, Dir: engine.Res, Final: true}
	defer r.close()
	for i, s := range p.steps {
		r.n = i
		if p.numbers != nil {
			r.n = p.numbers[i]
		}
		if res := s.run(r); res != nil {
			return res
		}
	}
	r.handBack()
	return r.passed()
}

// passed is the result of a check whose last step went well.
func (r *run) passed() *result {
	switch {
	case r.last != nil:
		return r.last
	case r.did == 's' && r.plan.rules:
		return &result{ok: true, status: "L7OK", desc: "(tcp-check)"}
	}
	res := &result{ok: true, status: "L4OK", code: -1}
	if r.Conn != nil && r.Conn.Secure() {
		res.status = "L6OK"
	}
	if r.did == 'c' {
		res.desc = "(tcp-check)"
	}
	return res
}

// close ends the connection with a reset, as the server need not keep its side;
// where the rules ask for linger, in the clean way.
func (r *run) close() {
	if r.Conn != nil {
		if r.linger || r.plan.http && r.Conn.Secure() {
			r.Conn.Close()
		} else {
			r.Conn.Abort()
		}
		if !r.lent {
			r.Conn.Free()
		}
		r.Conn = nil
	}
}

// allow gives the wait that begins now its limit.
func (r *run) allow() {
	r.until = time.Now().Add(r.plan.timeout)
	if r.Conn != nil {
		r.Conn.SetDeadline(r.until)
	}
}

// more reads once into r.In.
func (r *run) more() error {
	if r.eof {
		return io.EOF
	}
	size := 16384
	if rt := r.Env.RT; rt != nil && rt.Global.Tune.BufSize > 0 {
		size = rt.Global.Tune.BufSize
	}
	if len(r.In) >= size {
		return errFull
	}
	var room [4096]byte
	n, err := r.Conn.Read(room[:min(len(room), size-len(r.In))])
	r.In = append(r.In, room[:n]...)
	if n > 0 {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		r.eof = true
		return io.EOF
	}
	return err
}

var errFull = errors.New("the buffer is full")

// write sends p; where tells of which rule that is.
func (r *run) write(p []byte, where string) *result {
	if r.Conn == nil {
		return r.fail("L4CON", "")
	}
	r.allow()
	if _, err := r.Conn.Write(p); err != nil {
		if timedOut(err) {
			return r.broken(err, "")
		}
		return r.fail("SOCKERR", osError(err)+where)
	}
	return nil
}

// fail is a result without code.
func (r *run) fail(status, desc string) *result {
	return &result{status: status, code: -1, desc: desc}
}

// broken is the result of a connection that failed or was too slow.
func (r *run) broken(err error, where string) *result {
	if timedOut(err) {
		status := "L7TOUT"
		return r.fail(status, where)
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		return r.fail("SOCKERR", osError(err)+where)
	}
	if r.plan.http {
		return r.fail("L7RSP", "")
	}
	return r.fail("L4CON", osError(err)+where)
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

// osError names an error of the system as HAProxy does.
func osError(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	text := []byte(no.Error())
	if len(text) > 0 && text[0] >= 'a' && text[0] <= 'z' {
		text[0] -= 32
	}
	name := unix.ErrnoName(no)
	return name + " returned by OS (" + string(bytes.TrimSpace(text)) + ")"
}
