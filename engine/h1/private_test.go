package h1

import (
	"testing"

	"hawser/engine/htx"
)

func TestAuthenticatesConnection(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		value  string
		want   bool
	}{
		{401, "www-authenticate", "NTLM", true},
		{401, "www-authenticate", "ntlm TlRMTVNT", true},
		{401, "www-authenticate", "Negotiate", true},
		{401, "www-authenticate", "Basic realm=x, Negotiate", true},
		{401, "www-authenticate", "Basic realm=x,NTLM", true},
		{401, "www-authenticate", `Basic realm="NTLM"`, false},
		{401, "www-authenticate", `Basic realm="x, NTLM"`, false},
		{401, "www-authenticate", "Basic realm=x", false},
		{401, "www-authenticate", "xNTLM", false},
		{401, "www-authenticate", "NTL", false},
		{401, "www-authenticate", "", false},
		{401, "proxy-authenticate", "NTLM", false},
		{407, "proxy-authenticate", "NTLM", true},
		{407, "www-authenticate", "NTLM", false},
	} {
		m := &htx.Msg{}
		m.StartResponse(c.status, "")
		m.AddStr("www-authenticate", "Basic")
		m.AddStr(c.header, c.value)
		if got := authenticatesConnection(m); got != c.want {
			t.Errorf("%d %s: %s: %v", c.status, c.header, c.value, got)
		}
	}
}
