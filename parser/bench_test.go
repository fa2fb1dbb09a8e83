package parser

import (
	"fmt"
	"strings"
	"testing"
)

// bigConfig is a file of about n lines as generators write them.
func bigConfig(n int) string {
	var b strings.Builder
	b.WriteString("global\n    maxconn 1000\n    setenv X 1\n\ndefaults\n    mode http\n    timeout client 10s\n\nfrontend main\n    bind :80\n")
	for i := range n / 4 {
		fmt.Fprintf(&b, "    acl host_%d hdr(host) -i host%d.example.com\n    use_backend be_%d if host_%d\n", i, i, i, i)
	}
	for i := range n / 16 {
		fmt.Fprintf(&b, "\nbackend be_%d\n    balance roundrobin\n    option httpchk GET /status\n", i)
		fmt.Fprintf(&b, "    http-request set-header X-Name \"be %d\" if { path_beg /a }\n", i)
		for j := range 4 {
			fmt.Fprintf(&b, "    server s%d 10.0.%d.%d:8080 weight 10 check inter 2s rise 2 fall 3 # node\n", j, i&255, j)
		}
	}
	return b.String()
}

func BenchmarkParse50k(b *testing.B) {
	text := bigConfig(50000)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, list := ParseText("big.cfg", text, Options{Env: NewEnv(nil)}); list.Len() > 0 {
			b.Fatal(list.Items[0])
		}
	}
}
