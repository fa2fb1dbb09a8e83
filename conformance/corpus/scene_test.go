package corpus

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hawser/conformance/testbed"
)

// scene is one file on loopback: its rewritten text and its origins, which
// stay while one proxy after the other runs on them.
type scene struct {
	plan    *testbed.Plan
	dir     string
	origins map[string]*testbed.Origin
	front   []front
}

// frontBudget ends the probes of an address that is slow by configuration: a
// tarpit, a delay. The answers so far are compared.
const frontBudget = 2 * time.Second

// front is a listening address with the requests for it.
type front struct {
	testbed.Front
	probes []probe
}

func newScene(t *testing.T, f file) *scene {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder(), f.name))
	if err != nil {
		t.Fatal(err)
	}
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	s := &scene{dir: testbed.TempDir(t), origins: map[string]*testbed.Origin{}}
	s.plan, err = testbed.Rewrite(string(text), testbed.Move{Dir: s.dir, Sink: sink.LocalAddr().String(),
		Origin: func(backend, server, _, _ string) string { return s.origin(t, backend+"/"+server) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, fr := range s.plan.Fronts {
		s.front = append(s.front, front{fr, probesOf(fr)})
	}
	return s
}

func (s *scene) origin(t *testing.T, name string) string {
	if o := s.origins[name]; o != nil {
		return o.Addr
	}
	o, err := testbed.NewOrigin(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	s.origins[name] = o
	return o.Addr
}

// play runs bin on the scene and sends all probes; the answers come in the
// order of the probes. After a probe without answer the next ones meet a fresh
// process: a connection that runs in a circle (a server that is the file's own
// frontend) leaves none to them, and when it comes to that is chance.
func (s *scene) play(bin testbed.Binary) ([][]answer, error) {
	p, err := testbed.Run(bin, folder(), s.dir, s.plan)
	if err != nil {
		return nil, err
	}
	var all [][]answer
	tired := false
	for _, f := range s.front {
		var got []answer
		for end := time.Now().Add(frontBudget); len(got) < len(f.probes) && time.Now().Before(end); {
			if tired {
				began := time.Now()
				if p, err = s.again(bin, p); err != nil {
					return nil, err
				}
				end = end.Add(time.Since(began))
			}
			a := f.probes[len(got)].send(f)
			tired = a.failure == timedOut
			got = append(got, a)
		}
		all = append(all, got)
	}
	return all, p.Stop()
}

// again ends p and runs bin anew.
func (s *scene) again(bin testbed.Binary, p *testbed.Process) (*testbed.Process, error) {
	if err := p.Stop(); err != nil {
		return nil, err
	}
	return testbed.Run(bin, folder(), s.dir, s.plan)
}
