package states

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// values are what rules can know of backend b and its servers. srv_is_up of a server
// that tracks another is not among them: HAProxy says that it is up, whatever the
// other is.
const values = `%[nbsrv(b)] %[nbsrv(c)] %[srv_is_up(b/a)] %[srv_is_up(c/b)] %[srv_weight(b/a)] %[srv_weight(b/b)] %[srv_weight(b/e)] %[srv_iweight(b/a)] ` +
	`%[srv_uweight(b/a)] %[connslots(b)] %[connslots(c)] %[be_conn_free(b)] %[be_conn_free(c)] %[srv_conn_free(b/b)] %[avg_queue(b)]`

func TestFetches(t *testing.T) {
	reference, hawser := start(t, testbed.HAProxy(t), ""), start(t, testbed.Hawser(t), "")
	for _, command := range []string{"show version", "set server b/a maxconn 5", "set server b/b maxconn 7", "set server b/f maxconn 3", "set server c/c maxconn 4",
		"set server b/b state drain", "set server b/b weight 0", "set server b/b state ready", "set server b/b weight 5", "set maxconn server b/e 9",
		"set maxconn server b/b 7", "set maxconn server b/a 5", "set maxconn server b/c 2", "set maxconn server b/g 2", "set maxconn server b/h 2", "set maxconn server b/f 3",
		"disable server b/a", "enable server b/a", "set server b/a health stopping", "set server b/a weight 50%", "disable server b/b", "disable server b/c", "disable server b/a",
		"disable server b/g", "disable server b/f", "set maxconn server c/c 4", "disable server c/a", "disable server c/b", "disable server c/c", "enable server b/b"} {
		var said [2]string
		for i, p := range []*program{reference, hawser} {
			p.tell(t, command)
			answer, err := http.Get("http://" + p.addr)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			said[i] = strings.TrimSpace(string(body))
		}
		if n := len(strings.Fields(said[0])); n != strings.Count(values, "%[") {
			t.Fatalf("%s says %q", reference.bin.Version, said[0])
		}
		if said[0] != said[1] {
			t.Errorf("after %q: %s, that of %s %s", command, said[1], reference.bin.Version, said[0])
		}
	}
}

// TestObserve lets each server fail eight times, which counts as an error at every
// second one: what on-error says is seen in its state.
func TestObserve(t *testing.T) {
	reference, hawser := start(t, testbed.HAProxy(t), ""), start(t, testbed.Hawser(t), "")
	for _, server := range []string{"fastinter", "fail-check", "sudden-death", "mark-down"} {
		for n := range 9 {
			for _, p := range []*program{reference, hawser} {
				if n == 0 {
					p.tell(t, "set server o/"+server+" health up")
				} else if answer, err := http.Get("http://" + p.addr + "/" + server); err != nil || answer.StatusCode != 503 {
					t.Fatalf("%s: %v %v", p.bin.Version, answer, err)
				}
			}
			var want, got map[string]string
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
				if want, got = reference.snapshot(t), hawser.snapshot(t); maps.Equal(want, got) {
					break
				}
			}
			for place := range want {
				if got[place] != want[place] {
					t.Errorf("%s, %d errors: %s is %q, want %q", server, n, place, got[place], want[place])
				}
			}
		}
	}
	for _, want := range []string{"o/mark-down is DOWN", "o/fail-check is DOWN"} {
		if !strings.Contains(strings.Join(reference.news(), "\n"), want) {
			t.Errorf("%s does not tell that %s", reference.bin.Version, want)
		}
	}
}
