package check

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"hawser/engine"
	"hawser/parser/diag"
)

// raw sends bytes that are made once.
type raw []byte

func (p raw) run(r *run) *result {
	r.In = r.In[:0]
	return r.write(p, "")
}

// answer reads until its function knows what to say: nil and false for more.
type answer func(r *run, in []byte, all bool) (res *result, done bool)

func (f answer) run(r *run) *result {
	r.allow()
	for {
		if len(r.In) > 0 || r.eof {
			if res, done := f(r, r.In, r.eof); done {
				return res
			}
		}
		if err := r.more(); err != nil && !r.eof {
			return r.broken(err, "")
		}
	}
}

// good lets a check go on and remembers how it stands.
func (r *run) good(status, desc string) (*result, bool) {
	r.last = &result{ok: true, status: status, desc: desc}
	return nil, true
}

// noted is good, with a word for option log-health-checks alone.
func (r *run) noted(word string) (*result, bool) {
	r.last = &result{ok: true, status: "L7OK", noted: word}
	return nil, true
}

func (r *run) bad(status string, code int, desc string) (*result, bool) {
	return &result{status: status, code: code, desc: desc}, true
}

// firstLine cuts a line of text off, for reports.
func firstLine(in []byte) string {
	line, _, _ := bytes.Cut(in, []byte("\n"))
	return string(bytes.TrimRight(line, "\r\x00"))
}

func redisCheck() []step {
	return []step{raw("*1\r\n$4\r\nPING\r\n"), answer(func(r *run, in []byte, all bool) (*result, bool) {
		switch {
		case bytes.HasPrefix(in, []byte("+PONG\r\n")):
			return r.good("L7OK", "Redis server is ok")
		case !all: // more may follow, as after any other expectation
			return nil, false
		}
		return r.bad("L7STS", 0, firstLine(in))
	})}
}

func ldapCheck() []step {
	bind := raw{0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0}
	return []step{bind, answer(func(r *run, in []byte, all bool) (*result, bool) {
		if len(in) < 14 {
			if all && len(in) > 0 {
				return r.bad("L7RSP", -1, "")
			}
			if !all {
				return nil, false
			}
		}
		if len(in) < 7 || in[0] != 0x30 {
			return r.bad("L7RSP", -1, "Not LDAPv3 protocol")
		}
		b := in[2:]
		if n := int(in[1]); n&0x80 != 0 { // a long form of the length
			b = b[min(n&0x7f, len(b)):]
		}
		if !bytes.HasPrefix(b, []byte{2, 1, 1, 0x61}) {
			return r.bad("L7RSP", -1, "Not LDAPv3 protocol")
		}
		if i := bytes.Index(b, []byte{0x0a, 1}); i < 0 || i+2 >= len(b) {
			return r.bad("L7RSP", -1, "Not LDAPv3 protocol")
		} else if b[i+2] != 0 {
			return r.bad("L7STS", int(b[i+2]), "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9")
		}
		return r.noted("Success")
	})}
}

// sslHello is an SSLv3 hello that any TLS server answers, if only with an alert.
func sslHello() []step {
	b := []byte{0x16, 3, 0, 0, 0x79, 1, 0, 0, 0x75, 3, 0, 0, 0, 0, 0}
	b = append(b, "HAPROXYSSLCHK\nHAPROXYSSLCHK\n"...)
	b = append(b, 0, 0, 0x4e)
	for _, c := range [][2]byte{{1, 0x1b}, {0x2f, 0x3a}} {
		for n := c[0]; n <= c[1]; n++ {
			b = append(b, 0, n)
		}
	}
	b = append(b, 1, 0)
	return []step{raw(b), answer(func(r *run, in []byte, all bool) (*result, bool) {
		if len(in) < 5 && !all {
			return nil, false
		}
		if len(in) > 0 && (in[0] == 0x15 || in[0] == 0x16) {
			return r.good("L6OK", "")
		}
		return r.bad("L6RSP", -1, "")
	})}
}

func parseSMTP(_ *engine.Build, c *conf, _ *engine.Line, a []engine.Word) error {
	hello := "HELO localhost"
	if len(a) > 1 && (strings.EqualFold(a[0].Text, "EHLO") || strings.EqualFold(a[0].Text, "HELO")) {
		hello = strings.ToUpper(a[0].Text) + " " + a[1].Text
	}
	c.linger = true
	c.proto = []step{answer(smtpBanner), raw(hello + "\r\n"), answer(smtpReply), raw("QUIT\r\n"), answer(smtpReply)}
	return nil
}

// smtpCode is the number that a reply begins with and its text; more are the bytes
// besides space and CR that may follow the number.
func smtpCode(in []byte, more string) (code int, text string, ok bool) {
	line := firstLine(in)
	if len(in) < 4 || len(line) < 3 || !strings.ContainsRune(" \r"+more, rune(in[3])) {
		return 0, line, false
	}
	for _, d := range line[:3] {
		if d < '0' || d > '9' {
			return 0, line, false
		}
		code = code*10 + int(d-'0')
	}
	return code, strings.TrimSpace(line[3:]), true
}

// continues reports whether the last line of a reply is still to come.
func continues(in []byte) bool {
	for line := range bytes.Lines(in) {
		if len(line) > 3 && line[3] != '-' {
			return false
		}
	}
	return true
}

