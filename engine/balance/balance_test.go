package balance

import (
	"fmt"
	"strings"
	"testing"

	"hawser/engine"
	"hawser/engine/clock"
	_ "hawser/engine/conv"
	_ "hawser/engine/fetch"
)

// farmOf makes a backend with servers a, b, c … of the given weights.
func farmOf(t testing.TB, algorithm string, weights ...int) *engine.Proxy {
	t.Helper()
	px := &engine.Proxy{Name: "b", Kind: "backend", Side: engine.Back, State: &engine.ProxyState{}, RT: &engine.Runtime{}}
	for i, w := range weights {
		srv := &engine.Server{Name: string(rune('a' + i)), ID: i + 1, Px: px, Index: i, ServerSpec: engine.DefaultServerSpec(), State: &engine.ServerState{}}
		srv.Weight = w
		srv.Begin()
		px.Servers = append(px.Servers, srv)
	}
	setBalance(t, px, algorithm)
	return px
}

func setBalance(t testing.TB, px *engine.Proxy, words ...string) {
	t.Helper()
	b := &engine.Build{RT: px.RT, Px: px}
	l := &engine.Line{Words: []engine.Word{{Text: "balance"}}}
	for _, w := range words {
		l.Words = append(l.Words, engine.Word{Text: w})
	}
	if err := parseBalance(b, l); err != nil {
		t.Fatal(err)
	}
	row, _ := engine.Balances.Get(px.Balance.Words[0].Text)
	bal, err := row.New(b, px, px.Balance.Words[1:])
	if err != nil {
		t.Fatal(err)
	}
	px.Balancer = bal
}

func picks(px *engine.Proxy, n int) string {
	var out []byte
	for range n {
		if srv := px.Balancer.Pick(nil, nil); srv != nil {
			out = append(out, srv.Name...)
		} else {
			out = append(out, '-')
		}
	}
	return string(out)
}

