package balance

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"hawser/conformance/testbed"
)

func TestMain(m *testing.M) {
	status := m.Run()
	testbed.Clean()
	os.Exit(status)
}

const many, some, few = 10_000, 1000, 300

// hashTypes are all that hash-type can say with these functions.
func hashTypes(functions ...string) (all []string) {
	for _, way := range []string{"map-based", "consistent"} {
		all = append(all, way)
		for _, f := range functions {
			all = append(all, way+" "+f, way+" "+f+" avalanche")
		}
	}
	return all
}

var weights = []string{"weight 1", "weight 1", "weight 3", "weight 2", "weight 256", "weight 0", "weight 17", "weight 100 backup"}

func text(i int) request { return request{header: fmt.Sprintf("k: key-%d-%x\r\n", i, i*7919)} }
func number(i int) request {
	return request{header: fmt.Sprintf("k: %d\r\n", i*14316557+i)}
}

func source(i int) request {
	if i%3 == 2 {
		return request{header: fmt.Sprintf("x-src: 2001:db8:%x::%x\r\n", i%251, i*40503)}
	}
	return request{header: fmt.Sprintf("x-src: 10.%d.%d.%d\r\n", i%7, i/256%256, i%256)}
}

func uri(i int) request {
	switch i % 10 {
	case 0:
		return request{target: "/"}
	case 1:
		return request{target: fmt.Sprintf("http://www%d.example/a/b%d/c?d=%d", i%3, i, i)}
	case 2:
		return request{target: fmt.Sprintf("/p%d/", i)}
	case 3:
		return request{target: fmt.Sprintf("/?x=/%d/%d", i, i*i)}
	}
	return request{target: fmt.Sprintf("/d%d/e%d/f%d?x=%d&id=%d", i%17, i%5, i, i*3, i*i)}
}

func host(i int) request {
	return request{header: []string{
		fmt.Sprintf("k: www%d.site%d.example\r\n", i%7, i), fmt.Sprintf("k: site%d\r\n", i), fmt.Sprintf("k: a.site%d.co.uk:80\r\n", i),
		fmt.Sprintf("k: .site%d.\r\n", i), fmt.Sprintf("k: x%d, y%d\r\n", i, i/2), fmt.Sprintf("k: x\r\nk: y%d\r\n", i), "k: \r\n", ""}[i%8]}
}

func param(i int) request {
	q := []string{"?x=1&id=%d", "?id=%d", "?id=&idx=%d", "?aid=%d", "?id=a%%20%d&id=2", "?x;id=%d", "?xid=1&id=%d", ""}[i%8]
	if strings.Contains(q, "%d") {
		q = fmt.Sprintf(q, i*31)
	}
	return request{target: "/p" + q}
}

func form(i int) request {
	q := param(i)
	q.method = "POST"
	switch i % 5 {
	case 0:
		q.target, q.body = "/", fmt.Sprintf("a=b&id=%d", i)
	case 1:
		q.target, q.body = "/", fmt.Sprintf("id=%d&c", i)
	case 2:
		q.target, q.body = "/", fmt.Sprintf("idx=%d", i)
	default:
		q.body = "id=constant"
	}
	return q
}

// algorithm is one that goes by a key.
type algorithm struct {
	balance string
	key     func(i int) request
	gaps    bool // some requests have none, and servers are taken in turn
}

var byHeader = algorithm{"hdr(k)", text, false}

var algorithms = []algorithm{
	{"hdr(k)", number, false}, {"hdr(k)", host, true}, {"hdr(k) use_domain_only", host, true}, {"source", source, false},
	{"uri", uri, false}, {"uri whole", uri, false}, {"uri path-only", uri, false}, {"uri len 9", uri, false}, {"uri depth 2", uri, false}, {"uri len 12 depth 1", uri, false},
	{"uri whole depth 3", uri, false}, {"uri path-only whole len 20", uri, false},
	{"url_param id", param, true}, {"url_param id check_post", form, true},
	{"hash req.hdr(k)", text, false}, {"hash req.hdr(k)", number, false}, {"hash src", source, false}, {"hash req.hdr(k),crc32", text, false},
	{"hash req.hdr(k),xxh64", text, false}, {"hash path,field(2,/)", uri, true}, {"hash url_param(id)", param, true}, {"hash req.hdr(none)", text, true},
	{"hash req.hdr(k),length", text, false}, {"hash req.hdr(k),sha1", text, false},
}

