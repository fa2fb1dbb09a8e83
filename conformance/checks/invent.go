package checks

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// inventor makes scenes by chance, the same from the same seed.
type inventor struct{ *rand.Rand }

// invent makes n scenes of each kind.
func invent(seed uint64, n int) map[string][]*scene {
	v := inventor{rand.New(rand.NewPCG(seed, 1))}
	all := map[string][]*scene{}
	for kind, f := range map[string]func(inventor, *scene){"http": inventor.http, "tcp": inventor.tcp, "protocol": inventor.protocol} {
		v.Rand = rand.New(rand.NewPCG(seed, uint64(len(kind))))
		for i := range n {
			s := &scene{name: fmt.Sprintf("%s %d", kind, i), options: "check inter 1500ms rise 1 fall 1"}
			f(v, s)
			all[kind] = append(all[kind], s)
		}
	}
	return all
}

func (v inventor) one(of ...string) string { return of[v.IntN(len(of))] }

// in is true once in n times.
func (v inventor) in(n int) bool { return v.IntN(n) == 0 }

func (s *scene) add(format string, a ...any) { s.lines = append(s.lines, fmt.Sprintf(format, a...)) }

func quoted(parts ...string) string { return strconv.Quote(strings.Join(parts, "")) }

// prelude are the rules that may stand before any other.
func (v inventor) prelude(s *scene, rule string) {
	if v.in(6) {
		s.add("%s set-var(%s) %s", rule, v.one("check.x", "proc.y", "check.x,ifnotset", "check.x,ifexists"), v.one("int(7)", "str(abc)", "str(),lower", "srv_name", "be_name", "nbsrv"))
	}
	if v.in(8) {
		s.add("%s set-var-fmt(check.x) \"%s\"", rule, v.one("%[str(a)]-b", "6869", "%[srv_name]", "%[var(check.none)]"))
	}
	if v.in(12) {
		s.add("%s unset-var(check.x)", rule)
	}
	if v.in(8) {
		s.add("%s comment \"%s\"", rule, v.one("remark", "two words"))
	}
}

func (v inventor) connect(s *scene, rule string) {
	line, tls := rule+" connect", false
	for range v.IntN(3) {
		switch v.IntN(9) {
		case 0:
			line += " default"
		case 1:
			line += " port " + v.one("PORT2", "PORT2", "PORT1", "DEADPORT", "int(PORT2)")
		case 2:
			line += " addr " + v.one("PLACE", "PLACE:PORT2")
		case 3:
			line += " send-proxy"
		case 4:
			if !tls {
				line += v.one(" ssl", " ssl sni a.test", " ssl alpn x/1", " ssl alpn http/1.1 sni b.test")
			}
			tls = true
		case 5, 6:
			line += " linger"
		case 7:
			line += " comment \"opened\""
		}
	}
	s.lines = append(s.lines, line)
}

// options are those of every expect rule.
func (v inventor) options(tcp bool) string {
	line := ""
	if v.in(5) {
		line += " min-recv " + v.one("-1", "0", "1", "4", "12", "100")
	}
	if v.in(7) {
		line += " comment \"" + v.one("expected", "more words") + "\""
	}
	if v.in(6) {
		line += " ok-status " + v.one("L7OK", "L7OKC", "L6OK", "L4OK")
	}
	if v.in(6) {
		line += " error-status " + v.one("L7OKC", "L7RSP", "L7STS", "L6RSP", "L4CON")
	}
	if v.in(6) {
		line += " tout-status " + v.one("L7TOUT", "L6TOUT", "L4TOUT")
	}
	said := []string{"all well", "name %[srv_name]", "%[var(check.x)]", "%[var(check.none)]"}
	code := []string{"int(42)", "var(check.x)", "str(7)", "str(x)"}
	if tcp {
		said, code = append(said, "%[res.payload(0,3)]", "%[res.len]"), append(code, "res.payload(0,2)", "res.len")
	} else {
		said, code = append(said, "%[status]", "%[res.hdr(x-a)]"), append(code, "status", "res.hdr(x-n)", "res.body_len")
	}
	if v.in(6) {
		line += " on-success \"" + v.one(said...) + "\""
	}
	if v.in(6) {
		line += " on-error \"" + v.one(said...) + "\""
	}
	if v.in(7) {
		line += " status-code \"" + v.one(code...) + "\""
	}
	return line
}

