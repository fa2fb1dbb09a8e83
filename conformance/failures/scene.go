package failures

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// scene is one backend and what its clients do.
type scene struct {
	name    string
	front   []string // lines of its frontend
	lines   []string // lines of its backend
	servers []server
	steps   []step
	expires bool // requests are to expire in queues
	newer   bool // uses words that HAProxy 2.6 does not know
}

type server struct {
	script  []string
	options string
}

// step is one move: a client sends a request, a held request is released, or a
// client hangs up.
type step struct {
	kind   byte // 's' send, 'r' release, 'c' close
	client int
	server int
	method string
	header string
	body   int
}

func (s step) String() string {
	return fmt.Sprintf("%c client %d server %d %s %d %q", s.kind, s.client, s.server, s.method, s.body, s.header)
}

func (s *scene) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.name)
	for _, l := range append(s.front, s.lines...) {
		fmt.Fprintf(&b, "  %s\n", l)
	}
	for i, v := range s.servers {
		fmt.Fprintf(&b, "  server %c %s: %s\n", 'a'+i, v.options, strings.Join(v.script, " "))
	}
	for i, v := range s.steps {
		fmt.Fprintf(&b, "  %d: %v\n", i, v)
	}
	return b.String()
}

// older tells that HAProxy 2.6 knows all words, and does with them what 3.5 does: it
// often does not notice clients that leave, a head
// that breaks off is an empty response to it, and after an empty one to a later
// request it hangs up and logs nothing.
func (s *scene) older() bool {
	lines := strings.Join(s.lines, "\n")
	closes := slices.ContainsFunc(s.steps, func(m step) bool { return m.kind == 'c' })
	half := slices.ContainsFunc(s.servers, func(v server) bool {
		return slices.ContainsFunc(v.script, func(w string) bool { return w == "half" || w == "empty" || w == "reset" })
	})
	return !s.newer && !half && !strings.Contains(lines, " 421") && !strings.Contains(lines, " 429") && !closes
}

// dice makes random scenes.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// script is what a server does; most of them fail at first.
func (d dice) script() []string {
	if d.chance(15) {
		return []string{"refuse"}
	}
	var s []string
	for range d.IntN(4) {
		w := pick(d, "empty", "half", "junk", "reset", "500", "503", "404", "401", "403", "408", "421", "425", "429", "501", "502", "504", "200", "200", "cut", "bye", "stall")
		if w == "stall" && slices.Contains(s, w) {
			w = "504" // one is slow enough
		}
		s = append(s, w)
	}
	return append(s, pick(d, "200", "200", "empty", "503"))
}

var retryWords = []string{"none", "conn-failure", "empty-response", "junk-response", "response-timeout", "0rtt-rejected", "all-retryable-errors",
	"401", "403", "404", "408", "421", "425", "429", "500", "501", "502", "503", "504"}

func (d dice) retryOn() string {
	if d.chance(20) {
		return "all-retryable-errors"
	}
	var w []string
	for range 1 + d.IntN(4) {
		w = append(w, retryWords[1+d.IntN(len(retryWords)-1)])
	}
	return strings.Join(w, " ")
}

// failing is a scene of servers that fail, with one client after the other.
func (d dice) failing(i int) scene {
	s := scene{name: fmt.Sprintf("failing %d", i)}
	add := func(format string, a ...any) { s.lines = append(s.lines, fmt.Sprintf(format, a...)) }
	add("retries %d", d.IntN(5))
	if d.chance(70) {
		add("option redispatch %d", pick(d, 1, 2, 3, -1, -1, -2))
	}
	if d.chance(75) {
		add("retry-on %s", d.retryOn())
	}
	if d.chance(10) {
		add("http-request disable-l7-retry if { req.hdr(no) -m found }")
	}
	if d.chance(10) {
		s.newer = true
		add("http-request set-retries int(%d) if { req.hdr(no) -m found }", d.IntN(4))
	}
	add("http-reuse %s", pick(d, "never", "safe", "safe", "aggressive", "always"))
	fresh := d.chance(60)
	if fresh {
		add("option http-server-close")
	}
	add("balance %s", pick(d, "roundrobin", "roundrobin", "static-rr", "first", "hdr(k)"))
	for n := range 1 + d.IntN(3) {
		v := server{script: d.script()}
		for k, w := range v.script {
			if !fresh && (w == "empty" || w == "reset") { // on a reused connection Hawser asks again
				v.script[k] = "junk"
			}
		}
		if n > 0 && d.chance(20) {
			v.options += " backup"
		}
		s.servers = append(s.servers, v)
	}
	d.cookies(&s)
	for range 3 + d.IntN(5) {
		q := step{kind: 's', client: d.IntN(3), method: pick(d, "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS")}
		if q.method == "POST" || q.method == "PUT" {
			q.body = pick(d, 0, 10, 10, 3000, 40000)
		}
		if d.chance(30) {
			q.header += "no: 1\r\n"
		}
		q.header += fmt.Sprintf("k: %d\r\n", d.IntN(5))
		d.visit(&s, &q)
		s.steps = append(s.steps, q)
	}
	return s
}