// keyed are the scenes of the algorithms that go by a key. Each way and function
// gets ten thousand keys; the other combinations get fewer. HAWSER_ALL=1 gives
// many to all.
func keyed() (scenes []scene) {
	add := func(a algorithm, hashType string, keys int, more ...string) {
		lines := append([]string{"balance " + a.balance, "hash-type " + hashType}, more...)
		s := scene{name: strings.Join(lines, ", "), lines: lines, servers: weights, key: a.key, keys: keys}
		if a.gaps {
			s.loose = 2
		}
		scenes = append(scenes, s)
	}
	for n, t := range hashTypes("sdbm", "djb2", "wt6", "crc32") {
		keys := many
		if strings.HasSuffix(t, "avalanche") && os.Getenv("HAWSER_ALL") == "" {
			keys = some
		}
		add(byHeader, t, keys)
		for i, a := range algorithms {
			if (n+i)%4 == 0 {
				add(a, t, few)
			}
		}
	}
	add(algorithm{"source", source, false}, "map-based", many)
	add(algorithm{"source", source, false}, "consistent", many)
	add(algorithm{"uri", uri, false}, "map-based", many)
	add(algorithm{"url_param id", param, true}, "consistent", many)
	add(algorithm{"hash req.hdr(k)", text, false}, "consistent", many)
	add(byHeader, "consistent", some, "hash-balance-factor 150")
	for _, set := range [][]string{{"4", "6", "3", "12", "16"}, {"256", "0", "16"}, {"10", "10", "10", "10", "10"}, {"8", "8 backup", "4", "2 backup", "3"}} {
		scenes = append(scenes, scene{"hdr(k) map-based " + strings.Join(set, " "), []string{"balance hdr(k)"}, weighted(set), text, some, 0})
	}
	add(byHeader, "consistent", some, "option allbackups")
	add(byHeader, "map-based", some, "option allbackups")
	return scenes
}

// ups and downs of servers; static algorithms take weights of 0 and 100 % only.
var changes = []pass{
	{},
	{"disable server $/c", "set server $/b state drain"},
	{"set server $/e weight 0%", "set server $/a weight 50", "enable server $/c"},
	{"set server $/e weight 100%", "set server $/b state ready", "set server $/f weight 7"},
	{"disable server $/a", "disable server $/b", "disable server $/c", "disable server $/d", "disable server $/e", "disable server $/f", "disable server $/g"},
	{"disable server $/h"},
	{"enable server $/d", "enable server $/h", "set server $/g state ready"},
}

func TestKeyed(t *testing.T) { compare(t, keyed(), changes) }

// newer are scenes of what Debian's HAProxy does not know.
func newer() (scenes []scene) {
	add := func(a algorithm, servers []string, lines ...string) {
		lines = append([]string{"balance " + a.balance}, lines...)
		s := scene{name: strings.Join(lines, ", ") + ", " + servers[0], lines: lines, servers: servers, key: a.key, keys: few}
		if a.gaps {
			s.loose = 2
		}
		scenes = append(scenes, s)
	}
	for _, t := range hashTypes("none")[1:] {
		if !strings.Contains(t, "none") {
			continue
		}
		for _, a := range algorithms {
			if strings.Contains(a.balance, "hdr(none)") {
				continue // its turns are compared elsewhere
			}
			add(a, weights, "hash-type "+t)
		}
	}
	for _, key := range []string{"id", "id32", "addr", "addr-port", "guid"} {
		for _, t := range []string{"consistent", "consistent crc32", "consistent wt6 avalanche"} {
			add(byHeader, keyedServers(key, t), "hash-type "+t)
		}
	}
	for _, when := range []string{"always", "maxconn", "maxqueue"} {
		add(byHeader, weights, "hash-preserve-affinity "+when)
		add(byHeader, weights, "hash-type consistent", "hash-preserve-affinity "+when)
	}
	return scenes
}

// keyedServers are servers whose places on the ring go by a key: with addresses
// of both families, with a GUID and an id.
func keyedServers(key, hashType string) (servers []string) {
	for i, s := range []string{"127.1.2.3:9@ weight 5", "127.1.2.3:19@ weight 5", "[::1]:9@ weight 7 id 300", "127.77.0.1:9@ weight 1", "127.1.2.5:9@ weight 9", "127.1.2.4:9@ id 4000000 weight 3"} {
		guid := ""
		if i%2 == 0 {
			guid = fmt.Sprintf(" guid %s-%s-%d", key, strings.ReplaceAll(hashType, " ", "-"), i)
		}
		servers = append(servers, s+" hash-key "+key+guid)
	}
	return servers
}

var record = flag.Bool("record", false, "write down what haproxy35 answers")