// The sequences were recorded from HAProxy with nbthread 1.
func TestSequences(t *testing.T) {
	for _, tc := range []struct {
		algorithm string
		weights   []int
		want      string
	}{
		{"roundrobin", []int{1, 1, 1}, "abcabcabc"},
		{"roundrobin", []int{1, 2}, "bbabbabba"},
		{"roundrobin", []int{1, 2, 3}, "cbcacbcbcacb"},
		{"roundrobin", []int{10, 1, 1}, "aaaaabaaaaacaaaaabaaaaac"},
		{"roundrobin", []int{7, 5, 3}, "abacbaabcabaabcabacbaabcabaabcabacbaabcabaabc"},
		{"roundrobin", []int{1, 2, 3, 1, 7}, "ecebeceaedebceecebeceaedebceece"},
		{"roundrobin", []int{7, 3, 1, 10}, "dadbdadadcadbdadadbdadadbdadad"},
		{"roundrobin", []int{1, 0, 1}, "acacac"},
		{"static-rr", []int{1, 2}, "abbabbabb"},
		{"static-rr", []int{1, 2, 3}, "acbcbcacbcbc"},
		{"static-rr", []int{10, 1, 1}, "aaaaaabaaaacaaaaaabaaaac"},
		{"static-rr", []int{7, 5, 3}, "ababcaabacababcababcaabacababc"},
		{"static-rr", []int{100, 50, 25}, "aababacaababac"},
	} {
		t.Run(fmt.Sprint(tc.algorithm, tc.weights), func(t *testing.T) {
			if got := picks(farmOf(t, tc.algorithm, tc.weights...), len(tc.want)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func setWeight(srv *engine.Server, w int) {
	srv.State.UWeight.Store(int32(w))
	srv.Reweigh()
	srv.Px.Balancer.Changed(srv)
}

// Every algorithm leaves out servers without weight, full ones where it may,
// and uses backups only when nothing else is left.
func TestStates(t *testing.T) {
	for _, alg := range []string{"roundrobin", "static-rr", "random", "leastconn", "response-time"} {
		if _, ok := engine.Balances.Get(alg); !ok {
			continue
		}
		t.Run(alg, func(t *testing.T) {
			px := farmOf(t, alg, 1, 1, 1, 1)
			a, b, c, d := px.Servers[0], px.Servers[1], px.Servers[2], px.Servers[3]
			c.Backup, d.Backup = true, true
			px.Balancer.Changed(nil)
			expectOnly(t, px, "ab")
			a.State.MaxConn.Store(1)
			a.State.Served.Store(1)
			expectOnly(t, px, "b")
			a.State.Served.Store(0)
			setWeight(b, 0)
			expectOnly(t, px, "a")
			setWeight(a, 0)
			expectOnly(t, px, "c")
			if got := px.State.Active.Load(); got != 1 {
				t.Errorf("active %d, want 1", got)
			}
			px.Options |= engine.OptAllBackups
			px.Balancer.Changed(nil)
			expectOnly(t, px, "cd")
			setWeight(c, 0)
			setWeight(d, 0)
			expectOnly(t, px, "-")
			setWeight(b, 3)
			expectOnly(t, px, "b")
			if got := px.Balancer.Pick(nil, b); got != b {
				t.Errorf("the only one is avoided: got %v", got)
			}
		})
	}
}

func expectOnly(t *testing.T, px *engine.Proxy, want string) {
	t.Helper()
	seen := map[rune]bool{}
	for _, c := range picks(px, 60) {
		seen[c] = true
	}
	if len(seen) != len(want) {
		t.Errorf("picked %v, want all of %q", seen, want)
	}
	for _, c := range want {
		if !seen[c] {
			t.Errorf("%c was never picked", c)
		}
	}
}

// everyAlgorithm is each with its arguments and hash-type.
var everyAlgorithm = [][2]string{{"roundrobin"}, {"static-rr"}, {"leastconn"}, {"first"}, {"random"}, {"response-time"}, {"source"}, {"source", "consistent"},
	{"hdr(k)"}, {"hdr(k)", "consistent"}, {"uri"}, {"uri", "consistent wt6 avalanche"}, {"url_param id"}, {"hash req.fhdr(k)"}, {"hash path,lower", "consistent"}}

// BenchmarkPick is one choice among a thousand servers, for keys of a few hundred clients.
func BenchmarkPick(b *testing.B) {
	clock.Start()
	defer clock.Stop()
	var streams [256]*engine.Stream
	for i := range streams {
		streams[i] = request{fmt.Sprintf("127.0.1.%d", i), fmt.Sprintf("/some/path/%d?x=1&id=%d", i, i*i), fmt.Sprintf("k: value-%d", i*99)}.stream()
	}
	for _, alg := range everyAlgorithm {
		b.Run(strings.TrimSpace(alg[0]+" "+alg[1]), func(b *testing.B) {
			px := bigFarm(b, alg, 1000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := streams[i%len(streams)]
				srv := px.Balancer.Pick(s, nil)
				px.Balancer.Taken(srv)
				px.Balancer.Dropped(srv)
				s.Env.Reset()
			}
		})
	}
}

// BenchmarkAdd is what it costs that one of ten thousand servers comes or goes.
func BenchmarkAdd(b *testing.B) {
	for _, alg := range everyAlgorithm[:10] {
		if alg[0] == "static-rr" || alg[0] != "first" && len(alg[1]) == 0 && strings.Contains("source hdr(k)", alg[0]) {
			continue // a table: servers are not added to it at run time
		}
		b.Run(strings.TrimSpace(alg[0]+" "+alg[1]), func(b *testing.B) {
			px := bigFarm(b, alg, 10_000)
			srv := px.Servers[5000]
			for b.Loop() {
				srv.State.Admin.Store(srv.State.Admin.Load() ^ uint32(engine.AdmFMaint))
				srv.Reweigh()
				px.Balancer.Changed(srv)
			}
		})
	}
}

func bigFarm(b *testing.B, alg [2]string, n int) *engine.Proxy {
	weights := make([]int, n)
	for i := range weights {
		weights[i] = 1 + i%3
	}
	px := farmOf(b, "roundrobin", weights...)
	px.Mode = engine.ModeHTTP
	for _, w := range strings.Fields(alg[1]) {
		px.Balance.HashType = append(px.Balance.HashType, engine.Word{Text: w})
	}
	setBalance(b, px, strings.Fields(alg[0])...)
	return px
}

// first fills one server after the other, in the order of their ids.
func TestFirst(t *testing.T) {
	px := farmOf(t, "first", 1, 1)
	a, b := px.Servers[0], px.Servers[1]
	a.ID, b.ID = 20, 10
	px.Balancer.(*first).order.Store(nil)
	px.Balancer.Changed(nil)
	expectOnly(t, px, "b")
	b.State.MaxConn.Store(2)
	b.State.Served.Store(2)
	expectOnly(t, px, "a")
}

// leastconn takes the least loaded server and follows the slots.
func TestLeastConn(t *testing.T) {
	px := farmOf(t, "leastconn", 1, 2)
	count := map[string]int{}
	for range 9 {
		srv := px.Balancer.Pick(nil, nil)
		srv.State.Served.Add(1)
		px.Balancer.Taken(srv)
		count[srv.Name]++
	}
	if count["a"] != 3 || count["b"] != 6 {
		t.Errorf("shares %v, want 3 and 6", count)
	}
	a := px.Servers[0]
	for range 3 {
		px.Balancer.Dropped(a)
		a.State.Served.Add(-1)
	}
	if got := picks(px, 2); got != "aa" {
		t.Errorf("picked %s, want a twice: it is empty", got)
	}
}

// hash-balance-factor moves keys on when their server has more than its part.
func TestBoundedLoad(t *testing.T) {
	px := farmOf(t, "roundrobin", 1, 1, 1)
	px.Mode, px.Balance.Factor = engine.ModeHTTP, 150
	px.Balance.HashType = []engine.Word{{Text: "consistent"}}
	setBalance(t, px, "hdr(k)")
	s := request{"127.0.0.1", "/", "k: v"}.stream()
	own := px.Balancer.Pick(s, nil)
	own.State.Served.Store(10)
	px.State.Served.Store(10)
	if got := px.Balancer.Pick(s, nil); got == own {
		t.Error("a server with all the load got more")
	}
	if got := px.Balancer.Pick(s, nil); got == nil {
		t.Error("no server at all")
	}
}

// A server that comes back waits until the others have had their turns; one that
// gets less weight does too. HAProxy gave these sequences.
func TestRoundRobinReturns(t *testing.T) {
	px := farmOf(t, "roundrobin", 10, 10, 10)
	b := px.Servers[1]
	expect := func(want string) {
		t.Helper()
		if got := picks(px, len(want)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	admin := func(add engine.AdminState) {
		b.State.Admin.Store(uint32(add))
		b.Settle()
	}
	expect("abcabcabcabc")
	admin(engine.AdmFDrain)
	expect("acacacacacac")
	admin(0)
	expect("acbacbacbacb")
	b.SetWeight(5)
	expect("acabcacabc")
}
