package testbed

import (
	"slices"
	"strings"
	"testing"
)

const original = `global
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin
    log 10.1.1.1 local0
defaults
    mode http
    timeout client 1s
frontend web
    bind *:80,:81 interface eth0
    bind :443 ssl crt a.pem alpn h2
    acl api hdr(host) -i api.example.com "www.example.com"
    acl img path_end .png
    use_backend be if { path_beg /x /y } or api
    default_backend be
backend be
    server s1 10.0.0.1:8080 check port 99 source 10.0.0.2 weight 3 # note
listen raw
    mode tcp
    bind 127.0.0.1:5000 accept-proxy
    server loop 127.0.0.1:443 ssl verify required ca-file c.pem
`

func TestRewrite(t *testing.T) {
	p, err := Rewrite(original, Move{Dir: "/tmp/x", Sink: "127.0.0.1:514",
		Origin: func(be, srv, addr, port string) string { return "127.0.0.1:7777" }})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Fronts) != 4 {
		t.Fatalf("fronts: %+v", p.Fronts)
	}
	web, tls, raw := p.Fronts[0], p.Fronts[2], p.Fronts[3]
	if !web.HTTP || web.TLS || !tls.TLS || raw.HTTP || !raw.PROXY {
		t.Errorf("fronts: %+v", p.Fronts)
	}
	if want := []string{"api.example.com", "www.example.com"}; !slices.Equal(web.Hosts, want) {
		t.Errorf("hosts %q", web.Hosts)
	}
	if want := []string{"/file.png", "/x", "/y"}; !slices.Equal(web.Paths, want) {
		t.Errorf("paths %q", web.Paths)
	}
	for _, want := range []string{
		"stats socket /tmp/x/s1.sock level admin\n", "log 127.0.0.1:514 local0\n", "server s1 127.0.0.1:7777 port 7777 weight 3\n",
		"bind " + web.Addr + "," + p.Fronts[1].Addr + "\n", "server loop " + tls.Addr + " ssl verify none ca-file c.pem\n", "# chroot",
	} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("no %q in\n%s", want, p.Text)
		}
	}
}