func TestNewer(t *testing.T) {
	scenes, passes := newer(), changes[:4]
	const file = "testdata/newer.txt"
	if *record {
		b, ok := testbed.HAProxy35()
		if !ok {
			t.Fatal("no haproxy35 here")
		}
		if err := play(t, b, scenes, passes).write(file, b.Version, scenes); err != nil {
			t.Fatal(err)
		}
	}
	want, version, err := read(file, scenes)
	if err != nil {
		t.Fatal(err)
	}
	same(t, scenes, play(t, testbed.Hawser(t), scenes, passes), want, version)
}

// turns are the sequences of the algorithms that take servers in turn.
func turns() (scenes []scene) {
	sets := [][]string{{"1", "1", "1"}, {"1", "2"}, {"1", "2", "3", "1", "7"}, {"100", "50", "3", "5", "3", "256"}, {"50", "10", "256", "50", "5", "10"},
		{"7", "3", "1", "10"}, {"256", "1"}, {"256", "255", "254"}, {"0", "3", "4"}, {"13"}, {"2", "4", "8", "16", "32", "64", "128", "256"},
		{"1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"}}
	for _, alg := range []string{"roundrobin", "static-rr", "leastconn", "first"} {
		for _, set := range sets {
			s := scene{name: alg + " " + strings.Join(set, " "), lines: []string{"balance " + alg}, keys: some}
			if alg == "roundrobin" {
				if s.loose = 1; len(slices.Compact(slices.Clone(set))) == 1 {
					s.loose = 2 // exact also without one of them
				}
			}
			s.key = func(int) request { return request{} }
			s.servers = weighted(set)
			scenes = append(scenes, s)
		}
	}
	return scenes
}

func weighted(set []string) (servers []string) {
	for _, w := range set {
		servers = append(servers, "weight "+w)
	}
	return servers
}

func TestTurns(t *testing.T) {
	compare(t, turns(), []pass{{}, {"disable server $/b"}, {"enable server $/b", "set server $/a weight 0%"}, {"set server $/a weight 100%"},
		{"set server $/a weight 5", "set server $/b weight 9"}, {"set server $/a weight 4"}})
}

// compare plays the scenes on both programs and tells what differs.
func compare(t *testing.T, scenes []scene, passes []pass) {
	reference, hawser := testbed.HAProxy(t), testbed.Hawser(t)
	done := make(chan table)
	go func() {
		defer close(done)
		done <- play(t, hawser, scenes, passes)
	}()
	want := play(t, reference, scenes, passes)
	got, ok := <-done
	if !ok {
		t.FailNow()
	}
	same(t, scenes, got, want, reference.Version)
}

func same(t *testing.T, scenes []scene, got, want table, version string) {
	t.Helper()
	for i := range want.answers {
		if got.answers[i] != want.answers[i] {
			t.Errorf("answer %d to a command is\n%.300q, that of %s is\n%.300q", i, got.answers[i], version, want.answers[i])
		}
	}
	choices := 0
	for i, s := range scenes {
		for n := range want.picks[i] {
			choices += len(want.picks[i][n])
			if s.loose > 0 && n >= s.loose {
				alike(t, s, n, got.picks[i][n], want.picks[i][n])
				continue
			}
			differ(t, s, n, got.picks[i][n], want.picks[i][n])
		}
	}
	t.Logf("%d choices of %d backends compared with %s", choices, len(scenes), version)
}

// alike compares how often each server was chosen: the place where a sequence
// goes on after several changes is no promise.
func alike(t *testing.T, s scene, pass int, got, want string) {
	t.Helper()
	for i := range s.servers {
		letter := string(rune('a' + i))
		if a, b := strings.Count(got, letter), strings.Count(want, letter); a-b > 3+len(want)/20 || b-a > 3+len(want)/20 {
			t.Errorf("%s, pass %d: %d choices of %s, want %d", s.name, pass, a, letter, b)
		}
	}
}

func differ(t *testing.T, s scene, pass int, got, want string) {
	t.Helper()
	var bad []int
	for i := range want {
		if got[i] != want[i] {
			bad = append(bad, i)
		}
	}
	if len(bad) == 0 {
		return
	}
	from := bad[0]
	to := min(from+40, len(want))
	t.Errorf("%s, pass %d: %d of %d choices differ; from number %d on\n got %s\nwant %s", s.name, pass, len(bad), len(want), from, got[from:to], want[from:to])
	for _, i := range bad[:min(3, len(bad))] {
		t.Logf("%d: %+v: got %c, want %c", i, s.key(i), got[i], want[i])
	}
}