func (v inventor) http(s *scene) {
	s.add("option httpchk%s", v.one("", "", " /one", " HEAD /two", " GET /three HTTP/1.1", " GET /four HTTP/1.1 www.test", " PUT /five HTTP/1.0"))
	for _, l := range []string{"http-check disable-on-404", "http-check send-state", "option log-health-checks"} {
		if v.in(4) {
			s.lines = append(s.lines, l)
		}
	}
	connects := v.in(3)
	for range 1 + v.IntN(5)/4 {
		v.prelude(s, "http-check")
		if connects {
			v.connect(s, "http-check")
		}
		for range 2 {
			s.acts = append(s.acts, v.answer())
		}
		if connects || v.in(2) {
			v.prelude(s, "http-check")
			v.request(s)
		}
		for range v.IntN(3) {
			v.prelude(s, "http-check")
			v.expectHTTP(s)
		}
		if !connects {
			break
		}
	}
}

func (v inventor) request(s *scene) {
	line := "http-check send"
	if v.in(2) {
		line += " meth " + v.one("GET", "POST", "HEAD", "OPTIONS", "CUSTOM")
	}
	if v.in(2) {
		line += v.one(" uri /sent", " uri-lf \"/lf?%[srv_name]\"", " uri /a?b=c", " uri-lf \"/%[var(check.x)]\"")
	}
	if v.in(2) {
		line += " ver " + v.one("HTTP/1.0", "HTTP/1.1", "1.1", "HTTP/2.0")
	}
	for range v.IntN(4) {
		line += " hdr " + v.one("Host www.sent", "X-One \"%[be_name]\"", "x-two \"a b\"", "Content-Length 99", "Connection keep-alive", "Transfer-Encoding chunked", "X-Empty \"%[var(check.none)]\"", "X-Var \"%[var(check.x)]\"", "User-Agent check")
	}
	if v.in(3) {
		line += v.one(" body \"text of it\"", " body-lf \"%[srv_name] %[be_name]\"", " body-lf \"%[var(check.x)]\"")
	}
	if v.in(6) {
		line += " comment \"asked\""
	}
	s.lines = append(s.lines, line)
}

func (v inventor) expectHTTP(s *scene) {
	not := v.one("", "", "", "!", "! ")
	header := func() string {
		m := v.one("", " -m str", " -m beg", " -m end", " -m sub", " -m reg")
		h := " name" + m + " " + v.one("x-a", "X-A", "x-n", "x-missing", "content-length")
		if v.in(2) {
			h = " name-lf" + strings.Replace(m, " -m reg", "", 1) + " \"" + v.one("x-%[str(a)]", "%[str(x-n)]") + "\""
		}
		if v.in(2) {
			m = v.one("", " -m str", " -m beg", " -m end", " -m sub", " -m reg")
			h += " value" + m + " " + v.one("v1", "a", "b,c", "5", "V1", "\"a, b\"", "1")
		} else if v.in(4) {
			h += " value-lf \"" + v.one("v%[int(1)]", "%[str(a)]") + "\""
		}
		return h
	}
	kind := ""
	switch v.IntN(7) {
	case 0:
		kind = "status " + v.one("200", "200-299", "200,204,301-404", "500", "100-199", "404")
	case 1:
		kind = "rstatus " + v.one("^2", "^[45]", "0$", "2[0-9]{2}")
	case 2:
		kind = "string " + v.one("hello", "world", "missing", "lo\\ wo", "HELLO")
	case 3:
		kind = "rstring " + v.one("h.*d$", "^hello", "[0-9]+", "^$", "w(or)ld")
	case 4:
		kind = "string-lf \"" + v.one("hel%[str(lo)]", "%[var(check.x)]", "%[status]", "nothing %[int(3)]") + "\""
	case 5:
		kind = "hdr" + header()
	case 6:
		kind = "fhdr" + header()
	}
	s.add("http-check expect%s %s%s", v.options(false), not, kind)
}

