package check

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"hawser/engine"
)

// request is an HTTP request of a check.
type request struct {
	method, uri, version string
	uriFmt               *engine.LogFormat
	names                []string
	values               []*engine.LogFormat
	body                 string
	bodyFmt              *engine.LogFormat
	passes               bool // stands for all rules: a comment before it is for what is expected
	implicit             bool // stands before an expect rule, without one of its own
}

const sendWords = "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got '%s' as argument."

func parseHTTPSend(w *words) (step, error) {
	q := &request{}
	for w.more() {
		n := w.next()
		var a, v engine.Word
		var err error
		switch n.Text {
		case "meth":
			q.method, err = text(w.arg("'meth' expects a string as argument."))
		case "uri":
			q.uri, err = text(w.arg("'uri' expects a string as argument."))
		case "uri-lf":
			if a, err = w.arg("'uri-lf' expects a string as argument."); err == nil {
				q.uriFmt, err = w.format(a)
			}
		case "ver":
			q.version, err = text(w.arg("'ver' expects a string as argument."))
		case "hdr":
			if len(w.rest) < 2 {
				return nil, w.fail("'hdr' expects <name> and <value> as arguments.")
			}
			a, v = w.next(), w.next()
			var f *engine.LogFormat
			if f, err = w.format(v); err == nil {
				q.names, q.values = append(q.names, strings.ToLower(a.Text)), append(q.values, f)
			}
		case "body":
			q.body, err = text(w.arg("'body' expects a string as argument."))
		case "body-lf":
			if a, err = w.arg("'body-lf' expects a string as argument."); err == nil {
				q.bodyFmt, err = w.format(a)
			}
		case "comment":
			_, err = w.arg("'comment' expects a string as argument.")
		default:
			return nil, w.fail(sendWords, n.Text)
		}
		if err != nil {
			return nil, err
		}
	}
	return q, nil
}

// merge fills in what the line "option httpchk" says and the rule does not.
func (q *request) merge(o *request) *request {
	m := *q
	if m.method == "" {
		m.method = o.method
	}
	if m.uri == "" && m.uriFmt == nil {
		m.uri = o.uri
	}
	if m.version == "" {
		m.version = o.version
	}
	if len(m.names) == 0 { // headers of a rule stand for those of the option's line
		m.names, m.values = o.names, o.values
	}
	if m.body == "" && m.bodyFmt == nil {
		m.body = o.body
	}
	return &m
}