// smtpBanner wants one line of 2xx.
func smtpBanner(r *run, in []byte, all bool) (*result, bool) {
	if len(in) < 4 && !all {
		return nil, false
	}
	code, text, ok := smtpCode(in, "")
	switch {
	case !ok:
		return r.bad("L7RSP", -1, text)
	case code/100 != 2:
		return r.bad("L7STS", code, text)
	}
	r.last = &result{ok: true, status: "L7OK", code: code, desc: text}
	return nil, true
}

// smtpReply waits for 2xx. The first line of a reply is enough; what remains of it is
// not taken for the next reply.
func smtpReply(r *run, in []byte, all bool) (*result, bool) {
	for r.unread {
		line, rest, ok := bytes.Cut(in, []byte("\n"))
		if !ok {
			break
		}
		r.unread = len(line) > 3 && line[3] == '-'
		r.In, in = rest, rest
	}
	if r.unread && !all {
		return nil, false
	}
	code, text, ok := smtpCode(in, "-")
	switch {
	case ok && code/100 == 2:
		r.unread = continues(in)
		r.last = &result{ok: true, status: "L7OK", code: code, desc: text}
		return nil, true
	case all && !ok:
		return r.bad("L7STS", 0, "")
	case all:
		return r.bad("L7STS", code, text)
	}
	return nil, false
}

const mysqlQuit = "\x01\x00\x00\x00\x01"

func parseMySQL(_ *engine.Build, c *conf, _ *engine.Line, a []engine.Word) error {
	c.linger = true
	greeting := answer(mysqlGreeting)
	if len(a) == 0 {
		c.proto = []step{greeting}
		return nil
	}
	if a[0].Text != "user" {
		return diag.Errorf(a[0].Pos, "'option mysql-check' only supports optional values: 'user' (got '%s').", a[0].Text)
	}
	if len(a) < 2 || a[1].Text == "" {
		return diag.Errorf(a[0].Pos, "'option mysql-check user' expects <username> as argument.")
	}
	form := "post-41"
	if len(a) > 2 {
		form = a[2].Text
	}
	user := a[1].Text + "\x00"
	var p string
	switch form {
	case "post-41":
		p = "\x00\x82\x00\x00\x00\x80\x00\x01!" + strings.Repeat("\x00", 23) + user + "\x00"
	case "post-80":
		p = "\x00\x82\x08\x00\x00\x80\x00\x01!" + strings.Repeat("\x00", 23) + user + "\x00mysql_native_password\x00"
	case "pre-41":
		p = "\x00\x80\x00\x00\x01" + user + "\x00"
	default:
		return diag.Errorf(a[2].Pos, "keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got '%s').", form)
	}
	n := len(p)
	p = string([]byte{byte(n), byte(n >> 8), byte(n >> 16), 1}) + p
	c.proto = []step{raw(p + mysqlQuit), greeting, answer(mysqlLogin)} // the login goes out at once
	return nil
}

func mysqlPacket(in []byte) (body []byte, ok bool) {
	if len(in) < 5 {
		return nil, false
	}
	n := int(in[0]) | int(in[1])<<8 | int(in[2])<<16
	if len(in) < 4+n || n == 0 {
		return nil, false
	}
	return in[4 : 4+n], true
}

// cut is the result of a connection that ended before a packet was whole.
func (r *run) cut(in []byte) (*result, bool) {
	if len(in) > 0 {
		return r.bad("L7RSP", -1, "")
	}
	return r.bad("L7RSP", -1, "TCPCHK got an empty response at step "+strconv.Itoa(r.n+1)) // the connection counts
}

func mysqlError(r *run, body []byte) (*result, bool) {
	if len(body) < 3 {
		return r.bad("L7RSP", -1, "")
	}
	return r.bad("L7STS", int(binary.LittleEndian.Uint16(body[1:])), string(bytes.TrimRight(body[3:], "\x00")))
}

func mysqlGreeting(r *run, in []byte, all bool) (*result, bool) {
	body, ok := mysqlPacket(in)
	switch {
	case !ok && all:
		return r.cut(in)
	case !ok:
		return nil, false
	case body[0] == 0xff:
		return mysqlError(r, body)
	}
	r.In = in[4+len(body):] // what follows answers the login
	version, _, _ := bytes.Cut(body[1:], []byte{0})
	return r.noted(string(version))
}

func mysqlLogin(r *run, in []byte, all bool) (*result, bool) {
	body, ok := mysqlPacket(in)
	switch {
	case !ok && all:
		return r.cut(in)
	case !ok:
		return nil, false
	case body[0] == 0xff:
		return mysqlError(r, body)
	}
	return r.noted(r.last.noted)
}

func parsePgSQL(_ *engine.Build, c *conf, l *engine.Line, a []engine.Word) error {
	if len(a) < 2 || a[0].Text != "user" {
		return diag.Errorf(l.Words[1].Pos, "'option pgsql-check' expects 'user <username>' as argument.")
	}
	p := "\x00\x03\x00\x00user\x00" + a[1].Text + "\x00\x00"
	b := binary.BigEndian.AppendUint32(nil, uint32(len(p)+4))
	c.linger = true
	c.proto = []step{raw(append(b, p...)), answer(func(r *run, in []byte, all bool) (*result, bool) {
		if len(in) < 9 && !all {
			return nil, false
		}
		switch {
		case len(in) >= 9 && in[0] == 'R':
			return r.good("L7OK", "PostgreSQL server is ok")
		case len(in) > 6 && in[0] == 'E': // its first field is the severity
			text, _, _ := bytes.Cut(in[6:], []byte{0})
			return r.bad("L7RSP", -1, string(text))
		}
		return r.bad("L7STS", 0, "PostgreSQL unknown error")
	})}
	return nil
}