// answer is what an HTTP server does on a connection.
func (v inventor) answer() string {
	status := v.one("200 OK", "200 OK", "200 OK", "204 No Content", "301 Moved", "404 Not Found", "500 Broken Down", "503", "201 ")
	hdr := v.one("", "X-A: v1\r\n", "x-a: a, b\r\nX-A: b,c\r\n", "X-N: 5\r\nX-A:\r\n", "X-N: 12 \r\n")
	body := v.one("hello world", "hello world 42\n", "", "a longer hello to the whole of the world, 1234567890")
	version := v.one("HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.0 ")
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	if strings.HasPrefix(status, "204") {
		length, body = "", ""
	}
	head := version + status + "\r\n" + hdr
	switch v.IntN(22) {
	default:
		return "head " + quoted(head, length, "\r\n", body)
	case 0:
		return "head " + quoted(head, length, "\r\n", body) + " fin"
	case 1:
		return "head " + quoted(head, length, "\r\n") + " wait " + quoted(body)
	case 2:
		return "head " + quoted(head, "\r\n", body) + " fin"
	case 3:
		return "head " + quoted(head, "\r\n", body)
	case 4:
		return "head " + quoted(head) + " wait " + quoted(length, "\r\n", body)
	case 5:
		return "head " + quoted("HTTP/1.1 ", strings.TrimSpace(status)+"\r\n", "Transfer-Encoding: chunked\r\n", hdr, "\r\n6\r\nhello \r\n") + " wait " + quoted("5\r\nworld\r\n0\r\n\r\n")
	case 6:
		return "head " + quoted("HTTP/1.1 100 Continue\r\n\r\n", head, length, "\r\n", body)
	case 7:
		return v.one("close", "head wait rst", "head fin", "fin", "head", "")
	case 8:
		return "head " + quoted(head) + v.one(" fin", " wait rst", "")
	case 9:
		return "head " + quoted(head, "Content-Length: 100\r\n\r\n", body) + v.one(" fin", " wait rst", "")
	case 10:
		return "head " + quoted(v.one("garbage\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 2000 X\r\n\r\n", "HTTP/1.1 abc X\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
			"HTTP/1.1 200 OK\r\nnocolon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", "HTTP/1.1 99 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n")) + v.one("", " fin")
	case 11:
		return "head " + quoted(strings.ReplaceAll(head+length+"\r\n", "\r", ""), body)
	}
}

func (v inventor) tcp(s *scene) {
	s.add("option tcp-check")
	if v.in(4) {
		s.add("option log-health-checks")
	}
	connects := v.in(2)
	for range 1 + v.IntN(4)/3 {
		v.prelude(s, "tcp-check")
		if connects {
			v.connect(s, "tcp-check")
		}
		for range 2 {
			s.acts = append(s.acts, v.speech())
		}
		for range v.IntN(5) {
			v.prelude(s, "tcp-check")
			if v.in(2) {
				s.add("tcp-check %s%s", v.one("send \"hi\\r\\n\"", "send-lf \"%[srv_name]\\r\\n\"", "send-binary 68690d0a", "send-binary-lf \"68%[str(69)]0a\"", "send-lf \"%[var(check.x)]\\n\"", "send-binary-lf \"%[var(check.x)]\"", "send PING\\r\\n"), v.one("", "", "", " comment \"told\""))
				continue
			}
			v.expectTCP(s)
		}
		if !connects {
			break
		}
	}
}

func (v inventor) expectTCP(s *scene) {
	kind := v.one("string +OK", "string hello", "string \"lo wor\"", "string missing", "rstring ^hel+o", "rstring [0-9]+", "rstring d$", "binary 68656c", "binary 0001", "binary FF", "rbinary ^6865", "rbinary 00FF", "rbinary (0D0A)$",
		"string-lf \"hel%[str(lo)]\"", "string-lf \"%[var(check.x)]\"", "binary-lf \"68%[str(65)]\"", "binary-lf \"%[var(check.x)]\"")
	s.add("tcp-check expect%s %s%s", v.options(true), v.one("", "", "", "!", "! "), kind)
}

// speech is what a TCP server does on a connection.
func (v inventor) speech() string {
	said := func() string {
		return quoted(v.one("+OK ready\r\n", "hello world\r\n", "he", "llo 42", "\x00\x01\xff\x00", "-ERR no\r\n", "h", "x", "+PONG\r\n", "hello"))
	}
	var words []string
	if v.in(2) {
		words = append(words, said())
	}
	for range v.IntN(3) {
		words = append(words, v.one("line", "line", "2", "wait"), said())
	}
	if v.in(2) {
		words = append(words, v.one("fin", "wait rst", "wait close", "line fin", "line wait rst"))
	}
	return strings.Join(words, " ")
}

