package keyword

import (
	"strings"
	"testing"

	"hawser/engine"
	"hawser/engine/htx"
	"hawser/engine/rx"
)

func request(target string, fields ...string) *htx.Msg {
	m := &htx.Msg{}
	m.StartRequest("GET", target)
	for i := 0; i+1 < len(fields); i += 2 {
		m.AddStr(fields[i], fields[i+1])
	}
	return m
}

func dump(m *htx.Msg) string {
	s := string(m.Bytes(m.Method)) + " " + string(m.Bytes(m.Target))
	for i := m.NextAny(0); i >= 0; i = m.NextAny(i + 1) {
		s += "|" + string(m.Name(i)) + ": " + string(m.Value(i))
	}
	return s
}

// TestLegacyLines applies what HAProxy 1.x had for headers.
func TestLegacyLines(t *testing.T) {
	tests := []struct {
		name, search, with string
		nocase             bool
		do                 legacyDo
		want               string
	}{
		{"the target", `^([^ :]*) /static/(.*)`, `\1 /\2`, false, doReplace, "GET /a?b|host: h|x-a: 1|x-b: 2"},
		{"a value", `^Host: (.*)`, `Host: www.\1`, false, doReplace, "GET /static/a?b|x-a: 1|x-b: 2|host: www.h"},
		{"a name", `^x-a: (.*)`, `X-C: \1`, true, doReplace, "GET /static/a?b|host: h|x-b: 2|x-c: 1"},
		{"deleted", `^X-[AB]:`, "", false, doDelete, "GET /static/a?b|host: h"},
		{"no match", `^x-a:`, "", false, doDelete, "GET /static/a?b|host: h|x-a: 1|x-b: 2"},
		{"a line that is none is left", `^GET .*`, `nonsense`, false, doReplace, "GET /static/a?b|host: h|x-a: 1|x-b: 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			re, err := rx.Compile(tt.search, tt.nocase)
			if err != nil {
				t.Fatal(err)
			}
			m := request("/static/a?b", "host", "h", "x-a", "1", "x-b", "2")
			l := legacyLine{re: re, do: tt.do, with: tt.with}
			l.apply(nil, engine.Req, m)
			if got := sorted(dump(m)); got != sorted(tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// sorted forgets the place of a field that was replaced.
func sorted(s string) string {
	parts := strings.Split(s, "|")
	for i := range parts[1:] {
		for j := i + 2; j < len(parts); j++ {
			if parts[j] < parts[i+1] {
				parts[i+1], parts[j] = parts[j], parts[i+1]
			}
		}
	}
	return strings.Join(parts, "|")
}

func TestRawReply(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"as usual", "HTTP/1.0 503 Oops\r\nCache-Control: no-cache\r\nContent-Type: text/html\r\n\r\n<html>", "503 Oops|cache-control: no-cache|content-type: text/html"},
		{"line feeds alone", "HTTP/1.0 403 No\nA: b\n\nxy", "403 No|a: b"},
		{"no body", "HTTP/1.1 204 Nothing\r\n\r\n", "204 Nothing"},
		{"wrong length", "HTTP/1.0 503 Oops\r\nContent-Length: 7\r\n\r\nabc", "error"},
		{"no status line", "<html>\n\n", "error"},
		{"chunked", "HTTP/1.1 503 Oops\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "error"},
	}
	for _, tt := range tests {
		r, err := rawReply([]byte(tt.file), 503)
		got := "error"
		if err == nil {
			h := &r.Raw.Head
			got = itoa(h.Status) + " " + string(h.Bytes(h.Reason))
			for i := h.NextAny(0); i >= 0; i = h.NextAny(i + 1) {
				got += "|" + string(h.Name(i)) + ": " + string(h.Value(i))
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if r, err := rawReply(nil, 503); err != nil || !r.Silent {
		t.Error("an empty file does not close silently")
	}
}

func FuzzRawReply(f *testing.F) {
	f.Add([]byte("HTTP/1.0 503 Oops\r\nA: b\r\n\r\nbody"))
	f.Add([]byte("HTTP/1.0 503\n\n"))
	f.Add([]byte("\r\n\r\n:"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := rawReply(data, 503); err == nil && !r.Silent && (r.Status < 100 || r.Status > 999) {
			t.Errorf("status %d", r.Status)
		}
	})
}

func TestEditCodes(t *testing.T) {
	tests := []struct {
		text    string
		has     []int
		hasNot  []int
		refused bool
	}{
		{"400-402", []int{400, 402}, []int{403, 500}, false},
		{"+501,-500", []int{501, 503}, []int{500}, false},
		{"404,410", []int{404, 410}, []int{405, 503}, false},
		{"4x", nil, nil, true},
		{"99", nil, nil, true},
		{"500-400", nil, nil, true},
	}
	for _, tt := range tests {
		var set engine.CodeSet
		set.Add(500)
		set.Add(503)
		err := editCodes(&set, engine.Word{Text: tt.text}, "http-err-codes")
		if (err != nil) != tt.refused {
			t.Errorf("%s: %v", tt.text, err)
		}
		for _, c := range tt.has {
			if !set.Has(c) {
				t.Errorf("%s: %d is missing", tt.text, c)
			}
		}
		for _, c := range tt.hasNot {
			if err == nil && set.Has(c) {
				t.Errorf("%s: %d is there", tt.text, c)
			}
		}
	}
}

func TestOnError(t *testing.T) {
	file := "[a]\nspoe-agent ag\n option var-prefix p\n option set-on-error err # x\n[b]\nspoe-agent other\n option set-on-error e2\n"
	for name, want := range map[string]string{"a": "p.err", "b": "other.e2", "c": ""} {
		if got := onError(file, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
