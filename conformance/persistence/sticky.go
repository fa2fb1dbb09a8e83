package persistence

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// sticky writes the lines of a random backend with a stick table.
func sticky(r *rand.Rand) []string {
	lines := []string{"stick-table type " + pick(r, "ip", "ipv6", "integer", "string", "string len 4", "binary", "binary len 3", "string len 100") + " size 100" +
		pick(r, "", " expire 1h", " nopurge", " store conn_cur", " store http_req_cnt,gpc0 expire 1h")}
	integer := strings.Contains(lines[0], "integer") // has no addresses
	condition := func() string {
		return pick(r, "", "", "", " if { hdr(x-if) 1 }", " unless { hdr(x-if) 1 }")
	}
	request := func() string {
		if !integer && r.IntN(4) == 0 {
			return pick(r, "req.hdr_ip(x-ip)", "src")
		}
		return pick(r, "req.hdr(x-key)", "req.hdr(x-key),lower", "req.cook(S)", "req.hdr(x-key),word(1,-)", "url_param(id)", "req.hdr(x-key),crc32", "req.hdr_val(x-n)", "req.hdr(x-key),hex")
	}
	for range 1 + r.IntN(3) {
		switch r.IntN(6) {
		case 0:
			lines = append(lines, "stick match "+request()+condition())
		case 1:
			lines = append(lines, "stick store-request "+request()+condition())
		case 2:
			lines = append(lines, "stick store-response "+pick(r, "res.hdr(x-key)", "res.cook(S)", "status", "res.hdr(x-key),lower")+pick(r, "", "", " if { res.hdr(x-if) 1 }"))
		default:
			lines = append(lines, "stick on "+request()+condition())
		}
	}
	for _, l := range []string{"option persist", "force-persist if { hdr(x-force) 1 }", "ignore-persist if { hdr(x-ignore) 1 }", "use-server b if { hdr(x-use) b }",
		"use-server c if { hdr(x-use) c }", "cookie SRV insert indirect", "cookie SRV rewrite", "http-request track-sc0 req.hdr(x-key)"} {
		if r.IntN(5) == 0 && !(strings.HasPrefix(l, "cookie") && strings.Contains(strings.Join(lines, "\n"), "cookie SRV")) {
			lines = append(lines, l)
		}
	}
	return lines
}

// stickyRequest writes a random request with keys; empty: with empty ones, too, which
// HAProxy 2.6 keeps out of fewer tables.
func stickyRequest(r *rand.Rand, backend int, empty bool) string {
	key := func() string {
		k := pick(r, "alpha", "beta", "Alpha", "a-b", "7", "42", "10.1.2.3", "::1", "gamma-delta-epsilon-zeta", "", "4294967296", "-5")
		if k == "" && !empty {
			k = "zeta"
		}
		return k
	}
	answer := "HTTP/1.1 " + pick(r, "200 OK", "404 No", "302 Found") + "\r\nContent-Length: 0\r\n"
	for _, f := range []string{"x-key: " + key(), "x-ip: " + pick(r, "10.9.8.7", "fe80::1", "nonsense"), "x-if: 1", "Set-Cookie: S=" + key() + "; path=/", "Set-Cookie: SRV=x"} {
		if r.IntN(3) == 0 {
			answer += f + "\r\n"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "GET /%d/?id=%s HTTP/1.1\r\nHost: x\r\nk: %d\r\n", backend, key(), r.IntN(40))
	for _, f := range []string{"x-key: " + key(), "x-key: " + key(), "x-ip: " + pick(r, "10.9.8.7", "10.9.8.8", "fe80::1", "2001:db8::5", "::ffff:10.9.8.7", "nonsense"), "x-n: " + pick(r, "1", "70000", "-3", "x"),
		"x-if: 1", "Cookie: S=" + key(), "Cookie: SRV=" + pick(r, "A", "B", "D", "E", "Z")} {
		if r.IntN(2) == 0 {
			b.WriteString(f + "\r\n")
		}
	}
	for _, f := range []string{"x-force: 1", "x-ignore: 1", "x-use: b", "x-use: c"} {
		if r.IntN(6) == 0 {
			b.WriteString(f + "\r\n")
		}
	}
	return b.String() + "x-answer: " + base64.StdEncoding.EncodeToString([]byte(answer+"\r\n")) + "\r\n\r\n"
}