func (q *request) run(r *run) *result {
	r.In, r.head, r.last, r.asked, r.did, r.keep = r.In[:0], nil, nil, q, 's', false
	return r.write(q.appendTo(nil, r), "")
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func (q *request) appendTo(b []byte, r *run) []byte {
	b = append(b, or(q.method, "OPTIONS")...)
	b = append(b, ' ')
	if q.uriFmt != nil {
		b = q.uriFmt.Append(b, &r.Env)
	} else {
		b = append(b, or(q.uri, "/")...)
	}
	version := or(q.version, "HTTP/1.0")
	if strings.HasPrefix(version, "HTTP/") && version > "HTTP/1.1" {
		version = "HTTP/1.1" // what the connection speaks
	}
	b = append(append(append(b, ' '), version...), "\r\n"...)
	ends := "close"
	for i, n := range q.names {
		if n == "content-length" || n == "transfer-encoding" {
			continue // HAProxy sets these itself
		}
		before := len(b)
		b = append(append(b, n...), ": "...)
		named := len(b)
		b = q.values[i].Append(b, &r.Env)
		switch {
		case len(b) == named: // no header without a value
			b = b[:before]
		case n == "connection": // comes last
			ends = string(b[named:])
			b = b[:before]
		default:
			b = append(b, "\r\n"...)
		}
	}
	if r.plan.state {
		b = appendState(append(b, "x-haproxy-server-state: "...), r.srv)
		b = append(b, "\r\n"...)
	}
	body := []byte(q.body)
	if q.bodyFmt != nil {
		body = q.bodyFmt.Append(nil, &r.Env)
	}
	open := q.bodyFmt != nil && len(body) == 0 && version == "HTTP/1.1" // a body of no length
	if !open && (len(body) > 0 || !bodiless(q.method)) {
		b = append(b, "content-length: "...)
		b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n"...)
	}
	b = appendConnection(b, version, ends)
	r.stays = strings.EqualFold(ends, "keep-alive")
	r.keep = r.stays && version == "HTTP/1.1"
	if open {
		return append(b, "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}

// bodiless tells of a method whose requests say nothing of the body that they lack.
func bodiless(method string) bool {
	switch method {
	case "", "GET", "HEAD", "OPTIONS", "DELETE":
		return true
	}
	return false
}

// appendConnection says how the connection is to end where that is not what the
// version means anyway.
func appendConnection(b []byte, version, ends string) []byte {
	usual := "close"
	if version == "HTTP/1.1" {
		usual = "keep-alive"
	}
	if !strings.EqualFold(ends, usual) {
		return append(append(append(b, "connection: "...), ends...), "\r\n"...)
	}
	return b
}

// appendState writes what send-state tells the server of itself.
func appendState(b []byte, srv *engine.Server) []byte {
	st, px := srv.State, srv.Px
	b = append(b, stateWord(srv)...)
	if h, rise, fall := int(st.Health.Load()), srv.Rise, srv.Fall; srv.Check && h > 0 && h < rise+fall-1 { // on its way
		n, of := h, rise
		if h >= rise {
			n, of = h-rise+1, fall
		}
		b = append(strconv.AppendInt(append(b, ' '), int64(n), 10), '/')
		b = strconv.AppendInt(b, int64(of), 10)
	}
	addr, port := "unix", "unix"
	if srv.Addr.Path == "" {
		addr, port = srv.Addr.IP.String(), strconv.Itoa(srv.Addr.Port)
	}
	b = append(append(append(append(b, "; address="...), addr...), "; port="...), port...)
	b = append(append(append(append(b, "; name="...), px.Name...), '/'), srv.Name...)
	node := px.RT.Global.Node
	if node == "" {
		node, _ = os.Hostname()
	}
	b = append(append(b, "; node="...), node...)
	total := int64(0)
	for _, o := range px.All() {
		total += int64(o.State.EWeight.Load())
	}
	pair := func(name string, a, of int64) {
		b = append(append(b, name...), '=')
		b = append(strconv.AppendInt(b, a, 10), '/')
		b = strconv.AppendInt(b, of, 10)
	}
	pair("; weight", int64(st.UWeight.Load()), (total+engine.WeightScale-1)/engine.WeightScale)
	pair("; scur", st.C.Conns.Load(), px.State.BE.Conns.Load())
	b = append(b, "; qcur="...)
	return strconv.AppendInt(b, st.Queued.Load(), 10)
}

func stateWord(srv *engine.Server) string {
	switch engine.OpState(srv.State.Op.Load()) {
	case engine.OpStopped:
		return "DOWN"
	case engine.OpStopping:
		return "NOLB"
	}
	if srv.State.UWeight.Load() == 0 {
		return "DRAIN"
	}
	return "UP"
}

// head is a response's head.
type head struct {
	status int
	reason string
	names  []string // lower case
	values []string
	end    int   // where the body begins
	length int64 // of the body, -1 until the end
	chunks bool
}

// readHead reads until the head is complete.
func (r *run) readHead(c *common) *result {
	for {
		for len(r.In) > 0 && (r.In[0] == '\r' || r.In[0] == '\n') { // empty lines before it
			r.In = r.In[1:]
		}
		if end := endOfHead(r.In); end > 0 {
			h, ok := parseHead(r.In[:end])
			if !ok {
				return r.fail("SOCKERR", "")
			}
			h.end = end
			if m := r.asked; m != nil && m.method == "HEAD" || h.status == 204 || h.status == 304 {
				h.length, h.chunks = 0, false
			}
			r.head = h
			r.showHead()
			return nil
		}
		if len(r.In) > 4 && !bytes.HasPrefix(r.In, []byte("HTTP/")) {
			return r.fail("SOCKERR", "")
		}
		if err := r.more(); err != nil {
			if timedOut(err) {
				return c.late(r, "")
			}
			if err != io.EOF && err != errFull {
				return r.broken(err, "")
			}
			return r.fail("SOCKERR", "") // what came is no response
		}
	}
}

// endOfHead is where the body begins, or 0; lines may end without a CR.
func endOfHead(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
		switch {
		case bytes.HasPrefix(b[at:], []byte("\n")):
			return at + 1
		case bytes.HasPrefix(b[at:], []byte("\r\n")):
			return at + 2
		}
	}
}

func parseHead(b []byte) (*head, bool) {
	line, rest := cutLine(b)
	version, after, _ := bytes.Cut(line, []byte(" "))
	code, reason, _ := bytes.Cut(bytes.TrimLeft(after, " "), []byte(" "))
	n, err := strconv.Atoi(string(code)) // the reason may be missing
	if len(version) != 8 || !bytes.HasPrefix(version, []byte("HTTP/")) || err != nil || n < 0 || len(code) > 3 {
		return nil, false
	}
	h := &head{status: n, reason: string(reason), length: -1}
	for len(rest) > 0 {
		if line, rest = cutLine(rest); len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, false
		}
		name, value = strings.ToLower(name), strings.Trim(value, " \t")
		h.names, h.values = append(h.names, name), append(h.values, value)
		switch name {
		case "content-length":
			if h.length, err = strconv.ParseInt(value, 10, 64); err != nil {
				return nil, false
			}
		case "transfer-encoding":
			h.chunks = strings.EqualFold(value, "chunked")
		}
	}
	return h, true
}

// cutLine takes the first line off.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// bodyNow returns what has come of the body, and whether that is all.
func (r *run) bodyNow() (body []byte, all bool) {
	h := r.head
	b := r.In[min(h.end, len(r.In)):]
	if h.status >= 100 && h.status < 200 { // the body is that of the final response
		end := endOfHead(b)
		if end == 0 {
			return nil, r.eof
		}
		final, ok := parseHead(b[:end])
		if !ok {
			return nil, true
		}
		h, b = final, b[end:]
		if r.asked != nil && r.asked.method == "HEAD" {
			return nil, true
		}
	}
	switch {
	case h.chunks:
		return dechunk(b)
	case h.length >= 0:
		if int64(len(b)) >= h.length {
			return b[:h.length], true
		}
	}
	return b, r.eof
}

func dechunk(b []byte) (body []byte, all bool) {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return body, false
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil || n == 0 {
			return body, true
		}
		if int(n) > len(rest) {
			return append(body, rest...), false
		}
		body = append(body, rest[:n]...)
		if b = rest[n:]; len(b) < 2 {
			return body, false
		}
		b = b[2:]
	}
}