func (v inventor) protocol(s *scene) {
	p := protocols[v.IntN(len(protocols))]
	s.add("option %s", p.options[v.IntN(len(p.options))])
	if v.in(4) {
		s.add("option log-health-checks")
	}
	for range 2 {
		act := ""
		for _, answers := range p.answers {
			if v.in(8) {
				act += " wait"
			}
			if v.in(8) {
				act += " " + v.one("fin", "wait rst", "wait close", quoted("junk\r\n"), quoted("\x00"))
				break
			}
			a := answers[v.IntN(len(answers))]
			words := split(a)
			if last := len(words) - 1; last >= 0 && words[last][0] == '"' && v.in(6) { // in two halves, or one of them
				text, _ := strconv.Unquote(words[last])
				n := v.IntN(len(text))
				words[last] = quoted(text[:n]) + v.one(" wait "+quoted(text[n:]), " fin", "")
				a = strings.Join(words, " ")
			}
			act += " " + a
		}
		s.acts = append(s.acts, strings.TrimSpace(act))
	}
}

// protocols are the fixed dialogues, with what servers may say at each turn.
var protocols = []struct {
	options []string
	answers [][]string
}{
	{[]string{"redis-check"}, [][]string{{`14 "+PONG\r\n"`, `14 "+PONG\r\n"`, `14 "-NOAUTH Authentication required.\r\n"`, `14 "-ERR x\r\n"`, `14 "PONG\r\n"`, `14 "+PONG"`}}},
	{[]string{"smtpchk", "smtpchk EHLO a.test", "smtpchk HELO b.test", "smtpchk XYZ c.test"}, [][]string{
		{`"220 here ESMTP\r\n"`, `"220-here\r\n220 ready\r\n"`, `"554 no\r\n"`, `"220\r\n"`, `"hello\r\n"`, `"2200 x\r\n"`},
		{`line "250 fine\r\n"`, `line "250-a\r\n250-b\r\n250 c\r\n"`, `line "500 what\r\n"`, `line "250\r\n"`},
		{`line "221 bye\r\n" fin`, ``}}},
	{[]string{"ldap-check"}, [][]string{{`14 "0\f\x02\x01\x01a\a\n\x01\x00\x04\x00\x04\x00"`, `14 "0\f\x02\x01\x01a\a\n\x01\x31\x04\x00\x04\x00"`, `14 "0\f\x02\x01\x02a\a\n\x01\x00\x04\x00\x04\x00"`,
		`14 "0\x84\x00\x00\x00\x10\x02\x01\x01a\x84\x00\x00\x00\x07\n\x01\x00\x04\x00\x04\x00"`, `14 "1\f\x02\x01\x01a\a\n\x01\x00\x04\x00\x04\x00"`}}},
	{[]string{"mysql-check", "mysql-check user u", "mysql-check user u post-41", "mysql-check user u pre-41"}, [][]string{
		{`"J\x00\x00\x00\n5.5.5-10.6\x00\x01\x00\x00\x00abcdefgh\x00\xfe\xf7\x08\x02\x00\xff\x81\x15\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00ijklmnopqrst\x00mysql_native_pass\x00"`, `"E\x00\x00\x00\xff\x69\x04Host is blocked because of many connection errors; unblock it\x00\x00\x00\x00\x00\x00\x00"`, `"\x10\x00\x00\x00\xff\x10\x04Too many conn"`, `"\x05\x00\x00\x00\n5.0\x00"`},
		{`4 "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"`, `4 "\x10\x00\x00\x02\xff\x15\x04#28000Access"`, `4 "\x01\x00\x00\x02\xfe"`, ``}}},
	{[]string{"pgsql-check user u", "pgsql-check user postgres"}, [][]string{{`8 "R\x00\x00\x00\x08\x00\x00\x00\x00"`, `8 "R\x00\x00\x00\x0c\x00\x00\x00\x05abcd"`, `8 "E\x00\x00\x00\x10SFATAL\x00C28000\x00\x00"`, `8 "N"`, `8 "EFATAL: bad\x00"`}}},
	{[]string{"ssl-hello-chk"}, [][]string{{`10 "\x16\x03\x00\x00\x2a\x02\x00\x00\x26"`, `10 "\x15\x03\x01\x00\x02\x02\x28"`, `10 "\x16"`, `10 "HTTP/1.0 400 Bad\r\n\r\n"`}}},
	{[]string{"tcp-check"}, [][]string{{``, `"hi"`}}},
	{[]string{"spop-check"}, [][]string{{`4 "\x00\x00\x00\x05\x66\x00\x00\x00\x01"`, `4 "\x00\x00\x00\x05\x65\x00\x00\x00\x01"`, `4 "junkjunk"`}}},
}
