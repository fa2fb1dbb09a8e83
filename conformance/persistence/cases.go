package persistence

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// cases reads backends and requests: B begins a backend with its lines, R is a request
// to it.
func cases(text string) (backends [][]string, requests []string) {
	now := time.Now()
	dates := strings.NewReplacer("{-20m}", date(now.Add(-20*time.Minute)), "{-45m}", date(now.Add(-45*time.Minute)), "{-2h}", date(now.Add(-2*time.Hour)),
		"{+1h}", date(now.Add(time.Hour)), "{+20h}", date(now.Add(20*time.Hour)), "{+48h}", date(now.Add(48*time.Hour)), `\t`, "\t", `\n`, "\r\n")
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch kind {
		case "B":
			backends = append(backends, strings.Split(rest, "##"))
		case "R":
			fields, answer, _ := strings.Cut(dates.Replace(rest), "=>")
			for _, p := range []*string{&fields, &answer} {
				if *p != "" {
					*p += "\r\n"
				}
			}
			answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + answer + "\r\n"
			requests = append(requests, fmt.Sprintf("GET /%d/ HTTP/1.1\r\nHost: x\r\nk: 1\r\n%sx-answer: %s\r\n\r\n", len(backends)-1, fields, base64.StdEncoding.EncodeToString([]byte(answer))))
		}
	}
	return backends, requests
}
