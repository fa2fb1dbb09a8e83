package demo

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	h := (&origin{name: "o1"}).routes()
	for _, c := range []struct {
		name, target string
		status       int
		body         string
	}{
		{"says who it is", "/x?y=1", 200, "This is o1, request 1"},
		{"healthy", "/status", 200, "ok"},
		{"bad toggle", "/demo/fail?on=x", 400, "say on"},
		{"toggle", "/demo/fail?on=1", 200, "failing: true"},
		{"check fails", "/status", 503, "failing"},
		{"answers fail", "/", 500, "request 2"},
		{"too slow", "/demo/delay?time=2h", 400, "at most"},
		{"slow", "/demo/delay?time=1ms", 200, "waits 1ms"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", c.target, nil))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s: %d %q", c.name, w.Code, w.Body)
		}
	}
}