// cookies gives the servers of some scenes a cookie.
func (d dice) cookies(s *scene) {
	if !d.chance(35) {
		return
	}
	s.lines = append(s.lines, "cookie SRV insert indirect")
	if d.chance(30) {
		s.lines = append(s.lines, "option persist")
	}
	if d.chance(25) {
		s.lines = append(s.lines, pick(d, "force-persist", "ignore-persist")+" if { req.hdr(no) -m found }")
	}
	for i := range s.servers {
		v := &s.servers[i]
		v.options += fmt.Sprintf(" cookie %c", 'a'+i)
		switch {
		case d.chance(10):
			v.options += " weight 0"
		case d.chance(10):
			v.options += " disabled"
		case v.script[0] == "refuse" && d.chance(70):
			v.options += " check inter 200ms fall 1"
		}
	}
}

// visit gives a request a server's cookie, where servers have cookies.
func (d dice) visit(s *scene, q *step) {
	if strings.Contains(strings.Join(s.lines, "\n"), "cookie SRV") && d.chance(70) {
		q.header += fmt.Sprintf("cookie: SRV=%c\r\n", 'a'+d.IntN(len(s.servers)+1))
	}
}

// waiting is a scene of servers that hold requests, and clients that wait in queues.
func (d dice) waiting(i int) scene {
	s := scene{name: fmt.Sprintf("waiting %d", i)}
	add := func(format string, a ...any) { s.lines = append(s.lines, fmt.Sprintf(format, a...)) }
	if s.expires = d.chance(30); s.expires {
		add("timeout queue 2s")
	} else {
		add("timeout queue 20s")
	}
	add("retries %d", d.IntN(4))
	if d.chance(50) {
		add("option redispatch %d", pick(d, 1, 2, -1))
	}
	if d.chance(30) {
		add("retry-on %s", d.retryOn())
	}
	abort := pick(d, "no ", "") + "option abortonclose"
	s.front = append(s.front, abort) // 2.6 wants it there too
	add("%s", abort)
	if d.chance(50) {
		add("http-request set-priority-class int(-5) if { req.hdr(p) -m str a }")
		add("http-request set-priority-class int(5) if { req.hdr(p) -m str z }")
		add("http-request set-priority-offset int(-20000) if { req.hdr(p) -m str o }")
	}
	add("http-reuse %s", pick(d, "safe", "always", "never"))
	add("balance %s", pick(d, "roundrobin", "first", "hdr(k)", "static-rr"))
	if d.chance(20) {
		add("fullconn %d", 2+d.IntN(4))
	}
	for n := range 1 + d.IntN(2) {
		v := server{script: []string{"hold"}, options: fmt.Sprintf(" maxconn %d", 1+d.IntN(3))}
		switch {
		case d.chance(30):
			v.options += " minconn 1"
		case d.chance(30):
			v.options += fmt.Sprintf(" maxqueue %d", 1+d.IntN(2))
		}
		if n > 0 && d.chance(15) {
			v.options += " backup"
		}
		if n > 0 && d.chance(20) {
			v.script = []string{"refuse"}
		}
		s.servers = append(s.servers, v)
	}
	if d.chance(35) {
		s.lines = append(s.lines, "cookie SRV insert indirect")
		for i := range s.servers {
			s.servers[i].options += fmt.Sprintf(" cookie %c", 'a'+i)
		}
	}
	clients := 4 + d.IntN(5)
	for c := range clients {
		q := step{kind: 's', client: c, method: "GET", header: fmt.Sprintf("k: %d\r\n", d.IntN(5))}
		if d.chance(50) {
			q.header += fmt.Sprintf("p: %c\r\n", pick(d, 'a', 'z', 'o', 'n'))
		}
		d.visit(&s, &q)
		s.steps = append(s.steps, q)
		if !s.expires && d.chance(20) {
			s.steps = append(s.steps, step{kind: 'r', server: d.IntN(len(s.servers))})
		}
		if !s.expires && d.chance(10) {
			s.steps = append(s.steps, step{kind: 'c', client: d.IntN(c + 1)})
		}
	}
	return s
}
