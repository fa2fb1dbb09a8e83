package servers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// TestInitState begins with each word of init-state, with checks that pass and with
// checks that fail, and begins again after maintenance: the steps of health that are
// logged are those of HAProxy 3.5.
func TestInitState(t *testing.T) {
	t.Parallel()
	good, bad := newNoter(t, "200"), newNoter(t, "500")
	text := ""
	var names []string
	for _, word := range []string{"fully-up", "up", "down", "fully-down"} {
		for kind, n := range map[string]*noter{"good": good, "bad": bad} {
			be := strings.ReplaceAll(word, "-", "") + kind
			names = append(names, be+"/s")
			text += fmt.Sprintf("backend %s\n    option httpchk\n    option log-health-checks\n    server s %s check inter 300ms rise 3 fall 3 init-state %s\n", be, n.addr, word)
		}
	}
	if _, ok := testbed.HAProxy35(); !ok {
		t.Skip("no haproxy35 here")
	}
	all := watchEach(t, func(bin testbed.Binary) string {
		if bin.Name == "haproxy" { // 2.6 does not know the word
			return "backend none\n"
		}
		return text
	})
	all = slices.DeleteFunc(all, func(w *watcher) bool { return w.bin.Name == "haproxy" })
	settle := func(round int) {
		for _, w := range all {
			last := ""
			rest := await(func() bool {
				last = ""
				for _, name := range names {
					if status := w.rows()[name]["status"]; status != "UP" && status != "DOWN" {
						last += name + " is " + status + ", "
					}
				}
				return last == ""
			})
			if !rest {
				t.Errorf("%s: %s", w.bin.Version, last)
			}
		}
		time.Sleep(time.Second)
		for _, name := range names {
			w, h := steps(all[1], name), steps(all[0], name)
			if !slices.Equal(w, h) {
				t.Errorf("round %d, %s: %s\n\t%s\n%s\n\t%s", round, name, all[1].bin.Name, strings.Join(w, "\n\t"), all[0].bin.Name, strings.Join(h, "\n\t"))
			}
		}
	}
	settle(1)
	for _, state := range []string{"maint", "ready"} {
		for _, name := range names {
			for _, w := range all {
				testbed.Ask(w.socket, "set server "+name+" state "+state)
			}
		}
	}
	settle(2)
}

// steps are the lines about a server's health and state.
func steps(w *watcher, server string) (list []string) {
	for line := range strings.SplitSeq(w.p.Output(), "\n") {
		if strings.HasPrefix(line, "Health check for server "+server+" ") || strings.HasPrefix(line, "Server "+server+" ") {
			list = append(list, plain(line))
		}
	}
	return list
}
