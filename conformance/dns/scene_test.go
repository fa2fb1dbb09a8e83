package dns

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// scene is one story of name servers and servers.
type scene struct {
	name      string
	resolvers string
	rest      string
	zone      func(w *world)
	acts      []act
	asked     map[string]string // types that the first name server is asked for a name, from the beginning
	counters  string            // of n1, that are not 0
	log       []string
}

// act is something that happens, and where the servers are then.
type act struct {
	do   func(w *world)
	want string
	stay time.Duration // and stay
}

// play runs scenes side by side in one proxy for each binary.
func play(t *testing.T, scenes []scene) {
	t.Helper()
	onEach(t, func(t *testing.T, bin testbed.Binary) {
		host := &world{t: t, bin: bin, dir: testbed.TempDir(t), turn: &sync.Mutex{}}
		text := head
		list := make([]*world, len(scenes))
		for i, s := range scenes {
			w := host.neighbour(strconv.Itoa(i))
			if s.zone != nil {
				s.zone(w)
			}
			list[i] = w
			text += w.text(s.resolvers, s.rest)
		}
		host.write("run.cfg", text)
		host.run()
		for i, s := range scenes {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				w := list[i]
				w.t, w.p = t, host.p
				s.play(w)
			})
		}
	})
}

func (s *scene) play(w *world) {
	w.t.Helper()
	for _, a := range s.acts {
		if a.do != nil {
			a.do(w)
		}
		if a.want != "" {
			w.want(a.want)
		}
		if a.stay > 0 {
			w.keep(a.want, a.stay)
		}
	}
	s.after(w)
}

func (s *scene) after(w *world) {
	w.t.Helper()
	for name, types := range s.asked {
		if got := w.asked(w.ns[0], name, strings.Count(types, " ")+1); got != types {
			w.t.Errorf("%s: asked for %s, want %s", name, got, types)
		}
	}
	w.logged(s.log...)
	if s.counters != "" {
		w.await("figures that are not 0: "+s.counters, func() bool { return w.counters("n1") == s.counters })
	}
}

// The zones and changes that scenes are written with.

func addresses(name string, ips ...string) func(w *world) {
	return func(w *world) { w.ns[0].Addresses(name, ips...) }
}

func answers(name, qtype string, a Answer) func(w *world) {
	return func(w *world) { w.ns[0].Set(name, qtype, a) }
}

func services(name string, targets ...string) func(w *world) {
	return func(w *world) { w.ns[0].Services(name, targets...) }
}

func all(list ...func(w *world)) func(w *world) {
	return func(w *world) {
		for _, f := range list {
			f(w)
		}
	}
}

func cli(command string) func(w *world) {
	return func(w *world) { w.cli(w.fill(command)) }
}

const (
	// brisk asks often and takes a server out at the first failure; an answer may take long, for what is counted.
	brisk = " timeout resolve 200ms\n timeout retry 2s\n resolve_retries 1\n hold valid 100ms\n hold nx 0\n hold other 0\n hold refused 0\n hold timeout 0\n"
	// patient gives up soon and holds long.
	patient = " timeout resolve 100ms\n timeout retry 500ms\n resolve_retries 2\n"

	one      = "backend be\n server a app.test:80 resolvers dns init-addr 127.0.0.9"
	template = "backend be\n server-template s 1-4 app.test:80 resolvers dns init-addr none"
	service  = "backend be\n server-template s 1-3 _h._tcp.test resolvers dns init-addr none"
)
