package tls_test

import (
	"crypto/tls"
	"encoding/base64"
	"strings"
	"testing"
)

// Lists of signature algorithms are OpenSSL's: names twice or unknown are refused.
func TestSignatureAlgorithms(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	for list, ok := range map[string]bool{"ECDSA+SHA256": true, "ed448:ecdsa_secp256r1_sha256": true, "RSA+SHA256:PSS+SHA384": false, "ed448": false} {
		if _, _, err := shake(t, bind(t, "", "crt "+a+" sigalgs "+list), &tls.Config{}); (err == nil) != ok {
			t.Errorf("%s: %v", list, err)
		}
	}
	for _, list := range []string{"bad", "RSA+SHA256:bad", "RSA+SHA256:RSA+SHA256", "rsa+sha256", "RSA+MD5", "?foo:RSA+SHA256"} {
		for options, want := range map[string]string{"sigalgs": "unable to set SSL Signature Algorithm list to '" + list + "' for bind", "client-sigalgs": "unable to set SSL Signature Algorithm list to '" + list + "' for bind"} {
			if got := complaints(t, "frontend f\n bind :1 ssl crt "+a+" "+options+" "+list+"\n"); !strings.Contains(got, want) {
				t.Errorf("bind %s %s: %s", options, list, got)
			}
		}
		for options, want := range map[string]string{"sigalgs": "unable to set SSL Signature Algorithm list", "client-sigalgs": "unable to set SSL Client Signature Algorithm list"} {
			if got := complaints(t, "backend b\n server s 127.0.0.1:1 ssl verify none "+options+" "+list+"\n"); !strings.Contains(got, want+" to '"+list+"' for server 's'") {
				t.Errorf("server %s %s: %s", options, list, got)
			}
		}
	}
}

// complaints are the sentences about a configuration.
func complaints(t *testing.T, text string) string {
	t.Helper()
	var all strings.Builder
	for _, d := range load(t, text).Diags.Items {
		all.WriteString(d.Message + "\n")
	}
	return all.String()
}

// What is wrong with a file of ticket keys is said with its line.
func TestTicketKeys(t *testing.T) {
	s := newShop(t)
	a := s.issue("a.pem", false, "a.example")
	line := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) + "\n" }
	for text, want := range map[string]string{
		line(80) + line(80) + line(80):                  "",
		line(48) + line(48) + line(48):                  "",
		line(48) + line(48):                             "please supply at least 3 keys in the tls-tickets-file",
		line(80) + line(48) + line(80):                  "wrong sized key on line 2",
		line(80) + "\n" + line(80):                      "wrong sized key on line 2",
		line(80) + line(80) + "#" + line(80) + line(80): "unable to decode base64 key on line 3",
		line(81) + line(80) + line(80):                  "unable to decode base64 key on line 1",
	} {
		f := s.write("keys", []byte(text))
		got := complaints(t, "frontend f\n bind :1 ssl crt "+a+" tls-ticket-keys "+f+"\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := complaints(t, "frontend f\n bind :1 ssl crt "+a+" tls-ticket-keys /nonexistent\n"); !strings.Contains(got, "'/nonexistent' : unable to load ssl tickets keys file") {
		t.Error(got)
	}
}
