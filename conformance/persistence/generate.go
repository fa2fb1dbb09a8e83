package persistence

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// pick returns one of list.
func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// backend writes the lines of a random backend about its cookie.
func backend(r *rand.Rand) (lines []string) {
	mode := pick(r, "insert", "insert", "insert", "rewrite", "prefix", "")
	words := []string{"cookie SRV", mode}
	maybe := func(word string, oneIn int) {
		if r.IntN(oneIn) == 0 {
			words = append(words, word)
		}
	}
	if mode == "insert" {
		maybe("indirect", 2)
		maybe("preserve", 4)
		maybe("maxidle 30m", 4)
		maybe("maxlife 1h", 4)
	}
	if mode == "prefix" {
		maybe("indirect", 4)
	}
	maybe("nocache", 3)
	maybe("postonly", 5)
	maybe("httponly", 5)
	maybe("secure", 5)
	maybe("domain .a.example", 6)
	maybe("domain .b.example", 8)
	maybe("attr SameSite=None", 6)
	maybe("attr Priority=High", 10)
	if mode != "prefix" && r.IntN(6) == 0 {
		words = append(words, "dynamic")
		lines = append(lines, "dynamic-cookie-key secret")
	}
	lines = append(lines, strings.Join(words, " "))
	for _, l := range []string{"option persist", "option redispatch", "no option redispatch", "force-persist if { hdr(x-force) 1 }", "ignore-persist if { hdr(x-ignore) 1 }",
		"use-server b if { hdr(x-use) b }", "use-server c if { hdr(x-use) b }", "use-server e if { hdr(x-use) b }", "option allbackups", "option httpclose", "option http-server-close",
		"http-response del-header set-cookie if { hdr(x-drop) 1 }"} {
		if r.IntN(4) == 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// date is a second as the cookies of maxidle and maxlife have it.
func date(t time.Time) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	v := uint32((t.Unix() + 3) >> 2)
	out := ""
	for sh := 24; sh >= 0; sh -= 6 {
		out += string(digits[v>>sh&63])
	}
	return out
}

// value is a random value of the cookie.
func value(r *rand.Rand) string {
	now := time.Now()
	when := func() string {
		return pick(r, date(now.Add(30*time.Minute)), date(now.Add(-20*time.Minute)), date(now.Add(-45*time.Minute)), date(now.Add(-2*time.Hour)), date(now.Add(time.Hour)), date(now.Add(48*time.Hour)), "", "x", "!!!!!", "AAAAA")
	}
	name := pick(r, "A", "A", "B", "C", "D", "E", "K", "Z", "", "a", "AA")
	switch r.IntN(14) {
	case 0:
		return name + "|" + when()
	case 1:
		return name + "|" + when() + "|" + when()
	case 2:
		return name + "~" + pick(r, "x", "", "y~z", `"q"`)
	case 3:
		return `"` + name + `"`
	case 4:
		return name + pick(r, " ", "  x", "\t", "=x", "|", "~", "/", "x")
	case 5:
		return pick(r, " ", "  ", "\t") + name
	case 6:
		return name + "~" + name + "|" + when()
	}
	return name
}

// cookies is a random Cookie line, or several.
func cookies(r *rand.Rand) string {
	one := func() string {
		switch r.IntN(12) {
		case 0:
			return pick(r, "SRV", "SRV=", "=A", "", "=", " ", "SRV =A", "srv=A")
		case 1:
			return pick(r, "SRVX=A", "XSRV=A", "$SRV=A", "$Version=1", "$Path=/", "$Domain=x", `v="a;SRV=B;b"`, `"SRV=B"`, `v="`, "v=a b")
		case 2, 3, 4:
			return pick(r, "other=1", "a=b", "sess=xyz", "t=SRV=A")
		}
		return pick(r, "SRV=", "SRV=", "SRV=", "SRV=", "SRV =", " SRV=") + value(r)
	}
	line := func() string {
		n := 1 + r.IntN(4)
		parts := make([]string, n)
		for i := range parts {
			parts[i] = one()
		}
		return pick(r, "Cookie: ", "Cookie: ", "Cookie:", "cookie:  ") + strings.Join(parts, pick(r, "; ", "; ", ";", ", ", " ; ", ";;", ",")) + pick(r, "", "", "", ";", " ", "; ") + "\r\n"
	}
	switch r.IntN(8) {
	case 0:
		return ""
	case 1:
		return line() + line()
	case 2:
		return line() + "X-Between: 1\r\n" + line()
	}
	return line()
}

// answer is a random answer of a server.
func answer(r *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %s\r\nContent-Length: 0\r\n", pick(r, "200 OK", "200 OK", "200 OK", "302 Found", "404 Not Found", "500 No", "304 Not Modified"))
	for range r.IntN(4) {
		switch r.IntN(3) {
		case 0:
			b.WriteString(pick(r, "Cache-Control: no-cache\r\n", "Cache-Control: public\r\n", "Cache-Control: private, max-age=1\r\n", "Cache-Control: no-store\r\n", "Cache-Control: max-age=5\r\n", "Pragma: no-cache\r\n",
				"Cache-Control: no-cache=\"set-cookie\"\r\n", "Expires: 0\r\n"))
		default:
			b.WriteString(pick(r, "Set-Cookie: ", "Set-Cookie:", "set-cookie: ", "Set-Cookie: ") + setCookie(r) + "\r\n")
		}
	}
	return b.String() + "\r\n"
}

func setCookie(r *rand.Rand) string {
	return pick(r, "SRV=", "SRV=", "SRV=", "SRV=", "SRV =", " SRV=", "SRV= ", "other=", "SRVX=", "SRV", "") +
		pick(r, "orig", "orig", "A", "", `"q"`, `"q;r"`, "a b", "x=y", "one, SRV=two", "one, other=two", "A~x") +
		pick(r, "", "", "; path=/", ";path=/;HttpOnly", "; Expires=Wed, 21 Oct 2037 07:28:00 GMT", " ; secure", ";", ", SRV=three; path=/")
}

// request writes a random request for the backend.
func request(r *rand.Rand, backend int) string {
	var b strings.Builder
	method := pick(r, "GET", "GET", "GET", "POST", "HEAD", "PUT")
	fmt.Fprintf(&b, "%s /%d/ HTTP/1.1\r\nHost: x\r\nk: %d\r\n", method, backend, r.IntN(40))
	if method == "POST" {
		b.WriteString("Content-Length: 0\r\n")
	}
	for _, h := range []string{"x-force: 1", "x-ignore: 1", "x-use: b", "x-drop: 1"} {
		if r.IntN(8) == 0 {
			b.WriteString(h + "\r\n")
		}
	}
	b.WriteString(cookies(r))
	b.WriteString("x-answer: " + base64.StdEncoding.EncodeToString([]byte(answer(r))) + "\r\n")
	return b.String() + "\r\n"
}
