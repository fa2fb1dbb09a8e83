package outlier

import (
	"strings"
	"testing"
	"time"

	"hawser/engine"
)

func backend(t *testing.T, line string, servers int) (*engine.Proxy, error) {
	t.Helper()
	px := &engine.Proxy{Name: "b", Kind: "backend", Side: engine.Back, State: &engine.ProxyState{}, RT: &engine.Runtime{Proc: &engine.ProcState{}}}
	l := &engine.Line{}
	for _, w := range strings.Fields(line) {
		l.Words = append(l.Words, engine.Word{Text: w})
	}
	if err := parse(&engine.Build{RT: px.RT, Px: px}, l); err != nil {
		return nil, err
	}
	for i := range servers {
		srv := &engine.Server{Name: string(rune('a' + i)), Px: px, Index: i, ServerSpec: engine.DefaultServerSpec(), State: &engine.ServerState{}}
		srv.Begin()
		records.Edit(srv)
		px.Servers = append(px.Servers, srv)
	}
	return px, nil
}

func TestEjects(t *testing.T) {
	px, err := backend(t, "outlier-ejection errors 3 time 20ms max 50", 4)
	if err != nil {
		t.Fatal(err)
	}
	c, a, b, last := confs.Get(px), px.Servers[0], px.Servers[1], px.Servers[2]
	c.failed(a)
	c.failed(a)
	succeeded(a)
	c.failed(a)
	if !a.State.Usable() {
		t.Error("failures with a success between took a server out")
	}
	c.failed(a)
	c.failed(a)
	if a.State.Usable() || !a.State.Up() {
		t.Error("after three failures in a row a server still takes requests, or is down")
	}
	for range 3 {
		c.failed(b)
		c.failed(last)
	}
	if b.State.Usable() || !last.State.Usable() {
		t.Error("max 50 of four servers is two")
	}
	for end := time.Now().Add(3 * time.Second); !a.State.Usable(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server never came back")
		}
	}
}

func TestNeverTheLast(t *testing.T) {
	px, err := backend(t, "outlier-ejection errors 1 max 100", 1)
	if err != nil {
		t.Fatal(err)
	}
	confs.Get(px).failed(px.Servers[0])
	if !px.Servers[0].State.Usable() {
		t.Error("the only server was taken out")
	}
}

func TestSentences(t *testing.T) {
	for line, want := range map[string]string{
		"outlier-ejection":                        "needs 'errors <number>'",
		"outlier-ejection errors":                 "'errors' expects a value",
		"outlier-ejection errors 0":               "'0' is no value for 'errors'",
		"outlier-ejection errors 5 max 101":       "'101' is no value for 'max'",
		"outlier-ejection errors 5 time soon":     "'soon' is not a time",
		"outlier-ejection errors 5 percent 3":     "knows 'errors', 'time' and 'max' (got 'percent')",
		"outlier-ejection errors 5 time 3s max x": "'x' is no value for 'max'",
	} {
		if _, err := backend(t, line, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}
